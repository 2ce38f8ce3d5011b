//! How a process stops: it says so, waits, finishes what it began.

use std::{future::Future, time::Duration};

use actix_web::dev::ServerHandle;

use crate::{config::LimitConfig, http::Health, work::Stopper};

/// What is stopped, in which manner.
pub(super) struct Shutdown {
    pub(super) health: Health,
    pub(super) work: Stopper,
    /// How long to go on after it was said, so that load balancers notice.
    pub(super) delay: Duration,
    /// How long what was begun may take to finish.
    pub(super) patience: Duration,
}

impl Shutdown {
    pub(super) fn new(health: Health, work: Stopper, limits: &LimitConfig) -> Self {
        Self { health, work, delay: limits.drain_delay, patience: limits.shutdown_timeout }
    }

    /// Waits for Ctrl-C or SIGTERM, then stops: readiness turns to no, nothing new is taken on, and what is in progress
    /// finishes: first the jobs, then the requests. Returns at a second signal or when the time is up, which means that
    /// nothing more is to be waited for; the server itself would not listen any more.
    pub(super) async fn on_signal(self, server: Option<Serving>) {
        asked_to_stop().await;
        tracing::info!("stopping: finishing requests in progress");
        self.health.drain();
        tokio::select! {
            () = self.gently(server.as_ref()) => {}
            () = self.time(server.as_ref()) => tracing::warn!("stopping: giving up what did not finish in time"),
            () = asked_to_stop() => tracing::warn!("stopping at once: giving up requests in progress"),
        }
    }

    async fn gently(&self, server: Option<&Serving>) {
        if let Some(server) = server {
            self.work.stop(self.patience / 2);
            tokio::join!(tokio::time::sleep(self.delay), self.work.ended());
            server.rest().await;
            server.handle.stop(true).await;
        } else {
            self.work.stop(self.patience);
        }
        std::future::pending::<()>().await;
    }

    /// Requests and jobs share the patience; without a server the jobs have it for themselves, and return what is left.
    async fn time(&self, server: Option<&Serving>) {
        match server {
            Some(_) => tokio::time::sleep(self.delay + self.patience + GRACE).await,
            None => std::future::pending().await,
        }
    }
}

/// What the end itself may take: closing connections, returning jobs.
const GRACE: Duration = Duration::from_secs(2);

/// A server that is to be stopped.
pub(super) struct Serving {
    pub(super) handle: ServerHandle,
    /// Whether no connection to the database is in use.
    pub(super) is_at_rest: Box<dyn Fn() -> bool>,
}

/// How long to wait for a moment in which nobody uses the database; under load there may be none.
const REST: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(5);

impl Serving {
    /// Waits for such a moment. A connection to the database lives on the thread of the server that opened it, whoever
    /// uses it: whoever is in the middle of something when the first of the threads ends may find it broken.
    async fn rest(&self) {
        let rest = async {
            while !(self.is_at_rest)() {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _under_load = tokio::time::timeout(REST, rest).await;
    }
}

#[cfg(unix)]
pub(super) fn asked_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Registered here and not at the first poll, so that no signal is lost in between.
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            }
            // Without signals the process is stopped by its end.
            _ => std::future::pending().await,
        }
    }
}

#[cfg(not(unix))]
pub(super) async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
