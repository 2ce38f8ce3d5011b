//! What the store holds, and the constraints that hold it together.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_identity::{
    Account, Bootstrap, BootstrapToken, Identifier, LoginAttempt, Membership, Rehash, Session, SessionId, SessionLine,
    SessionQuery, SessionRow, SessionWithHolder, Tenancy, User, UserId, Username, WeakPassword,
    port::{FirstAdmin, InsertUserError},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{
    api_keys::ApiKeys, clients::ClientTables, devices::DeviceTable, exports::ExportTable, factors::Factors,
    imports::Imports, leads::LeadTables, ledger::Ledger, links::Links, login_history::Attempts,
    newsletter::NewsletterTables, signing_keys::SigningKeys, transfers::TransferTables,
};

pub(super) type Table<K, V> = Arc<BTreeMap<K, V>>;

/// The tables. A copy is cheap: a table is copied when it is written to and not before.
#[derive(Clone, Default)]
pub(super) struct Tables {
    pub(super) tenants: Table<TenantId, Tenancy>,
    pub(super) users: Table<UserId, User>,
    /// The tenant in which each account was opened.
    pub(super) homes: Table<UserId, TenantId>,
    pub(super) memberships: Table<(TenantId, UserId), Membership>,
    pub(super) sessions: Table<SessionId, Session>,
    logins: Arc<Vec<LoginAttempt>>,
    pub(super) attempts: Attempts,
    /// When the names of deleted accounts are to be forgotten.
    pub(super) releases: Table<UserId, Timestamp>,
    first_admin: Option<FirstAdmin>,
    bootstrap_token: Option<BootstrapToken>,
    pub(super) imports: Imports,
    pub(super) ledger: Ledger,
    pub(super) links: Links,
    pub(super) factors: Factors,
    pub(super) api_keys: ApiKeys,
    pub(super) signing_keys: SigningKeys,
    pub(super) devices: DeviceTable,
    pub(super) leads: LeadTables,
    pub(super) transfers: TransferTables,
    pub(super) exports: ExportTable,
    pub(super) newsletter: NewsletterTables,
    pub(super) clients: ClientTables,
}

/// "Last seen" is written at most this often.
const SEEN_EXACTNESS: TimeDelta = TimeDelta::seconds(60);

impl Tables {
    pub(super) fn has_users(&self) -> bool {
        !self.users.is_empty()
    }

    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    pub(super) fn user_named(&self, identifier: &Identifier) -> Option<&User> {
        self.users.values().find(|user| {
            let has_email = identifier.email_key() == Some(user.email().key());
            let has_username = username_key(user).is_some_and(|key| identifier.username_key() == Some(&*key));
            has_email || has_username
        })
    }

    pub(super) fn account(&self, tenant: TenantId, user: &User) -> Option<Account> {
        let in_suspended_tenant = self.tenants.get(&tenant).is_some_and(Tenancy::is_suspended);
        let membership = self.memberships.get(&(tenant, user.id()))?;
        let has_second_factor = self.factors.factor(user.id()).is_some_and(|factor| factor.is_confirmed());
        Some(Account { in_suspended_tenant, has_second_factor, ..Account::of(user, membership.role()) })
    }

    pub(super) fn session(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    pub(super) fn session_with_holder(&self, id: SessionId) -> Option<SessionWithHolder> {
        let session = self.sessions.get(&id)?;
        let user = self.users.get(&session.user())?;
        let account = self.account(session.tenant(), user);
        Some(SessionWithHolder { session: session.clone(), status: user.status(), account })
    }

    pub(super) fn session_lines(&self, query: &SessionQuery) -> Vec<SessionLine> {
        let position = |session: &Session| (session.created_at(), session.id().as_uuid());
        let is_listed = |session: &&Session| {
            let is_theirs = session.tenant() == query.tenant && session.user() == query.user;
            let is_older = query.after.is_none_or(|after| position(session) < (after.created_at, after.id));
            is_theirs && is_older && session.is_alive(query.now)
        };
        let mut sessions: Vec<_> = self.sessions.values().filter(is_listed).collect();
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse(position(session)));
        sessions.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        sessions.into_iter().map(session_line).collect()
    }

    pub(super) fn logins(&self) -> &[LoginAttempt] {
        &self.logins
    }

    pub(super) fn forget_logins(&mut self, user: UserId) {
        Arc::make_mut(&mut self.logins).retain(|attempt| attempt.user() != Some(user));
    }

    pub(super) fn insert_user(&mut self, user: User, home: TenantId) -> Result<(), InsertUserError> {
        if self.users.contains_key(&user.id()) {
            return Err(broken("user primary key").into());
        }
        if self.users.values().any(|other| other.email().key() == user.email().key()) {
            return Err(InsertUserError::EmailTaken);
        }
        let username = username_key(&user);
        if username.is_some() && self.users.values().any(|other| username_key(other) == username) {
            return Err(InsertUserError::UsernameTaken);
        }
        Arc::make_mut(&mut self.homes).insert(user.id(), home);
        Arc::make_mut(&mut self.users).insert(user.id(), user);
        Ok(())
    }

    pub(super) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Whether the stored hash was the one before.
    pub(super) fn rehash_password(&mut self, rehash: &Rehash) -> bool {
        let Some(user) = self.users.get(&rehash.user()).filter(|user| user.password() == rehash.before()) else {
            return false;
        };
        let user = user.clone().with_hash(rehash.after().clone());
        Arc::make_mut(&mut self.users).insert(user.id(), user);
        true
    }

