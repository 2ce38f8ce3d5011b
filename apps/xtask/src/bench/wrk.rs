//! One run of `wrk` against one server, and what the kernel says about the server meanwhile.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::scene::Server;
use crate::process;

/// The kernel counts processor time for programs in hundredths of a second, whatever its own clock does.
const TICKS_PER_SECOND: f64 = 100.0;

/// What is sent.
#[derive(Debug, Clone)]
pub(crate) struct Load<'scene> {
    /// How the script makes a request: `get`, `patch` or `login`.
    pub(crate) kind: &'static str,
    /// Where it goes.
    pub(crate) path: &'scene str,
    /// Who asks, in turn.
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
    let before = processor_seconds(server.id())?;
    let printed = process::capture(&mut command(script, server, load))?;
    let spent = processor_seconds(server.id())? - before;
    let line = printed.lines().rev().find(|line| line.starts_with('{')).context("wrk printed no figures")?;
    let seen: Printed = serde_json::from_str(line)?;
    ensure!(seen.failed == 0, "{} of {} requests to {} failed", seen.failed, seen.requests, load.path);
    Ok(Figures {
        rate: seen.requests / seen.micros * 1e6,
        p50: seen.p50 / 1e3,
        p95: seen.p95 / 1e3,
        p99: seen.p99 / 1e3,
        cpu: spent / seen.requests * 1e6,
        memory: resident_mebibytes(server.id())?,
    })
}

fn processor_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    ticks(&stat).map(|ticks| ticks / TICKS_PER_SECOND).context("cannot read the processor time")
}

/// User and system time, the 14th and 15th field; the second, a name in parentheses, may contain spaces.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    Some(fields.next()?.parse::<f64>().ok()? + fields.next()?.parse::<f64>().ok()?)
}

fn resident_mebibytes(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    Ok(kibibytes.context("cannot read the resident memory")? / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_name_with_spaces() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 120 30 0 0 20";

        assert!(ticks(stat).is_some_and(|ticks| (ticks - 150.0).abs() < 1e-9), "{:?}", ticks(stat));
        assert_eq!(ticks("42"), None);
    }
}
