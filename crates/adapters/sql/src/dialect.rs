//! The few things the two databases do differently.

use sea_orm::{
    ColumnTrait, DbBackend, Value,
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

/// How many fragments of a word the index is asked for.
const MOST_FRAGMENTS: usize = 24;

/// Whether a lead's search key may hold a fragment, by SQLite's index of fragments: whether it has all that the fragment
/// is made of, wherever they stand. None where that index does not help: for fragments of less than three characters, and
/// on PostgreSQL, whose index answers `LIKE`.
pub(crate) fn contains_fragment(backend: DbBackend, fragment: &str) -> Option<Expr> {
    if backend != DbBackend::Sqlite || fragment.chars().count() < 3 {
        return None;
    }
    let characters: Vec<char> = fragment.chars().collect();
    let mut threes: Vec<String> = characters.windows(3).map(|three| three.iter().collect()).collect();
    threes.sort();
    threes.dedup();
    // Each in quotes, in which nothing but the quote has a meaning. The longest words are told apart by fewer.
    let quoted = threes.iter().take(MOST_FRAGMENTS).map(|three| format!("\"{}\"", three.replace('"', "\"\"")));
    let all_of_them = quoted.collect::<Vec<_>>().join(" AND ");
    Some(Expr::cust_with_values(
        "\"lead\".\"number\" IN (SELECT rowid FROM lead_search WHERE lead_search MATCH ?)",
        [all_of_them],
    ))
}

/// Whether a lead's search key has a word that begins with two characters, by SQLite's index of fragments, which has the
/// blank before a word too, and by that of names, which have none before the first. None where these do not help: for one
/// character, and on PostgreSQL, whose index answers `LIKE`.
pub(crate) fn begins_word(backend: DbBackend, tenant: Uuid, beginning: &str) -> Option<Expr> {
    if backend != DbBackend::Sqlite || beginning.chars().count() != 2 {
        return None;
    }
    let literal = beginning.replace('"', "\"\"");
    let phrases = format!("\" {literal}\" OR \"\n{literal}\"");
    Some(Expr::cust_with_values(
        "\"lead\".\"number\" IN (SELECT rowid FROM lead_search WHERE lead_search MATCH ? \
         UNION ALL SELECT number FROM lead WHERE tenant_id = ? AND deleted_at IS NULL AND name_key BETWEEN ? AND ?)",
        [
            phrases.into(),
            tenant.into(),
            beginning.into(),
            // The last character that Unicode has room for: every name that begins so is before it.
            Value::from(format!("{beginning}{}", char::MAX)),
        ],
    ))
}

/// Whether `column` holds one of `texts`, of which there may be thousands: as a list that is joined with the table on
/// PostgreSQL, which would go through all of it for every row that another index gives, were it a condition of a row.
pub(crate) fn is_one_of(backend: DbBackend, column: impl ColumnTrait, texts: &[String]) -> Expr {
    match backend {
        DbBackend::Postgres => {
            let list = Func::cust(Alias::new(LIST)).arg(Expr::value(texts.to_vec()));
            column.in_subquery(Query::select().expr(list).to_owned())
        }
        _ => column.is_in(texts.iter().map(String::as_str)),
    }
}

/// What makes rows of a list on PostgreSQL.
pub(crate) const LIST: &str = "unnest";
