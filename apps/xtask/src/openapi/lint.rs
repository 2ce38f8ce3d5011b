//! Spectral and Redocly, pinned in openapi/lint, read the committed OpenAPI document.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use semver::Version;

use crate::session::Session;
use crate::tools::{self, Missing, Package};
use crate::{process, say};

const PACKAGE: Package =
    Package { name: "Node.js 20.19 or newer with npm", apt: "nodejs npm", dnf: "nodejs npm", brew: "node" };

/// What Redocly asks for.
const OLDEST: Version = Version::new(20, 19, 0);

const DOCUMENT: &str = "../openapi.json";

/// Errors of either linter fail the step; warnings are printed.
pub(crate) fn lint(session: &Session) -> Result<()> {
    let folder = session.root.join("openapi/lint");
    ensure!(folder.join(DOCUMENT).is_file(), "openapi/openapi.json is not there; run `cargo xtask openapi`");
    PACKAGE.find_or_install(&session.interrupt, find_node)?;
    install(session, &folder)?;
    let spectral = run(session, &folder, &["spectral", "lint", DOCUMENT, "--ruleset", ".spectral.yaml"]);
    let redocly = run(session, &folder, &["redocly", "lint", DOCUMENT, "--config", "redocly.yaml"]);
    spectral.and(redocly)
}

fn find_node() -> Option<()> {
    tools::which("npm")?;
    let printed = process::capture(Command::new("node").arg("--version")).ok()?;
    is_new_enough(&printed).then_some(())
}

fn is_new_enough(printed: &str) -> bool {
    let version = printed.trim().trim_start_matches('v');
    Version::parse(version).is_ok_and(|version| version >= OLDEST)
}

/// Installs what the lock file names, once: a copy of it beside the packages tells that it was done.
fn install(session: &Session, folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json")).context("openapi/lint has no package-lock.json")?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    let result = process::run(Command::new("npm").arg("ci").current_dir(folder), &session.interrupt);
    session.interrupt.check()?;
    result.with_context(|| {
        Missing("the linters could not be installed from npm; with a network, run `npm ci` in openapi/lint".to_owned())
    })?;
    fs::write(stamp, lock).context("cannot note what was installed")
}

/// Runs a linter from the folder, telling it not to report home or look for updates.
fn run(session: &Session, folder: &Path, arguments: &[&str]) -> Result<()> {
    let (name, rest) = arguments.split_first().context("no linter named")?;
    let mut command = Command::new(folder.join("node_modules/.bin").join(name));
    command
        .current_dir(folder)
        .args(rest)
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .env("REDOCLY_SUPPRESS_NOTIFICATIONS", "true");
    let result = process::run(&mut command, &session.interrupt);
    if let Err(error) = &result {
        say::line(&format!("    {error:#}"));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_node_will_not_do() {
        assert!(is_new_enough("v20.19.0\n"));
        assert!(is_new_enough("v24.1.0\n"));
        assert!(!is_new_enough("v18.20.4\n"));
        assert!(!is_new_enough("command not found"));
    }
}
