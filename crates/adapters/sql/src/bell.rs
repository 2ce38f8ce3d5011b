//! The bell: says when there may be jobs or events, within this process and, on PostgreSQL, in all of them.

use std::{convert::Infallible, time::Duration};

use ashlar_jobs::port::Bell;
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::sync::watch;

use crate::SqlStore;

/// How often it has rung: by this process, and by anybody.
pub(crate) struct Rings {
    ours: watch::Sender<u64>,
    all: watch::Sender<u64>,
    /// The door to PostgreSQL for the rings of others; a connection of its own, since listening keeps one for good.
    listening: Option<PgPool>,
}

impl Rings {
    pub(crate) fn new(listening: Option<PgPool>) -> Self {
        Self { ours: watch::Sender::new(0), all: watch::Sender::new(0), listening }
    }

    pub(crate) fn ring(&self) {
        count_up(&self.ours);
        count_up(&self.all);
    }
}

fn count_up(rings: &watch::Sender<u64>) {
    rings.send_modify(|count| *count = count.wrapping_add(1));
}

#[async_trait]
impl Bell for SqlStore {
    async fn rung(&self, heard: u64) -> u64 {
        let mut all = self.rings().all.subscribe();
        // The sender lives as long as the store.
        all.wait_for(|count| *count != heard).await.map_or(heard, |count| *count)
    }
}

const CHANNEL: &str = "ashlar_work";
/// Rings that come this close to each other are one: PostgreSQL commits transactions that notify one after the other.
const ONE_RING: Duration = Duration::from_millis(5);
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A pool for the one connection that listens.
pub(crate) fn listening(connect: sqlx::postgres::PgConnectOptions) -> PgPool {
    PgPoolOptions::new().max_connections(1).connect_lazy_with(connect)
}

impl SqlStore {
    /// Carries rings to other processes and theirs to this one, for as long as it is polled. On SQLite there is no
    /// other process, and nothing to do. Rings are hints: what is lost while the database is away is found by looking.
    pub async fn carry_rings(&self) -> Infallible {
        let Some(pool) = &self.rings().listening else {
            return std::future::pending().await;
        };
        // What we ring ourselves comes back to us, and is not news.
        let name = self.ids().next().simple().to_string();
        tokio::select! {
            never = self.tell_others(&name) => never,
            never = self.hear_others(pool, &name) => never,
        }
    }

    async fn tell_others(&self, name: &str) -> Infallible {
        let mut ours = self.rings().ours.subscribe();
        loop {
            if ours.changed().await.is_err() {
                return std::future::pending().await;
            }
            tokio::time::sleep(ONE_RING).await;
            ours.mark_unchanged();
            if let Err(error) = notify(self.writer(), name).await {
                tracing::debug!(%error, "other processes were not told that there is work");
            }
        }
    }

    async fn hear_others(&self, pool: &PgPool, name: &str) -> Infallible {
        loop {
            match self.listen(pool, name).await {
                Err(error) => tracing::debug!(%error, "not listening for work of other processes"),
            }
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    async fn listen(&self, pool: &PgPool, name: &str) -> Result<Infallible, sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // Whoever was not there for a while may have missed something.
            count_up(&self.rings().all);
            while listener.try_recv().await?.is_some_and(|ring| self.hear(ring.payload(), name)) {}
        }
    }
}

impl SqlStore {
    /// Somebody has rung. Always true, so that it can be said in a loop.
    fn hear(&self, who: &str, name: &str) -> bool {
        if who != name {
            count_up(&self.rings().all);
        }
        true
    }
}

async fn notify(writer: &DatabaseConnection, name: &str) -> Result<(), DbErr> {
    let tell = Statement::from_sql_and_values(
        writer.get_database_backend(),
        "SELECT pg_notify($1, $2)",
        [CHANNEL.into(), name.into()],
    );
    writer.execute_raw(tell).await.map(drop)
}
