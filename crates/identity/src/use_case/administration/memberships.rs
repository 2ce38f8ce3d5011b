//! Take people into a tenant, and let them go.

use ashlar_kernel::{Context, NotFound, Once, StoreError};

use super::{
    super::Attempts,
    AdministrationError, Identity,
    role::{may_decide_on, may_grant},
};
use crate::{
    DirectoryEntry, Email, Identifier, Membership, RevocationReason, Role, SessionId, SessionSweep, UserId, UserStatus,
};

/// Who is to be taken in.
#[derive(Debug, Clone)]
pub enum Newcomer {
    /// By the id of their account.
    Id(UserId),
    /// By the address of their account.
    Email(Email),
}

/// Takes somebody who has an account into the caller's tenant.
pub struct AddMember {
    /// Who.
    pub who: Newcomer,
    /// As what.
    pub role: Role,
    /// How the answer is remembered in the transaction.
    pub once: Option<Once<DirectoryEntry>>,
}

impl Identity {
    /// Takes somebody who has an account into the caller's tenant, as [`set_role`](Self::set_role) would let them be.
    pub async fn add_member(
        &self,
        context: &Context,
        command: AddMember,
    ) -> Result<DirectoryEntry, AdministrationError> {
        // Who may not has no business knowing who has an account.
        may_grant(context, command.role)?;
        let user = self.newcomer(context, &command.who).await?;
        may_decide_on(context, user, command.role)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_add_member(context, user, &command).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn newcomer(&self, context: &Context, who: &Newcomer) -> Result<UserId, AdministrationError> {
        match who {
            Newcomer::Id(id) => Ok(*id),
            Newcomer::Email(email) => {
                Ok(self.account_at(context, email).await?.ok_or(AdministrationError::NotFound)?)
            }
        }
    }

    /// Whose account has this address, in any tenant.
    pub(in crate::use_case) async fn account_at(
        &self,
        context: &Context,
        email: &Email,
    ) -> Result<Option<UserId>, StoreError> {
        let Ok(identifier) = Identifier::parse(email.address()) else { return Ok(None) };
        let found = self.0.ports.store.credential(context.tenant, &identifier).await?;
        let living = found.filter(|credential| credential.status != UserStatus::Deleted);
        Ok(living.map(|credential| credential.user))
    }

    async fn try_add_member(
        &self,
        context: &Context,
        user: UserId,
        command: &AddMember,
    ) -> Result<DirectoryEntry, AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let account = tx.user(user).await?.filter(|account| account.status() != UserStatus::Deleted).ok_or(NotFound)?;
        if account.is_operator() && command.role != Role::Member {
            return Err(AdministrationError::Operator);
        }
        tx.admit(Membership::create(context.tenant, user, command.role, context.now)).await?;
        let entry = tx.person(context.tenant, user).await?.ok_or(NotFound)?;
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&entry)).await?;
        }
        tx.commit().await?;
        Ok(entry)
    }

    /// Lets a member of the caller's tenant go: their sessions in it end. Their account stays, and so do their places in
    /// other tenants.
    pub async fn remove_member(&self, context: &Context, user: UserId) -> Result<(), AdministrationError> {
        may_decide_on(context, user, Role::Member)?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_remove_member(context, user).await {
                Err(AdministrationError::Store(error)) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        Ok(())
    }

    async fn try_remove_member(&self, context: &Context, user: UserId) -> Result<Vec<SessionId>, AdministrationError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let membership = tx.membership(context.tenant, user).await?.ok_or(AdministrationError::NotFound)?;
        tx.remove_membership(membership.remove()).await?;
        let sweep = SessionSweep::of(user, Some(context.tenant), RevocationReason::Admin, context.now);
        let ended = tx.end_sessions(sweep).await?;
        tx.commit().await?;
        Ok(ended)
    }
}
