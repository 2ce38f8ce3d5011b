//! A server process on a free port, with its folder.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use rustix::process::Signal;

use super::folder::Folder;
use super::port;
use crate::interrupt::Interrupt;
use crate::process::Supervised;
use crate::say;
use crate::wait;

/// Somebody else may take a port between our look and the server's.
const ATTEMPTS: u32 = 3;

/// A running server; dropping it stops the process and removes the folder, in this order.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) port: u16,
    _process: Supervised,
    _folder: Folder,
}

/// How a kind of server is started.
pub(super) trait Kind {
    /// What people call it.
    const NAME: &'static str;
    /// The signal that ends it soonest.
    const FAREWELL: Signal;

    /// The command that serves on `port` of the loopback interface, in the foreground.
    fn command(&self, folder: &Folder, port: u16) -> Command;

    /// Whether it takes requests already.
    fn is_ready(&self, folder: &Path, port: u16) -> bool;
}

impl Server {
    /// Starts the server and waits until it takes requests.
    pub(super) fn start<K: Kind>(kind: &K, folder: Folder, interrupt: &Interrupt) -> Result<Self> {
        for attempt in 1..=ATTEMPTS {
            let port = port::free()?;
            let mut command = kind.command(&folder, port);
            let mut process = Supervised::start(folder.log(&mut command)?, K::FAREWELL)?;
            let Err(error) = wait_until_ready(kind, &mut process, (folder.path(), port), interrupt) else {
                return Ok(Self { port, _process: process, _folder: folder });
            };
            interrupt.check()?;
            let log = folder.log_tail();
            if attempt == ATTEMPTS || !log.contains("Address already in use") {
                return Err(anyhow!("{error:#}; the log ends with\n{log}"));
            }
            say::line(&format!("    port {port} was taken by somebody else, trying another"));
        }
        bail!("no port stayed free long enough for {}", K::NAME)
    }
}

fn wait_until_ready<K: Kind>(
    kind: &K,
    process: &mut Supervised,
    (folder, port): (&Path, u16),
    interrupt: &Interrupt,
) -> Result<()> {
    wait::until(Duration::from_mins(1), Duration::from_millis(50), interrupt, || {
        if let Some(status) = process.ended()? {
            bail!("{} did not stay up ({status})", K::NAME);
        }
        Ok(kind.is_ready(folder, port))
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::PathBuf;

    use rustix::process::{Pid, test_kill_process};

    use super::*;

    /// A shell script in the place of a server, ready once it has written its process id to a file.
    struct Script {
        text: &'static str,
        seen: RefCell<Option<(PathBuf, i32)>>,
    }

    impl Kind for Script {
        const NAME: &'static str = "the script";
        const FAREWELL: Signal = Signal::TERM;

        fn command(&self, folder: &Folder, _port: u16) -> Command {
            let mut command = folder.command(Path::new("/bin/sh"));
            command.args(["-c", self.text]);
            command
        }

        fn is_ready(&self, folder: &Path, _port: u16) -> bool {
            let Ok(id) = std::fs::read_to_string(folder.join("ready")) else {
                return false;
            };
            *self.seen.borrow_mut() = Some((folder.to_path_buf(), id.trim().parse().unwrap()));
            true
        }
    }

    fn script(text: &'static str) -> Script {
        Script { text, seen: RefCell::new(None) }
    }

    fn start(script: &Script) -> Result<Server> {
        Server::start(script, Folder::create("test").unwrap(), &Interrupt::default())
    }

    #[test]
    fn a_taken_port_is_tried_again_with_another() {
        let once = "test -e tried || { : > tried; echo Address already in use; exit 1; }; \
                    echo $$ > id; mv id ready; exec sleep 60";

        assert!(start(&script(once)).is_ok());
    }

    #[test]
    fn a_server_that_ends_is_reported_with_the_end_of_its_log() {
        let error = start(&script("echo no space left; exit 3")).unwrap_err().to_string();

        assert!(error.starts_with("the script did not stay up"), "{error}");
        assert!(error.ends_with("no space left"), "{error}");
    }

    #[test]
    fn a_dropped_server_leaves_neither_process_nor_folder() {
        let script = script("echo $$ > id; mv id ready; exec sleep 60");
        let server = start(&script).unwrap();
        let (folder, id) = script.seen.take().unwrap();
        let id = Pid::from_raw(id).unwrap();
        assert!(folder.exists() && test_kill_process(id).is_ok());

        drop(server);

        assert!(!folder.exists());
        assert!(test_kill_process(id).is_err());
    }
}
