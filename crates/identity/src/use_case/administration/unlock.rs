//! Let somebody try their password again.

use ashlar_kernel::{Change, Context, StoreError};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{DirectoryEntry, LockoutEvent, UserId};

impl Identity {
    /// Forgets the failures of strangers with the identifiers of an account of the caller's tenant, so that its owner may
    /// try again at once. What counts codes of the second factor is another counter, which stays. Doing it twice is no
    /// error.
    pub async fn unlock_user(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        let entry = self.account_to_relieve(context, user).await?;
        let account = self.0.ports.store.user(user).await?.ok_or(AdministrationError::NotFound)?;
        // First the fact, so that no lock is ever lifted without one.
        let mut attempts = Attempts::default();
        loop {
            match self.note_unlocked(context, user).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        }
        self.forgive_all(context, &account).await?;
        Ok(entry)
    }

    async fn note_unlocked(&self, context: &Context, user: UserId) -> Result<(), StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.note_lockout(Change::new((), LockoutEvent::Unlocked { user })).await?;
        tx.commit().await
    }
}
