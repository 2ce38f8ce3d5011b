//! Finds the programs that cargo does not bring, and installs them where that is allowed.

use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::env;
use crate::interrupt::Interrupt;
use crate::process;
use crate::say;

/// A tool is not here and could not be had; the text names what to install.
#[derive(Debug)]
pub(crate) struct Missing(pub(crate) String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

/// How a tool is called by the package managers of the usual machines.
#[derive(Debug)]
pub(crate) struct Package {
    /// What it is, with the oldest version that will do.
    pub(crate) name: &'static str,
    /// Debian's packages, separated by spaces.
    pub(crate) apt: &'static str,
    /// Fedora's packages.
    pub(crate) dnf: &'static str,
    /// Homebrew's formula.
    pub(crate) brew: &'static str,
}

impl Package {
    /// Looks for the tool, and when it is not there installs it by apt and looks again.
    pub(crate) fn find_or_install<T>(&self, interrupt: &Interrupt, find: impl Fn() -> Option<T>) -> Result<T> {
        if let Some(found) = find() {
            return Ok(found);
        }
        let apt = Apt::available().ok_or_else(|| self.missing("not found"))?;
        say::line(&format!("    {} is not here: installing {}", self.name, self.apt));
        let outcome = apt.install(self.apt, interrupt);
        interrupt.check()?;
        outcome.with_context(|| self.missing("apt-get failed"))?;
        Ok(find().ok_or_else(|| self.missing("apt-get brought none that will do"))?)
    }

    fn missing(&self, why: &str) -> Missing {
        let Self { name, apt, dnf, brew } = self;
        Missing(format!(
            "{name} is missing ({why}); install it with `apt-get install {apt}` (Debian, Ubuntu), \
             `dnf install {dnf}` (Fedora) or `brew install {brew}` (macOS)"
        ))
    }
}

/// The program called `name` in the search path.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    env::search_path().into_iter().map(|folder| folder.join(name)).find(|file| is_program(file))
}

/// Whether `file` is there and may be executed by somebody.
pub(crate) fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Debian's package manager, usable without a question being asked.
struct Apt {
    sudo: bool,
}

impl Apt {
    fn available() -> Option<Self> {
        which("apt-get")?;
        if rustix::process::geteuid().is_root() {
            return Some(Self { sudo: false });
        }
        let sudo = process::succeeds(Command::new("sudo").args(["-n", "true"]));
        sudo.then_some(Self { sudo: true })
    }

    fn install(&self, packages: &str, interrupt: &Interrupt) -> Result<()> {
        // One broken source of many fails an update, and the package may come from another.
        if let Err(error) = process::run(&mut self.command(&["update", "-qq"]), interrupt) {
            say::line(&format!("    {error:#}; trying to install all the same"));
        }
        interrupt.check()?;
        let install = ["install", "-y", "-qq", "--no-install-recommends"];
        // Not to be interrupted: a package half set up is left to its owner to mend.
        process::run(self.command(&install).args(packages.split(' ')), &Interrupt::default())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let program = if self.sudo { "sudo" } else { "env" };
        let mut command = Command::new(program);
        if self.sudo {
            command.args(["-n", "env"]);
        }
        command
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get"])
            .args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"])
            .args(arguments);
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: Package = Package { name: "Redis", apt: "redis-server", dnf: "valkey", brew: "redis" };

    #[test]
    fn what_is_missing_names_the_command_for_each_machine() {
        let text = REDIS.missing("not found").to_string();

        for expected in ["apt-get install redis-server", "dnf install valkey", "brew install redis"] {
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn what_is_there_is_not_installed() {
        let found = REDIS.find_or_install(&Interrupt::default(), || Some(7)).unwrap();

        assert_eq!(found, 7);
    }

    #[test]
    fn a_missing_tool_is_recognised_under_its_context() {
        let apt_said: Result<()> = Err(anyhow::anyhow!("exit status: 100"));

        let error = apt_said.with_context(|| REDIS.missing("apt-get failed")).unwrap_err();

        assert!(error.is::<Missing>());
    }

    #[test]
    fn a_shell_is_in_the_search_path_and_a_folder_is_no_program() {
        assert!(which("sh").is_some());
        assert!(!is_program(Path::new("/")));
    }
}
