//! What time the database has.

use ashlar_kernel::{Clock, StoreError, Timestamp};
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{SqlStore, errors::store_error};

impl SqlStore {
    /// By how much the clock of the database is ahead of `clock`, give or take half the time it takes to ask. Nothing
    /// on SQLite, which has the clock of this machine.
    pub async fn clock_offset(&self, clock: &dyn Clock) -> Result<TimeDelta, StoreError> {
        let reader = self.reader();
        if reader.get_database_backend() != DbBackend::Postgres {
            return Ok(TimeDelta::zero());
        }
        let asked = clock.now();
        let ask = Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp()");
        let row = reader.query_one_raw(ask).await.map_err(store_error)?;
        let theirs: Timestamp = row
            .ok_or_else(|| StoreError::internal("the database was asked the time and said nothing"))?
            .try_get_by_index(0)
            .map_err(store_error)?;
        let answered = clock.now();
        Ok(theirs - (asked + (answered - asked) / 2))
    }
}
