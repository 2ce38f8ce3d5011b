//! `cargo xtask bench`: Ashlar beside a bare server that does the same reads and writes by hand.

mod cases;
mod flame;
mod installed;
mod leads;
mod oha;
mod reader;
mod report;
mod scene;
mod section;
mod stats;
mod trail;
mod watch;
mod wrk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use self::cases::{Case, Drivers};
use self::scene::Scene;
use self::wrk::Figures;
use crate::session::Session;
use crate::{process, say, tools};

/// What wrk runs; it needs a file.
const SCRIPT: &str = include_str!("load.lua");

/// What the command line asks for.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Options {
    /// One short round that writes nothing: does the bench itself work?
    #[arg(long)]
    quick: bool,
    /// Measure only the lines whose name has this in it; may be repeated. Writes nothing without --out
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Write benchmarks.md and benchmarks.json into this folder and not into docs/
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Build nothing: measure the release binaries that are there
    #[arg(long, conflicts_with = "flamegraph")]
    built: bool,
    /// Measure nothing; draw a flame graph of Ashlar for each line, with perf, under target/flamegraphs
    #[arg(long)]
    flamegraph: bool,
}

/// One kind of request, on both servers, round by round.
#[derive(Debug)]
pub(crate) struct Line {
    name: &'static str,
    /// Whether requests go out at a fixed rate, and not when the last one is answered.
    is_stream: bool,
    ashlar: Vec<Figures>,
    floor: Vec<Figures>,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    lines: Vec<Line>,
    /// Argon2id hashes per second of all cores, without a server.
    hashes: Vec<f64>,
    seconds: u32,
    rounds: u32,
}

/// How long it takes.
#[derive(Debug, Clone, Copy)]
struct Pace {
    rounds: u32,
    seconds: u32,
}

/// Builds, starts, measures, and writes what was found unless it is quick or partial.
pub(crate) fn run(session: &mut Session, options: &Options) -> Result<()> {
    ensure!(tools::which("wrk").is_some(), "wrk is missing; most systems have it as a package of this name");
    let wanted: Vec<Case> = cases::ALL.into_iter().filter(|case| is_wanted(case.name, &options.only)).collect();
    let sections: Vec<&'static str> = sections().filter(|section| is_wanted(section, &options.only)).collect();
    let names = || cases::ALL.map(|case| case.name).into_iter().chain(self::sections()).collect::<Vec<_>>().join("; ");
    ensure!(!wanted.is_empty() || !sections.is_empty(), "no line has such a name; there are: {}", names());
    let painter = options.flamegraph.then(|| flame::Painter::prepare(session)).transpose()?;
    let streams = wanted.iter().any(Case::is_stream);
    let oha = if streams { installed::OHA.program("oha", session)? } else { PathBuf::new() };
    if !options.built {
        session.run_cargo(&["build", "--release", "-p", "ashlar-server", "-p", "ashlar-bench-floor"])?;
    }
    if painter.is_some() {
        flame::build_with_names(session)?;
    }
    let floor = session.binary("release")?.with_file_name("ashlar-bench-floor");
    let folder = tempfile::Builder::new().prefix("ashlar-bench-").tempdir()?;
    let script = folder.path().join("load.lua");
    fs::write(&script, SCRIPT)?;
    // They come first: whatever else is on the machine is young then.
    if painter.is_none() {
        measure_sections(&sections, session, (&floor, folder.path()), options)?;
    }
    if wanted.is_empty() {
        return Ok(());
    }
    let scene = scene::set(session, &floor, folder.path())?;
    let drivers = Drivers { script: &script, oha: &oha };
    if let Some(painter) = painter {
        return wanted.iter().try_for_each(|case| painter.paint(case, &scene, drivers));
    }
    let pace = if options.quick { Pace { rounds: 1, seconds: 1 } } else { Pace { rounds: 3, seconds: 8 } };
    let results = measure(&wanted, &scene, drivers, (&floor, pace))?;
    drop(scene);
    conclude(&results, options, &session.root)
}

