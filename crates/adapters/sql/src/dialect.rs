//! The few things the two databases do differently.

use sea_orm::{
    ColumnTrait, Condition, DbBackend, Value,
    sea_query::{Alias, Expr, ExprTrait, Func, Query, extension::postgres::PgFunc},
};
use uuid::Uuid;

/// The kinds of database there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One file, one process.
    Sqlite,
    /// A server.
    Postgres,
}

impl Backend {
    /// Its name in configuration and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Whether `column` holds one of `ids`. One parameter on PostgreSQL, so that lists of every length share a prepared
/// statement; one for each id on SQLite, which allows 32,766.
pub(crate) fn is_among(backend: DbBackend, column: impl ColumnTrait, ids: &[Uuid]) -> Expr {
    match backend {
        DbBackend::Postgres => Expr::col(column).eq(PgFunc::any(ids.to_vec())),
        _ => column.is_in(ids.iter().copied()),
    }
}

/// Whether `column` holds `id` too, where another condition has found the row. SQLite, which has no statistics, would prefer
/// an index that begins with this column.
pub(crate) fn is_also(backend: DbBackend, column: impl ColumnTrait, id: Uuid) -> Expr {
    match backend {
        DbBackend::Postgres => column.eq(id),
        _ => Expr::cust_with_exprs("+? = ?", [column.into_expr(), id.into()]),
    }
}

/// Whether `column` holds `id`, where `condition`, which is the same for every row, is true; no row passes otherwise.
/// SQLite would ask such a condition of every row, but looks for nothing in an index where there is nothing to look for.
pub(crate) fn only_if(backend: DbBackend, condition: Expr, (column, id): (impl ColumnTrait, Uuid)) -> Condition {
    if backend == DbBackend::Postgres {
        return Condition::all().add(condition).add(column.eq(id));
    }
    let wanted = Expr::cust_with_exprs("CASE WHEN ? THEN ? END", [condition, id.into()]);
    Condition::all().add(column.into_expr().eq(wanted))
}

/// Whether `column` holds one of `keys`, of which there may be thousands: as a list that is joined with the table on
/// PostgreSQL, which would go through all of it for every row that another index gives, were it a condition of a row. It is
/// planned for each time, in a table that may have grown since the last.
pub(crate) fn is_one_of<K: Clone>(backend: DbBackend, column: impl ColumnTrait, keys: &[K]) -> Expr
where
    Value: From<K> + From<Vec<K>>,
{
    match backend {
        DbBackend::Postgres => {
            let list = Func::cust(Alias::new(LIST)).arg(Expr::value(Value::from(keys.to_vec())));
            column.in_subquery(Query::select().expr(list).to_owned())
        }
        _ => column.is_in(keys.iter().cloned()),
    }
}

/// What makes rows of a list on PostgreSQL.
pub(crate) const LIST: &str = "unnest";
