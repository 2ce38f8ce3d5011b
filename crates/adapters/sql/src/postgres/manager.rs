//! How the pool opens a connection, and when it no longer trusts one.

use std::time::Duration;

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

/// A connection that was not used for this long is asked whether it is still alive before it is used. Asking each time
/// would cost a round trip for every request.
const PING_AFTER: Duration = Duration::from_secs(30);

/// A connection this old is replaced: what its server process has gathered is let go of, and after a failover nobody
/// stays with the old server for ever.
const OLDEST: Duration = Duration::from_mins(30);

pub(super) struct Manager {
    connect: PgConnectOptions,
}

impl Manager {
    pub(super) const fn new(connect: PgConnectOptions) -> Self {
        Self { connect }
    }
}

impl managed::Manager for Manager {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.connect).await
    }

    async fn recycle(&self, connection: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() >= OLDEST {
            return Err(RecycleError::message("it is too old"));
        }
        if metrics.last_used() >= PING_AFTER {
            connection.ping().await?;
        }
        Ok(())
    }
}
