//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_identity::{
    port::SigningKeyTx,
    signing_key::{KeyState, SigningKey, SigningKeyEvent},
};
use ashlar_kernel::{Change, StoreError};
use async_trait::async_trait;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{
    entity::{Column, Entity},
    mapping,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

const NAME: UniqueKey = UniqueKey { constraint: "signing_key_pkey", columns: "signing_key.kid" };
const ONE_ACTIVE: UniqueKey = UniqueKey { constraint: "signing_key_one_active_idx", columns: "signing_key.state" };
const ONE_STAGED: UniqueKey = UniqueKey { constraint: "signing_key_one_staged_idx", columns: "signing_key.state" };

#[async_trait]
impl SigningKeyTx for SqlTx {
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>, StoreError> {
        self.enter()?;
        let believed = Entity::find().filter(Column::State.ne(KeyState::Removed.as_str()));
        let found = believed.order_by_desc(Column::CreatedAt).order_by_desc(Column::Kid).lock_exclusive();
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(mapping::restore).collect()
    }

    async fn insert_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError> {
        let (key, events) = self.open(change)?;
        let row = mapping::new(key.to_row(), self.context().now);
        Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| self.key_error(error))?;
        self.explain(events).await
    }

    async fn update_signing_key(&mut self, change: Change<SigningKey, SigningKeyEvent>) -> Result<(), StoreError> {
        let (key, events) = self.open(change)?;
        let row = key.to_row();
        let before = row.version - 1;
        let done = Entity::update_many()
            .set(mapping::changed(row, self.context().now))
            .filter(Column::Kid.eq(key.kid().as_str()))
            .filter(Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.key_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }
}

impl SqlTx {
    /// Somebody else was faster where only one key may be.
    fn key_error(&self, error: DbErr) -> StoreError {
        let was_late = [NAME, ONE_ACTIVE, ONE_STAGED].iter().any(|key| key.is_broken_by(&error));
        if was_late { StoreError::Stale } else { self.write_error(error) }
    }
}
