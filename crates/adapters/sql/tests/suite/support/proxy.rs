//! A door to a server that can be shut.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Hands connections on to `target` until it is shut; then the port is closed and every connection is cut.
pub(crate) struct Proxy {
    target: String,
    port: u16,
    door: JoinSet<()>,
}

impl Proxy {
    pub(crate) async fn to(target: String) -> Self {
        let mut proxy = Self { target, port: 0, door: JoinSet::new() };
        proxy.open().await;
        proxy
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Opens the door, on the same port as before.
    pub(crate) async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let target = self.target.clone();
        self.door.spawn(async move {
            let mut visitors = JoinSet::new();
            while let Ok((visitor, _)) = listener.accept().await {
                visitors.spawn(hand_on(visitor, target.clone()));
            }
        });
    }

    /// As if the server had been stopped.
    pub(crate) async fn shut(&mut self) {
        self.door.shutdown().await;
    }
}

async fn hand_on(mut visitor: TcpStream, target: String) {
    if let Ok(mut server) = TcpStream::connect(target).await {
        drop(copy_bidirectional(&mut visitor, &mut server).await);
    }
}
