//! Give a member another role.

use ashlar_kernel::{Context, Principal};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{DirectoryEntry, Role, UserId, permission};

impl Identity {
    /// Gives a member of the caller's tenant another role. It counts from the next request, in other processes within
    /// five seconds. Nobody changes their own role, only administrators make administrators, and the last one stays.
    pub async fn set_role(
        &self,
        context: &Context,
        user: UserId,
        role: Role,
    ) -> Result<DirectoryEntry, AdministrationError> {
        may_decide_on(context, user, role)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_set_role(context, user, role).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                Err(error) => return Err(error),
                Ok(()) => break,
            }
        }
        self.forget_sessions(context, context.tenant, user).await?;
        self.person(context, user).await
    }

    async fn try_set_role(&self, context: &Context, user: UserId, role: Role) -> Result<(), AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let membership = tx.membership(context.tenant, user).await?.ok_or(AdministrationError::NotFound)?;
        // Locked, so that nobody becomes an operator in between.
        let account = tx.user(user).await?.ok_or(AdministrationError::NotFound)?;
        if account.is_operator() && role != Role::Member {
            return Err(AdministrationError::Operator);
        }
        if let Some(change) = membership.change_role(role, context.now) {
            tx.update_membership(change).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Whether the caller may make people a `role`.
pub(super) fn may_grant(context: &Context, role: Role) -> Result<&Principal, AdministrationError> {
    let caller = context.require(permission::MANAGE_MEMBERSHIPS)?;
    if role == Role::Admin {
        context.require(permission::GRANT_ADMIN)?;
    }
    crate::insist_on_fresh(context)?;
    Ok(caller)
}

/// Whether the caller may make `user` a `role`, or have done with them as one: nobody decides on themselves.
pub(super) fn may_decide_on(context: &Context, user: UserId, role: Role) -> Result<(), AdministrationError> {
    let caller = may_grant(context, role)?;
    if caller.user == user.as_uuid() { Err(AdministrationError::OwnRole) } else { Ok(()) }
}
