//! Shut somebody's account, and open it again.

use ashlar_kernel::Context;

use super::{super::Attempts, AdministrationError, Identity};
use crate::{DirectoryEntry, RevocationReason, SessionId, SessionSweep, UserId, permission};

impl Identity {
    /// Shuts an account of the caller's tenant: its sessions end in every tenant and every process at once, and nobody
    /// signs in with it. Doing it twice is no error. The last administrator of a tenant stays.
    pub async fn suspend_user(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        let caller = context.require(permission::MANAGE_USERS)?;
        if caller.user == user.as_uuid() {
            return Err(AdministrationError::OwnAccount);
        }
        crate::insist_on_fresh(context)?;
        self.own_person(context, user).await?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_suspend(context, user).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        self.person(context, user).await
    }

    async fn try_suspend(&self, context: &Context, user: UserId) -> Result<Vec<SessionId>, AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let account = tx.user(user).await?.ok_or(AdministrationError::NotFound)?;
        let Some(change) = account.disable(context.now) else {
            return Ok(Vec::new());
        };
        tx.shut_user(change).await?;
        let sweep = SessionSweep::of(user, None, RevocationReason::UserDisabled, context.now);
        let ended = tx.end_sessions(sweep).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Opens a shut account of the caller's tenant again. Sessions of before stay dead, also those of a login that was
    /// under way when the account was shut. Doing it twice is no error.
    pub async fn activate_user(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        context.require(permission::MANAGE_USERS)?;
        self.own_person(context, user).await?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_activate(context, user).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        self.person(context, user).await
    }

    async fn try_activate(&self, context: &Context, user: UserId) -> Result<Vec<SessionId>, AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let account = tx.user(user).await?.ok_or(AdministrationError::NotFound)?;
        let Some(change) = account.enable(context.now) else {
            return Ok(Vec::new());
        };
        let sweep = SessionSweep::of(user, None, RevocationReason::UserDisabled, context.now);
        let ended = tx.end_sessions(sweep).await?;
        tx.update_user(change).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
