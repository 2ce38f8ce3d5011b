//! How the connections to the database are used.

use crate::{SqlStore, database::Database};

/// How one pool of connections is used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolFigures {
    /// `writer` or `reader` on SQLite, `shared` on PostgreSQL, where one pool does both.
    pub name: &'static str,
    /// Connections that are at work.
    pub in_use: u32,
    /// Connections that are open and wait for work.
    pub idle: u32,
}

impl SqlStore {
    /// How every pool is used now; a look at counters, which waits for nothing.
    pub fn pool(&self) -> Vec<PoolFigures> {
        let pools = [("writer", self.writer()), ("reader", self.reader())];
        let figures = pools.into_iter().map(|(name, database)| match database {
            Database::Sqlite(connection) => {
                let pool = connection.get_sqlite_connection_pool();
                figures(name, pool.size(), pool.num_idle())
            }
            Database::Postgres(pool) => pool.figures(),
        });
        let mut figures: Vec<_> = figures.collect();
        figures.dedup_by_key(|pool| pool.name);
        figures
    }
}

/// The two numbers are read one after the other, so they need not fit each other.
fn figures(name: &'static str, size: u32, idle: usize) -> PoolFigures {
    let idle = u32::try_from(idle).unwrap_or(u32::MAX);
    PoolFigures { name, in_use: size.saturating_sub(idle), idle }
}
