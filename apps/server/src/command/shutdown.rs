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

    /// Waits for Ctrl-C or SIGTERM, then stops: readiness turns to no, the delay passes, the server stops accepting and
    /// finishes what is in progress, and so do the jobs at the same time. Returns at a second signal, which means that
    /// nothing more is to be waited for; the server itself would not listen any more.
    pub(super) async fn on_signal(self, server: Option<ServerHandle>) {
        asked_to_stop().await;
        tracing::info!("stopping: finishing requests in progress");
        self.health.drain();
        let gently = async {
            if let Some(server) = server {
                tokio::time::sleep(self.delay).await;
                self.work.stop(self.patience);
                server.stop(true).await;
            } else {
                self.work.stop(self.patience);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = gently => {}
            () = asked_to_stop() => tracing::warn!("stopping at once: giving up requests in progress"),
        }
    }
}

#[cfg(unix)]
fn asked_to_stop() -> impl Future<Output = ()> {
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
async fn asked_to_stop() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
