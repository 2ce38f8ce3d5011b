//! What the steps of one run share.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::env;
use crate::interrupt::Interrupt;
use crate::process;
use crate::services::{Postgres, Redis};

/// The checkout, the services that were started for it, and how this run may behave.
///
/// Dropping it stops the services.
#[derive(Debug)]
pub(crate) struct Session {
    /// The top folder of the checkout.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    target: PathBuf,
    /// Raised when the run is to stop.
    pub(crate) interrupt: Interrupt,
    /// Leaves out what needs a service.
    pub(crate) quick: bool,
    /// What the user wrote after `--`.
    pub(crate) filter: Vec<String>,
    /// The throw-away database, once started.
    pub(crate) postgres: Option<Postgres>,
    /// The throw-away cache, once started.
    pub(crate) redis: Option<Redis>,
}

impl Session {
    /// Finds the checkout that the current folder belongs to.
    pub(crate) fn open() -> Result<Self> {
        let mut cargo = Command::new(env::cargo());
        let json = process::capture(cargo.args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Value = serde_json::from_str(&json)?;
        let folder = |key: &str| {
            let path = metadata.get(key).and_then(Value::as_str);
            path.map(PathBuf::from).with_context(|| format!("cargo metadata names no {key}"))
        };
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
            interrupt: Interrupt::listen()?,
            quick: false,
            filter: Vec::new(),
            postgres: None,
            redis: None,
        })
    }

    /// A cargo command in the checkout that sees the services.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env::cargo());
        command.current_dir(&self.root).args(arguments);
        // Set by the `cargo run` that started us; build scripts that look at them would run again for nothing.
        for name in env::cargo_run_variables() {
            command.env_remove(name);
        }
        command.env_remove("ASHLAR_TEST_POSTGRES_URL").env_remove("ASHLAR_TEST_REDIS_URL");
        if let Some(postgres) = &self.postgres {
            command.env("ASHLAR_TEST_POSTGRES_URL", postgres.url());
        }
        if let Some(redis) = &self.redis {
            command.env("ASHLAR_TEST_REDIS_URL", redis.url());
        }
        command
    }

    /// Runs a cargo command with its output in view.
    pub(crate) fn run_cargo(&self, arguments: &[&str]) -> Result<()> {
        process::run(&mut self.cargo(arguments), &self.interrupt)
    }

    /// Where programs are installed that the registry has and the machine lacks.
    pub(crate) fn tools_folder(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// Where packages of Python are installed for one purpose.
    pub(crate) fn python_folder(&self, purpose: &str) -> PathBuf {
        self.target.join(purpose)
    }

    /// Where flame graphs go.
    pub(crate) fn graphs_folder(&self) -> PathBuf {
        self.target.join("flamegraphs")
    }

    /// The built server, of `debug` or `release`.
    pub(crate) fn binary(&self, profile: &str) -> Result<PathBuf> {
        let file = self.target.join(profile).join("ashlar");
        ensure!(file.is_file(), "cargo built no {}", file.display());
        Ok(file)
    }
}
