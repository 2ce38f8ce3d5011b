//! Firings of schedules.

use std::collections::BTreeMap;

use ashlar_jobs::port::{Firing, News, ScheduleStore};
use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Statement, Value, sea_query::OnConflict,
};

use super::{
    entity::{firing, schedule},
    insertion::insert,
};
use crate::{SqlStore, errors::store_error};

const FORGET: &str = "DELETE FROM schedule_firing WHERE due_at < $1
    AND due_at < (SELECT max(due_at) FROM schedule_firing AS other WHERE other.schedule = schedule_firing.schedule)";

/// When a schedule was last fired.
#[derive(FromQueryResult)]
struct Last {
    schedule: String,
    fired_at: Timestamp,
}

/// Notes a firing; false when that moment was fired before.
pub(super) async fn note_firing(db: &impl ConnectionTrait, fired: &Firing) -> Result<bool, DbErr> {
    let row = firing::ActiveModel {
        schedule: Set(fired.schedule.clone()),
        due_at: Set(fired.due_at),
        fired_at: Set(fired.now),
    };
    let moment = [firing::Column::Schedule, firing::Column::DueAt];
    let unless_fired = OnConflict::columns(moment).do_nothing().to_owned();
    let inserted = firing::Entity::insert(row).on_conflict(unless_fired).exec_without_returning(db).await?;
    Ok(inserted > 0)
}

#[async_trait]
impl ScheduleStore for SqlStore {
    async fn since(&self, name: &str, now: Timestamp) -> Result<Timestamp, StoreError> {
        let last = firing::Entity::find()
            .filter(firing::Column::Schedule.eq(name))
            .order_by_desc(firing::Column::DueAt)
            .limit(1)
            .one(self.reader());
        if let Some(last) = last.await.map_err(store_error)? {
            return Ok(last.due_at);
        }
        let known = || schedule::Entity::find_by_id(name);
        if let Some(schedule) = known().one(self.reader()).await.map_err(store_error)? {
            return Ok(schedule.first_asked);
        }
        let row = schedule::ActiveModel { name: Set(name.to_owned()), first_asked: Set(now) };
        let unless_known = OnConflict::column(schedule::Column::Name).do_nothing().to_owned();
        let inserted = schedule::Entity::insert(row).on_conflict(unless_known).exec_without_returning(self.writer());
        inserted.await.map_err(|error| self.write_error(error))?;
        let row = known().one(self.reader()).await.map_err(store_error)?;
        Ok(row.map_or(now, |row| row.first_asked))
    }

    async fn fire(&self, fired: Firing) -> Result<bool, StoreError> {
        let tx = self.begin_bare().await?;
        if !note_firing(&tx, &fired).await.map_err(|error| self.write_error(error))? {
            return Ok(false);
        }
        let job = self.new_job(fired.job, fired.now);
        insert(&tx, &[job]).await.map_err(|error| self.write_error(error))?;
        tx.commit().await.map_err(|error| self.write_error(error))?;
        self.rings().ring(News::Jobs);
        Ok(true)
    }

    async fn last_firings(&self, schedules: &[&str]) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        if schedules.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Each by a look at the end of its part of the index, in one statement.
        let last = |number: usize| {
            format!(
                "SELECT * FROM (SELECT schedule, fired_at FROM schedule_firing WHERE schedule = ${number} \
             ORDER BY due_at DESC LIMIT 1) AS last_{number}"
            )
        };
        let sql = (1..=schedules.len()).map(last).collect::<Vec<_>>().join(" UNION ALL ");
        let values = schedules.iter().map(|name| Value::from(*name));
        let statement = Statement::from_sql_and_values(self.reader().get_database_backend(), sql, values);
        let rows = Last::find_by_statement(statement).all(self.reader()).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|row| (row.schedule, row.fired_at)).collect())
    }

    async fn forget_firings(&self, before: Timestamp) -> Result<u64, StoreError> {
        let writer = self.writer();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), FORGET, [before.into()]);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}