    /// Whether the password is still the one that was looked at.
    pub(super) fn note_weak_password(&mut self, weak: &WeakPassword) -> bool {
        let is_theirs = |user: &&User| user.credential_version() == weak.credential_version();
        let Some(user) = self.users.get(&weak.user()).filter(is_theirs) else {
            return false;
        };
        let user = user.clone().with_weak_password();
        Arc::make_mut(&mut self.users).insert(user.id(), user);
        true
    }

    pub(super) fn update_user(&mut self, user: User) -> Result<(), StoreError> {
        let stored = self.users.get(&user.id()).map(User::version);
        if stored.is_none() || stored != user.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.users).insert(user.id(), user);
        Ok(())
    }

    pub(super) fn change_email(&mut self, user: User) -> Result<(), InsertUserError> {
        let is_theirs = |other: &&User| other.id() != user.id() && other.email().key() == user.email().key();
        if self.users.values().find(is_theirs).is_some() {
            return Err(InsertUserError::EmailTaken);
        }
        Ok(self.update_user(user)?)
    }

    /// Whether nobody had claimed it before.
    pub(super) fn claim_first_admin(&mut self, claim: FirstAdmin) -> Result<bool, StoreError> {
        self.require_user(claim.user)?;
        let is_first = self.first_admin.is_none();
        self.first_admin.get_or_insert(claim);
        Ok(is_first)
    }

    pub(super) fn bootstrap(&self) -> Bootstrap {
        let token_until = self.bootstrap_token.map(|token| token.expires_at());
        Bootstrap { is_claimed: self.first_admin.is_some(), token_until }
    }

    /// Whether there was none before.
    pub(super) fn insert_bootstrap_token(&mut self, token: BootstrapToken) -> bool {
        let is_first = self.bootstrap_token.is_none();
        self.bootstrap_token.get_or_insert(token);
        is_first
    }

    pub(super) const fn replace_bootstrap_token(&mut self, token: BootstrapToken) {
        self.bootstrap_token = Some(token);
    }

    pub(super) fn spend_bootstrap_token(&mut self, digest: &[u8; 32], now: Timestamp) -> bool {
        let is_it = |token: &mut BootstrapToken| token.digest() == digest && token.expires_at() > now;
        self.bootstrap_token.take_if(is_it).is_some()
    }

    pub(super) fn insert_membership(&mut self, membership: Membership) -> Result<(), StoreError> {
        let key = (membership.tenant(), membership.user());
        if self.memberships.contains_key(&key) {
            return Err(broken("membership primary key"));
        }
        self.require_user(membership.user())?;
        Arc::make_mut(&mut self.memberships).insert(key, membership);
        Ok(())
    }

    pub(super) fn insert_session(&mut self, session: Session) -> Result<(), StoreError> {
        if self.sessions.contains_key(&session.id()) {
            return Err(broken("session primary key"));
        }
        self.require_user(session.user())?;
        Arc::make_mut(&mut self.sessions).insert(session.id(), session);
        Ok(())
    }

    pub(super) fn update_session(&mut self, session: Session) -> Result<(), StoreError> {
        let stored = self.sessions.get(&session.id()).map(Session::version);
        if stored.is_none() || stored != session.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.sessions).insert(session.id(), session);
        Ok(())
    }

    pub(super) fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let Some(session) = self.sessions.get(&id).filter(|session| at - session.last_seen_at() >= SEEN_EXACTNESS)
        else {
            return Ok(());
        };
        let touched = Session::restore(SessionRow { last_seen_at: at, ..session.to_row() })?;
        Arc::make_mut(&mut self.sessions).insert(id, touched);
        Ok(())
    }

    pub(super) fn purge_sessions(&mut self, before: Timestamp, limit: u32) -> u64 {
        let over = self.sessions.values().filter(|session| session.absolute_expires_at() < before);
        let mut over: Vec<_> = over.map(|session| (session.absolute_expires_at(), session.id())).collect();
        over.sort_unstable();
        over.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let sessions = Arc::make_mut(&mut self.sessions);
        for (_end, id) in &over {
            sessions.remove(id);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }

    pub(super) fn insert_login(&mut self, attempt: LoginAttempt) -> Result<(), StoreError> {
        attempt.user().map_or(Ok(()), |user| self.require_user(user))?;
        let known = attempt.user().and_then(|user| self.users.get(&user)).map(User::credential_version);
        if attempt.credential_version().is_some_and(|looked_at| Some(looked_at) != known) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.logins).push(attempt);
        Ok(())
    }

    pub(super) fn require_user(&self, id: UserId) -> Result<(), StoreError> {
        if self.users.contains_key(&id) { Ok(()) } else { Err(broken("foreign key to user")) }
    }
}

/// A constraint that a caller can only break by mistake; a database would answer the same.
pub(super) fn broken(constraint: &str) -> StoreError {
    StoreError::internal(format!("{constraint} violated"))
}

fn username_key(user: &User) -> Option<String> {
    user.username().map(Username::key)
}

fn session_line(session: &Session) -> SessionLine {
    SessionLine {
        id: session.id(),
        device: session.device().cloned(),
        ip: session.ip(),
        user_agent: session.user_agent().map(str::to_owned),
        amr: session.amr().to_vec(),
        created_at: session.created_at(),
        last_seen_at: session.last_seen_at(),
        expires_at: session.idle_expires_at(),
    }
}
