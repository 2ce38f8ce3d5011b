//! Where operators ask.

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, TcpListener},
};

use crate::config::{Config, Profile, Source};

/// The address for operators cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for metrics; choose another address with --admin-listen, or off")]
pub struct AdminListenError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A bound socket for operators.
pub struct Entrance {
    listener: TcpListener,
    address: SocketAddr,
}

impl Entrance {
    /// Where it is; a port of 0 has become the one it got.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// Binds the socket for operators; none when it is off.
///
/// Nor when another program has the default address on a laptop: a second instance beside the first is what people try
/// out, and they did not ask for this address. Who names an address gets it or an error, and production gets an error.
pub fn listen(config: &Config) -> Result<Option<Entrance>, AdminListenError> {
    let Some(address) = config.admin_listen else {
        return Ok(None);
    };
    match bind(address) {
        Ok(entrance) => Ok(Some(entrance)),
        Err(error) if error.kind() == ErrorKind::AddrInUse && may_do_without(config) => {
            tracing::warn!(%address, "no metrics: another program has their address; choose one with --admin-listen");
            Ok(None)
        }
        Err(source) => Err(AdminListenError { address, source }),
    }
}

fn may_do_without(config: &Config) -> bool {
    config.profile == Profile::Embedded && *config.source_of("admin_listen") == Source::Default
}

fn bind(address: SocketAddr) -> io::Result<Entrance> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok(Entrance { listener, address })
}
