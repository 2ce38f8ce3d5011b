//! Open an account for somebody else.

use ashlar_kernel::{AccessError, Class, Classified, Context, FieldErrors, Id, Invalid, Once};

use super::{
    super::{Attempts, Register, RegisterError, RegisterInput},
    AdministrationError, Identity,
    role::may_grant,
};
use crate::{DirectoryEntry, Membership, NewUser, PasswordHash, Role, User, permission};

/// Opens an account in the caller's tenant.
pub struct CreateUser {
    registration: Register,
    role: Role,
    once: Option<Once<DirectoryEntry>>,
}

/// An account to open, as it was typed.
pub struct CreateUserInput<'a> {
    /// What the person would have typed themselves.
    pub registration: RegisterInput<'a>,
    /// What they are in the tenant; a member if nothing is said.
    pub role: Option<&'a str>,
}

impl TryFrom<CreateUserInput<'_>> for CreateUser {
    type Error = Invalid;

    fn try_from(input: CreateUserInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let role = errors.check_optional("/role", input.role.map(str::parse)).unwrap_or(Role::Member);
        let registration = Register::checked(input.registration, &mut errors)?;
        Ok(Self { registration, role, once: None })
    }
}

impl CreateUser {
    /// The same, with the answer remembered in the transaction that opens the account.
    #[must_use]
    pub fn once(self, once: Option<Once<DirectoryEntry>>) -> Self {
        Self { once, ..self }
    }
}

/// Why no account was opened.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The caller may not.
    #[error(transparent)]
    Administration(#[from] AdministrationError),
    /// The account is refused, as it would be if its owner opened it.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

impl From<AccessError> for CreateUserError {
    fn from(error: AccessError) -> Self {
        Self::Administration(error.into())
    }
}

impl Classified for CreateUserError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Administration(error) => Class::Inner(error),
            Self::Register(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Opens an account in the caller's tenant, also where people may not open accounts themselves. Giving it more than
    /// the role of a member is for those who may change roles.
    pub async fn create_user(&self, context: &Context, command: CreateUser) -> Result<DirectoryEntry, CreateUserError> {
        context.require(permission::MANAGE_USERS)?;
        if command.role != Role::Member {
            may_grant(context, command.role)?;
        }
        let form = &command.registration;
        self.judge_password(&form.password, &form.email, form.username.as_ref()).await.map_err(RegisterError::from)?;
        let hash = self.0.ports.hasher.hash(&command.registration.password).await.map_err(RegisterError::from)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_create(context, &command, hash.clone()).await {
                Err(RegisterError::Store(error)) if attempts.again(&error) => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    async fn try_create(
        &self,
        context: &Context,
        command: &CreateUser,
        password: PasswordHash,
    ) -> Result<DirectoryEntry, RegisterError> {
        let form = &command.registration;
        let new = NewUser {
            id: Id::new(&*self.0.ports.ids),
            email: form.email.clone(),
            username: form.username.clone(),
            password,
            display_name: form.display_name.clone(),
            email_verified_at: None,
        };
        let change = User::create(new, context.now);
        let user = change.state().clone();
        let membership = Membership::create(context.tenant, user.id(), command.role, context.now);
        let entry = DirectoryEntry::newcomer(&user, membership.state());
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_user(change).await?;
        tx.insert_membership(membership).await?;
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&entry)).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }
}
