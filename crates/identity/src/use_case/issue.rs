//! Make the pair of tokens that a login or a refresh answers with.

use ashlar_kernel::{Context, Secret, Timestamp};

use super::Identity;
use crate::{
    AccessClaims, Account, CLAIMS_VERSION, Session, SessionId,
    port::{CachedSession, SignError, Standing},
    query::SessionWithHolder,
    user::UserStatus,
};

/// A person who is signed in.
pub struct SignedIn {
    /// Who.
    pub account: Account,
    /// Through which session.
    pub session: SessionId,
    /// Proves it, for a short time, to every request.
    pub access_token: Secret,
    /// When the access token runs out.
    pub access_expires_at: Timestamp,
    /// Is exchanged for the next pair.
    pub refresh_token: Secret,
    /// When the refresh token runs out.
    pub refresh_expires_at: Timestamp,
    /// Of a login: what this device shows at the next one, so that strangers cannot lock it out.
    pub device_token: Option<Secret>,
    /// Of a login with a second factor: whether it is time for new codes on paper.
    pub has_few_codes: bool,
}

impl Identity {
    /// Signs the pair of tokens for the present state of `session`.
    pub(super) fn issue(&self, context: &Context, account: Account, session: &Session) -> Result<SignedIn, SignError> {
        let inner = &*self.0;
        let access_expires_at = session.access_expires_at(&inner.settings.sessions, context.now);
        let claims = AccessClaims {
            iss: inner.settings.audience.issuer.clone(),
            aud: inner.settings.audience.audience.clone(),
            sub: account.id,
            sid: session.id(),
            tid: session.tenant(),
            jti: inner.ports.ids.next(),
            iat: context.now.timestamp(),
            nbf: context.now.timestamp(),
            exp: access_expires_at.timestamp(),
            auth_time: session.authenticated_at().timestamp(),
            amr: session.amr().to_vec(),
            roles: vec![if account.is_operator { "operator" } else { account.role.as_str() }.to_owned()],
            ver: CLAIMS_VERSION,
        };
        let refresh_token = inner.refresh_keys.token(session);
        Ok(SignedIn {
            account,
            session: session.id(),
            access_token: inner.ports.signer.sign(&claims)?,
            access_expires_at,
            refresh_token: refresh_token.ok_or_else(|| SignError::new("no refresh key"))?,
            refresh_expires_at: session.idle_expires_at(),
            device_token: None,
            has_few_codes: false,
        })
    }

    /// Lets this process know a session it has just written.
    pub(super) fn remember(&self, context: &Context, account: Account, session: Session) {
        let id = session.id();
        let holder = SessionWithHolder { session, status: UserStatus::Active, account: Some(account) };
        let seen = CachedSession { standing: Standing::Live(Box::new(holder)), seen_at: context.now };
        self.0.ports.cache.remember(id, seen);
    }
}
