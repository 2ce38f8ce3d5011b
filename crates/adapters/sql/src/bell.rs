//! The bell: says when there may be jobs or events, within this process and, on PostgreSQL, in all of them.

use std::{convert::Infallible, time::Duration};

use ashlar_jobs::port::{Bell, News};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr, Statement};
use sqlx::{
    PgPool,
    postgres::{PgListener, PgNotification, PgPoolOptions},
};
use tokio::sync::watch;

use crate::{SqlStore, database::Database};

/// How often it has rung, for events and for jobs.
pub(crate) struct Rings {
    events: Ring,
    jobs: Ring,
    /// The door to PostgreSQL for the rings of others; a connection of its own, since listening keeps one for good.
    listening: Option<PgPool>,
}

/// How often it has rung for one sort of news: by this process, and by anybody.
struct Ring {
    ours: watch::Sender<u64>,
    all: watch::Sender<u64>,
    channel: &'static str,
}

impl Ring {
    fn on(channel: &'static str) -> Self {
        Self { ours: watch::Sender::new(0), all: watch::Sender::new(0), channel }
    }
}

impl Rings {
    pub(crate) fn new(listening: Option<PgPool>) -> Self {
        Self { events: Ring::on("ashlar_events"), jobs: Ring::on("ashlar_jobs"), listening }
    }

    pub(crate) fn ring(&self, news: News) {
        let ring = self.of(news);
        count_up(&ring.ours);
        count_up(&ring.all);
    }

    fn of(&self, news: News) -> &Ring {
        match news {
            News::Events => &self.events,
            News::Jobs => &self.jobs,
        }
    }

    /// Somebody has rung who was not us. Always true, so that it can be said in a loop.
    fn hear(&self, ring: &PgNotification, name: &str) -> bool {
        if ring.payload() != name {
            let news = if ring.channel() == self.events.channel { News::Events } else { News::Jobs };
            count_up(&self.of(news).all);
        }
        true
    }
}

fn count_up(rings: &watch::Sender<u64>) {
    rings.send_modify(|count| *count = count.wrapping_add(1));
}

#[async_trait]
impl Bell for SqlStore {
    async fn rung(&self, of: News, heard: u64) -> u64 {
        let mut all = self.rings().of(of).all.subscribe();
        // The sender lives as long as the store.
        all.wait_for(|count| *count != heard).await.map_or(heard, |count| *count)
    }
}

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
            never = self.tell_others(News::Events, &name) => never,
            never = self.tell_others(News::Jobs, &name) => never,
            never = self.hear_others(pool, &name) => never,
        }
    }

    async fn tell_others(&self, news: News, name: &str) -> Infallible {
        let ring = self.rings().of(news);
        let mut ours = ring.ours.subscribe();
        loop {
            if ours.changed().await.is_err() {
                return std::future::pending().await;
            }
            tokio::time::sleep(ONE_RING).await;
            ours.mark_unchanged();
            if let Err(error) = notify(self.writer(), ring.channel, name).await {
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
        let rings = self.rings();
        listener.listen_all([rings.events.channel, rings.jobs.channel]).await?;
        loop {
            // Whoever was not there for a while may have missed something.
            count_up(&rings.events.all);
            count_up(&rings.jobs.all);
            while listener.try_recv().await?.is_some_and(|ring| rings.hear(&ring, name)) {}
        }
    }
}

async fn notify(writer: &Database, channel: &str, name: &str) -> Result<(), DbErr> {
    let tell = Statement::from_sql_and_values(
        writer.get_database_backend(),
        "SELECT pg_notify($1, $2)",
        [channel.into(), name.into()],
    );
    writer.execute_raw(tell).await.map(drop)
}
