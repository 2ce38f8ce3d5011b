//! Let somebody try their password again.

use ashlar_kernel::{Change, Context, StoreError};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{DirectoryEntry, LockoutEvent, User, UserId};

impl Identity {
    /// Lifts the lock that strangers have put on the identifiers of a member of the caller's tenant, in every tenant, so
    /// that its owner may try again at once. Where the account was opened, failures are forgotten besides. Elsewhere they
    /// count on: whoever takes somebody into a tenant of theirs must not get any number of tries at their password by it, and
    /// after a hundred failures only the administrators at home help. What counts codes of the second factor is another
    /// counter, which stays. Doing it twice is no error.
    pub async fn unlock_user(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        let entry = self.person_to_relieve(context, user).await?;
        let account = self.0.ports.store.user(user).await?.ok_or(AdministrationError::NotFound)?;
        let is_home = entry.home == context.tenant;
        if !is_home && self.is_any_shut(&account).await? {
            return Err(AdministrationError::Guest);
        }
        // First the fact, so that no lock is ever lifted without one.
        let mut attempts = Attempts::default();
        loop {
            match self.note_unlocked(context, user).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        }
        if is_home {
            self.forgive_all(&account).await?;
            return Ok(entry);
        }
        for key in self.counters_of_strangers(&account) {
            self.relieve(context, key).await?;
        }
        Ok(entry)
    }

    async fn is_any_shut(&self, account: &User) -> Result<bool, StoreError> {
        for key in self.counters_of_strangers(account) {
            if self.is_shut(&key).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn note_unlocked(&self, context: &Context, user: UserId) -> Result<(), StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.note_lockout(Change::new((), LockoutEvent::Unlocked { user })).await?;
        tx.commit().await
    }
}
