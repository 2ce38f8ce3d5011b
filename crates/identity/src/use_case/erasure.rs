//! Delete an account, one's own or somebody's.

use ashlar_kernel::{AccessError, Class, Classified, Context, FieldErrors, Invalid, NotFound, Secret, StoreError};

use super::{Attempts, Identity, codes, guess::GuessError};
use crate::{AccountRequest, Email, Locale, Password, SessionId, UserId, permission, port::KeepAdminError};

/// Accounts whose names are forgotten in one turn.
const RELEASES: u32 = 100;
/// Turns of one call; the next call goes on.
const TURNS: u32 = 100;

/// Deletes one's own account.
pub struct DeleteAccount(Password);

impl DeleteAccount {
    /// With the password, besides a recent sign-in: there is no way back.
    pub fn with_password(password: Secret) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        match errors.check("/password", Password::parse(password)) {
            Some(password) => Ok(Self(password)),
            None => Err(errors.into_invalid()),
        }
    }
}

/// Why the account was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteAccountError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The account is gone.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The password is another.
    #[error("the password is another")]
    Password,
    /// Nobody else administers one of the person's tenants.
    #[error("the last administrator of a tenant stays")]
    LastAdmin,
    /// Nothing was tried.
    #[error(transparent)]
    Guess(#[from] GuessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeepAdminError> for DeleteAccountError {
    fn from(error: KeepAdminError) -> Self {
        match error {
            KeepAdminError::LastAdmin => Self::LastAdmin,
            KeepAdminError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for DeleteAccountError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Password => Class::Code(&codes::CURRENT_PASSWORD_INVALID),
            Self::LastAdmin => Class::Code(&codes::LAST_ADMIN),
            Self::Guess(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Deletes one's own account for good: sessions, keys, second factor, memberships and profile are gone at once, in
    /// every tenant; address and handle after thirty days, in which nobody else gets them. The last administrator of a
    /// tenant stays. Wrong passwords are counted for the session.
    pub async fn delete_own_account(
        &self,
        context: &Context,
        command: DeleteAccount,
    ) -> Result<(), DeleteAccountError> {
        let caller = context.require(permission::DELETE_OWN_ACCOUNT)?;
        crate::insist_on_fresh(context)?;
        let (id, session) = (UserId::from_uuid(caller.user), SessionId::from_uuid(caller.session));
        let user = self.present(id).await?.ok_or(NotFound)?;
        if !self.is_password_of(context, (&user, session), &command.0).await? {
            self.note(context, AccountRequest::ReauthenticationRefused { user: id }).await?;
            return Err(DeleteAccountError::Password);
        }
        let ended = self.erase(context, id, false).await?;
        self.end_here(context, &ended);
        Ok(())
    }

    /// Deletes an account, whoever asks; but not that of an operator if `spares_operators`. Answers which sessions there
    /// were.
    pub(super) async fn erase(
        &self,
        context: &Context,
        user: UserId,
        spares_operators: bool,
    ) -> Result<Vec<SessionId>, DeleteAccountError> {
        let mut attempts = Attempts::default();
        loop {
            match self.try_erase(context, user, spares_operators).await {
                Err(DeleteAccountError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_erase(
        &self,
        context: &Context,
        user: UserId,
        spares_operators: bool,
    ) -> Result<Vec<SessionId>, DeleteAccountError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        // Locked, so that nobody takes the person into a tenant in between, or makes them an operator.
        let account = tx.user(user).await?.filter(|account| !(spares_operators && account.is_operator()));
        let change = account.and_then(|account| account.erase(context.now)).ok_or(NotFound)?;
        let ended = tx.erase_user(change).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Where the letter about a deletion goes, as long as that is known. For who writes it; nobody is asked who they are.
    pub async fn last_address_of(&self, user: UserId) -> Result<Option<(Email, Option<Locale>)>, StoreError> {
        let user = self.0.ports.store.user(user).await?;
        let address = user.as_ref().and_then(|user| user.last_address());
        Ok(address.map(|(email, locale)| (email.clone(), locale.cloned())))
    }

    /// Forgets the addresses and handles of accounts that were deleted thirty days ago, and counts them. For whoever tidies
    /// up. Doing it twice is no error.
    pub async fn release_identifiers(&self, context: &Context) -> Result<u64, StoreError> {
        let mut released = 0;
        for _turn in 0..TURNS {
            let due = self.0.ports.store.due_releases(context.now, RELEASES).await?;
            for user in &due {
                self.release(context, *user).await?;
                released += 1;
            }
            if due.is_empty() {
                break;
            }
        }
        Ok(released)
    }

    async fn release(&self, context: &Context, user: UserId) -> Result<(), StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let user = tx.user(user).await?;
        if let Some(change) = user.and_then(|user| user.release_identifiers(context.now)) {
            tx.release_identifiers(change).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
