//! API keys, in process.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_identity::{
    UserId,
    api_key::{
        ApiKey, ApiKeyDenial, ApiKeyEvent, ApiKeyId, ApiKeyQuery, ApiKeyRow, ApiKeySource, ApiKeyWithOwner, KeyId,
        SourceNetwork,
    },
    port::{ApiKeyStore, ApiKeyTx},
};
use ashlar_kernel::{Change, Context, Journal, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

/// "Last used" is written at most this often.
const USED_EXACTNESS: TimeDelta = TimeDelta::hours(1);
/// A denial is noted at most this often.
const DENIAL_EXACTNESS: TimeDelta = TimeDelta::minutes(1);

/// The keys as tables: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct ApiKeys {
    keys: Arc<BTreeMap<ApiKeyId, ApiKey>>,
    sources: Arc<BTreeMap<(ApiKeyId, SourceNetwork), Timestamp>>,
    denials: Arc<BTreeMap<ApiKeyId, Timestamp>>,
}

impl ApiKeys {
    fn of(&self, tenant: TenantId, owner: UserId) -> impl Iterator<Item = &ApiKey> {
        self.keys.values().filter(move |key| key.tenant() == tenant && key.owner() == owner)
    }

    fn list(&self, query: &ApiKeyQuery) -> Vec<ApiKey> {
        let position = |key: &ApiKey| (key.created_at(), key.id().as_uuid());
        let is_older = |key: &&ApiKey| query.after.is_none_or(|after| position(key) < (after.created_at, after.id));
        let mut keys: Vec<_> = self.of(query.tenant, query.owner).filter(is_older).collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse(position(key)));
        keys.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        keys.into_iter().cloned().collect()
    }

    pub(super) fn of_person(&self, owner: UserId) -> Vec<ApiKey> {
        let mut keys: Vec<_> = self.keys.values().filter(|key| key.owner() == owner).cloned().collect();
        keys.sort_unstable_by_key(|key| std::cmp::Reverse((key.created_at(), key.id().as_uuid())));
        keys
    }

    pub(super) fn forget(&mut self, owner: UserId) {
        for key in self.of_person(owner) {
            Arc::make_mut(&mut self.keys).remove(&key.id());
            Arc::make_mut(&mut self.denials).remove(&key.id());
            Arc::make_mut(&mut self.sources).retain(|(used, _), _| *used != key.id());
        }
    }

    fn insert(&mut self, key: ApiKey) -> Result<(), StoreError> {
        if self.keys.contains_key(&key.id()) || self.keys.values().any(|other| other.key_id() == key.key_id()) {
            return Err(broken("api_key primary key"));
        }
        Arc::make_mut(&mut self.keys).insert(key.id(), key);
        Ok(())
    }

    fn update(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        let stored = self.keys.get(&key.id()).filter(|stored| Some(stored.version()) == key.version().checked_sub(1));
        let last_used_at = stored.ok_or(StoreError::Stale)?.last_used_at();
        self.replace(&ApiKeyRow { last_used_at, ..key.to_row() })
    }

    fn touch(&mut self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let is_due = |key: &&ApiKey| key.last_used_at().is_none_or(|last| at - last >= USED_EXACTNESS);
        match self.keys.get(&id).filter(is_due) {
            None => Ok(()),
            Some(key) => self.replace(&ApiKeyRow { last_used_at: Some(at), ..key.to_row() }),
        }
    }

    fn replace(&mut self, row: &ApiKeyRow) -> Result<(), StoreError> {
        let key = ApiKey::restore(row)?;
        Arc::make_mut(&mut self.keys).insert(key.id(), key);
        Ok(())
    }

    fn note_source(&mut self, source: ApiKeySource) -> Result<bool, StoreError> {
        if !self.keys.contains_key(&source.key) {
            return Err(broken("foreign key to api_key"));
        }
        let place = (source.key, source.network);
        let is_new = !self.sources.contains_key(&place);
        if is_new {
            Arc::make_mut(&mut self.sources).insert(place, source.at);
        }
        Ok(is_new)
    }

    fn note_denial(&mut self, denial: ApiKeyDenial) -> bool {
        let last = self.denials.get(&denial.key);
        let is_due =
            last.is_none_or(|last| denial.at - *last >= DENIAL_EXACTNESS) && self.keys.contains_key(&denial.key);
        if is_due {
            Arc::make_mut(&mut self.denials).insert(denial.key, denial.at);
        }
        is_due
    }
}

#[async_trait]
impl ApiKeyStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn ApiKeyTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn presented_api_key(
        &self,
        key_id: &KeyId,
        source: Option<SourceNetwork>,
    ) -> Result<Option<ApiKeyWithOwner>, StoreError> {
        let tables = &self.shared.lock().tables;
        let api_keys = &tables.api_keys;
        let found = api_keys.keys.values().find(|key| key.key_id() == key_id);
        Ok(found.and_then(|key| {
            let owner = tables.user(key.owner())?;
            let is_known_source = source.is_some_and(|network| api_keys.sources.contains_key(&(key.id(), network)));
            let account = tables.account(key.tenant(), owner);
            Some(ApiKeyWithOwner { key: key.clone(), status: owner.status(), account, is_known_source })
        }))
    }

    async fn api_key(&self, tenant: TenantId, owner: UserId, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let tables = &self.shared.lock().tables;
        let mut theirs = tables.api_keys.of(tenant, owner);
        Ok(theirs.find(|key| key.id() == id).cloned())
    }

    async fn api_keys(&self, query: ApiKeyQuery) -> Result<Vec<ApiKey>, StoreError> {
        Ok(self.shared.lock().tables.api_keys.list(&query))
    }

    async fn touch_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.shared.lock().tables.api_keys.touch(id, at)
    }
}

#[async_trait]
impl ApiKeyTx for MemoryTx {
    async fn insert_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError> {
        let tenant = self.require_tenant(change.state().tenant());
        let insert = |tables: &mut Tables, key: ApiKey| {
            tables.require_user(key.owner())?;
            tables.api_keys.insert(key)
        };
        self.write(change, |tables, key| tenant.and_then(|()| insert(tables, key)))
    }

    async fn update_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError> {
        self.write(change, |tables, key| tables.api_keys.update(&key))
    }

    async fn note_api_key_source(&mut self, change: Change<ApiKeySource, ApiKeyEvent>) -> Result<bool, StoreError> {
        self.write_if(change, |tables, source| tables.api_keys.note_source(source))
    }

    async fn note_api_key_denial(&mut self, change: Change<ApiKeyDenial, ApiKeyEvent>) -> Result<bool, StoreError> {
        self.write_if(change, |tables, denial| Ok(tables.api_keys.note_denial(denial)))
    }
}
