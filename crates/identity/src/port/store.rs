//! Where accounts and sessions are kept.

use ashlar_kernel::{Change, Context, StoreError, Tenant, TenantId, TenantSlug, Timestamp};
use async_trait::async_trait;

use super::{AdministrationTx, DeviceTx, Devices, Directory, ErasureTx, Estates, LoginHistory};
use crate::{
    Account, AccountRequest, ActionToken, ActionTokenEvent, ActionTokenId, Bootstrap, BootstrapEvent, BootstrapToken,
    Challenge, ChallengeId, Credential, HashClass, Identifier, ImportEvent, ImportObstacle, ImportedUser, LockoutEvent,
    LoginAttempt, LoginEvent, Membership, MembershipEvent, PendingRegistration, RegistrationEvent, RegistrationId,
    Rehash, RehashEvent, SecondFactor, SecondFactorEvent, Session, SessionEvent, SessionId, SessionLine, SessionQuery,
    SessionWithHolder, User, UserEvent, UserId, WeakPassword, WeakPasswordEvent,
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
pub trait IdentityStore: Devices + Directory + LoginHistory + Estates {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn IdentityTx>, StoreError>;

    /// Whether anybody has an account, in any tenant of the installation. One statement.
    async fn has_accounts(&self) -> Result<bool, StoreError>;

    /// Whether the first administrator has come, and which token waits for them. One statement.
    async fn bootstrap(&self) -> Result<Bootstrap, StoreError>;

    /// What a login needs to know about `identifier`: the account is of the whole installation, its place in `tenant`
    /// may be missing. One statement.
    async fn credential(&self, tenant: TenantId, identifier: &Identifier) -> Result<Option<Credential>, StoreError>;

    /// A session, dead or alive, with what its holder is now. One statement.
    async fn session(&self, id: SessionId) -> Result<Option<SessionWithHolder>, StoreError>;

    /// An account as its owner sees it in `tenant`. One statement.
    async fn account(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError>;

    /// The living sessions of a person, newest first. One statement.
    async fn sessions(&self, query: SessionQuery) -> Result<Vec<SessionLine>, StoreError>;

    /// An account, whole. One statement.
    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// A mailed link that was not used. One statement.
    async fn action_token(&self, id: ActionTokenId) -> Result<Option<ActionToken>, StoreError>;

    /// An attempt to open an account that was not accepted. One statement.
    async fn pending_registration(&self, id: RegistrationId) -> Result<Option<PendingRegistration>, StoreError>;

    /// The second factor of an account, confirmed or not. One statement.
    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError>;

    /// A sign-in that waits for its second step. One statement.
    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, StoreError>;

    /// Spends a try of a sign-in that waits, and answers with it as it is then; none if there is none left, or it has run
    /// out. One statement. What came of the try is what makes an event.
    async fn spend_try(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, StoreError>;

    /// Gives a try back that was not used.
    async fn return_try(&self, id: ChallengeId) -> Result<(), StoreError>;

    /// Deletes at most `limit` sign-ins whose second step did not come before `before`, and counts them.
    async fn purge_challenges(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

    /// Deletes at most `limit` attempts to open an account that ran out before `before`, and counts them.
    async fn purge_registrations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;

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
/// work can only be dropped: [`commit`](ashlar_kernel::UnitOfWork::commit) refuses it too.
#[async_trait]
pub trait IdentityTx: AdministrationTx + DeviceTx + ErasureTx {
    /// An account, to be changed.
    async fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;

    /// Adds an account.
    async fn insert_user(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError>;

    /// Saves a changed account; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_user(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError>;

    /// Saves a changed account whose address is another; refused as [`update_user`](Self::update_user) and
    /// [`insert_user`](Self::insert_user) refuse.
    async fn change_email(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError>;

    /// Adds a mailed link, in the place of the account's one of the same purpose. Whoever does so has read the account in
    /// this unit of work: a link must not outlive an account that is deleted at the same time.
    async fn put_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError>;

    /// Uses a mailed link up; [`Stale`](StoreError::Stale) if it is not there any more.
    async fn spend_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError>;

    /// Adds an attempt to open an account.
    async fn insert_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError>;

    /// Takes an attempt away, and all others for its address with it; [`Stale`](StoreError::Stale) if it is not there any
    /// more.
    async fn accept_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError>;

    /// Notes what became of an attempt that changes nothing.
    async fn note_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError>;

    /// Notes what somebody asked for.
    async fn note_request(&mut self, change: Change<(), AccountRequest>) -> Result<(), StoreError>;

    /// Claims to be the first administrator. False, with nothing saved, when somebody has claimed it before.
    async fn claim_first_admin(&mut self, change: Change<FirstAdmin, UserEvent>) -> Result<bool, StoreError>;

    /// Adds a token to be the first administrator. False, with nothing saved, when there is one, good or not.
    async fn insert_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<bool, StoreError>;

    /// The same in the place of the one that is there, if one is.
    async fn replace_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<(), StoreError>;

    /// Uses the token up that has this digest; false unless it was there and good at `now`. What explains it is the claim
    /// in the same unit of work.
    async fn spend_bootstrap_token(&mut self, digest: &[u8; 32], now: Timestamp) -> Result<bool, StoreError>;

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

    /// Notes that a password is a weak one, unless it is no longer that of the account: false then, with nothing saved. No
    /// edit: nobody's copy of the account goes stale.
    async fn note_weak_password(&mut self, change: Change<WeakPassword, WeakPasswordEvent>)
    -> Result<bool, StoreError>;

    /// Adds accounts of another system with their memberships, at most 1,000, all of one tenant and one source;
    /// [`Stale`](StoreError::Stale) when something stands in the way of any of them, also another one of the list.
    async fn import_users(&mut self, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError>;

    /// Saves a second factor; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn put_second_factor(&mut self, change: Change<SecondFactor, SecondFactorEvent>) -> Result<(), StoreError>;

    /// Deletes a second factor; [`Stale`](StoreError::Stale) unless it is the stored version.
    async fn delete_second_factor(&mut self, change: Change<SecondFactor, SecondFactorEvent>)
    -> Result<(), StoreError>;

    /// Notes what happened to a second factor that stays as it is.
    async fn note_second_factor(&mut self, change: Change<(), SecondFactorEvent>) -> Result<(), StoreError>;

    /// Adds a sign-in that waits for its second step.
    async fn insert_challenge(&mut self, change: Change<Challenge, SecondFactorEvent>) -> Result<(), StoreError>;

    /// Takes a sign-in that waited away; [`Stale`](StoreError::Stale) if it is not there any more. What explains it is the
    /// session that begins in the same unit of work.
    async fn consume_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError>;

    /// Notes that an identifier was locked, or let go.
    async fn note_lockout(&mut self, change: Change<(), LockoutEvent>) -> Result<(), StoreError>;

    /// Notes an attempt to sign in; a success also becomes the account's last login, and is [`Stale`](StoreError::Stale)
    /// if password or address have changed since they were looked at.
    async fn record_login(&mut self, change: Change<LoginAttempt, LoginEvent>) -> Result<(), StoreError>;
}
