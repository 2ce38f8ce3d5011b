//! From the event log to the jobs, in one transaction.

use ashlar_jobs::{
    Job,
    port::{Backlog, News, Outbox, Plan},
};
use ashlar_kernel::{LogReader, StoreError, Timestamp};
use async_trait::async_trait;
use uuid::Uuid;

use super::insertion::insert;
use crate::{SqlStore, errors::store_error, event_log, turn::is_our_turn};

/// The advisory lock of the relay, any number that nobody else in this database uses.
const RELAY_LOCK: i64 = 0x4153_484C_5245_4C41;

#[async_trait]
impl Outbox for SqlStore {
    async fn relay(&self, batch: u32, now: Timestamp, plan: Plan<'_>) -> Result<u32, StoreError> {
        // Looking costs nobody anything; a transaction that finds nothing to do would keep SQLite's one writer busy.
        if event_log::is_idle(self.reader(), LogReader::Dispatch).await? {
            return Ok(0);
        }
        let tx = self.begin_bare().await?;
        // One relay at a time, or two of them would put jobs of one aggregate into the wrong order.
        if !is_our_turn(&tx, RELAY_LOCK).await.map_err(|error| self.write_error(error))? {
            return Ok(0);
        }
        let at_once = batch.min(u32::try_from(event_log::IDS_AT_ONCE).unwrap_or(u32::MAX));
        let events = event_log::pending_on(&tx, LogReader::Dispatch, at_once).await?;
        let jobs: Vec<Job> = events.iter().flat_map(plan).map(|job| self.new_job(job, now)).collect();
        insert(&tx, &jobs).await.map_err(|error| self.write_error(error))?;
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let taken_off = event_log::take_off_on(&tx, LogReader::Dispatch, &ids).await;
        taken_off.map_err(|error| self.write_error(error))?;
        tx.commit().await.map_err(|error| self.write_error(error))?;
        if !jobs.is_empty() {
            self.rings().ring(News::Jobs);
        }
        Ok(u32::try_from(ids.len()).unwrap_or(u32::MAX))
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        let (events, oldest) = event_log::backlog_on(self.reader()).await.map_err(store_error)?;
        Ok(Backlog { events: u64::try_from(events).unwrap_or(0), oldest })
    }
}
