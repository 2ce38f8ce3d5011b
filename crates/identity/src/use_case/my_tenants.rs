//! The tenants one is a member of: see them, and go from one to another.

use ashlar_kernel::{
    AccessError, Class, Classified, Context, InvalidCursor, Limit, Page, StoreError, TenantId, TenantSlug,
    resource_codes, store_codes,
};

use super::{Attempts, Identity, SignedIn, codes, devices::SeatError};
use crate::{MembershipLine, MembershipQuery, SessionId, UserId, device::DeviceRefusal, permission, port::SignError};

/// Why the caller does not see their tenants, or stays where they are.
#[derive(Debug, thiserror::Error)]
pub enum MyTenantsError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// There is no such tenant, or the caller is no member of it.
    #[error("not found")]
    NotFound,
    /// The session was ended meanwhile.
    #[error("the session has ended")]
    SessionEnded,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    Suspended,
    /// There is no place for the device of the session there.
    #[error(transparent)]
    Device(#[from] DeviceRefusal),
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SeatError> for MyTenantsError {
    fn from(error: SeatError) -> Self {
        match error {
            SeatError::Refused(refusal) => Self::Device(refusal),
            SeatError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for MyTenantsError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Device(error) => Class::Inner(error),
            Self::Access(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::NotFound => Class::Code(&resource_codes::NOT_FOUND),
            Self::SessionEnded => Class::Code(&codes::SESSION_REVOKED),
            Self::Suspended => Class::Code(&codes::TENANT_SUSPENDED),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// The tenants the caller is a member of, by short name.
    pub async fn my_memberships(
        &self,
        context: &Context,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<MembershipLine>, MyTenantsError> {
        let caller = context.require(permission::READ_OWN_MEMBERSHIPS)?;
        let list = format!("memberships of {}", caller.user);
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<String>(context.tenant, &list, cursor)).transpose()?;
        let after = after.map(|slug| TenantSlug::parse(&slug)).transpose().map_err(|_fault| InvalidCursor)?;
        let query = MembershipQuery { user: UserId::from_uuid(caller.user), after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.memberships(&query).await?;
        let seal = |last: &MembershipLine| cursors.seal(context.tenant, &list, &last.tenant.slug.as_str());
        Page::try_cut(rows, limit, seal).map_err(|error| StoreError::internal(error).into())
    }

    /// Goes on in another tenant with the same session. The access tokens of the tenant before are refused from then on,
    /// in other processes within five seconds; the refresh token stays good. Its device needs a place there, as in a sign-in,
    /// and what follows is in the log of the tenant the session goes to.
    pub async fn switch_tenant(&self, context: &Context, tenant: TenantId) -> Result<SignedIn, MyTenantsError> {
        let caller = context.require(permission::SWITCH_OWN_TENANT)?;
        let (user, session) = (UserId::from_uuid(caller.user), SessionId::from_uuid(caller.session));
        let mut attempts = Attempts::default();
        loop {
            match self.try_switch(context, (user, session), tenant).await {
                Err(MyTenantsError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_switch(
        &self,
        context: &Context,
        (user, session): (UserId, SessionId),
        tenant: TenantId,
    ) -> Result<SignedIn, MyTenantsError> {
        let account = self.0.ports.store.account(tenant, user).await?.ok_or(MyTenantsError::NotFound)?;
        if account.is_locked_out() {
            return Err(MyTenantsError::Suspended);
        }
        // Who loses the account or the membership meanwhile has moved a session that no request accepts.
        let there = Context { tenant, ..context.clone() };
        let mut tx = self.0.ports.store.begin(&there).await?;
        let found = tx.session(session).await?.filter(|session| session.is_alive(context.now));
        let stored = found.ok_or(MyTenantsError::SessionEnded)?;
        if stored.tenant() == tenant {
            return Ok(self.issue(context, account, &stored)?);
        }
        let device = self.device_of_session(&mut *tx, context, &stored).await?;
        let seat = self.seat(&mut *tx, &there, (user, &device)).await?;
        let change = stored.switch_tenant(tenant, seat.device).ok_or(StoreError::Stale)?;
        let moved = change.state().clone();
        let signed_in = self.issue(context, account.clone(), &moved)?;
        tx.update_session(change).await?;
        tx.commit().await?;
        self.end_here(context, &seat.ended);
        self.0.ports.cache.forget(session);
        self.remember(&self.acting_as(context, &account, &moved), account, moved);
        Ok(signed_in)
    }
}
