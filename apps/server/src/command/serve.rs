//! `ashlar serve`: the API until it is told to stop.

use std::{error::Error, net::TcpListener};

use actix_web::dev::ServerHandle;
use ashlar_identity::use_case::FirstAdministrator;
use ashlar_kernel::{Context, RequestId, StoreError, TenantId};

use super::{
    banner::banner,
    shutdown::{Serving, Shutdown},
    work::name_of_this_process,
};
use crate::{
    admin::{self, Entrance},
    cli::output,
    compose::{Product, StartError, World, compose},
    config::{Config, Profile},
    http::{AppState, server},
    telemetry::KeptLines,
    work::Roles,
};

/// Serves, and does the work of `roles` beside it.
pub(super) async fn run(config: &Config, roles: Roles, kept: Option<&KeptLines>) -> Result<(), Box<dyn Error>> {
    raise_file_limit();
    // First, because it fails most often and costs nothing.
    let listener = listen(config)?;
    let entrance = admin::listen(config)?;
    let operators = entrance.as_ref().map(Entrance::address);
    let config = config.clone().bound_to(listener.local_addr()?);
    let product = compose(&config, World::real(config.hash_threads)).await?;
    let Product { state, mut work, store, demo } = product;
    work.errands.extend(kept.and_then(|kept| kept.write(state.system_log.clone(), state.metrics.clone())));

    let server = server(listener, state.clone(), &config).map_err(StartError::Server)?;
    let admin = entrance.map(|entrance| serve_operators(entrance, &state)).transpose()?;
    let working = work.start(roles, &name_of_this_process(), &state.metrics);
    let shutdown = Shutdown::new(state.health.clone(), working.stopper(), &config.limits);
    let watched = store.clone();
    let is_at_rest = Box::new(move || watched.pool().iter().all(|pool| pool.in_use == 0));
    let stopper = shutdown.on_signal(Some(Serving { handle: server.handle(), is_at_rest }));
    let first = first_administrator(&config, &state).await?;
    output::tell(banner(&config, operators, demo.as_ref(), first.as_ref()));
    tracing::info!(address = %config.listen, admin = operators.map(tracing::field::display), "ready");

    let gently = async {
        let outcome = server.await;
        // When the server broke by itself, nobody has asked yet.
        let stopper = working.stopper();
        stopper.stop(config.limits.shutdown_timeout);
        working.stopped().await;
        store.close().await;
        outcome.map_err(StartError::Server)
    };
    tokio::select! {
        outcome = gently => outcome?,
        // Asked twice: what is under way ends with the process, and its transactions roll back.
        () = stopper => {}
    }
    if let Some(admin) = admin {
        // The last to go, so that operators see the end; nobody waits for a scrape.
        admin.stop(false).await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// In production the first administrator comes with a token, which the first start of all prints.
async fn first_administrator(config: &Config, state: &AppState) -> Result<Option<FirstAdministrator>, StoreError> {
    if config.profile == Profile::Embedded {
        return Ok(None);
    }
    let context = Context::system("serve", TenantId::MAIN, RequestId::new(&*state.ids), state.clock.now());
    state.identity.await_first_administrator(&context).await.map(Some)
}

/// Answers operators from now on, beside the public API.
pub(super) fn serve_operators(entrance: Entrance, state: &AppState) -> Result<ServerHandle, StartError> {
    let server = admin::server(entrance, state.into()).map_err(StartError::Server)?;
    let handle = server.handle();
    // It ends when the handle stops it, or with the process.
    let _running = actix_web::rt::spawn(server);
    Ok(handle)
}

/// Lets the process open as many files as it may: every connection is one, and shells hand down a low limit that is
/// meant to be raised.
#[cfg(unix)]
fn raise_file_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

#[cfg(not(unix))]
fn raise_file_limit() {}

fn listen(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen;
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}
