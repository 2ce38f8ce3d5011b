//! Asks a running server whether it is ready, over a plain socket: the image has no shell, and a
//! whole HTTP client for one status code would be a poor trade.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use url::Url;

use crate::config::reachable;

/// For connecting and for the answer, each.
const PATIENCE: Duration = Duration::from_secs(2);
/// The bytes that hold the status: `HTTP/1.1 200`.
const STATUS_LENGTH: usize = 12;

/// What to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    address: SocketAddr,
    host: String,
    path: String,
}

/// Why a server does not count as ready. Each message is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum HealthcheckError {
    /// The URL cannot be asked.
    #[error("{url:?} is no http:// URL of a reachable host")]
    Url {
        /// The URL.
        url: String,
    },
    /// Nobody answered.
    #[error("no answer from {address}: {cause}")]
    Unreachable {
        /// The address.
        address: SocketAddr,
        /// What the socket said.
        cause: io::Error,
    },
    /// Something answered that does not speak HTTP.
    #[error("{address} does not speak HTTP")]
    Foreign {
        /// The address.
        address: SocketAddr,
    },
    /// The server says no.
    #[error("not ready: {address} answered {status}")]
    NotReady {
        /// The address.
        address: SocketAddr,
        /// The HTTP status.
        status: u16,
    },
}

impl Target {
    /// `/health/ready` of a server with this listening address.
    pub fn listening_on(listen: SocketAddr) -> Self {
        let address = reachable(listen);
        Self { address, host: address.to_string(), path: "/health/ready".to_owned() }
    }

    /// What an http URL names; its host may be a name.
    pub fn of_url(text: &str) -> Result<Self, HealthcheckError> {
        let unusable = || HealthcheckError::Url { url: text.to_owned() };
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http");
        let url = url.ok_or_else(unusable)?;
        let host = url.host_str().ok_or_else(unusable)?;
        let port = url.port().unwrap_or(80);
        let bare = host.trim_matches(['[', ']']);
        let address =
            (bare, port).to_socket_addrs().ok().and_then(|mut addresses| addresses.next()).ok_or_else(unusable)?;
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Self {
            address,
            host: format!("{host}:{port}"),
            path: format!("{}{}", url.path(), query.unwrap_or_default()),
        })
    }
}

/// Asks, and takes 200 for an answer.
pub fn healthcheck(target: &Target) -> Result<(), HealthcheckError> {
    let address = target.address;
    match status(target) {
        Ok(Some(200)) => Ok(()),
        Ok(Some(status)) => Err(HealthcheckError::NotReady { address, status }),
        Ok(None) => Err(HealthcheckError::Foreign { address }),
        Err(cause) => Err(HealthcheckError::Unreachable { address, cause }),
    }
}

fn status(target: &Target) -> io::Result<Option<u16>> {
    let mut stream = TcpStream::connect_timeout(&target.address, PATIENCE)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ashlar-healthcheck\r\nConnection: close\r\n\r\n",
        target.path, target.host
    );
    stream.write_all(request.as_bytes())?;
    read_status(&mut stream)
}

fn read_status(stream: &mut TcpStream) -> io::Result<Option<u16>> {
    let deadline = Instant::now() + PATIENCE;
    let mut head = Vec::with_capacity(STATUS_LENGTH);
    let mut byte = [0];
    while head.len() < STATUS_LENGTH {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        if stream.read(&mut byte)? == 0 {
            break;
        }
        head.extend_from_slice(&byte);
    }
    let text = String::from_utf8_lossy(&head);
    let code = text.strip_prefix("HTTP/1.").and_then(|rest| rest.split_whitespace().nth(1));
    Ok(code.and_then(|code| code.parse().ok()))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// A server that answers one request with these bytes, and tells what it was asked.
    fn answering(answer: &'static str) -> (SocketAddr, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = vec![0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        (address, server)
    }

    fn asked(answer: &'static str) -> Result<(), HealthcheckError> {
        let (address, _server) = answering(answer);
        healthcheck(&Target::listening_on(address))
    }

    #[test]
    fn two_hundred_is_ready_and_anything_else_is_not() {
        assert!(asked("HTTP/1.1 200 OK\r\n\r\n").is_ok());
        let sentence = asked("HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap_err().to_string();
        assert!(sentence.ends_with("answered 503"), "{sentence}");
        assert!(matches!(asked("SSH-2.0-OpenSSH"), Err(HealthcheckError::Foreign { .. })));
        assert!(matches!(asked(""), Err(HealthcheckError::Foreign { .. })));
    }

    #[test]
    fn closed_port_is_unreachable() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);

        let error = healthcheck(&Target::listening_on(address)).unwrap_err();

        assert!(matches!(error, HealthcheckError::Unreachable { .. }), "{error}");
    }

    #[test]
    fn server_on_every_address_is_asked_over_loopback() {
        let v4 = Target::listening_on("0.0.0.0:8080".parse().unwrap());
        let v6 = Target::listening_on("[::]:8080".parse().unwrap());

        assert_eq!(v4.host, "127.0.0.1:8080");
        assert_eq!(v6.host, "[::1]:8080");
    }

    #[test]
    fn url_names_host_port_path_and_query() {
        let (address, server) = answering("HTTP/1.0 200 OK\r\n\r\n");
        let url = format!("http://localhost:{}/health/live?x=1", address.port());
        let mut target = Target::of_url(&url).unwrap();
        target.address = address; // `localhost` may be ::1 here

        healthcheck(&target).unwrap();

        let request = server.join().unwrap();
        assert!(request.starts_with("GET /health/live?x=1 HTTP/1.1\r\n"), "{request}");
        for url in ["https://localhost/", "localhost:8080", "http://"] {
            assert!(Target::of_url(url).is_err(), "{url}");
        }
    }
}
