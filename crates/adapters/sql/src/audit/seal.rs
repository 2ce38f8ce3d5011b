//! Turns at sealing.

use ashlar_audit::{
    Extension, Head,
    port::{SealStore, SealTx, Unsealed},
};
use ashlar_kernel::{EventRecord, LogReader, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::OnConflict};
use uuid::Uuid;

use super::{
    entity::{chain, head, tree},
    mapping,
};
use crate::{SqlStore, database::Transaction, dialect::is_among, errors::store_error, event_log, turn::is_our_turn};

/// The advisory lock of the sealer, any number that nobody else in this database uses.
const SEALER_LOCK: i64 = 0x4153_484C_5345_414C;

#[async_trait]
impl SealStore for SqlStore {
    async fn begin_seal(&self) -> Result<Option<Box<dyn SealTx>>, StoreError> {
        // Looking costs nobody anything; a transaction that finds nothing to do would keep SQLite's one writer busy.
        if event_log::is_idle(self.reader(), LogReader::Seal).await? {
            return Ok(None);
        }
        let tx = self.begin_bare().await?;
        let is_ours = is_our_turn(&tx, SEALER_LOCK).await.map_err(|error| self.write_error(error))?;
        Ok(is_ours.then(|| Box::new(Turn { tx, store: self.clone() }) as Box<dyn SealTx>))
    }

    async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        let (events, oldest) = event_log::unsealed_on(self.reader(), None).await.map_err(store_error)?;
        Ok(Unsealed { events: u64::try_from(events).unwrap_or(0), oldest })
    }
}

/// One transaction that seals.
struct Turn {
    tx: Transaction,
    store: SqlStore,
}

#[async_trait]
impl SealTx for Turn {
    async fn pending(&mut self, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let at_once = limit.min(u32::try_from(event_log::IDS_AT_ONCE).unwrap_or(u32::MAX));
        event_log::sealable_on(&self.tx, at_once).await
    }

    async fn heads(&mut self, tenants: &[TenantId]) -> Result<Vec<Head>, StoreError> {
        let tenants: Vec<Uuid> = tenants.iter().map(TenantId::as_uuid).collect();
        let these = is_among(self.tx.get_database_backend(), head::Column::TenantId, &tenants);
        let rows = head::Entity::find().filter(these).all(&self.tx).await.map_err(store_error)?;
        let restore = |row| mapping::restore_head(row).ok_or(StoreError::Corrupt { what: "audit_head" });
        rows.iter().map(restore).collect()
    }

    async fn append(&mut self, extensions: &[Extension], sealed_at: Timestamp) -> Result<(), StoreError> {
        let (mut links, mut nodes, mut heads) = (Vec::new(), Vec::new(), Vec::new());
        for extension in extensions {
            links.extend(mapping::links_of(extension, sealed_at)?);
            nodes.extend(mapping::nodes_of(extension)?);
            heads.push(mapping::head_of(extension)?);
        }
        let events: Vec<Uuid> =
            extensions.iter().flat_map(|extension| &extension.links).map(|link| link.event).collect();
        self.save(links, nodes, heads, &events).await.map_err(|error| self.store.write_error(error))
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { tx, store } = *self;
        tx.commit().await.map_err(|error| store.write_error(error))
    }
}

impl Turn {
    async fn save(
        &self,
        links: Vec<chain::ActiveModel>,
        nodes: Vec<tree::ActiveModel>,
        heads: Vec<head::ActiveModel>,
        events: &[Uuid],
    ) -> Result<(), DbErr> {
        if links.is_empty() {
            return Ok(());
        }
        chain::Entity::insert_many(links).exec_without_returning(&self.tx).await?;
        if !nodes.is_empty() {
            tree::Entity::insert_many(nodes).exec_without_returning(&self.tx).await?;
        }
        let columns = [head::Column::Size, head::Column::Hash, head::Column::Peaks];
        let longer = OnConflict::column(head::Column::TenantId).update_columns(columns).to_owned();
        head::Entity::insert_many(heads).on_conflict(longer).exec_without_returning(&self.tx).await?;
        event_log::take_off_on(&self.tx, LogReader::Seal, events).await
    }
}
