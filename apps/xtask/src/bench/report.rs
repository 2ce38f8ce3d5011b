//! What the figures say, as Markdown and as JSON.

use std::fmt::Write as _;
use std::fs;
use std::thread;

use serde_json::{Value, json};

use super::cases::{CONNECTIONS, RATE};
use super::stats::{median, ratio};
use super::wrk::Figures;
use super::{Line, Results};

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
token of each request, runs the same reads, and writes the same rows. Its logins check Argon2id with the same parameters
on as many threads, and it signs RS256 with the same key. It has no session map, no metrics, no log and no relay, wipes no
memory, and forgives no client that refreshes twice. Ashlar remembers tokens that it has verified (decision 4), reads the
session of each once in five seconds, logs a line for each request, and turns events into jobs meanwhile.
PostgreSQL runs with `fsync=off`, so figures of writes compare programs and not disks, and with `shared_buffers=512MB`.
Servers, database and the programs that ask share the cores. Each round measures Ashlar and then the floor; the tables show
medians, the ratio is the median of the rounds'.

## As fast as it answers

wrk keeps its connections busy: a new request goes out when the last one is answered. Its percentiles therefore hold at
full load, and leave out the time that a caller would have waited who does not wait for the server before asking.
";

const STREAMS: &str = "
## At a fixed rate

oha sends a request whenever its time has come, whether or not the ones before it are answered, and counts its latency from
that moment: what people see who do not wait for each other. `GET /me` alone, and beside as many logins as there is
room for (8 connections).

";

const CAUSES: &str = "
Logins fall short of raw Argon2id by what a login is besides a hash: the memory of each hash is wiped (about 1 ms of 16),
the token is signed with RSA-3072 (0.9 ms; `jwt_alg = EdDSA` takes 0.02), the transaction takes its share of the database's
processor time, and wrk asks on the same cores. The floor's logins show how much of that any server pays: on cores that are
shared so, it does not reach the goal either. Refresh is mostly that signature, on both.

The slowest percents of `GET /me` at full load are answers that wait for a busy neighbour: a connection to the database lives
on the thread that opened it, and whoever has it on loan is woken by that thread. Of Ashlar's processor time for `GET /me` a
line of log takes some 7 in 100, the look at token, session and roles another 7 (`--flamegraph`).

`GET /me` under logins waits for a core that hashes, once for the server and once for PostgreSQL, each until the kernel's
slice of some 3 ms is over: the floor waits as long. Threads of a lower priority for hashing made its throughput a quarter better
and its slowest percent eight times worse, and were given up.
";

const LOGIN: &str = "login, 8 connections";
const CALM: &str = "GET /me at a fixed rate, calm";
const FLOODED: &str = "GET /me at a fixed rate, under logins";

/// The whole page.
pub(super) fn page(results: &Results, postgres: &str) -> String {
    let mut page = HEAD.to_owned();
    let (rounds, seconds) = (results.rounds, results.seconds);
    let _ = writeln!(page, "\n{}; {postgres}. {rounds} rounds of {seconds} s, {CONNECTIONS} connections.\n", machine());
    table(&mut page, results, false);
    if !results.hashes.is_empty() {
        let floor =
            results.line(LOGIN).map_or(f64::NAN, |line| ratio(&column(&line.floor, |seen| seen.rate), &results.hashes));
        let raw = median(&results.hashes);
        let _ = writeln!(
            page,
            "\nRaw Argon2id on all cores: {raw:.1} hashes/s; the floor's logins reach {floor:.2} of it."
        );
    }
    page += STREAMS;
    let _ = writeln!(page, "{RATE} requests a second.\n");
    table(&mut page, results, true);
    page += "\n## Goals\n\n| goal | wanted | found | |\n|---|---|---:|---|\n";
    for goal in goals(results).iter().filter(|goal| !goal.found.is_nan()) {
        let verdict = if goal.met { "pass" } else { "short" };
        let _ = writeln!(page, "| {} | {} | {:.2} | {verdict} |", goal.what, goal.wanted, goal.found);
    }
    page + CAUSES
}

fn table(page: &mut String, results: &Results, is_stream: bool) {
    *page += "| request | server | requests/s | p50 ms | p95 ms | p99 ms | CPU µs/request | RSS MiB | ratio |\n";
    *page += "|---|---|---:|---:|---:|---:|---:|---:|---:|\n";
    for line in results.lines.iter().filter(|line| line.is_stream == is_stream) {
        // At a fixed rate both have the same.
        let compared = if line.is_stream { String::new() } else { format!("{:.2} ", of(line)) };
        let _ = writeln!(page, "| {} | Ashlar | {} | {compared}|", line.name, cells(&line.ashlar));
        let _ = writeln!(page, "| | floor | {} | |", cells(&line.floor));
    }
}

/// The same for programs, with every round.
pub(super) fn json(results: &Results, postgres: &str) -> Value {
    let all = |figures: &[Figures]| -> Vec<Value> { figures.iter().map(one).collect() };
    let lines = results.lines.iter().map(|line| {
        let ratio = (!line.is_stream).then(|| of(line));
        json!({
            "request": line.name, "fixed_rate": line.is_stream, "ashlar": all(&line.ashlar), "floor": all(&line.floor),
            "ratio": ratio,
        })
    });
    let goals = goals(results);
    let goals = goals
        .iter()
        .filter(|goal| !goal.found.is_nan())
        .map(|goal| json!({ "goal": goal.what, "wanted": goal.wanted, "found": goal.found, "met": goal.met }));
    json!({
        "machine": machine(),
        "postgres": postgres,
        "seconds": results.seconds,
        "connections": CONNECTIONS,
        "fixed_rate": RATE,
        "lines": lines.collect::<Vec<_>>(),
        "argon2id_per_second": results.hashes,
        "goals": goals.collect::<Vec<_>>(),
    })
}

impl Results {
    fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// One column of Ashlar's rounds; empty if the line was not measured.
    fn ashlar(&self, name: &str, part: fn(&Figures) -> f64) -> Vec<f64> {
        self.line(name).map_or_else(Vec::new, |line| column(&line.ashlar, part))
    }
}

/// What was not measured has not been found: not a number.
fn goals(results: &Results) -> Vec<Goal> {
    let share = |name| results.line(name).map_or(f64::NAN, of);
    let login = ratio(&results.ashlar(LOGIN, |seen| seen.rate), &results.hashes);
    let slower = ratio(&results.ashlar(FLOODED, |seen| seen.p99), &results.ashlar(CALM, |seen| seen.p99));
    let memory = results.lines.iter().flat_map(|line| &line.ashlar).map(|seen| seen.memory).fold(f64::NAN, f64::max);
    let at_least = |what, wanted, found, least| Goal { what, wanted, found, met: found >= least };
    vec![
        at_least("GET /me, throughput / floor", "at least 0.75", share("GET /me"), 0.75),
        at_least("event-writing request, throughput / floor", "at least 0.6", share("PATCH /me, writes an event"), 0.6),
        at_least("logins / raw Argon2id", "at least 0.9", login, 0.9),
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
