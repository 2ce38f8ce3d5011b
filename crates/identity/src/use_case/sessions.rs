//! See and end one's own sessions.

use ashlar_kernel::{AccessError, Class, Classified, Context, InvalidCursor, Limit, NotFound, Page, StoreError};

use super::Identity;
use crate::{
    RevocationReason, SessionId, UserId, permission,
    query::{SessionLine, SessionPosition, SessionQuery},
    session::insist_on_fresh,
};

/// Why the list cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ListSessionsError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ListSessionsError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// Why a session was not ended.
#[derive(Debug, thiserror::Error)]
pub enum RevokeSessionError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such session.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for RevokeSessionError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// One's own living sessions in this tenant, newest first.
    pub async fn sessions(
        &self,
        context: &Context,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<SessionLine>, ListSessionsError> {
        let caller = context.require(permission::READ_OWN_SESSIONS)?;
        let list = format!("sessions of {}", caller.user);
        let after =
            cursor.map(|cursor| self.0.cursors.open::<SessionPosition>(context.tenant, &list, cursor)).transpose()?;
        let query = SessionQuery {
            tenant: context.tenant,
            user: UserId::from_uuid(caller.user),
            now: context.now,
            after,
            rows: limit.with_one_ahead(),
        };
        let rows = self.0.ports.store.sessions(query).await?;
        let position = |line: &SessionLine| SessionPosition { created_at: line.created_at, id: line.id.as_uuid() };
        let seal = |line: &SessionLine| self.0.cursors.seal(context.tenant, &list, &position(line));
        Page::try_cut(rows, limit, seal).map_err(|error| StoreError::internal(error).into())
    }

    /// Ends one of one's own sessions; doing it twice is no error. Ending another than the present one needs a recent
    /// sign-in.
    pub async fn revoke_session(&self, context: &Context, id: SessionId) -> Result<(), RevokeSessionError> {
        let caller = context.require(permission::REVOKE_OWN_SESSIONS)?;
        let is_current = caller.session == id.as_uuid();
        if !is_current {
            insist_on_fresh(context)?;
        }
        let found = self.0.ports.store.session(id).await?.ok_or(NotFound)?;
        if found.session.user().as_uuid() != caller.user || found.session.tenant() != context.tenant {
            return Err(NotFound.into());
        }
        let reason = if is_current { RevocationReason::Logout } else { RevocationReason::User };
        Ok(self.end_session(context, id, reason).await?)
    }
}
