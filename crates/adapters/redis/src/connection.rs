//! Connections to Redis, how long they are waited for, and the pause after a failure.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ashlar_kernel::StoreError;
use deadpool_redis::{Config, Connection, Pool, PoolConfig, Runtime, Timeouts};
use tokio::time::Instant;

/// How long one command may take, a new connection included.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long nobody asks after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Each connection carries one command at a time, and commands take a fraction of a millisecond.
const CONNECTIONS: usize = 16;

/// Why a URL is none of Redis. Never repeats the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRedisUrl {
    /// Another scheme, or no URL at all.
    #[error("is not a URL that begins with redis:// or rediss://")]
    Scheme,
    /// The client library refuses it.
    #[error("is not a Redis URL such as redis://:password@host:6379/0")]
    Malformed,
}

/// A Redis. Clones share its connections.
#[derive(Clone)]
pub struct RedisStore(Arc<Shared>);

struct Shared {
    pool: Pool,
    /// Makes connections of their own for who listens.
    client: redis::Client,
    patience: Duration,
    /// Until when Redis counts as gone.
    paused_until: Mutex<Option<Instant>>,
}

impl RedisStore {
    /// The Redis at `redis://[user:password@]host[:port][/database]`, or `rediss://` with TLS. Connects when first used:
    /// a Redis that is not there yet is no reason not to start.
    pub fn new(url: &str) -> Result<Self, InvalidRedisUrl> {
        Self::with_patience(url, PATIENCE)
    }

    /// The same with another limit for each command, where being late is better than doing without.
    pub fn with_patience(url: &str, patience: Duration) -> Result<Self, InvalidRedisUrl> {
        let parsed = url::Url::parse(url).map_err(|_unclear| InvalidRedisUrl::Scheme)?;
        if !matches!(parsed.scheme(), "redis" | "rediss") {
            return Err(InvalidRedisUrl::Scheme);
        }
        if parsed.host_str().is_none_or(str::is_empty) {
            return Err(InvalidRedisUrl::Malformed);
        }
        let mut config = Config::from_url(url);
        let timeouts = Timeouts { wait: Some(patience), create: Some(patience), recycle: Some(patience) };
        config.pool = Some(PoolConfig { timeouts, ..PoolConfig::new(CONNECTIONS) });
        let pool = config.create_pool(Some(Runtime::Tokio1)).map_err(|_unclear| InvalidRedisUrl::Malformed)?;
        let client = redis::Client::open(url).map_err(|_unclear| InvalidRedisUrl::Malformed)?;
        Ok(Self(Arc::new(Shared { pool, client, patience, paused_until: Mutex::new(None) })))
    }

    /// Whether the last answer was one, as far as anybody knows who asks nothing.
    pub fn is_up(&self) -> bool {
        self.0.paused_until.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    pub(crate) fn client(&self) -> &redis::Client {
        &self.0.client
    }

    /// Whether Redis answers.
    pub async fn health(&self) -> Result<(), StoreError> {
        self.ask(async |connection| redis::cmd("PING").query_async(connection).await).await
    }

    /// Asks Redis, unless it failed within the last second.
    pub(crate) async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&mut Connection) -> redis::RedisResult<T>,
    ) -> Result<T, StoreError> {
        if self.is_paused() {
            return Err(StoreError::Unavailable("Redis failed a moment ago".into()));
        }
        let answer = tokio::time::timeout(self.0.patience, async {
            let mut connection = self.0.pool.get().await.map_err(|error| StoreError::Unavailable(error.into()))?;
            match question(&mut connection).await {
                Ok(answer) => Ok(answer),
                Err(error) => {
                    // What state it is in nobody knows; the pool makes another.
                    drop(Connection::take(connection));
                    Err(StoreError::Unavailable(error.into()))
                }
            }
        });
        let answer = answer.await.unwrap_or_else(|elapsed| Err(StoreError::Unavailable(elapsed.into())));
        self.note(answer.as_ref().err());
        answer
    }

    fn is_paused(&self) -> bool {
        let paused_until = self.0.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        paused_until.is_some_and(|until| Instant::now() < until)
    }

    /// Begins or ends a pause, and says so once.
    fn note(&self, failure: Option<&StoreError>) {
        let mut paused_until = self.0.paused_until.lock().unwrap_or_else(PoisonError::into_inner);
        match (failure, paused_until.is_some()) {
            (Some(error), was_gone) => {
                *paused_until = Some(Instant::now() + PAUSE);
                // Old connections lead to a Redis that is no more.
                self.0.pool.retain(|_, _| false);
                if !was_gone {
                    let cause = std::error::Error::source(error).map(ToString::to_string);
                    tracing::warn!(cause, "Redis does not answer; this process counts alone");
                }
            }
            (None, true) => {
                *paused_until = None;
                tracing::info!("Redis answers again");
            }
            (None, false) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn urls_of_other_things_are_refused_and_not_repeated() {
        for url in ["", "redis", "http://localhost", "redis://", "rediss:///0", "redis://user:geheim@host:port"] {
            let error = RedisStore::new(url).err().unwrap_or_else(|| panic!("{url} is accepted"));
            assert!(!error.to_string().contains("geheim"));
        }
        assert!(RedisStore::new("redis://:secret@127.0.0.1:6379/2").is_ok());
        assert!(RedisStore::new("rediss://cache.example.org").is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn redis_that_failed_is_left_alone_for_a_second() {
        let store = RedisStore::new("redis://127.0.0.1:1").unwrap();
        assert!(matches!(store.health().await, Err(StoreError::Unavailable(_))));
        assert!(store.is_paused() && !store.is_up());
        tokio::time::advance(PAUSE).await;
        assert!(!store.is_paused());
    }
}
