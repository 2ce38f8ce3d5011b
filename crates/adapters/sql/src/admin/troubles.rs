//! What does not go as it should.

use ashlar_admin::{StuckJobs, TroubleStore, Troubles};
use ashlar_kernel::{Id, StoreError};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::numbers::OPEN;
use crate::{SqlStore, errors::store_error, event_log};

/// Only of what is not done, which an index has. `{open}` is [`OPEN`].
const STUCK: &str = "
    SELECT tenant_id, kind, SUM(CASE WHEN state = 'dead' THEN 1 ELSE 0 END) AS dead,
           SUM(CASE WHEN state <> 'dead' THEN 1 ELSE 0 END) AS struggling
    FROM job WHERE {open} AND (state = 'dead' OR (state IN ('ready', 'running') AND attempts >= $1))
    GROUP BY tenant_id, kind ORDER BY tenant_id, kind";

#[derive(FromQueryResult)]
struct Stuck {
    tenant_id: Uuid,
    kind: String,
    dead: i64,
    struggling: i64,
}

#[async_trait]
impl TroubleStore for SqlStore {
    async fn troubles(&self) -> Result<Troubles, StoreError> {
        let values = [Value::from(i32::try_from(Troubles::STRUGGLING).unwrap_or(i32::MAX))];
        let statement =
            Statement::from_sql_and_values(self.reader().get_database_backend(), STUCK.replace("{open}", OPEN), values);
        let jobs = Stuck::find_by_statement(statement).all(self.reader()).await.map_err(store_error)?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let stuck = |jobs: Stuck| StuckJobs {
            tenant: Id::from_uuid(jobs.tenant_id),
            kind: jobs.kind,
            dead: count(jobs.dead),
            struggling: count(jobs.struggling),
        };
        let (_, oldest_unsealed) = event_log::unsealed_on(self.reader(), None).await.map_err(store_error)?;
        let (_, oldest_undispatched) = event_log::backlog_on(self.reader()).await.map_err(store_error)?;
        Ok(Troubles { jobs: jobs.into_iter().map(stuck).collect(), oldest_unsealed, oldest_undispatched })
    }
}
