//! Find out who makes a request.

use ashlar_kernel::{Actor, Class, Classified, Context, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{Identity, codes};
use crate::{
    Account, SessionId, TokenRefusal, UserStatus,
    port::{CachedSession, Standing},
    query::SessionWithHolder,
};

/// For how long a session is believed without asking the store again: how late another process learns of an end.
const BELIEVED: TimeDelta = TimeDelta::seconds(5);
/// For how much longer it is believed while the store does not answer.
const BELIEVED_IN_OUTAGE: TimeDelta = TimeDelta::seconds(10);
/// How exact "last seen" is.
const SEEN_EXACTNESS: TimeDelta = TimeDelta::seconds(60);

/// A request whose maker is known.
pub struct Authenticated {
    /// The request's circumstances, with the person as actor and the token's tenant.
    pub context: Context,
    /// The account.
    pub account: Account,
}

/// Why a request's maker is not known.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token is not believed.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// The session was ended, or its holder may not use it any more.
    #[error("the session has ended")]
    SessionEnded,
    /// The token is of another tenant than the request asks for.
    #[error("the access token belongs to another tenant")]
    TenantMismatch,
    /// The tenant of the session is suspended.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for AuthenticateError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Token(TokenRefusal::Expired) => Class::Code(&codes::TOKEN_EXPIRED),
            Self::Token(TokenRefusal::Invalid(_) | TokenRefusal::UnknownKey) => Class::Code(&codes::TOKEN_INVALID),
            Self::SessionEnded => Class::Code(&codes::SESSION_REVOKED),
            Self::TenantMismatch => Class::Code(&codes::TENANT_MISMATCH),
            Self::TenantSuspended => Class::Code(&codes::TENANT_SUSPENDED),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Finds out who makes a request, from its access token. `requested` is the tenant the request asks for, if it
    /// does.
    ///
    /// Every request looks its session up: an ended one is refused at once by the process that ended it and within
    /// five seconds by every other. Roles come from the same look-up, not from the token.
    pub async fn authenticate(
        &self,
        context: &Context,
        token: &str,
        requested: Option<TenantId>,
    ) -> Result<Authenticated, AuthenticateError> {
        let claims = self.believe(context, token).await?;
        let mut found = self.live_session(context, claims.sid).await?;
        if found.session.tenant() != claims.tid {
            // The session may have gone on in another tenant since this process looked last.
            self.0.ports.cache.forget(claims.sid);
            found = self.live_session(context, claims.sid).await?;
        }
        let SessionWithHolder { session, status, account } = found;
        if session.user() != claims.sub || session.tenant() != claims.tid {
            return Err(TokenRefusal::Invalid("sub or tid").into());
        }
        if requested.is_some_and(|tenant| tenant != session.tenant()) {
            return Err(AuthenticateError::TenantMismatch);
        }
        let (true, UserStatus::Active, Some(account)) = (session.is_alive(context.now), status, account) else {
            return Err(AuthenticateError::SessionEnded);
        };
        if account.is_locked_out() {
            return Err(AuthenticateError::TenantSuspended);
        }
        let mut context = self.acting_as(context, &account, &session);
        if let (Actor::User(principal), Some(proved_at)) =
            (&mut context.actor, Timestamp::from_timestamp(claims.auth_time, 0))
        {
            // A proof that this process has not heard of yet; we have signed that it was given.
            principal.authenticated_at = principal.authenticated_at.max(proved_at);
        }
        Ok(Authenticated { context, account })
    }

    async fn live_session(&self, context: &Context, id: SessionId) -> Result<SessionWithHolder, AuthenticateError> {
        let known = self.0.ports.cache.get(id);
        let seen = match known {
            Some(seen) if is_believed(&seen, context, BELIEVED) => seen,
            known => match self.read_session(context, id).await {
                Ok(seen) => seen,
                // The store is away: an end may go unnoticed for a few seconds more, then everybody is refused.
                Err(error) => known.filter(|seen| is_believed(seen, context, BELIEVED_IN_OUTAGE)).ok_or(error)?,
            },
        };
        match seen.standing {
            Standing::Live(session) => Ok(*session),
            Standing::Ended => Err(AuthenticateError::SessionEnded),
        }
    }

    async fn read_session(&self, context: &Context, id: SessionId) -> Result<CachedSession, StoreError> {
        let ports = &self.0.ports;
        let Some(found) = ports.store.session(id).await? else {
            return Ok(CachedSession { standing: Standing::Ended, seen_at: context.now });
        };
        if found.session.revoked().is_some() {
            ports.cache.end(id, context.now);
            return Ok(CachedSession { standing: Standing::Ended, seen_at: context.now });
        }
        if context.now - found.session.last_seen_at() >= SEEN_EXACTNESS {
            // An observation: a request must not fail because it could not be written down.
            let _written = ports.store.touch_session(id, context.now).await;
        }
        let seen = CachedSession { standing: Standing::Live(Box::new(found)), seen_at: context.now };
        Ok(ports.cache.remember(id, seen))
    }
}

/// Whether what was seen is recent enough. What was seen in the future is not: the clock has stepped back since, by
/// who knows how much.
fn is_believed(seen: &CachedSession, context: &Context, age: TimeDelta) -> bool {
    let since = context.now - seen.seen_at;
    matches!(seen.standing, Standing::Ended) || (TimeDelta::zero() <= since && since <= age)
}
