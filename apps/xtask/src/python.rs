//! Python and packages of it, for what only another language can tell about Ashlar.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::services::{self, Postgres};
use crate::session::Session;
use crate::tools::{self, Missing, Package};

const PYTHON: Package = Package {
    name: "Python 3.11 or newer with venv",
    apt: "python3 python3-venv",
    dnf: "python3 python3-pip",
    brew: "python",
};

/// Succeeds where a folder of packages can be made. Debian ships `venv` without what it needs.
const IS_COMPLETE: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// Packages that belong together, in a folder of their own under `target`.
#[derive(Debug)]
pub(crate) struct Packages {
    /// The folder.
    name: &'static str,
    /// The file that pins them with their hashes.
    pins: &'static str,
}

/// What tests of the suite ask.
pub(crate) const INTEROP: Packages = Packages { name: "interop", pins: "tests/interop/requirements.txt" };

/// The stack that the former systems ran on.
const PEERS: Packages = Packages { name: "peers", pins: "tests/peers/requirements.txt" };

/// `cargo xtask peers`: the races of `tests/peers`, by hand.
pub(crate) fn race_peers(session: &mut Session, rounds: u32) -> Result<()> {
    let python = PEERS.install(session)?;
    session.run_cargo(&["build", "--release", "-p", "ashlar-server", "--bins"])?;
    services::start_postgres(session)?;
    let postgres = session.postgres.as_ref().map(Postgres::url).unwrap_or_default();
    let mut race = Command::new(python);
    race.arg(session.root.join("tests/peers/race.py"))
        .arg("--ashlar")
        .arg(session.binary("release")?)
        .args(["--postgres", &postgres, "--rounds", &rounds.to_string()])
        .env("PYTHONDONTWRITEBYTECODE", "1");
    process::run(&mut race, &session.interrupt)
}

impl Packages {
    /// The Python that has them: a copy of the pins beside it tells that they are all there.
    pub(crate) fn install(&self, session: &Session) -> Result<PathBuf> {
        let pins = session.root.join(self.pins);
        let wanted = fs::read(&pins).with_context(|| format!("there is no {}", self.pins))?;
        let folder = session.python_folder(self.name);
        let (python, stamp) = (folder.join("bin/python"), folder.join("installed.txt"));
        let is_done = fs::read(&stamp).is_ok_and(|installed| installed == wanted);
        // Its Python may have gone since.
        if is_done && process::succeeds(Command::new(&python).arg("--version")) {
            return Ok(python);
        }
        let found = PYTHON.find_or_install(&session.interrupt, find)?;
        process::run(Command::new(found).args(["-m", "venv", "--clear"]).arg(&folder), &session.interrupt)?;
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(&pins);
        let result = process::run(&mut pip, &session.interrupt);
        session.interrupt.check()?;
        result.with_context(|| Missing(format!("the packages of {} could not be installed from PyPI", self.pins)))?;
        fs::write(stamp, wanted).context("cannot note what was installed")?;
        Ok(python)
    }
}

fn find() -> Option<PathBuf> {
    let names = ["python3", "python3.13", "python3.12", "python3.11"];
    let mut found = names.into_iter().filter_map(tools::which);
    found.find(|python| process::succeeds(Command::new(python).args(["-c", IS_COMPLETE])))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_pin_is_followed_by_a_hash() {
        let files = [
            include_str!("../../../tests/interop/requirements.txt"),
            include_str!("../../../tests/peers/requirements.txt"),
        ];
        for pins in files {
            let lines: Vec<_> = pins.lines().collect();
            let pinned: Vec<_> =
                lines.windows(2).filter(|pair| pair[0].contains("==") && !pair[0].starts_with('#')).collect();

            assert!(pinned.len() > 4);
            for pair in pinned {
                assert!(pair[1].trim_start().starts_with("--hash=sha256:"), "{}", pair[0]);
            }
        }
    }
}
