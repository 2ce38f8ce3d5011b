//! The numbers of a tenant: sums of tallies, and counts of what is not done, as far as anybody wants to know.

use ashlar_admin::{JobNumbers, NumberStore, Numbers};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};

use crate::{SqlStore, errors::store_error};

/// What the index of jobs that are not done has. SQLite takes such an index only where a question says the same words.
pub(super) const OPEN: &str = "state IN ('ready', 'running', 'parked', 'dead')";

/// One statement, so that all numbers are of one moment. `{}` is no moment, in the words of the database, and `{open}` is
/// [`OPEN`].
const READ: &str = "
    WITH everybody AS MATERIALIZED (
        SELECT CAST(COALESCE(SUM(people), 0) AS bigint) AS people, CAST(COALESCE(SUM(secured), 0) AS bigint) AS secured
        FROM user_tally WHERE tenant_id = $1)
    SELECT 'users' AS part, 'total' AS value, people AS number, {} AS at FROM everybody
    UNION ALL SELECT 'users', 'secured', secured, {} FROM everybody
    UNION ALL SELECT 'users', 'new_7', CAST(COALESCE(SUM(people), 0) AS bigint), {}
    FROM user_tally WHERE tenant_id = $1 AND day >= $2
    UNION ALL SELECT 'users', 'new_30', CAST(COALESCE(SUM(people), 0) AS bigint), {}
    FROM user_tally WHERE tenant_id = $1 AND day >= $3
    UNION ALL SELECT 'leads', status, CAST(SUM(leads) AS bigint), {}
    FROM lead_status_tally WHERE tenant_id = $1 GROUP BY status
    UNION ALL SELECT 'newsletter', status, CAST(SUM(subscriptions) AS bigint), {}
    FROM subscription_tally WHERE tenant_id = $1 GROUP BY status
    UNION ALL SELECT 'jobs', 'ready', (SELECT COUNT(*) FROM
        (SELECT 1 FROM job WHERE tenant_id = $1 AND {open} AND state = 'ready' LIMIT $4) AS capped), {}
    UNION ALL SELECT 'jobs', 'running', (SELECT COUNT(*) FROM
        (SELECT 1 FROM job WHERE tenant_id = $1 AND {open} AND state = 'running' LIMIT $4) AS capped), {}
    UNION ALL SELECT 'jobs', 'parked', (SELECT COUNT(*) FROM
        (SELECT 1 FROM job WHERE tenant_id = $1 AND {open} AND state = 'parked' LIMIT $4) AS capped), {}
    UNION ALL SELECT 'jobs', 'dead', (SELECT COUNT(*) FROM
        (SELECT 1 FROM job WHERE tenant_id = $1 AND {open} AND state = 'dead' LIMIT $4) AS capped), {}
    UNION ALL SELECT 'jobs', 'due', 0, (SELECT MIN(run_at) FROM job WHERE tenant_id = $1 AND {open} AND state = 'ready')
    UNION ALL SELECT 'audit', 'unsealed', 0, (SELECT occurred_at FROM event WHERE id =
        (SELECT event_id FROM event_seal_pending AS waiting WHERE tenant_id = $1 ORDER BY position LIMIT 1))
    UNION ALL SELECT 'audit', 'checkpoint', 0, (SELECT created_at FROM audit_checkpoint WHERE tenant_id = $1
        ORDER BY size DESC LIMIT 1)";

#[derive(FromQueryResult)]
struct Row {
    part: String,
    value: String,
    number: i64,
    at: Option<Timestamp>,
}

#[async_trait]
impl NumberStore for SqlStore {
    async fn numbers(&self, tenant: TenantId, now: Timestamp) -> Result<Numbers, StoreError> {
        let backend = self.reader().get_database_backend();
        let no_moment = if backend == DbBackend::Postgres { "CAST(NULL AS timestamptz)" } else { "NULL" };
        let since = |days| (now - TimeDelta::days(days)).date_naive().to_string();
        let values: [Value; 4] =
            [tenant.as_uuid().into(), since(6).into(), since(29).into(), i64::from(JobNumbers::CAP).into()];
        let statement =
            Statement::from_sql_and_values(backend, READ.replace("{}", no_moment).replace("{open}", OPEN), values);
        let rows = Row::find_by_statement(statement).all(self.reader()).await.map_err(store_error)?;
        let mut numbers = Numbers::default();
        for row in rows {
            put(&mut numbers, row, now);
        }
        Ok(numbers)
    }
}

fn put(numbers: &mut Numbers, row: Row, now: Timestamp) {
    // A sum of tallies is never negative once all that is under way has ended.
    let number = u64::try_from(row.number).unwrap_or(0);
    let Numbers { users, jobs, .. } = numbers;
    match (row.part.as_str(), row.value.as_str()) {
        ("users", "total") => users.total = number,
        ("users", "secured") => users.with_second_factor = number,
        ("users", "new_7") => users.new_7_days = number,
        ("users", "new_30") => users.new_30_days = number,
        ("jobs", "ready") => jobs.ready = number,
        ("jobs", "running") => jobs.running = number,
        ("jobs", "parked") => jobs.parked = number,
        ("jobs", "dead") => jobs.dead = number,
        ("jobs", "due") => jobs.oldest_due = row.at.filter(|due| *due <= now),
        ("audit", "unsealed") => numbers.oldest_unsealed = row.at,
        ("audit", "checkpoint") => numbers.last_checkpoint = row.at,
        ("leads", _) if number > 0 => drop(numbers.leads.insert(row.value, number)),
        ("newsletter", _) if number > 0 => drop(numbers.newsletter.insert(row.value, number)),
        _ => {}
    }
}
