//! Help somebody who has lost their second factor.

use ashlar_kernel::Context;

use super::{super::Attempts, AdministrationError, Identity};
use crate::{CounterKey, DirectoryEntry, RevocationReason, SessionId, SessionSweep, UserId, permission};

impl Identity {
    /// Takes the second factor of an account of the caller's tenant away, with its codes on paper: the password alone is
    /// enough from then on. All sessions of the account end, in every tenant, and its owner is told by mail. Nobody learns
    /// a secret by it. Doing it twice is no error.
    ///
    /// Operators of the installation are spared: what they may do is not for a tenant to open up.
    pub async fn reset_second_factor(
        &self,
        context: &Context,
        user: UserId,
    ) -> Result<DirectoryEntry, AdministrationError> {
        let entry = self.account_to_relieve(context, user).await?;
        if entry.account.is_operator {
            return Err(AdministrationError::Operator);
        }
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_reset_factor(context, user).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        // Whoever gets another one begins without the failures of before.
        self.forgive(CounterKey::of_second_factor(&self.0.pseudonym_key, user)).await?;
        Ok(entry)
    }

    async fn try_reset_factor(&self, context: &Context, user: UserId) -> Result<Vec<SessionId>, AdministrationError> {
        let Some(factor) = self.0.ports.store.second_factor(user).await? else { return Ok(Vec::new()) };
        let mut tx = self.0.ports.store.begin(context).await?;
        // Locked, so that nobody becomes an operator in between.
        let account = tx.user(user).await?.ok_or(AdministrationError::NotFound)?;
        if account.is_operator() {
            return Err(AdministrationError::Operator);
        }
        tx.delete_second_factor(factor.reset()).await?;
        let ended = tx.end_sessions(SessionSweep::of(user, None, RevocationReason::Admin, context.now)).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Somebody whom the caller may help to get in again, if the account is this tenant's to look after.
    pub(super) async fn account_to_relieve(
        &self,
        context: &Context,
        user: UserId,
    ) -> Result<DirectoryEntry, AdministrationError> {
        let entry = self.person_to_relieve(context, user).await?;
        if entry.home == context.tenant { Ok(entry) } else { Err(AdministrationError::Guest) }
    }

    /// A member whom the caller may help to get in again: not themselves. Whoever has stolen a session must not clear the
    /// way to the rest of an account.
    pub(super) async fn person_to_relieve(
        &self,
        context: &Context,
        user: UserId,
    ) -> Result<DirectoryEntry, AdministrationError> {
        let caller = context.require(permission::MANAGE_USERS)?;
        if caller.user == user.as_uuid() {
            return Err(AdministrationError::Oneself);
        }
        crate::insist_on_fresh(context)?;
        self.person(context, user).await
    }
}
