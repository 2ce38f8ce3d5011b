//! Exchange a refresh token for the next pair.

use ashlar_kernel::{Change, Class, Classified, Context, Secret, StoreError, TenantId, store_codes};

use super::{Attempts, Identity, SignedIn, codes};
use crate::{
    Account, PresentedRefreshToken, Refresh, SessionEvent, SessionId, UserStatus, port::SignError,
    query::SessionWithHolder,
};

/// Why there is no next pair.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token was not made by us. Nothing changes: a guess must not end anybody's session.
    #[error("the refresh token is not valid")]
    Invalid,
    /// The session has run out.
    #[error("the refresh token has expired")]
    Expired,
    /// The session was ended, or its holder may not use it any more.
    #[error("the session has ended")]
    Revoked,
    /// The token had been exchanged before; the session is dead now.
    #[error("the refresh token was used before")]
    Reused,
    /// The session is of another tenant than the request asks for.
    #[error("the refresh token belongs to another tenant")]
    TenantMismatch,
    /// The tenant of the session is suspended. The session lives on.
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// Signing failed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for RefreshError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Invalid => Class::Code(&codes::REFRESH_TOKEN_INVALID),
            Self::Expired => Class::Code(&codes::REFRESH_TOKEN_EXPIRED),
            Self::Revoked => Class::Code(&codes::SESSION_REVOKED),
            Self::TenantMismatch => Class::Code(&codes::TENANT_MISMATCH),
            Self::TenantSuspended => Class::Code(&codes::TENANT_SUSPENDED),
            Self::Reused => Class::Code(&codes::REFRESH_TOKEN_REUSED),
            Self::Sign(_) => Class::Code(&store_codes::INTERNAL),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// A refresh token that we have made, with its session as it was found. What it is worth is not judged yet.
pub struct KnownRefreshToken {
    presented: PresentedRefreshToken,
    found: SessionWithHolder,
}

impl KnownRefreshToken {
    /// The session it is of.
    pub const fn session(&self) -> SessionId {
        self.presented.session()
    }
}

impl Identity {
    /// Exchanges a refresh token for the next pair of tokens.
    ///
    /// However often and in parallel one token is presented, it has one successor: the write is guarded by the
    /// version that was read, whoever loses reads again and finds itself within the grace.
    ///
    /// `requested` is the tenant the request asks for, if it does.
    pub async fn refresh(
        &self,
        context: &Context,
        token: &Secret,
        requested: Option<TenantId>,
    ) -> Result<SignedIn, RefreshError> {
        let known = self.known_refresh_token(token).await?;
        self.refresh_known(context, known, requested).await
    }

    /// The first half of a refresh, without effect: for whoever counts refreshes by session. A token that was not made by us
    /// must not count for the session it names, or a stranger who has heard of a session could keep its owner from it.
    pub async fn known_refresh_token(&self, token: &Secret) -> Result<KnownRefreshToken, RefreshError> {
        let presented = PresentedRefreshToken::parse(token).map_err(|_malformed| RefreshError::Invalid)?;
        self.look_up_refresh_token(presented).await
    }

    /// The second half of a refresh.
    pub async fn refresh_known(
        &self,
        context: &Context,
        mut known: KnownRefreshToken,
        requested: Option<TenantId>,
    ) -> Result<SignedIn, RefreshError> {
        let presented = known.presented;
        let mut attempts = Attempts::default();
        loop {
            match self.try_refresh(context, known, requested).await {
                Err(RefreshError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
            known = self.look_up_refresh_token(presented).await?;
        }
    }

    async fn look_up_refresh_token(&self, presented: PresentedRefreshToken) -> Result<KnownRefreshToken, RefreshError> {
        let found = self.0.ports.store.session(presented.session()).await?.ok_or(RefreshError::Invalid)?;
        if !self.0.refresh_keys.verify(&presented, &found.session) {
            return Err(RefreshError::Invalid);
        }
        Ok(KnownRefreshToken { presented, found })
    }

    async fn try_refresh(
        &self,
        context: &Context,
        KnownRefreshToken { presented, found }: KnownRefreshToken,
        requested: Option<TenantId>,
    ) -> Result<SignedIn, RefreshError> {
        if requested.is_some_and(|tenant| tenant != found.session.tenant()) {
            return Err(RefreshError::TenantMismatch);
        }
        let SessionWithHolder { session, status: UserStatus::Active, account: Some(account) } = found else {
            return Err(RefreshError::Revoked);
        };
        if account.is_locked_out() {
            return Err(RefreshError::TenantSuspended);
        }
        let acting = self.acting_as(context, &account, &session);
        match session.refresh(presented.generation(), &self.0.settings.sessions, context.now) {
            Refresh::Rotated(change) => self.rotate(&acting, account, change).await,
            Refresh::Repeated(session) => {
                let signed_in = self.issue(&acting, account, &session)?;
                let event = SessionEvent::RefreshRepeated { session: session.id(), user: session.user() };
                let mut tx = self.0.ports.store.begin(&acting).await?;
                tx.note_refresh_retry(Change::new(session.id(), event)).await?;
                tx.commit().await?;
                Ok(signed_in)
            }
            Refresh::Reused(change) => {
                let id = change.state().id();
                let mut tx = self.0.ports.store.begin(&acting).await?;
                tx.update_session(change).await?;
                tx.commit().await?;
                self.0.ports.cache.end(id, context.now);
                Err(RefreshError::Reused)
            }
            Refresh::Expired => Err(RefreshError::Expired),
            Refresh::Revoked => Err(RefreshError::Revoked),
        }
    }

    async fn rotate(
        &self,
        acting: &Context,
        account: Account,
        change: Change<crate::Session, SessionEvent>,
    ) -> Result<SignedIn, RefreshError> {
        let session = change.state().clone();
        let signed_in = self.issue(acting, account.clone(), &session)?;
        let mut tx = self.0.ports.store.begin(acting).await?;
        tx.update_session(change).await?;
        tx.commit().await?;
        self.remember(acting, account, session);
        Ok(signed_in)
    }
}