/// The parts of the report that are measured by themselves.
fn sections() -> impl Iterator<Item = &'static str> {
    leads::SECTIONS.into_iter().chain([trail::SECTION])
}

fn measure_sections(
    sections: &[&'static str],
    session: &mut Session,
    places: (&Path, &Path),
    options: &Options,
) -> Result<()> {
    for name in sections {
        say::line(&format!("    {name}"));
        let section = if *name == trail::SECTION {
            trail::measure(session, places, options.quick)?
        } else {
            leads::measure(name, session, places, options.quick)?
        };
        say::line(&section.text());
        let folder = options.out.clone().unwrap_or_else(|| session.root.join("docs"));
        if !options.quick {
            section.save(&folder)?;
        }
    }
    Ok(())
}

fn is_wanted(name: &str, only: &[String]) -> bool {
    let name = name.to_lowercase();
    only.is_empty() || only.iter().any(|part| name.contains(&part.to_lowercase()))
}

fn measure(wanted: &[Case], scene: &Scene, drivers: Drivers<'_>, (floor, pace): (&Path, Pace)) -> Result<Results> {
    let Pace { rounds, seconds } = pace;
    let mut results = Results { lines: Vec::new(), hashes: Vec::new(), seconds, rounds };
    for case in wanted {
        say::line(&format!("    {}", case.name));
        let mut line = Line { name: case.name, is_stream: case.is_stream(), ashlar: Vec::new(), floor: Vec::new() };
        // Not measured: connections are opened, statements prepared, sessions looked up.
        case.warm(scene, drivers)?;
        for _ in 0..rounds {
            line.ashlar.push(case.on_ashlar(scene, drivers, seconds)?);
            line.floor.push(case.on_floor(scene, drivers, seconds)?);
        }
        if case.is_login() {
            results.hashes = (0..rounds).map(|_| raw_hashes(floor, seconds)).collect::<Result<_>>()?;
        }
        results.lines.push(line);
    }
    Ok(results)
}

/// What Argon2id allows on all cores with nothing else going on.
fn raw_hashes(floor: &Path, seconds: u32) -> Result<f64> {
    let cores = thread::available_parallelism()?.to_string();
    let hashes = process::capture(Command::new(floor).args(["argon2", &cores, &seconds.to_string()]))?;
    Ok(hashes.trim().parse()?)
}

fn conclude(results: &Results, options: &Options, root: &Path) -> Result<()> {
    let postgres = postgres_version();
    let text = report::page(results, &postgres);
    say::line(&text);
    if options.quick {
        say::line("A quick run proves that the bench works, not how fast Ashlar is: nothing was written.");
        return Ok(());
    }
    let folder = match &options.out {
        Some(folder) => folder.clone(),
        None if options.only.is_empty() => root.join("docs"),
        None => {
            say::line("These are some of the lines: nothing was written. --out names a folder for them.");
            return Ok(());
        }
    };
    section::save_first(&folder, &text, report::json(results, &postgres))
}

/// What the database says it is, without the packager's words.
fn postgres_version() -> String {
    let said = process::capture(Command::new("pg_config").arg("--version")).context("no pg_config");
    said.map_or_else(|_| "PostgreSQL".to_owned(), |said| said.split(" (").next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_chosen_by_a_part_of_their_name() {
        let chosen = |only: &[&str]| -> Vec<&str> {
            let only: Vec<String> = only.iter().map(ToString::to_string).collect();
            cases::ALL.iter().map(|case| case.name).filter(|name| is_wanted(name, &only)).collect()
        };

        assert_eq!(chosen(&[]).len(), cases::ALL.len());
        assert_eq!(chosen(&["refresh", "JWKS"]).len(), 2);
        assert!(chosen(&["nothing"]).is_empty());
    }
}
