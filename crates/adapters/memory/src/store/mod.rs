//! Accounts, sessions and the event log, in process.

mod api_keys;
mod audit_log;
mod clients;
mod contacts;
mod devices;
mod directory;
mod erasure;
mod exports;
mod factors;
mod imports;
mod lead_batches;
mod lead_mergers;
mod leads;
mod ledger;
mod links;
mod log;
mod login_history;
mod newsletter;
mod numbers;
mod retention;
mod signing_keys;
mod tables;
mod trail;
mod transaction;
mod transfers;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ashlar_identity::{
    Account, ActionToken, ActionTokenId, Bootstrap, Challenge, ChallengeId, Credential, HashClass, Identifier,
    ImportObstacle, ImportedUser, LoginAttempt, PendingRegistration, RegistrationId, SecondFactor, SessionId,
    SessionLine, SessionQuery, SessionWithHolder, Tenancy, TenancyRow, User, UserId,
    port::{IdentityStore, IdentityTx},
};
use ashlar_kernel::{
    Context, EventLog, EventRecord, IdSource, Journal, LogEntry, LogReader, StoreError, Tenant, TenantId, TenantSlug,
    Timestamp,
};
use async_trait::async_trait;
use uuid::Uuid;

use self::{log::Log, tables::Tables, trail::Trail, transaction::MemoryTx};

/// A store that is gone when the process ends, and obeys the laws of the real ones until then.
///
/// Units of work take turns, as on SQLite: [`begin`](IdentityStore::begin) waits until the one before is committed or
/// dropped. Reads never wait, and see what was committed last. Any executor will do. The tenant `main` exists from the
/// start. Clones share one state.
#[derive(Clone)]
pub struct MemoryStore {
    /// Whose turn it is to write.
    turn: Arc<futures::lock::Mutex<()>>,
    /// Whose turn it is to seal.
    seal_turn: Arc<futures::lock::Mutex<()>>,
    shared: Arc<Shared>,
    ids: Arc<dyn IdSource>,
}

#[derive(Default)]
struct Shared(Mutex<Committed>);

#[derive(Default)]
struct Committed {
    tables: Tables,
    log: Log,
    trail: Trail,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Committed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryStore {
    /// An empty store, but for the tenant `main`. Events get their ids from `ids`.
    ///
    /// # Panics
    ///
    /// Never: the tenant's name is a constant.
    #[expect(clippy::expect_used, reason = "a constant that the kernel's own tests accept")]
    pub fn new(ids: Arc<dyn IdSource>) -> Self {
        let store = Self { turn: Arc::default(), seal_turn: Arc::default(), shared: Arc::default(), ids };
        let slug = TenantSlug::parse(TenantSlug::MAIN).expect("the slug of the main tenant is one");
        store.add_tenant(Tenant { id: TenantId::MAIN, slug, name: "Main".to_owned() });
        store
    }

    /// Adds a tenant, or replaces the one with the same id. For the beginning of a test: a unit of work that is open
    /// meanwhile takes it back.
    pub fn add_tenant(&self, tenant: Tenant) {
        let moment = Timestamp::UNIX_EPOCH;
        let row = TenancyRow {
            id: tenant.id.as_uuid(),
            slug: tenant.slug.to_string(),
            name: tenant.name,
            suspended_at: None,
            created_at: moment,
            updated_at: moment,
            version: 1,
        };
        // What is a tenant already breaks no rule of tenants.
        if let Ok(tenancy) = Tenancy::restore(row) {
            Arc::make_mut(&mut self.shared.lock().tables.tenants).insert(tenant.id, tenancy);
        }
    }

    /// Every event there ever was, in the order of the commits, whoever has handled it.
    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.lock().log.all().cloned().collect()
    }

    /// Writes events that a unit of work beside this store has committed.
    pub(crate) fn append(&self, events: Vec<LogEntry>) {
        self.shared.lock().log.append(events);
    }

    /// Every attempt to sign in, in the order of the commits.
    pub fn login_attempts(&self) -> Vec<LoginAttempt> {
        self.shared.lock().tables.logins().to_vec()
    }
}

#[async_trait]
impl IdentityStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn IdentityTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn has_accounts(&self) -> Result<bool, StoreError> {
        Ok(self.shared.lock().tables.has_users())
    }

    async fn bootstrap(&self) -> Result<Bootstrap, StoreError> {
        Ok(self.shared.lock().tables.bootstrap())
    }

    async fn credential(&self, tenant: TenantId, identifier: &Identifier) -> Result<Option<Credential>, StoreError> {
        let tables = &self.shared.lock().tables;
        Ok(tables.user_named(identifier).map(|user| Credential {
            user: user.id(),
            password: user.password().clone(),
            version: user.credential_version(),
            status: user.status(),
            account: tables.account(tenant, user),
        }))
    }

    async fn session(&self, id: SessionId) -> Result<Option<SessionWithHolder>, StoreError> {
        Ok(self.shared.lock().tables.session_with_holder(id))
    }

    async fn account(&self, tenant: TenantId, user: UserId) -> Result<Option<Account>, StoreError> {
        let tables = &self.shared.lock().tables;
        Ok(tables.user(user).and_then(|user| tables.account(tenant, user)))
    }

    async fn sessions(&self, query: SessionQuery) -> Result<Vec<SessionLine>, StoreError> {
        Ok(self.shared.lock().tables.session_lines(&query))
    }

    async fn user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        Ok(self.shared.lock().tables.user(id).cloned())
    }

    async fn action_token(&self, id: ActionTokenId) -> Result<Option<ActionToken>, StoreError> {
        Ok(self.shared.lock().tables.links.token(id))
    }

    async fn pending_registration(&self, id: RegistrationId) -> Result<Option<PendingRegistration>, StoreError> {
        Ok(self.shared.lock().tables.links.registration(id))
    }

    async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        Ok(self.shared.lock().tables.factors.factor(user))
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, StoreError> {
        Ok(self.shared.lock().tables.factors.challenge(id))
    }

    async fn spend_try(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, StoreError> {
        let _turn = self.turn.lock().await;
        self.shared.lock().tables.factors.change_tries(id, -1, Some(now))
    }

    async fn return_try(&self, id: ChallengeId) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.shared.lock().tables.factors.change_tries(id, 1, None).map(drop)
    }

    async fn purge_challenges(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.factors.purge(before, limit))
    }

    async fn purge_registrations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.links.purge(before, limit))
    }

    async fn tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        let tables = &self.shared.lock().tables;
        let found = tables.tenants.values().map(Tenancy::tenant).find(|tenant| tenant.slug == *slug);
        Ok(found.cloned())
    }

    async fn password_classes(&self) -> Result<Vec<(HashClass, u64)>, StoreError> {
        Ok(imports::password_classes(&self.shared.lock().tables))
    }

    async fn import_obstacles(&self, users: &[ImportedUser]) -> Result<Vec<Option<ImportObstacle>>, StoreError> {
        let tables = &self.shared.lock().tables;
        Ok(users.iter().map(|user| imports::obstacle(tables, user)).collect())
    }

    async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        // A write like any other: outside its turn, the commit of a unit of work would take it back.
        let _turn = self.turn.lock().await;
        self.shared.lock().tables.touch_session(id, at)
    }

    async fn purge_sessions(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.purge_sessions(before, limit))
    }
}

#[async_trait]
impl EventLog for MemoryStore {
    async fn pending(&self, reader: LogReader, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.shared.lock().log.pending(reader).take(limit).cloned().collect())
    }

    async fn handled(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError> {
        self.shared.lock().log.handled(reader, events);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
