//! Reads, one statement each.

use ashlar_identity::{
    port::{SigningKeyStore, SigningKeyTx},
    signing_key::{KeyState, SigningKey},
};
use ashlar_kernel::{Context, StoreError};
use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryOrder, QuerySelect};

use super::{
    entity::{Column, Entity},
    mapping,
};
use crate::{SqlStore, errors::store_error};

/// A new key a month makes this eight years of removed ones.
const ROWS: u64 = 100;

#[async_trait]
impl SigningKeyStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn SigningKeyTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let found = Entity::find()
            .order_by(Column::State.eq(KeyState::Removed.as_str()), Order::Asc)
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Kid)
            .limit(ROWS);
        let rows = found.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(mapping::restore).collect()
    }
}
