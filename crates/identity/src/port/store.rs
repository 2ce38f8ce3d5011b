//! Where accounts and sessions are kept.

use ashlar_kernel::{Change, Context, StoreError, Tenant, TenantId, TenantSlug, Timestamp, UnitOfWork};
use async_trait::async_trait;

use crate::{
    Account, Credential, HashClass, Identifier, ImportEvent, ImportObstacle, ImportedUser, LoginAttempt, LoginEvent,
    Membership, MembershipEvent, Rehash, RehashEvent, Session, SessionEvent, SessionId, SessionLine, SessionQuery,
    SessionWithHolder, User, UserEvent, UserId,
};

/// The claim to be the first administrator of an installation. There is one in the life of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstAdmin {
    /// Who claims it.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
}

/// Why an account cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum InsertUserError {
    /// Somebody has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Somebody has the handle.
    #[error("the username is taken")]
    UsernameTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads, and the door to units of work. Every read takes a tenant, or is of the whole installation and says so.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn IdentityTx>, StoreError>;

    /// Whether anybody has an account, in any tenant of the installation. One statement.
    async fn has_accounts(&self) -> Result<bool, StoreError>;

    /// What a login needs to know about `identifier`: the account is of the whole installation, its place in `tenant`
    /// may be missing. One statement.
    async fn credential(&self, tenant: TenantId, identifier: &Identifier) -> Result<Option<Credential>, StoreError>;

    /// A session, dead or alive, with what its holder is now. One statement.
    async fn session(&self, id: SessionId) -> Result<Option<SessionWithHolder>, StoreError>;

    /// An account as its owner sees it in `tenant`. One statement.
    async fn account(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError>;

    /// The living sessions of a person, newest first. One statement.
    async fn sessions(&self, query: SessionQuery) -> Result<Vec<SessionLine>, StoreError>;

    /// The tenant of a short name. One statement.
    async fn tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError>;

    /// What the passwords' hashes of all accounts of the installation are of, and how many accounts have each. Hashes of
    /// which that is not known count as [`HashClass::OTHER`]. One statement.
    async fn password_classes(&self) -> Result<Vec<(HashClass, u64)>, StoreError>;

    /// What stands in the way of importing each of `users`, in their order; at most 1,000, all of one tenant and one
    /// source. Three statements.
    async fn import_obstacles(&self, users: &[ImportedUser]) -> Result<Vec<Option<ImportObstacle>>, StoreError>;

    /// Notes that a session was used at `at`, unless it was noted within the minute before. An observation and no
    /// change of state, hence no event.
    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Deletes at most `limit` sessions that were over, revoked or not, before `before`, and counts them. What happened
    /// to them stays in the log; that they are tidied away is no event.
    async fn purge_sessions(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

/// Writes, all or nothing. Each takes a change with the events that explain it and saves both. Once one was refused, the
/// work can only be dropped: [`commit`](UnitOfWork::commit) refuses it too.
#[async_trait]
pub trait IdentityTx: UnitOfWork {
    /// An account, to be changed.
    async fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Adds an account.
    async fn insert_user(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError>;

    /// Saves a changed account; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_user(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError>;

    /// Claims to be the first administrator. False, with nothing saved, when somebody has claimed it before.
    async fn claim_first_admin(&mut self, change: Change<FirstAdmin, UserEvent>) -> Result<bool, StoreError>;

    /// Adds a membership.
    async fn insert_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), StoreError>;

    /// A session, to be changed.
    async fn session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Adds a session.
    async fn insert_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError>;

    /// Saves a changed session; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError>;

    /// Notes that a refresh token was answered a second time.
    async fn note_refresh_retry(&mut self, change: Change<SessionId, SessionEvent>) -> Result<(), StoreError>;

    /// Replaces the hash of a password by another of the same password, unless the stored one is no longer the one
    /// before: false then, with nothing saved. No edit: nobody's copy of the account goes stale.
    async fn rehash_password(&mut self, change: Change<Rehash, RehashEvent>) -> Result<bool, StoreError>;

    /// Adds accounts of another system with their memberships, at most 1,000, all of one tenant and one source;
    /// [`Stale`](StoreError::Stale) when something stands in the way of any of them, also another one of the list.
    async fn import_users(&mut self, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError>;

    /// Notes an attempt to sign in; a success also becomes the account's last login.
    async fn record_login(&mut self, change: Change<LoginAttempt, LoginEvent>) -> Result<(), StoreError>;
}
