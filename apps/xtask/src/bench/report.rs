//! What the figures say, as Markdown and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::thread;

use serde_json::{Value, json};

use super::stats::{median, ratio};
use super::wrk::Figures;
use super::{CONNECTIONS, Line, Results};

/// What was promised and what was found.
struct Goal {
    what: &'static str,
    wanted: &'static str,
    found: f64,
    met: bool,
}

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`; do not edit. Ashlar is a release build on PostgreSQL and Redis with rate limits off. The
floor (`apps/bench-floor`) is a bare actix-web server with hand-written SQL on tokio-postgres: it verifies the RS256
token of each request, runs the same reads, and writes the same rows. It has no session map, no metrics, no log and no
relay. Ashlar remembers tokens that it has verified (decision 4), reads the session of each once in five seconds, logs a
line for each request, and turns events into jobs meanwhile.
PostgreSQL runs with `fsync=off`, so figures of writes compare programs and not disks.

wrk keeps its connections busy: a new request goes out when the last one is answered. Its percentiles therefore hold at
full load and leave out the time that a caller at a fixed rate would have waited. Servers, database and wrk share the
cores. Each round measures Ashlar and then the floor; the table shows medians, the ratio is the median of the rounds'.
Refresh has no line yet, and login is compared with raw Argon2id alone.

Logins fall short of raw Argon2id by what a login is besides a hash: the memory of each hash is wiped (about 1 ms of 16),
the token is signed with RSA-3072 (0.9 ms; `jwt_alg = EdDSA` takes 0.02), the transaction takes its share of the database's
processor time, and wrk asks on the same two cores. `GET /me` under logins waits for a core that hashes: threads of a lower
priority for hashing made its throughput a quarter better and its slowest percent eight times worse, and were given up.
";

/// The whole page.
pub(super) fn page(results: &Results, postgres: &str) -> String {
    let mut page = HEAD.to_owned();
    let (rounds, seconds) = (results.rounds, results.seconds);
    let _ = writeln!(page, "\n{}; {postgres}. {rounds} rounds of {seconds} s, {CONNECTIONS} connections.\n", machine());
    page += "| request | server | requests/s | p50 ms | p95 ms | p99 ms | CPU µs/request | RSS MiB | ratio |\n";
    page += "|---|---|---:|---:|---:|---:|---:|---:|---:|\n";
    for line in &results.lines {
        let _ = writeln!(page, "| {} | Ashlar | {} | {:.2} |", line.name, cells(&line.ashlar), of(line));
        let _ = writeln!(page, "| | floor | {} | |", cells(&line.floor));
    }
    for (name, figures) in [
        ("login, 8 connections", &results.logins),
        ("GET /me, 4 connections, calm", &results.calm),
        ("GET /me, 4 connections, under logins", &results.flooded),
    ] {
        let _ = writeln!(page, "| {name} | Ashlar | {} | |", cells(figures));
    }
    let _ = writeln!(page, "\nRaw Argon2id on all cores: {:.1} hashes/s.\n", median(&results.hashes));
    page += "| goal | wanted | found | |\n|---|---|---:|---|\n";
    for goal in goals(results) {
        let verdict = if goal.met { "pass" } else { "short" };
        let _ = writeln!(page, "| {} | {} | {:.2} | {verdict} |", goal.what, goal.wanted, goal.found);
    }
    page
}

/// The same for programs, with every round.
pub(super) fn json(results: &Results, postgres: &str) -> Value {
    let all = |figures: &[Figures]| -> Vec<Value> { figures.iter().map(one).collect() };
    let lines = results.lines.iter().map(
        |line| json!({ "request": line.name, "ashlar": all(&line.ashlar), "floor": all(&line.floor), "ratio": of(line) }),
    );
    let goals = goals(results);
    let goals = goals
        .iter()
        .map(|goal| json!({ "goal": goal.what, "wanted": goal.wanted, "found": goal.found, "met": goal.met }));
    json!({
        "machine": machine(),
        "postgres": postgres,
        "seconds": results.seconds,
        "connections": CONNECTIONS,
        "lines": lines.collect::<Vec<_>>(),
        "argon2id_per_second": results.hashes,
        "login": all(&results.logins),
        "me_calm": all(&results.calm),
        "me_under_logins": all(&results.flooded),
        "goals": goals.collect::<Vec<_>>(),
    })
}

fn goals(results: &Results) -> Vec<Goal> {
    let line = |name| results.lines.iter().find(|line| line.name == name).map_or(f64::NAN, of);
    let me = line("GET /me");
    let write = line("PATCH /me, writes an event");
    let login = ratio(&column(&results.logins, |seen| seen.rate), &results.hashes);
    let slower = ratio(&column(&results.flooded, |seen| seen.p99), &column(&results.calm, |seen| seen.p99));
    let ours = results.lines.iter().flat_map(|line| &line.ashlar);
    let memory = ours.chain(&results.logins).chain(&results.flooded).map(|seen| seen.memory).fold(0.0, f64::max);
    vec![
        Goal { what: "GET /me, throughput / floor", wanted: "at least 0.75", found: me, met: me >= 0.75 },
        Goal {
            what: "event-writing request, throughput / floor",
            wanted: "at least 0.6",
            found: write,
            met: write >= 0.6,
        },
        Goal { what: "logins / raw Argon2id", wanted: "at least 0.9", found: login, met: login >= 0.9 },
        Goal { what: "p99 of GET /me under logins / calm", wanted: "at most 3", found: slower, met: slower <= 3.0 },
        Goal {
            what: "most resident memory, MB",
            wanted: "below 120",
            found: memory * 1.048_576,
            met: memory * 1.048_576 < 120.0,
        },
    ]
}

fn of(line: &Line) -> f64 {
    ratio(&column(&line.ashlar, |seen| seen.rate), &column(&line.floor, |seen| seen.rate))
}

fn column(figures: &[Figures], part: fn(&Figures) -> f64) -> Vec<f64> {
    figures.iter().map(part).collect()
}

fn cells(figures: &[Figures]) -> String {
    let middle = |part| median(&column(figures, part));
    format!(
        "{:.0} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0}",
        middle(|seen| seen.rate),
        middle(|seen| seen.p50),
        middle(|seen| seen.p95),
        middle(|seen| seen.p99),
        middle(|seen| seen.cpu),
        middle(|seen| seen.memory),
    )
}

fn one(seen: &Figures) -> Value {
    json!({
        "requests_per_second": seen.rate,
        "p50_ms": seen.p50,
        "p95_ms": seen.p95,
        "p99_ms": seen.p99,
        "cpu_us_per_request": seen.cpu,
        "rss_mib": seen.memory,
    })
}

/// Cores, processor, memory and system; no name of a host.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim_start_matches([':', '=', ' ', '\t']).trim_matches('"').to_owned()
    };
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let processor = after(&read("/proc/cpuinfo"), "model name");
    let memory = after(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse::<u64>().unwrap_or_default();
    let system = after(&read("/etc/os-release"), "PRETTY_NAME");
    format!("{cores} cores of {processor}, {} GiB of memory, {system}", memory / 1024 / 1024)
}
