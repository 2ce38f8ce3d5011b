//! `ashlar serve`: the API until it is told to stop.

use std::{error::Error, net::TcpListener};

use super::{banner::banner, shutdown::stop_on_signal};
use crate::{
    cli::output,
    compose::{StartError, World, compose},
    config::Config,
    http::server,
};

pub(super) async fn run(config: &Config) -> Result<(), Box<dyn Error>> {
    raise_file_limit();
    // First, because it fails most often and costs nothing.
    let listener = listen(config)?;
    let config = config.clone().bound_to(listener.local_addr()?);
    let product = compose(&config, World::real(config.hash_threads)).await?;

    let server = server(listener, product.state.clone(), &config).map_err(StartError::Server)?;
    let stopper = stop_on_signal(server.handle(), product.state.health.clone(), config.limits.drain_delay);
    output::tell(banner(&config, product.demo.as_ref()));
    tracing::info!(address = %config.listen, "ready");

    tokio::select! {
        outcome = server => {
            product.store.close().await;
            outcome.map_err(StartError::Server)?;
        }
        // Asked twice: what is under way ends with the process, and its transactions roll back.
        () = stopper => {}
    }
    tracing::info!("stopped");
    Ok(())
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
