//! Firings of schedules.

use ashlar_jobs::port::{Firing, News, ScheduleStore};
use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::OnConflict,
};

use super::{
    entity::{firing, schedule},
    insertion::insert,
};
use crate::{SqlStore, errors::store_error};

const FORGET: &str = "DELETE FROM schedule_firing WHERE due_at < $1
    AND due_at < (SELECT max(due_at) FROM schedule_firing AS other WHERE other.schedule = schedule_firing.schedule)";

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
        let row =
            firing::ActiveModel { schedule: Set(fired.schedule), due_at: Set(fired.due_at), fired_at: Set(fired.now) };
        let moment = [firing::Column::Schedule, firing::Column::DueAt];
        let unless_fired = OnConflict::columns(moment).do_nothing().to_owned();
        let inserted = firing::Entity::insert(row).on_conflict(unless_fired).exec_without_returning(&tx).await;
        if inserted.map_err(|error| self.write_error(error))? == 0 {
            return Ok(false);
        }
        let job = self.new_job(fired.job, fired.now);
        insert(&tx, &[job]).await.map_err(|error| self.write_error(error))?;
        tx.commit().await.map_err(|error| self.write_error(error))?;
        self.rings().ring(News::Jobs);
        Ok(true)
    }

    async fn forget_firings(&self, before: Timestamp) -> Result<u64, StoreError> {
        let writer = self.writer();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), FORGET, [before.into()]);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}
