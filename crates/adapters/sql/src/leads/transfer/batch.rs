//! Many rows a statement.

use ashlar_kernel::StoreError;
use ashlar_leads::{
    Lead, StatusChange,
    import::{ImportId, RowFault},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, DbErr, EntityTrait, Iterable,
    sea_query::{Alias, Expr, ExprTrait, Query, TableRef, Value, ValueTuple},
};

use super::{entity::fault, mapping::new_fault};
use crate::{
    database::Transaction,
    leads::{
        entity::{lead, status_change},
        mapping::{new_lead, new_status_change},
    },
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

/// Rows of a statement: half of a batch, so that both halves share a prepared statement, and 33 columns of each make half of
/// the 32,766 parameters that SQLite allows.
const ROWS: usize = 500;

pub(super) async fn insert_leads(tx: &Transaction, leads: &[Lead]) -> Result<(), BatchError> {
    for some in leads.chunks(ROWS) {
        let rows = some.iter().map(|lead| Ok(new_lead(lead.to_row()?)));
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
        lead::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub(super) async fn insert_moves(tx: &Transaction, moves: &[StatusChange]) -> Result<(), BatchError> {
    for some in moves.chunks(ROWS) {
        status_change::Entity::insert_many(some.iter().map(new_status_change)).exec_without_returning(tx).await?;
    }
    Ok(())
}

pub(super) async fn insert_faults(tx: &Transaction, import: ImportId, faults: Vec<RowFault>) -> Result<(), BatchError> {
    let rows = faults.into_iter().map(|fault| new_fault(import, fault)).collect::<Result<Vec<_>, _>>()?;
    for some in rows.chunks(ROWS) {
        fault::Entity::insert_many(some.to_vec()).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Every column but those that never change, from a list of rows that stands in the statement.
pub(super) async fn update_leads(tx: &Transaction, leads: &[Lead]) -> Result<(), BatchError> {
    let is_fixed = |column: &lead::Column| {
        matches!(column, lead::Column::TenantId | lead::Column::CreatedAt | lead::Column::LastContactedAt)
    };
    let columns: Vec<_> = lead::Column::iter().filter(|column| !is_fixed(column)).collect();
    for some in leads.chunks(ROWS) {
        let rows = some.iter().map(|lead| {
            let row = new_lead(lead.to_row()?);
            let values: Vec<Value> = columns.iter().filter_map(|column| value_of(row.get(*column))).collect();
            Ok(ValueTuple::Many(values))
        });
        let rows = rows.collect::<Result<Vec<_>, StoreError>>()?;
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
