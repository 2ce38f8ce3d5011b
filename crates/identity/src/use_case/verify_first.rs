//! Open accounts for those who have proved that the address is theirs.

use ashlar_kernel::{Context, Id, Secret, StoreError};

use super::{Attempts, Identity, Register, RegisterError, Registered, email::VerifyEmailError};
use crate::{
    Account, ActionSubject, Identifier, Membership, NewRegistration, NewUser, Password, PasswordHash,
    PendingRegistration, PresentedActionToken, RegistrationId, Role, User, Username,
};

/// Uses a link that was mailed to prove an address.
pub struct VerifyEmail {
    /// The token of the link.
    pub token: Secret,
    /// The password the registration was made with, when it is one.
    pub password: Option<Password>,
    /// Another handle than that of the registration, should it be taken.
    pub username: Option<Username>,
}

impl Identity {
    /// Notes that somebody wants an account. What follows happens by mail, so that neither the answer nor its time tells
    /// whether the address has an account.
    pub(super) async fn request_account(
        &self,
        context: &Context,
        command: &Register,
        password: PasswordHash,
    ) -> Result<(), RegisterError> {
        // Handles are public anyway.
        if let Some(name) = command.username() {
            let identifier = Identifier::parse(name.as_str()).map_err(StoreError::internal)?;
            if self.0.ports.store.credential(context.tenant, &identifier).await?.is_some() {
                return Err(RegisterError::UsernameTaken);
            }
        }
        let new = NewRegistration {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            email: command.email().clone(),
            username: command.username().cloned(),
            password,
            display_name: command.display_name().cloned(),
            salt: self.0.ports.entropy.bytes(),
        };
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_registration(PendingRegistration::request(new, context.now)).await?;
        if let Some(once) = command.receipts() {
            tx.remember(once.receipt(&Registered::CheckYourMail)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Uses a link that proves an address: opens the account of a registration, whose password has to be given, or marks
    /// the account's address as verified, or gives the account its new address.
    pub async fn verify_email(&self, context: &Context, command: VerifyEmail) -> Result<Account, VerifyEmailError> {
        let presented = PresentedActionToken::parse(&command.token).map_err(|_malformed| VerifyEmailError::Token)?;
        if presented.subject() == ActionSubject::Account {
            return self.verify_account_email(context, &command.token).await;
        }
        let found = self.0.ports.store.pending_registration(RegistrationId::from_uuid(presented.id())).await?;
        let is_ours = |found: &PendingRegistration| {
            self.0.action_keys.verify(&presented, found.salt()) && found.is_open(context.now)
        };
        let registration = found.filter(is_ours).ok_or(VerifyEmailError::Token)?;
        let is_right = match &command.password {
            Some(password) => self.0.ports.hasher.verify(password, Some(registration.password())).await?,
            None => false,
        };
        if !is_right {
            return Err(VerifyEmailError::Password);
        }
        let context = &Context { tenant: registration.tenant(), ..context.clone() };
        let mut attempts = Attempts::default();
        loop {
            match self.try_accept(context, registration.clone(), command.username.clone()).await {
                Err(VerifyEmailError::Store(StoreError::Stale)) => return Err(VerifyEmailError::Token),
                Err(VerifyEmailError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_accept(
        &self,
        context: &Context,
        registration: PendingRegistration,
        username: Option<Username>,
    ) -> Result<Account, VerifyEmailError> {
        let new = NewUser {
            id: Id::new(&*self.0.ports.ids),
            email: registration.email().clone(),
            username: username.or_else(|| registration.username().cloned()),
            password: registration.password().clone(),
            display_name: registration.display_name().cloned(),
            email_verified_at: Some(context.now),
        };
        let change = User::register(new, context.now);
        let user = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.accept_registration(registration.accept(user.id())).await?;
        tx.insert_user(change).await?;
        tx.insert_membership(Membership::create(context.tenant, user.id(), Role::Member, context.now)).await?;
        tx.commit().await?;
        Ok(Account::of(&user, Role::Member))
    }
}
