//! One run of `wrk` against one server.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::scene::Server;
use super::watch::Watch;
use crate::process;

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Load<'scene> {
    /// How the script makes a request: `get`, `patch`, `login` or `refresh`.
    pub(crate) kind: &'static str,
    /// Where it goes.
    pub(crate) path: &'scene str,
    /// Who asks, in turn. For `refresh` they are refresh tokens, each of which is good once.
    pub(crate) tokens: &'scene [String],
    /// How many connections ask at once.
    pub(crate) connections: u32,
    /// For how long.
    pub(crate) seconds: u32,
}

/// What `load.lua` prints.
#[derive(Debug, Deserialize)]
struct Printed {
    requests: f64,
    micros: f64,
    failed: u64,
    p50: f64,
    p95: f64,
    p99: f64,
}

/// The figures of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Requests per second.
    pub(crate) rate: f64,
    /// Milliseconds that half of the requests took at most.
    pub(crate) p50: f64,
    /// The same for 95 of a hundred.
    pub(crate) p95: f64,
    /// The same for 99 of a hundred.
    pub(crate) p99: f64,
    /// Microseconds of processor time of the server for one request.
    pub(crate) cpu: f64,
    /// Resident memory of the server right after, in MiB.
    pub(crate) memory: f64,
}

/// The command, for a caller that runs it beside another.
pub(crate) fn command(script: &Path, server: &Server, load: &Load<'_>) -> Command {
    let mut command = Command::new("wrk");
    command.args(["-t1", "--timeout", "10s", "-c", &load.connections.to_string(), "-d", &load.seconds.to_string()]);
    command.arg("-s").arg(script).arg(format!("http://{}/", server.address)).args(["--", load.kind, load.path]);
    command.args(load.tokens);
    command
}

/// Runs it and reads what it printed. A request that failed fails the run: a wrong answer is quickly given.
pub(crate) fn run(script: &Path, server: &Server, load: &Load<'_>) -> Result<Figures> {
    let watch = Watch::begin(server)?;
    let printed = process::capture(&mut command(script, server, load))?;
    let line = printed.lines().rev().find(|line| line.starts_with('{')).context("wrk printed no figures")?;
    let seen: Printed = serde_json::from_str(line)?;
    ensure!(seen.failed == 0, "{} of {} requests to {} failed", seen.failed, seen.requests, load.path);
    let (cpu, memory) = watch.end(seen.requests)?;
    Ok(Figures {
        rate: seen.requests / seen.micros * 1e6,
        p50: seen.p50 / 1e3,
        p95: seen.p95 / 1e3,
        p99: seen.p99 / 1e3,
        cpu,
        memory,
    })
}
