//! One run of `oha` at a fixed rate against one server.
//!
//! A request goes out when its time has come, whether or not the ones before it are answered, and its latency counts from
//! that moment: what a caller waits who does not wait for the server before asking.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::scene::Server;
use super::watch::Watch;
use super::wrk::Figures;
use crate::process;

/// How many requests may be under way at once: enough for a stall of a third of a second.
const CONNECTIONS: u32 = 128;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stream<'scene> {
    /// Where it goes.
    pub(crate) path: &'scene str,
    /// Who asks.
    pub(crate) token: &'scene str,
    /// Requests per second.
    pub(crate) rate: u32,
    /// For how long.
    pub(crate) seconds: u32,
}

/// Runs it. A request that failed or did not go out fails the run.
pub(crate) fn run(oha: &Path, server: &Server, stream: &Stream<'_>) -> Result<Figures> {
    let Stream { path, token, rate, seconds } = stream;
    let watch = Watch::begin(server)?;
    let mut command = Command::new(oha);
    command.args([
        "--no-tui",
        "--output-format",
        "json",
        "--latency-correction",
        "--wait-ongoing-requests-after-deadline",
    ]);
    command.args(["-c", &CONNECTIONS.to_string(), "-q", &rate.to_string(), "-z", &format!("{seconds}s")]);
    command.args(["-H", &format!("Authorization: Bearer {token}"), &format!("http://{}{path}", server.address)]);
    let printed = process::capture(&mut command)?;
    let seen = read(&printed)?;
    let wanted = f64::from(rate * seconds);
    ensure!(seen.bad == 0.0, "{} of {} requests to {path} failed", seen.bad, seen.good + seen.bad);
    ensure!(seen.good > wanted * 0.95, "{} of {wanted} requests to {path} went out", seen.good);
    let (cpu, memory) = watch.end(seen.good)?;
    let [p50, p95, p99] = seen.percentiles.map(|seconds| seconds * 1e3);
    Ok(Figures { rate: seen.good / f64::from(*seconds), p50, p95, p99, cpu, memory })
}

/// What `oha` printed.
struct Seen {
    good: f64,
    bad: f64,
    /// The 50th, 95th and 99th, in seconds.
    percentiles: [f64; 3],
}

fn read(printed: &str) -> Result<Seen> {
    let report: Value = serde_json::from_str(printed)?;
    let count = |pointer: &str, of: fn(&str) -> bool| -> f64 {
        let counts = report.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        counts.filter(|(name, _)| of(name)).filter_map(|(_, count)| count.as_f64()).sum()
    };
    let percentile = |name: &str| {
        let found = report.pointer("/latencyPercentiles").and_then(|all| all.get(name)).and_then(Value::as_f64);
        found.with_context(|| format!("oha printed no {name}: {printed}"))
    };
    Ok(Seen {
        good: count("/statusCodeDistribution", |status| status == "200"),
        bad: count("/statusCodeDistribution", |status| status != "200") + count("/errorDistribution", |_| true),
        percentiles: [percentile("p50")?, percentile("p95")?, percentile("p99")?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_is_read() {
        let printed = r#"{
            "summary": { "successRate": 1.0, "requestsPerSec": 500.1 },
            "latencyPercentiles": { "p50": 0.001, "p95": 0.002, "p99": 0.003, "p99.9": null },
            "statusCodeDistribution": { "200": 40, "503": 2 },
            "errorDistribution": { "deadline": 3 }
        }"#;

        let seen = read(printed).unwrap();

        assert_eq!((seen.good, seen.bad, seen.percentiles), (40.0, 5.0, [0.001, 0.002, 0.003]));
        assert!(read("{}").is_err());
    }
}
