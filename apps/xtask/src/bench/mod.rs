//! `cargo xtask bench`: Ashlar beside a bare server that does the same reads and writes by hand.

mod report;
mod scene;
mod stats;
mod wrk;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};

use self::scene::{LIMIT, Scene};
use self::wrk::{Figures, Load};
use crate::session::Session;
use crate::{process, say, tools};

/// What wrk runs; it needs a file.
const SCRIPT: &str = include_str!("load.lua");
/// How many connections ask at once.
const CONNECTIONS: u32 = 32;

/// One kind of request, on both servers, round by round.
#[derive(Debug)]
pub(crate) struct Line {
    name: &'static str,
    ashlar: Vec<Figures>,
    floor: Vec<Figures>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    lines: Vec<Line>,
    /// Argon2id hashes per second of all cores, without a server.
    hashes: Vec<f64>,
    /// Logins with nothing else going on.
    logins: Vec<Figures>,
    /// `GET /me` on few connections, alone.
    calm: Vec<Figures>,
    /// The same under a flood of logins.
    flooded: Vec<Figures>,
    seconds: u32,
    rounds: u32,
}

/// How long it takes.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rounds: u32,
    seconds: u32,
}

/// Builds, starts, measures, and writes `docs/benchmarks.md` and `docs/benchmarks.json` unless it is quick.
pub(crate) fn run(session: &mut Session, quick: bool) -> Result<()> {
    ensure!(tools::which("wrk").is_some(), "wrk is missing; most systems have it as a package of this name");
    let pace = if quick { Pace { rounds: 1, seconds: 1 } } else { Pace { rounds: 3, seconds: 8 } };
    session.run_cargo(&["build", "--release", "-p", "ashlar-server", "-p", "ashlar-bench-floor"])?;
    let floor = session.binary("release")?.with_file_name("ashlar-bench-floor");
    let folder = tempfile::Builder::new().prefix("ashlar-bench-").tempdir()?;
    let script = folder.path().join("load.lua");
    fs::write(&script, SCRIPT)?;
    let scene = scene::set(session, &floor, folder.path())?;
    let results = measure(&scene, &script, &floor, pace)?;
    let postgres = postgres_version();
    drop(scene);
    let text = report::page(&results, &postgres);
    say::line(&text);
    if quick {
        say::line("A quick run proves that the bench works, not how fast Ashlar is: nothing was written.");
        return Ok(());
    }
    fs::write(session.root.join("docs/benchmarks.md"), text)?;
    let json = serde_json::to_string_pretty(&report::json(&results, &postgres))?;
    fs::write(session.root.join("docs/benchmarks.json"), json + "\n")?;
    Ok(())
}

fn measure(scene: &Scene, script: &Path, floor: &Path, pace: Pace) -> Result<Results> {
    let mut lines = Vec::new();
    let [deep, deep_on_floor] = &scene.deep;
    let first = format!("/api/v1/me/sessions?limit={LIMIT}");
    let none: &[String] = &[];
    let cases: [(_, _, [&str; 2], _); 6] = [
        ("health", "get", ["/health/live"; 2], none),
        ("JWKS", "get", ["/.well-known/jwks.json"; 2], none),
        ("GET /me", "get", ["/api/v1/me"; 2], &scene.tokens),
        ("PATCH /me, writes an event", "patch", ["/api/v1/me"; 2], &scene.tokens),
        ("list, page 1", "get", [&first; 2], &scene.owner),
        ("list, page 2,000", "get", [deep, deep_on_floor], &scene.owner),
    ];
    for (name, kind, [path, path_on_floor], tokens) in cases {
        say::line(&format!("    {name}"));
        let load = Load { kind, path, tokens, connections: CONNECTIONS, seconds: pace.seconds };
        let mut line = Line { name, ashlar: Vec::new(), floor: Vec::new() };
        // Not measured: connections are opened, statements prepared, sessions looked up.
        wrk::run(script, &scene.ashlar, &Load { seconds: 1, ..load.clone() })?;
        wrk::run(script, &scene.floor, &Load { seconds: 1, path: path_on_floor, ..load.clone() })?;
        for _ in 0..pace.rounds {
            line.ashlar.push(wrk::run(script, &scene.ashlar, &load)?);
            line.floor.push(wrk::run(script, &scene.floor, &Load { path: path_on_floor, ..load.clone() })?);
        }
        lines.push(line);
    }
    let mut results = Results {
        lines,
        hashes: Vec::new(),
        logins: Vec::new(),
        calm: Vec::new(),
        flooded: Vec::new(),
        seconds: pace.seconds,
        rounds: pace.rounds,
    };
    for _ in 0..pace.rounds {
        measure_logins(scene, (script, floor), pace, &mut results)?;
    }
    Ok(results)
}

/// Logins beside what raw Argon2id allows, and `GET /me` in calm and under a flood of them.
fn measure_logins(scene: &Scene, (script, floor): (&Path, &Path), pace: Pace, results: &mut Results) -> Result<()> {
    say::line("    logins");
    let cores = thread::available_parallelism()?.to_string();
    let hashes = process::capture(Command::new(floor).args(["argon2", &cores, &pace.seconds.to_string()]))?;
    results.hashes.push(hashes.trim().parse()?);
    // Fewer than the waiting room holds: a login that is turned away is no login.
    let sign_in =
        Load { kind: "login", path: "/api/v1/auth/login", tokens: &[], connections: 8, seconds: pace.seconds };
    results.logins.push(wrk::run(script, &scene.ashlar, &sign_in)?);
    let me = Load { kind: "get", path: "/api/v1/me", tokens: &scene.tokens, connections: 4, seconds: pace.seconds };
    results.calm.push(wrk::run(script, &scene.ashlar, &me)?);
    let under_flood = thread::scope(|scope| {
        let crowd = Load { seconds: pace.seconds + 1, ..sign_in };
        let logins = scope.spawn(move || process::capture(&mut wrk::command(script, &scene.ashlar, &crowd)));
        let seen = wrk::run(script, &scene.ashlar, &me);
        logins.join().map_err(|_panic| anyhow!("the flood has panicked"))??;
        seen
    })?;
    results.flooded.push(under_flood);
    Ok(())
}

/// What the database says it is, without the packager's words.
fn postgres_version() -> String {
    let said = process::capture(Command::new("pg_config").arg("--version")).context("no pg_config");
    said.map_or_else(|_| "PostgreSQL".to_owned(), |said| said.split(" (").next().unwrap_or_default().trim().to_owned())
}
