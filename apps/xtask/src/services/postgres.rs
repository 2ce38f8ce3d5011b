//! A PostgreSQL server that lives as long as one run.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use rustix::process::Signal;

use super::folder::Folder;
use super::server::{Kind, Server};
use crate::interrupt::Interrupt;
use crate::process;
use crate::tools::{self, Package};

const PACKAGE: Package =
    Package { name: "PostgreSQL 14 or newer", apt: "postgresql", dnf: "postgresql-server", brew: "postgresql@17" };

/// The oldest major version that the adapter's SQL runs on.
const OLDEST: u32 = 14;

/// Settings that make it fast and forgetful: its data ends with the run.
const SETTINGS: [&str; 10] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    // What a server has that is for a database is far more than the 128 MB that it begins with.
    "shared_buffers=512MB",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "logging_collector=off",
];

/// The running server.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: Server,
}

impl Postgres {
    /// Finds or installs the newest PostgreSQL of this machine and starts it on an empty cluster.
    pub(crate) fn start(interrupt: &Interrupt) -> Result<Self> {
        let programs = Programs(PACKAGE.find_or_install(interrupt, find)?);
        let folder = Folder::create("postgres")?;
        programs.create_cluster(&folder)?;
        let server = Server::start(&programs, folder, interrupt)?;
        Ok(Self { server })
    }

    /// Where tests reach it, as a superuser.
    pub(crate) fn url(&self) -> String {
        format!("postgres://ashlar@127.0.0.1:{}/postgres", self.server.port)
    }
}

/// The folder of `initdb` and `postgres`.
struct Programs(PathBuf);

impl Programs {
    fn create_cluster(&self, folder: &Folder) -> Result<()> {
        // C.UTF-8 sorts by code point and yet knows upper from lower case; macOS has no such locale.
        self.initdb(folder, "C.UTF-8").or_else(|_| {
            let _ = fs::remove_dir_all(folder.path().join("data"));
            self.initdb(folder, "C")
        })
    }

    fn initdb(&self, folder: &Folder, locale: &str) -> Result<()> {
        let mut initdb = folder.command(&self.0.join("initdb"));
        initdb.args(["-D", "data", "-U", "ashlar", "-A", "trust", "--no-sync"]);
        initdb.args(["-E", "UTF8", "--locale", locale]);
        process::capture(&mut initdb).map(drop)
    }
}

impl Kind for Programs {
    const NAME: &'static str = "PostgreSQL";
    // Without a last checkpoint, which would only delay the removal of its data.
    const FAREWELL: Signal = Signal::QUIT;

    fn command(&self, folder: &Folder, port: u16) -> Command {
        let mut postgres = folder.command(&self.0.join("postgres"));
        postgres.args(["-D", "data", "-p", &port.to_string()]);
        for setting in SETTINGS {
            postgres.args(["-c", setting]);
        }
        postgres
    }

    /// The server notes its state in the eighth line of `postmaster.pid`, where `pg_ctl -w` reads it too.
    fn is_ready(&self, folder: &Path, _port: u16) -> bool {
        let state = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        state.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    }
}

/// The folder with the newest server programs.
fn find() -> Option<PathBuf> {
    let newest = candidates()
        .into_iter()
        .filter(|folder| tools::is_program(&folder.join("initdb")))
        .filter_map(|folder| Some((version(&folder)?, folder)))
        .filter(|(version, _)| *version >= OLDEST)
        .min_by_key(|(version, _)| Reverse(*version));
    newest.map(|(_, folder)| folder)
}

/// Where the packagers of the usual systems put the server, which is seldom the search path.
fn candidates() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    folders.extend(tools::which("postgres").and_then(|program| program.parent().map(Path::to_path_buf)));
    if let Ok(folder) = process::capture(Command::new("pg_config").arg("--bindir")) {
        folders.push(PathBuf::from(folder.trim()));
    }
    let places = [
        ("/usr/lib/postgresql", ""),                          // Debian, Ubuntu
        ("/usr", "pgsql-"),                                   // PostgreSQL's own packages for Fedora
        ("/opt/homebrew/opt", "postgresql"),                  // macOS on ARM
        ("/usr/local/opt", "postgresql"),                     // macOS on Intel
        ("/home/linuxbrew/.linuxbrew/opt", "postgresql"),     // Homebrew on Linux
        ("/Applications/Postgres.app/Contents/Versions", ""), // Postgres.app
    ];
    for (parent, prefix) in places {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix.as_bytes()));
        folders.extend(named.map(|entry| entry.path().join("bin")));
    }
    folders
}

fn version(folder: &Path) -> Option<u32> {
    major(&process::capture(Command::new(folder.join("postgres")).arg("--version")).ok()?)
}

/// The first number in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(text: &str) -> Option<u32> {
    let digits = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_server_prints() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("no such program"), None);
    }
}
