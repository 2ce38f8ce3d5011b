//! Failed attempts, counted for all processes.

use ashlar_identity::{
    CounterKey,
    port::{CounterWrite, SignInCounters, StoredCounter},
};
use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::{SqlStore, errors::store_error};

const LOOK: &str = "SELECT stamp, counter FROM sign_in_counter WHERE counter_key = $1";
const INSERT: &str = "
    INSERT INTO sign_in_counter (counter_key, stamp, counter, keep_until) VALUES ($1, $2, $3, $4)
    ON CONFLICT (counter_key) DO NOTHING";
const UPDATE: &str = "
    UPDATE sign_in_counter SET stamp = $1, counter = $2, keep_until = $3 WHERE counter_key = $4 AND stamp = $5";
const DELETE: &str = "DELETE FROM sign_in_counter WHERE counter_key = $1 AND stamp = $2";
const PURGE: &str = "
    DELETE FROM sign_in_counter WHERE counter_key IN (
        SELECT counter_key FROM sign_in_counter WHERE keep_until < $1 ORDER BY keep_until LIMIT $2)";

#[derive(FromQueryResult)]
struct Row {
    stamp: Uuid,
    counter: serde_json::Value,
}

#[async_trait]
impl SignInCounters for SqlStore {
    async fn counter(&self, key: &CounterKey) -> Result<Option<StoredCounter>, StoreError> {
        let values: Vec<Value> = vec![key.as_str().into()];
        let look = Statement::from_sql_and_values(self.writer().get_database_backend(), LOOK, values);
        // The writer: a reader may not see yet what made a write fail.
        let row = Row::find_by_statement(look).one(self.writer()).await.map_err(store_error)?;
        row.map(|Row { stamp, counter }| {
            let counter = serde_json::from_value(counter)
                .map_err(|_form| StoreError::Corrupt { what: "sign_in_counter.counter" })?;
            Ok(StoredCounter { counter, stamp })
        })
        .transpose()
    }

    async fn put_counter(&self, CounterWrite { key, before, after }: CounterWrite) -> Result<bool, StoreError> {
        let after = after.map(|(stored, keep_until)| {
            serde_json::to_value(&stored.counter).map(|json| (stored.stamp, json, keep_until))
        });
        let key = key.as_str();
        let (sql, values): (_, Vec<Value>) = match (before, after.transpose().map_err(StoreError::internal)?) {
            (None, None) => return Ok(true),
            (None, Some((stamp, json, keep))) => (INSERT, vec![key.into(), stamp.into(), json.into(), keep.into()]),
            (Some(before), Some((stamp, json, keep))) => {
                (UPDATE, vec![stamp.into(), json.into(), keep.into(), key.into(), before.into()])
            }
            (Some(before), None) => (DELETE, vec![key.into(), before.into()]),
        };
        let statement = Statement::from_sql_and_values(self.writer().get_database_backend(), sql, values);
        let done = self.writer().execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected() == 1)
    }

    async fn purge_counters(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let values: Vec<Value> = vec![before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(self.writer().get_database_backend(), PURGE, values);
        let done = self.writer().execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}
