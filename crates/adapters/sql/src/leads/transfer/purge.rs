//! Rows that imports refused, of somebody who is erased.

use std::collections::BTreeMap;

use ashlar_kernel::{StoreError, TenantId};
use ashlar_leads::{
    import::{ImportId, RowFault},
    port::{BETWEEN_DIGITS, RefusedRow, Traces},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, QueryFilter,
    sea_query::{Expr, ExprTrait, Func, LikeExpr, Query},
};
use serde_json::json;

use super::{
    entity::{fault, import},
    mapping,
};
use crate::{leads::list::holding, transaction::SqlTx};

/// Numbers of rows in one statement.
const ROWS: usize = 500;

fn text() -> Expr {
    Expr::col((fault::Entity, fault::Column::Cells)).cast_as("text")
}

/// The cells without the signs that people write numbers with.
fn digits() -> Expr {
    BETWEEN_DIGITS.iter().fold(text(), |text, sign| {
        Func::cust("replace").args([text, Expr::value(sign.to_string()), Expr::value("")]).into()
    })
}

impl SqlTx {
    /// Reads every row that imports of the tenant have refused: no index has what is in them, and people are rarely erased.
    pub(in crate::leads) async fn find_refused(
        &mut self,
        tenant: TenantId,
        traces: &Traces,
    ) -> Result<Vec<(ImportId, RowFault)>, StoreError> {
        self.enter()?;
        let imports = Query::select()
            .column(import::Column::Id)
            .from(import::Entity)
            .and_where(import::Column::TenantId.eq(tenant.as_uuid()))
            .take();
        let has = |cells: Expr, pattern: LikeExpr| cells.like(pattern);
        let addresses = traces.addresses.iter().map(|trace| has(Func::lower(text()).into(), holding(trace)));
        let numbers = traces.numbers.iter().map(|trace| has(digits(), holding(trace)));
        let found = fault::Entity::find()
            .filter(fault::Column::ImportId.in_subquery(imports))
            .filter(addresses.chain(numbers).fold(Condition::any(), Condition::add));
        let rows = found.all(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        rows.into_iter().map(|row| Ok((ImportId::from_uuid(row.import_id), mapping::restore_fault(row)?))).collect()
    }

    pub(in crate::leads) async fn empty_refused(&self, rows: Vec<RefusedRow>) -> Result<(), StoreError> {
        let mut by_import = BTreeMap::<ImportId, Vec<i64>>::new();
        for (import, number) in rows {
            by_import.entry(import).or_default().push(i64::try_from(number).map_err(StoreError::internal)?);
        }
        for (import, numbers) in by_import {
            for some in numbers.chunks(ROWS) {
                let done = fault::Entity::update_many()
                    .set(fault::ActiveModel { cells: Set(json!([])), ..Default::default() })
                    .filter(fault::Column::ImportId.eq(import.as_uuid()))
                    .filter(fault::Column::Number.is_in(some.iter().copied()))
                    .exec(&self.tx)
                    .await;
                done.map_err(|error| self.write_error(error))?;
            }
        }
        Ok(())
    }
}
