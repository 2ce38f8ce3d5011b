//! Programs of the registry that the bench needs: those in the search path, or else installed beside what cargo builds.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::session::Session;
use crate::{say, tools};

/// A package with programs.
#[derive(Debug)]
pub(crate) struct Package {
    /// The package.
    name: &'static str,
    /// The version that is installed. One that is there already may be another.
    version: &'static str,
    /// What it is built with.
    features: &'static str,
}

/// The load generator that sends at a fixed rate. Without TLS, which nobody needs here, it does not compile.
pub(crate) const OHA: Package = Package { name: "oha", version: "1.16.0", features: "rustls" };
/// What draws flame graphs. A program and no dependency: its licence is not one of `deny.toml`.
pub(crate) const INFERNO: Package = Package { name: "inferno", version: "0.12.8", features: "cli" };

impl Package {
    /// The path of one of its programs.
    pub(crate) fn program(&self, program: &str, session: &Session) -> Result<PathBuf> {
        if let Some(found) = tools::which(program) {
            return Ok(found);
        }
        let folder = session.tools_folder();
        let file = folder.join("bin").join(program);
        if tools::is_program(&file) {
            return Ok(file);
        }
        let Self { name, version, features } = self;
        say::line(&format!("    {program} is not here: installing {name} {version}"));
        let root = folder.to_str().context("the target folder has no name in UTF-8")?;
        let install = ["install", name, "--version", version, "--locked", "--no-default-features"];
        session.run_cargo(&[&install[..], &["--features", features, "--root", root]].concat())?;
        ensure!(tools::is_program(&file), "{name} brought no {program}");
        Ok(file)
    }
}
