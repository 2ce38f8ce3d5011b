//! Many rows a statement.

use std::sync::LazyLock;

use ashlar_kernel::StoreError;
use ashlar_leads::{
    LeadRow, StatusChange,
    import::{ImportId, RowFault},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, Iterable,
    Statement,
    sea_query::{Alias, Expr, ExprTrait, Query, TableRef, Value, ValueTuple},
};
use uuid::Uuid;

use super::{
    columns::{self, Table},
    entity::fault,
    mapping::new_fault,
};
use crate::{
    database::Transaction,
    leads::{entity::lead, mapping::new_lead},
    many,
};

pub(super) enum BatchError {
    Store(StoreError),
    Db(DbErr),
}

impl From<DbErr> for BatchError {
    fn from(error: DbErr) -> Self {
        Self::Db(error)
    }
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The most rows of a statement. SQLite keeps each page that a statement changes as it was, so long ones take memory, and no
/// time is saved beyond this.
const ROWS: usize = 128;

/// How many of so many rows are in the next statement: a power of two, so that statements have few texts. Connections keep
/// the last hundred texts prepared, each with room for its parameters; a batch of another size each time filled hundreds of
/// megabytes with statements that never came again.
fn some_of(left: usize) -> usize {
    left.min(ROWS).checked_ilog2().map_or(0, |power| 1 << power)
}

pub(super) async fn insert_leads(tx: &Transaction, rows: Vec<LeadRow>) -> Result<(), BatchError> {
    if rows.is_empty() {
        return Ok(());
    }
    match tx {
        Transaction::Postgres(tx) => tx.copy_in(&COPY_LEADS, &columns::copy_of_leads(&rows)).await.map(drop)?,
        Transaction::Sqlite(tx) => {
            let tags = tags_of(&rows);
            insert(tx, &columns::LEAD, rows.into_iter().map(columns::values_of_lead)).await?;
            insert(tx, &columns::TAG, tags.into_iter()).await?;
        }
    }
    Ok(())
}

/// Enters the tags of leads that came. On PostgreSQL a trigger does, once for all leads of a statement; one on SQLite would
/// take each lead's apart anew, and enter them in no order.
pub(in crate::leads) async fn insert_tags(tx: &Transaction, rows: &[LeadRow]) -> Result<(), DbErr> {
    match tx {
        Transaction::Postgres(_) => Ok(()),
        Transaction::Sqlite(tx) => insert(tx, &columns::TAG, tags_of(rows).into_iter()).await,
    }
}

/// One entry a tag, in the order of their index: neighbours share its pages.
fn tags_of(rows: &[LeadRow]) -> Vec<Vec<Value>> {
    let living = rows.iter().filter(|row| row.deleted_at.is_none());
    let mut tags: Vec<_> = living
        .flat_map(|row| row.tags.split_ascii_whitespace().map(move |tag| (row.tenant_id, tag, row.created_at, row.id)))
        .collect();
    tags.sort_unstable();
    let values =
        |(tenant, tag, at, lead): (Uuid, &str, _, Uuid)| vec![tenant.into(), tag.into(), Value::from(at), lead.into()];
    tags.into_iter().map(values).collect()
}

pub(super) async fn insert_moves(tx: &Transaction, moves: &[StatusChange]) -> Result<(), BatchError> {
    if moves.is_empty() {
        return Ok(());
    }
    match tx {
        Transaction::Postgres(tx) => tx.copy_in(&COPY_MOVES, &columns::copy_of_moves(moves)).await.map(drop)?,
        Transaction::Sqlite(tx) => insert(tx, &columns::MOVE, moves.iter().map(columns::values_of_move)).await?,
    }
    Ok(())
}

static COPY_LEADS: LazyLock<String> = LazyLock::new(|| copy_into(&columns::LEAD));
static COPY_MOVES: LazyLock<String> = LazyLock::new(|| copy_into(&columns::MOVE));

fn copy_into(table: &Table) -> String {
    format!("COPY {} ({}) FROM STDIN (FORMAT binary)", table.name, table.columns.join(", "))
}

/// Many rows a statement.
async fn insert(
    tx: &DatabaseTransaction,
    table: &Table,
    rows: impl ExactSizeIterator<Item = Vec<Value>>,
) -> Result<(), DbErr> {
    let (mut left, mut rows) = (rows.len(), rows);
    while left > 0 {
        let some = some_of(left);
        left -= some;
        let values = rows.by_ref().take(some).flatten().collect::<Vec<_>>();
        let sql = many::text(DbBackend::Sqlite, table.name, table.columns, values.len());
        tx.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    Ok(())
}

pub(super) async fn insert_faults(tx: &Transaction, import: ImportId, faults: Vec<RowFault>) -> Result<(), BatchError> {
    let rows = faults.into_iter().map(|fault| new_fault(import, fault)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = rows.into_iter();
    while !rows.as_slice().is_empty() {
        let some = some_of(rows.len());
        let some = rows.by_ref().take(some).collect::<Vec<_>>();
        fault::Entity::insert_many(some).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Every column but those that never change, from a list of rows that stands in the statement.
pub(super) async fn update_leads(tx: &Transaction, leads: Vec<LeadRow>) -> Result<(), BatchError> {
    let is_fixed = |column: &lead::Column| {
        matches!(column, lead::Column::TenantId | lead::Column::CreatedAt | lead::Column::LastContactedAt)
    };
    let columns: Vec<_> = lead::Column::iter().filter(|column| !is_fixed(column)).collect();
    let mut leads = leads.into_iter();
    while !leads.as_slice().is_empty() {
        let some = some_of(leads.len());
        let rows = leads.by_ref().take(some).map(|lead| {
            let row = new_lead(lead);
            ValueTuple::Many(columns.iter().filter_map(|column| value_of(row.get(*column))).collect())
        });
        let rows = rows.collect::<Vec<_>>();
        let changed = Alias::new("changed");
        // Both databases call the columns of a list by their numbers.
        let named = |number: usize| Expr::col((changed.clone(), Alias::new(format!("column{}", number + 1))));
        let mut update = Query::update();
        update.table(lead::Entity).from(TableRef::ValuesList(rows, changed.clone().into()));
        for (number, column) in columns.iter().enumerate() {
            if matches!(column, lead::Column::Id) {
                update.and_where(Expr::col((lead::Entity, lead::Column::Id)).eq(named(number)));
            } else {
                update.value(*column, named(number));
            }
        }
        tx.execute(&update).await?;
    }
    Ok(())
}

fn value_of(value: ActiveValue<Value>) -> Option<Value> {
    match value {
        ActiveValue::Set(value) | ActiveValue::Unchanged(value) => Some(value),
        ActiveValue::NotSet => None,
    }
}
