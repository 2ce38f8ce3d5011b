//! Leads, a million of them: how fast they come and go in files, and how fast they are listed, searched and sent in.

mod crowd;
mod file;
mod program;
mod questions;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

pub(crate) use self::crowd::{administrator, command_of_server, person};
pub(crate) use self::program::{Place, peak_mebibytes};
use self::questions::Promise;
use super::section::{Goal, Row, Section};
use crate::process;
use crate::say;
use crate::services;
use crate::session::Session;

/// The sections, by what `--only` knows them by.
pub(crate) const SECTIONS: [&str; 2] = ["leads, SQLite", "leads, PostgreSQL"];

/// How many leads there are.
const LEADS: u64 = 1_000_000;
/// How many in a quick run.
const FEW: u64 = 20_000;

/// What was promised of a database.
struct Promised {
    import: f64,
    export: f64,
    during: f64,
    questions: Promise,
}

const ON_SQLITE: Promised = Promised {
    import: 20_000.0,
    export: 80_000.0,
    during: 3.0,
    questions: Promise { list: 10.0, rare: 60.0, search: 20.0 },
};
/// Why goals are missed, as far as it is known.
const CAUSES_ON_SQLITE: &str = "
An import enters each lead into eleven indexes, its tags, its history and the index of fragments, all on the one thread that
writes. Rows with their indexes are two thirds of that, and of those again two thirds are three indexes into which rows fall
anywhere, of addresses, names and phone numbers: among a million leads each row changes a page of each that hardly another row
of its batch does, and the page is read, written to the log and folded into the file. More rows in a transaction would share more
pages, and keep others who write waiting for longer. A server that imports keeps some six MiB for each of ten readers besides.

Searches are dearest for what thousands of leads have all threes of characters of and few have whole: the index does not know
where those stand, so each lead is looked into. Forms that come at the same time are added in one transaction; what is left of
their time is the look for the key, the rows and their indexes, and the trail, which is written and sealed for each.
";

const CAUSES_ON_POSTGRES: &str = "
An import is one backend's work while the next batch is read beside it. Of that backend's time some two thirds are indexes
(that of fragments alone a quarter), a fifth foreign keys and the trigger of the tags. The line below it says what the database
needs for the same rows without a program in front. Forms that come at the same time are added in one transaction; what is left
of their time is the database, with its indexes and the trail.

A fragment of an address is looked up by all its threes of characters, also by those that every address has: the index goes through
a million entries of each to leave out none.
";

const ON_POSTGRES: Promised = Promised {
    import: 18_000.0,
    export: 80_000.0,
    during: 2.0,
    questions: Promise { list: 10.0, rare: 60.0, search: 50.0 },
};

/// Measures one of the sections.
pub(crate) fn measure(
    section: &'static str,
    session: &mut Session,
    (floor, folder): (&Path, &Path),
    is_quick: bool,
) -> Result<Section> {
    let on_postgres = section.ends_with("PostgreSQL");
    if on_postgres && session.postgres.is_none() {
        services::start_postgres(session)?;
    }
    let folder = folder.join(section.replace(", ", "-"));
    fs::create_dir_all(&folder)?;
    let database = match session.postgres.as_ref().filter(|_| on_postgres) {
        Some(postgres) => new_database(floor, &postgres.url(), "leads")?,
        None => format!("sqlite:{}", folder.join("bench.db").display()),
    };
    let place = Place { binary: session.binary("release")?, folder, database };
    let leads = if is_quick { FEW } else { LEADS };
    let promised = if on_postgres { ON_POSTGRES } else { ON_SQLITE };
    let mut rows = imports(&place, leads, &promised)?;
    if on_postgres {
        let rate = process::capture(Command::new(floor).args(["copy-leads", &place.database]))?;
        let rate: f64 = rate.trim().parse()?;
        let ours = rows.first().map_or(f64::NAN, |row| row.found);
        rows.push(Row::of(
            "200,000 of those rows from table to table with all indexes, by one statement",
            rate,
            "rows/s",
        ));
        rows.push(Row::of("import / that", ours / rate, ""));
    }
    rows.extend(export(&place, leads, &promised)?);
    rows.extend(crowd::measure(&place, session, (&promised, leads))?);
    Ok(Section {
        key: section.to_owned(),
        head: head(section, leads),
        rows,
        causes: if on_postgres { CAUSES_ON_POSTGRES } else { CAUSES_ON_SQLITE },
    })
}

/// The address of a new database on the same server.
pub(crate) fn new_database(floor: &Path, server: &str, name: &str) -> Result<String> {
    process::capture(Command::new(floor).args(["new-database", server, name]))?;
    Ok(server.rsplit_once('/').map_or_else(String::new, |(host, _)| format!("{host}/{name}")))
}

fn head(section: &str, leads: u64) -> String {
    let database = section.rsplit(", ").next().unwrap_or_default();
    format!(
        "## {leads} leads on {database}\n\n\
         Imports and exports are those of `ashlar leads import` and `ashlar leads export`, with every check, the search \
         index, the\nnotes of history, the numbers by day, events, and a checkpoint in the transaction of each batch. \
         Lists and searches are\nasked over HTTP by one caller, 200 times each; a deep page comes after 50,000 leads. \
         Everything shares the cores."
    )
}

/// A file of new leads, and one of which half are there already.
fn imports(place: &Place, leads: u64, promised: &Promised) -> Result<Vec<Row>> {
    place.run(&["migrate", "up"], false)?;
    let file = place.folder.join("leads.csv");
    file::write(&file, 0..leads)?;
    say::line(&format!("    {leads} leads come"));
    let (rate, peak) = import(place, &file, &[], [leads, 0])?;
    let first = Row::of("import, new leads", rate, "rows/s").with(Goal::AtLeast(promised.import));
    let memory = Row::of("import, most resident memory", peak, "MiB").with(Goal::AtMost(150.0));
    let some = leads / 5;
    file::write(&file, leads - some / 2..leads + some / 2)?;
    let again = ["--mode", "upsert", "--default", "utm_source=again"];
    let (rate, _) = import(place, &file, &again, [some / 2, some / 2])?;
    let upsert = Row::of("import, half of them there already, all of those changed", rate, "rows/s");
    fs::remove_file(&file)?;
    Ok(vec![first, memory, upsert.with(Goal::AtLeast(12_000.0))])
}

/// Imports a file: rows a second, and MiB.
fn import(place: &Place, file: &Path, options: &[&str], [created, updated]: [u64; 2]) -> Result<(f64, f64)> {
    let file = file.to_str().context("the temporary folder has no name in UTF-8")?;
    let seen = place.run(&[&["leads", "import", file, "--output", "json"][..], options].concat(), true)?;
    let report: Value = serde_json::from_str(&seen.printed)?;
    let count = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or_default();
    ensure!([count("created"), count("updated")] == [created, updated], "the import went otherwise: {report}");
    Ok((number(count("rows_read")) / seen.seconds, seen.peak))
}

fn export(place: &Place, leads: u64, promised: &Promised) -> Result<[Row; 2]> {
    let seen = place.run(&["leads", "export"], false)?;
    let rate = number(leads + leads / 10) / seen.seconds;
    let fast = Row::of("export, CSV, every column", rate, "rows/s").with(Goal::AtLeast(promised.export));
    Ok([fast, Row::of("export, most resident memory", seen.peak, "MiB")])
}

/// Counts are far below what a float holds.
fn number(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
