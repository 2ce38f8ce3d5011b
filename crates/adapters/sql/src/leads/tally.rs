//! Numbers of leads, kept up in the transaction of each change.
//!
//! A kind of leads has several rows, and their sum counts: a transaction holds one of them until it ends, and not all that
//! come at once should wait for each other.

use std::collections::BTreeMap;

use ashlar_kernel::StoreError;
use ashlar_leads::{LeadRow, StatsQuery, Tally, TallyKind, port::StatsReads};
use async_trait::async_trait;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, FromQueryResult, Statement, Value, sea_query};
use uuid::Uuid;

use super::entity::tally::{ActiveModel, Column, Entity};
use crate::{SqlStore, errors::store_error, transaction::SqlTx};

/// How many rows a kind of leads has at most.
const SLOTS: u8 = 16;

/// One less of what a lead is stored as, and one more (or none: `$8`) of what it is to be. In the order of the key, so
/// that no two transactions wait for each other's rows.
const MOVED: &str = "
    INSERT INTO lead_tally (tenant_id, day, status, source, category, slot, leads)
    SELECT $1, $2, status, source, category, $3, SUM(step) FROM (
        SELECT status, source, COALESCE(category, '') AS category, -1 AS step
        FROM lead WHERE id = $4 AND deleted_at IS NULL
        UNION ALL SELECT $5, $6, $7, $8
    ) AS steps
    GROUP BY status, source, category HAVING SUM(step) <> 0 ORDER BY status, source, category
    ON CONFLICT (tenant_id, day, status, source, category, slot)
    DO UPDATE SET leads = lead_tally.leads + excluded.leads";

const READ: &str = "
    SELECT 'status' AS kind, status AS value, CAST(SUM(leads) AS bigint) AS leads FROM lead_tally
    WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 GROUP BY status HAVING SUM(leads) <> 0
    UNION ALL SELECT 'source', source, CAST(SUM(leads) AS bigint) FROM lead_tally
    WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 GROUP BY source HAVING SUM(leads) <> 0
    UNION ALL SELECT 'category', category, CAST(SUM(leads) AS bigint) FROM lead_tally
    WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 GROUP BY category HAVING SUM(leads) <> 0
    UNION ALL SELECT 'day', day, CAST(SUM(leads) AS bigint) FROM lead_tally
    WHERE tenant_id = $1 AND day BETWEEN $2 AND $3 GROUP BY day HAVING SUM(leads) <> 0";

fn slot(id: Uuid) -> i32 {
    // The end of an id is random.
    id.as_bytes().last().map_or(0, |byte| i32::from(byte % SLOTS))
}

fn day(row: &LeadRow) -> String {
    row.created_at.date_naive().to_string()
}

impl SqlTx {
    /// Counts leads that come.
    pub(super) async fn count_newcomers(&self, rows: &[LeadRow]) -> Result<(), StoreError> {
        self.count([].iter(), rows.iter()).await
    }

    /// Counts leads that were as these rows say and are now as those do, all of one tenant.
    pub(super) async fn count<'r>(
        &self,
        before: impl Iterator<Item = &'r LeadRow>,
        now: impl Iterator<Item = &'r LeadRow> + Clone,
    ) -> Result<(), StoreError> {
        let Some(first) = now.clone().next() else { return Ok(()) };
        let steps = before.map(|row| (row, -1)).chain(now.map(|row| (row, 1)));
        let mut counted = BTreeMap::<_, i64>::new();
        for (row, step) in steps {
            let category = row.category.clone().unwrap_or_default();
            let key = (row.tenant_id, day(row), row.status.clone(), row.source.clone(), category);
            *counted.entry(key).or_default() += step;
        }
        counted.retain(|_, step| *step != 0);
        if counted.is_empty() {
            return Ok(());
        }
        let models = counted.into_iter().map(|((tenant, day, status, source, category), leads)| ActiveModel {
            tenant_id: Set(tenant),
            day: Set(day),
            status: Set(status),
            source: Set(source),
            category: Set(category),
            slot: Set(slot(first.id)),
            leads: Set(leads),
        });
        let key = [Column::TenantId, Column::Day, Column::Status, Column::Source, Column::Category, Column::Slot];
        let added = sea_query::Expr::cust("lead_tally.leads + excluded.leads");
        let instead = sea_query::OnConflict::columns(key).value(Column::Leads, added).to_owned();
        let done = Entity::insert_many(models).on_conflict(instead).exec_without_returning(&self.tx).await;
        done.map(drop).map_err(|error| self.write_error(error))
    }

    /// Counts a lead that is about to become this row, or to go.
    pub(super) async fn recount(&self, row: &LeadRow, goes: bool) -> Result<(), StoreError> {
        let step = i32::from(!goes && row.deleted_at.is_none());
        let values: Vec<Value> = vec![
            row.tenant_id.into(),
            day(row).into(),
            slot(row.id).into(),
            row.id.into(),
            row.status.clone().into(),
            row.source.clone().into(),
            row.category.clone().unwrap_or_default().into(),
            step.into(),
        ];
        let statement = Statement::from_sql_and_values(self.tx.get_database_backend(), MOVED, values);
        self.tx.execute_raw(statement).await.map(drop).map_err(|error| self.write_error(error))
    }
}

#[derive(FromQueryResult)]
struct Row {
    kind: String,
    value: String,
    leads: i64,
}

#[async_trait]
impl StatsReads for SqlStore {
    async fn stats(&self, query: StatsQuery) -> Result<Vec<Tally>, StoreError> {
        let values: Vec<Value> =
            vec![query.tenant.as_uuid().into(), query.from.to_string().into(), query.to.to_string().into()];
        let statement = Statement::from_sql_and_values(self.reader().get_database_backend(), READ, values);
        let rows = Row::find_by_statement(statement).all(self.reader()).await.map_err(store_error)?;
        let tally = |row: Row| {
            let kind = TallyKind::restore(&row.kind).ok_or(StoreError::Corrupt { what: "lead_tally" })?;
            Ok(Tally { kind, value: row.value, leads: u64::try_from(row.leads).unwrap_or(0) })
        };
        rows.into_iter().map(tally).collect()
    }
}
