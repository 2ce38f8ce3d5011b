//! A connection on loan from the pool, which knows how to give itself back.

use std::time::Duration;

use deadpool::managed::Object;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Handle;

use super::manager::Manager;

/// A connection on loan. Dropped, it goes back to the pool, sooner or later or never, as its state allows.
pub(super) struct Lease {
    connection: Option<Object<Manager>>,
    then: Then,
    patience: Duration,
}

/// What becomes of a connection that is given back now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The next one may have it: nothing is under way.
    Return,
    /// A statement is under way or has failed. First we hear what the server has to say.
    Settle,
    /// Nobody knows what state it is in.
    Discard,
}

/// A lease whose connection is gone; it is taken only when the lease ends.
const GONE: sqlx::Error = sqlx::Error::PoolClosed;

impl Lease {
    pub(super) const fn new(connection: Object<Manager>, patience: Duration) -> Self {
        Self { connection: Some(connection), then: Then::Return, patience }
    }

    /// The connection, for something whose outcome is [`heard`](Self::heard). Whoever stops listening before that leaves
    /// a connection that is settled first.
    pub(super) fn talk(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.then = Then::Settle;
        self.connection.as_deref_mut().ok_or(GONE)
    }

    /// The connection, for something after which it cannot be used unless the outcome is heard.
    pub(super) fn stake(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        self.then = Then::Discard;
        self.connection.as_deref_mut().ok_or(GONE)
    }

    /// How it went. After an error the connection may be gone, which is found out when it is settled.
    pub(super) const fn heard<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.then = match (outcome, self.then) {
            (Ok(_), _) => Then::Return,
            (Err(_), then) => then,
        };
    }

    fn discard(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }

    /// Waits for what is under way. A connection that does not answer is discarded, and so is one whose settling is
    /// given up half way.
    async fn settle(mut self) {
        let patience = self.patience;
        let Ok(connection) = self.stake() else { return };
        if let Ok(answer) = tokio::time::timeout(patience, connection.ping()).await {
            self.heard(&answer);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.then {
            Then::Return => {}
            Then::Discard => self.discard(),
            Then::Settle => {
                let lease = Self { connection: self.connection.take(), then: Then::Discard, patience: self.patience };
                spawn_or_drop(lease.settle());
            }
        }
    }
}

/// Runs something beside the caller, if there is a runtime to run it. Otherwise it is dropped.
pub(super) fn spawn_or_drop(work: impl Future<Output = ()> + Send + 'static) {
    match Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(work)),
        Err(_none) => drop(work),
    }
}
