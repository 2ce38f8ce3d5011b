//! The temporary folder of a service.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::account::Account;
use crate::process;

/// How much of a log is worth showing.
const TAIL: usize = 20;

/// A folder that only the service's user can read, removed with this value.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: TempDir,
    account: Option<Account>,
}

impl Folder {
    /// Makes the folder where the service's user can reach it.
    pub(crate) fn create(service: &str) -> Result<Self> {
        let account = Account::unprivileged()?;
        let prefix = format!("ashlar-{service}-");
        // root's own TMPDIR is often closed to others.
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix(&prefix).permissions(Permissions::from_mode(0o700));
        let places = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
        for place in places {
            let Ok(folder) = builder.tempdir_in(&place) else {
                continue;
            };
            if let Some(account) = account {
                account.own(folder.path())?;
            }
            let folder = Self { folder, account };
            if folder.is_reachable() {
                return Ok(folder);
            }
        }
        bail!("no temporary folder that the user of {service} can write to; set TMPDIR to one")
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A command that runs in this folder as the service's user, in a language whose messages we know.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env("LC_ALL", "C").env("HOME", self.path());
        if let Some(account) = self.account {
            account.assume(&mut command);
        }
        command
    }

    /// Sends what `command` prints to the log.
    pub(crate) fn log<'command>(&self, command: &'command mut Command) -> Result<&'command mut Command> {
        let log = File::options().create(true).append(true).open(self.log_file()).context("cannot write a log")?;
        Ok(command.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log)))
    }

    /// The end of the log, for an error message.
    pub(crate) fn log_tail(&self) -> String {
        let log = fs::read_to_string(self.log_file()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default().join("\n")
    }

    fn log_file(&self) -> PathBuf {
        self.path().join("log")
    }

    fn is_reachable(&self) -> bool {
        process::succeeds(self.command(Path::new("/bin/sh")).args(["-c", "test -w ."]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_goes_with_its_value_and_shows_the_end_of_its_log() {
        let folder = Folder::create("test").unwrap();
        let path = folder.path().to_path_buf();
        let mut command = folder.command(Path::new("/bin/sh"));
        command.args(["-c", "seq 1 50"]);

        assert!(folder.log(&mut command).unwrap().status().unwrap().success());

        assert!(folder.log_tail().starts_with("31\n"), "{}", folder.log_tail());
        assert!(folder.log_tail().ends_with("\n50"), "{}", folder.log_tail());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn no_service_runs_as_root() {
        let folder = Folder::create("test").unwrap();

        let user = process::capture(folder.command(Path::new("/bin/sh")).args(["-c", "id -u"])).unwrap();

        assert_ne!(user.trim(), "0");
    }
}
