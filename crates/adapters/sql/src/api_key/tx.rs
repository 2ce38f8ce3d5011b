//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_identity::{
    api_key::{ApiKey, ApiKeyDenial, ApiKeyEvent, ApiKeySource},
    port::ApiKeyTx,
};
use ashlar_kernel::{Change, StoreError};
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, sea_query::OnConflict};

use super::{
    entity::{api_key, api_key_source},
    mapping,
};
use crate::transaction::SqlTx;

/// A denial is noted at most this often.
const DENIAL_EXACTNESS: TimeDelta = TimeDelta::minutes(1);

#[async_trait]
impl ApiKeyTx for SqlTx {
    async fn insert_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError> {
        let (key, events) = self.open(change)?;
        let row = mapping::new_key(key.to_row(), self.context().now);
        api_key::Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn update_api_key(&mut self, change: Change<ApiKey, ApiKeyEvent>) -> Result<(), StoreError> {
        let (key, events) = self.open(change)?;
        let row = key.to_row();
        let before = row.version - 1;
        let done = api_key::Entity::update_many()
            .set(mapping::changed_key(row, self.context().now))
            .filter(api_key::Column::Id.eq(key.id().as_uuid()))
            .filter(api_key::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn note_api_key_source(&mut self, change: Change<ApiKeySource, ApiKeyEvent>) -> Result<bool, StoreError> {
        let (source, events) = self.open(change)?;
        let once = [api_key_source::Column::ApiKeyId, api_key_source::Column::Network];
        let unless_known = OnConflict::columns(once).do_nothing().to_owned();
        let row = mapping::new_source(&source);
        let rows = api_key_source::Entity::insert(row).on_conflict(unless_known).exec_without_returning(&self.tx).await;
        if rows.map_err(|error| self.write_error(error))? == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }

    async fn note_api_key_denial(&mut self, change: Change<ApiKeyDenial, ApiKeyEvent>) -> Result<bool, StoreError> {
        let (denial, events) = self.open(change)?;
        let last = api_key::Column::DeniedAt;
        let denied = api_key::ActiveModel { denied_at: Set(Some(denial.at)), ..Default::default() };
        let done = api_key::Entity::update_many()
            .set(denied)
            .filter(api_key::Column::Id.eq(denial.key.as_uuid()))
            .filter(Condition::any().add(last.is_null()).add(last.lte(denial.at - DENIAL_EXACTNESS)))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }
}
