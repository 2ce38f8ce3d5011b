//! Counts connections, from accept to close.

use std::any::Any;

use actix_web::{dev::Extensions, rt::net::TcpStream};

use super::Load;

/// For `HttpServer::on_connect`: counts the connection for as long as it is open.
pub(crate) fn count_connection(load: &Load, connection: &dyn Any, data: &mut Extensions) {
    let peer = connection.downcast_ref::<TcpStream>().and_then(|stream| stream.peer_addr().ok());
    if let Some(peer) = peer {
        data.insert(load.connect(peer.ip()));
    }
}
