//! Counts connections, from accept to close.

use std::{any::Any, net::Shutdown};

use actix_web::{dev::Extensions, rt::net::TcpStream};
use socket2::SockRef;

use crate::http::AppState;

/// For `HttpServer::on_connect`: counts the connection for as long as it is open, and hangs up on an address that goes
/// on opening them although its requests are refused. Clients behind a trusted proxy share its address and are left to
/// the proxy.
pub(crate) fn count_connection(state: &AppState, connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else {
        return;
    };
    data.insert(state.metrics.connection());
    let Ok(peer) = stream.peer_addr().map(|address| address.ip().to_canonical()) else {
        return;
    };
    if state.trusts(peer) {
        return;
    }
    data.insert(state.load.connect(peer));
    if state.load.is_flooded(peer) {
        // A socket that is gone already needs no hanging up.
        let _gone = SockRef::from(stream).shutdown(Shutdown::Both);
    }
}
