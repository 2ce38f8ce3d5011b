//! A Redis server that lives as long as one run.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use super::folder::Folder;
use super::server::{Kind, Server};
use crate::interrupt::Interrupt;
use crate::tools::{self, Package};

const PACKAGE: Package = Package { name: "Redis", apt: "redis-server", dnf: "valkey", brew: "redis" };

/// The running server.
#[derive(Debug)]
pub(crate) struct Redis {
    server: Server,
}

impl Redis {
    /// Finds or installs Redis, or Valkey which speaks the same, and starts it empty.
    pub(crate) fn start(interrupt: &Interrupt) -> Result<Self> {
        let program = Program(PACKAGE.find_or_install(interrupt, find)?);
        let server = Server::start(&program, Folder::create("redis")?, interrupt)?;
        Ok(Self { server })
    }

    /// Where tests reach it.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.server.port)
    }
}

fn find() -> Option<PathBuf> {
    ["redis-server", "valkey-server"].into_iter().find_map(tools::which)
}

struct Program(PathBuf);

impl Kind for Program {
    const NAME: &'static str = "Redis";
    const FAREWELL: Signal = Signal::TERM;

    fn command(&self, folder: &Folder, port: u16) -> Command {
        let mut redis = folder.command(&self.0);
        redis.args(["--bind", "127.0.0.1", "--port", &port.to_string()]);
        redis.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
        redis
    }

    fn is_ready(&self, _folder: &Path, port: u16) -> bool {
        ping(port).is_some_and(|answer| answer == *b"+PONG")
    }
}

fn ping(port: u16) -> Option<[u8; 5]> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let patience = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}
