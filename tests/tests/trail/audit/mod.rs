//! The audit trail: tampering is found, and `kill -9` leaves neither gap nor double.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

mod attack;
mod cli;
mod erasure;
mod kill_nine;
mod lookup;
mod mortal_retention;
mod retention;
mod tampering;

use std::{sync::Arc, time::Duration};

use ashlar_audit::Sealer;
use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore as _};
use ashlar_kernel::{Change, Clock as _, Context, RequestId, SystemClock, TenantId};
use ashlar_sql::SqlStore;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};
use uuid::Uuid;

/// So many things happen.
async fn emit(store: &SqlStore, events: usize) {
    let request = RequestId::parse("audit").unwrap();
    let context = Context::system("test", TenantId::MAIN, request, SystemClock.now());
    let mut tx = store.begin(&context).await.unwrap();
    for number in 0..events {
        let thing = Uuid::from_u128(u128::try_from(number % 3).unwrap());
        let (session, user) = (SessionId::from_uuid(thing), UserId::from_uuid(thing));
        tx.note_refresh_retry(Change::new(session, SessionEvent::RefreshRepeated { session, user })).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// Seals until nothing waits. Transactions elsewhere on a server of databases may hold it up for a while.
async fn seal_all(store: &SqlStore) {
    let sealer = Sealer::new(Arc::new(store.clone()));
    for _look in 0..1_000 {
        sealer.step(SystemClock.now()).await.unwrap();
        if sealer.unsealed().await.unwrap().events == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("events still wait");
}

/// A connection that goes past the product.
enum Raw {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Raw {
    async fn connect(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite(Box::new(SqliteConnection::connect(url).await.unwrap()))
        } else {
            Self::Postgres(Box::new(PgConnection::connect(url).await.unwrap()))
        }
    }

    async fn run(&mut self, sql: &str) {
        let text = AssertSqlSafe(sql.to_owned());
        let outcome = match self {
            Self::Sqlite(connection) => connection.execute(text).await.map(drop),
            Self::Postgres(connection) => connection.execute(text).await.map(drop),
        };
        outcome.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Bytes as a literal.
    fn bytes(&self, bytes: &[u8]) -> String {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        match self {
            Self::Sqlite(_) => format!("X'{digits}'"),
            Self::Postgres(_) => format!("'\\x{digits}'::bytea"),
        }
    }

    /// An id as a literal.
    fn id(&self, id: Uuid) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.simple()),
            Self::Postgres(_) => format!("'{id}'"),
        }
    }
}
