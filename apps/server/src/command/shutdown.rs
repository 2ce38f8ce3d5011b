//! How a process stops: it says so, waits, finishes what it began.

use std::{future::Future, time::Duration};

use actix_web::dev::ServerHandle;

use crate::http::Health;

/// Waits for Ctrl-C or SIGTERM, then stops the server: readiness turns to no, `delay` passes so that load balancers
/// notice, the server stops accepting and finishes what is in progress. Returns at a second signal, which means that
/// nothing more is to be waited for; the server itself would not listen any more.
pub(super) async fn stop_on_signal(server: ServerHandle, health: Health, delay: Duration) {
    asked_to_stop().await;
    tracing::info!("stopping: finishing requests in progress");
    health.drain();
    let gently = async {
        tokio::time::sleep(delay).await;
        server.stop(true).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = gently => {}
        () = asked_to_stop() => tracing::warn!("stopping at once: giving up requests in progress"),
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
