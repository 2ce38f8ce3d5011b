//! How much one process works on at once, and when it says no.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Counts what is in progress and knows the limits. Cheap to clone.
#[derive(Clone)]
pub struct Load(Arc<Inner>);

struct Inner {
    max_in_flight: usize,
    in_flight: AtomicUsize,
    max_connections_per_ip: usize,
    connections: Mutex<HashMap<IpAddr, usize>>,
    request_timeout: Duration,
}

/// A request in progress.
pub(super) struct InFlight(Load);

/// An open connection.
pub(crate) struct Connection {
    load: Load,
    ip: IpAddr,
}

impl Load {
    /// At most `max_in_flight` requests at once and `max_connections_per_ip` connections from one address; a request
    /// is given up after `request_timeout`.
    pub fn new(max_in_flight: usize, max_connections_per_ip: usize, request_timeout: Duration) -> Self {
        Self(Arc::new(Inner {
            max_in_flight,
            in_flight: AtomicUsize::new(0),
            max_connections_per_ip,
            connections: Mutex::new(HashMap::new()),
            request_timeout,
        }))
    }

    pub(super) fn request_timeout(&self) -> Duration {
        self.0.request_timeout
    }

    /// A place for one more request; none when all are taken.
    pub(super) fn admit(&self) -> Option<InFlight> {
        // Taken first and given back when it was one too many: no two requests can take the last place.
        let place = InFlight(self.clone());
        let before = self.0.in_flight.fetch_add(1, Ordering::SeqCst);
        (before < self.0.max_in_flight).then_some(place)
    }

    /// Counts a connection until it is dropped.
    pub(crate) fn connect(&self, ip: IpAddr) -> Connection {
        *self.connections().entry(ip).or_insert(0) += 1;
        Connection { load: self.clone(), ip }
    }

    /// Whether an address keeps more connections than it may.
    pub(super) fn is_crowded(&self, ip: IpAddr) -> bool {
        self.connections().get(&ip).is_some_and(|count| *count > self.0.max_connections_per_ip)
    }

    /// Whether an address keeps twice as many: telling it no is not enough.
    pub(super) fn is_flooded(&self, ip: IpAddr) -> bool {
        self.connections().get(&ip).is_some_and(|count| *count > self.0.max_connections_per_ip.saturating_mul(2))
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut connections = self.load.connections();
        if let Some(count) = connections.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load() -> Load {
        Load::new(2, 1, Duration::from_secs(1))
    }

    #[test]
    fn a_full_house_admits_nobody_until_somebody_leaves() {
        let load = load();
        let (first, second) = (load.admit(), load.admit());
        assert!(first.is_some() && second.is_some() && load.admit().is_none());
        drop(first);
        assert!(load.admit().is_some());
    }

    #[test]
    fn connections_are_counted_by_address_and_forgotten() {
        let (load, ip) = (load(), IpAddr::from([192, 0, 2, 1]));
        let first = load.connect(ip);
        assert!(!load.is_crowded(ip));
        let second = load.connect(ip);
        assert!(load.is_crowded(ip));
        let third = load.connect(ip);
        assert!(load.is_flooded(ip));
        drop((first, second));
        assert!(!load.is_crowded(ip) && !load.is_flooded(ip));
        drop(third);
        assert!(load.connections().is_empty());
    }
}
