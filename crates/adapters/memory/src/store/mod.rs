//! Accounts, sessions and the event log, in process.

mod imports;
mod ledger;
mod log;
mod tables;
mod transaction;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ashlar_identity::{
    Account, Credential, HashClass, Identifier, ImportObstacle, ImportedUser, LoginAttempt, SessionId, SessionLine,
    SessionQuery, SessionWithHolder, UserId,
    port::{IdentityStore, IdentityTx},
};
use ashlar_kernel::{
    Context, EventLog, EventRecord, IdSource, Journal, LogReader, StoreError, Tenant, TenantId, TenantSlug, Timestamp,
};
use async_trait::async_trait;
use uuid::Uuid;

use self::{log::Log, tables::Tables, transaction::MemoryTx};

/// A store that is gone when the process ends, and obeys the laws of the real ones until then.
///
/// Units of work take turns, as on SQLite: [`begin`](IdentityStore::begin) waits until the one before is committed or
/// dropped. Reads never wait, and see what was committed last. Any executor will do. The tenant `main` exists from the
/// start. Clones share one state.
#[derive(Clone)]
pub struct MemoryStore {
    /// Whose turn it is to write.
    turn: Arc<futures::lock::Mutex<()>>,
    shared: Arc<Shared>,
    ids: Arc<dyn IdSource>,
}

#[derive(Default)]
struct Shared(Mutex<Committed>);

#[derive(Default)]
struct Committed {
    /// Not among the tables, because no unit of work writes them.
    tenants: BTreeMap<TenantId, Tenant>,
    tables: Tables,
    log: Log,
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
        let store = Self { turn: Arc::default(), shared: Arc::default(), ids };
        let slug = TenantSlug::parse(TenantSlug::MAIN).expect("the slug of the main tenant is one");
        store.add_tenant(Tenant { id: TenantId::MAIN, slug, name: "Main".to_owned() });
        store
    }

    /// Adds a tenant, or replaces the one with the same id.
    pub fn add_tenant(&self, tenant: Tenant) {
        self.shared.lock().tenants.insert(tenant.id, tenant);
    }

    /// Every event there ever was, in the order of the commits, whoever has handled it.
    pub fn events(&self) -> Vec<EventRecord> {
        self.shared.lock().log.all().cloned().collect()
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

    async fn credential(&self, tenant: TenantId, identifier: &Identifier) -> Result<Option<Credential>, StoreError> {
        let tables = &self.shared.lock().tables;
        Ok(tables.user_named(identifier).map(|user| Credential {
            user: user.id(),
            password: user.password().clone(),
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

    async fn tenant(&self, slug: &TenantSlug) -> Result<Option<Tenant>, StoreError> {
        Ok(self.shared.lock().tenants.values().find(|tenant| tenant.slug == *slug).cloned())
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
