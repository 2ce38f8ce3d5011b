//! A TCP balancer as stands before two processes: it asks them whether they are ready, and sends connections there.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::raw;

/// How often it asks.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// A running balancer. It ends when this is dropped; connections end with it.
pub struct Balancer {
    address: SocketAddr,
    backends: Arc<Mutex<Vec<Backend>>>,
    _tasks: JoinSet<()>,
}

#[derive(Clone, Copy)]
struct Backend {
    address: SocketAddr,
    is_ready: bool,
}

impl Balancer {
    /// Starts one without processes behind it.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let backends = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        tasks.spawn(carry(listener, Arc::clone(&backends)));
        tasks.spawn(watch(Arc::clone(&backends)));
        Self { address, backends, _tasks: tasks }
    }

    /// Where clients connect.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A process that is ready stands behind it now.
    pub fn add(&self, address: SocketAddr) {
        lock(&self.backends).push(Backend { address, is_ready: true });
    }

    /// A process has ended.
    pub fn remove(&self, address: SocketAddr) {
        lock(&self.backends).retain(|backend| backend.address != address);
    }
}

fn lock(backends: &Mutex<Vec<Backend>>) -> std::sync::MutexGuard<'_, Vec<Backend>> {
    backends.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn watch(backends: Arc<Mutex<Vec<Backend>>>) {
    loop {
        let known: Vec<_> = lock(&backends).iter().map(|backend| backend.address).collect();
        for address in known {
            let ask = b"GET /health/ready HTTP/1.1\r\nhost: ashlar\r\nconnection: close\r\n\r\n";
            let is_ready = match TcpStream::connect(address).await {
                Ok(stream) => raw::on(stream, ask).await.is_some_and(|answer| answer.status == 200),
                Err(_gone) => false,
            };
            let mut backends = lock(&backends);
            backends.iter_mut().filter(|backend| backend.address == address).for_each(|backend| {
                backend.is_ready = is_ready;
            });
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn carry(listener: TcpListener, backends: Arc<Mutex<Vec<Backend>>>) {
    let mut connections = JoinSet::new();
    let mut turn = 0_usize;
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let ready: Vec<_> = lock(&backends).iter().filter(|backend| backend.is_ready).copied().collect();
        turn = turn.wrapping_add(1);
        let Some(chosen) = ready.get(turn.checked_rem(ready.len()).unwrap_or(0)).copied() else {
            // Nobody is there, and the client finds out.
            continue;
        };
        connections.spawn(async move {
            if let Ok(mut server) = TcpStream::connect(chosen.address).await {
                let _either_side_hung_up = copy_bidirectional(&mut client, &mut server).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
