//! `ashlar worker` and `ashlar scheduler`: work behind the scenes without the API, until told to stop.

use std::error::Error;

use super::{serve::serve_operators, shutdown::Shutdown};
use crate::{
    admin::{self, Entrance},
    compose::{Product, World, compose},
    config::Config,
    telemetry::KeptLines,
    work::Roles,
};

pub(super) async fn run(config: &Config, roles: Roles, kept: Option<&KeptLines>) -> Result<(), Box<dyn Error>> {
    let entrance = admin::listen(config)?;
    let operators = entrance.as_ref().map(Entrance::address);
    // Whoever serves loads it.
    let mut config = config.clone();
    config.demo = false;
    let Product { state, mut work, store, .. } = compose(&config, World::real(config.hash_threads)).await?;
    work.errands.extend(kept.and_then(|kept| kept.write(state.system_log.clone(), state.metrics.clone())));

    let admin = entrance.map(|entrance| serve_operators(entrance, &state)).transpose()?;
    let name = name_of_this_process();
    let working = work.start(roles, &name, &state.metrics);
    let shutdown = Shutdown::new(state.health.clone(), working.stopper(), &config.limits);
    let stopper = shutdown.on_signal(None);
    let Roles { worker, scheduler } = roles;
    tracing::info!(name, worker, scheduler, admin = operators.map(tracing::field::display), "ready");

    let gently = async {
        working.stopped().await;
        store.close().await;
    };
    tokio::select! {
        () = gently => {}
        // Asked twice: others get its jobs when their leases are over.
        () = stopper => {}
    }
    if let Some(admin) = admin {
        admin.stop(false).await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Who has a job, as operators read it.
pub(super) fn name_of_this_process() -> String {
    format!("{}:{}", host(), std::process::id())
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    "host".to_owned()
}
