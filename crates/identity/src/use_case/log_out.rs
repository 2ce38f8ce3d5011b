//! Sign out.

use ashlar_kernel::{AccessError, Actor, Class, Classified, Context, Secret, StoreError, TenantId};

use super::{Attempts, Identity, codes};
use crate::{PresentedRefreshToken, RevocationReason, SessionId, TokenRefusal, query::SessionWithHolder};

/// Ends the session of an access token or, without one, of a refresh token.
pub struct LogOut {
    /// The access token.
    pub access_token: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<Secret>,
    /// The tenant the request asks for, if it does.
    pub tenant: Option<TenantId>,
}

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum LogOutError {
    /// Neither token was given.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The access token is not believed.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// The session is of another tenant than the request asks for.
    #[error("the token belongs to another tenant")]
    TenantMismatch,
    /// The refresh token was not made by us.
    #[error("the refresh token is not valid")]
    RefreshToken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for LogOutError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Token(TokenRefusal::Expired) => Class::Code(&codes::TOKEN_EXPIRED),
            Self::Token(TokenRefusal::Invalid(_) | TokenRefusal::UnknownKey) => Class::Code(&codes::TOKEN_INVALID),
            Self::TenantMismatch => Class::Code(&codes::TENANT_MISMATCH),
            Self::RefreshToken => Class::Code(&codes::REFRESH_TOKEN_INVALID),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Signs out. Doing it twice is no error.
    pub async fn log_out(&self, context: &Context, command: LogOut) -> Result<(), LogOutError> {
        let (session, tenant) = match (&command.access_token, &command.refresh_token) {
            (Some(access), refresh) => match (self.believe(context, access).await, refresh) {
                (Ok(claims), _) => (claims.sid, claims.tid),
                // An access token runs out long before its session; the refresh token still names it.
                (Err(_refused), Some(refresh)) => self.session_of(refresh).await?,
                (Err(refused), None) => return Err(refused.into()),
            },
            (None, Some(refresh)) => self.session_of(refresh).await?,
            (None, None) => return Err(AccessError::AuthenticationRequired.into()),
        };
        if command.tenant.is_some_and(|requested| requested != tenant) {
            return Err(LogOutError::TenantMismatch);
        }
        self.end_session(context, session, RevocationReason::Logout).await?;
        Ok(())
    }

    async fn session_of(&self, token: &Secret) -> Result<(SessionId, TenantId), LogOutError> {
        let presented = PresentedRefreshToken::parse(token).map_err(|_malformed| LogOutError::RefreshToken)?;
        let found = self.0.ports.store.session(presented.session()).await?.ok_or(LogOutError::RefreshToken)?;
        if self.0.refresh_keys.verify(&presented, &found.session) {
            Ok((presented.session(), found.session.tenant()))
        } else {
            Err(LogOutError::RefreshToken)
        }
    }

    /// Ends a session; nothing happens if it has ended already.
    pub(super) async fn end_session(
        &self,
        context: &Context,
        id: SessionId,
        reason: RevocationReason,
    ) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            match self.try_end_session(context, id, reason).await {
                Err(error) if attempts.again(&error) => {}
                outcome => {
                    outcome?;
                    self.0.ports.cache.end(id, context.now);
                    return Ok(());
                }
            }
        }
    }

    async fn try_end_session(
        &self,
        context: &Context,
        id: SessionId,
        reason: RevocationReason,
    ) -> Result<(), StoreError> {
        let Some(SessionWithHolder { session, account, .. }) = self.0.ports.store.session(id).await? else {
            return Ok(());
        };
        // Who signs out with nothing but a token is known by its session.
        let acting = match (&context.actor, account) {
            (Actor::Anonymous, Some(account)) => self.acting_as(context, &account, &session),
            _ => context.clone(),
        };
        let Some(change) = session.revoke(reason, context.now) else {
            return Ok(());
        };
        let mut tx = self.0.ports.store.begin(&acting).await?;
        tx.update_session(change).await?;
        tx.commit().await
    }
}
