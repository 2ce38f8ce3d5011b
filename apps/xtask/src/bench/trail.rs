//! The audit trail: how fast it is sealed, verified and looked through, and what sealing costs those who write.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::Value;

use super::leads::{Place, administrator, command_of_server, new_database, person};
use super::reader::Reader;
use super::section::{Goal, Row, Section};
use super::wrk::{self, Load};
use super::{SCRIPT, scene, stats};
use crate::process::{self, Supervised};
use crate::services;
use crate::session::Session;
use crate::{say, wait};

/// What `--only` knows it by.
pub(crate) const SECTION: &str = "audit trail";

const EVENTS: u32 = 1_000_000;
const FEW: u32 = 20_000;
/// How many the library is given: all of them are in memory at once.
const ALONE: u32 = 200_000;

/// Why goals are missed.
const CAUSES: &str = "
The library alone takes rows out of memory, as a database would hand them out: canonical form, hashes, chain and tree, one thread.
The whole command waits for the database: one connection hands out every event with its link as a stream, and more than half of
that backend's time goes into looking each event up by its id and into writing its documents as text. Meanwhile the other core
takes rows apart, and hashes. Several connections on one snapshot would share that work; there is one.
";

/// What is asked of the log.
const QUESTIONS: [(&str, &str); 12] = [
    ("no filter", ""),
    ("action", "&action=bench.thing7.changed"),
    ("action, by its beginning", "&action=bench.thing1*"),
    ("actor_id", "&actor_id=ACTOR"),
    ("actor_type", "&actor_type=user"),
    ("target_type", "&target_type=thing"),
    ("target_id", "&target_id=THING"),
    ("outcome, none", "&outcome=denied"),
    ("ip", "&ip=10.0.1.101"),
    ("request_id", "&request_id=request-4711"),
    ("from and to", "&from=2026-01-03T00:00:00Z&to=2026-01-04T00:00:00Z"),
    ("q", "&q=THING"),
];

/// Measures the section.
pub(crate) fn measure(session: &mut Session, (floor, folder): (&Path, &Path), is_quick: bool) -> Result<Section> {
    if session.postgres.is_none() {
        services::start_postgres(session)?;
    }
    let server = session.postgres.as_ref().map(services::Postgres::url).unwrap_or_default();
    let folder = folder.join("audit");
    fs::create_dir_all(&folder)?;
    let place = Place { binary: session.binary("release")?, folder, database: new_database(floor, &server, "audit")? };
    let events = if is_quick { FEW } else { EVENTS };
    place.run(&["migrate", "up"], false)?;
    say::line(&format!("    {events} events"));
    process::capture(Command::new(floor).args(["fill-events", &place.database, &events.to_string()]))?;
    let sealing = place.run(&["audit", "checkpoint"], false)?;
    let mut rows = vec![Row::of("sealing what waits", f64::from(events) / sealing.seconds, "events/s")];
    rows.push(by_itself(floor, events)?);
    rows.extend(verification(&place, events)?);
    rows.extend(with_a_server(&place, session, floor)?);
    let head = format!(
        "## An audit trail of {events} events on PostgreSQL\n\n\
         `ashlar audit checkpoint` seals what waits, `ashlar audit verify` goes through the whole trail; both on a server \
         that\nshares the cores. The log is asked over HTTP by one caller, 200 times each. Sealing is kept from its work \
         by holding its\nadvisory lock, and costs those who send `PATCH /me` with 32 connections the ratio."
    );
    Ok(Section { key: SECTION.to_owned(), head, rows, causes: CAUSES })
}

/// What the library does with rows that are in memory already.
fn by_itself(floor: &Path, events: u32) -> Result<Row> {
    let printed = process::capture(Command::new(floor).args(["verify-events", &events.min(ALONE).to_string()]))?;
    let rate: f64 = printed.trim().parse().with_context(|| format!("no rate: {printed}"))?;
    Ok(Row::of("verification, library alone, one core", rate, "events/s").with(Goal::AtLeast(500_000.0)))
}

fn verification(place: &Place, events: u32) -> Result<[Row; 2]> {
    let seen = place.run(&["audit", "verify", "--json"], true)?;
    let report: Value = serde_json::from_str(&seen.printed)?;
    let verified = report.pointer("/trails/0/verified").and_then(Value::as_u64);
    ensure!(verified >= Some(u64::from(events)), "the verification went otherwise: {report}");
    let rate = Row::of("verification, whole command", f64::from(events) / seen.seconds, "events/s")
        .with(Goal::AtLeast(333_333.0));
    Ok([rate, Row::of("verification, most resident memory", seen.peak, "MiB")])
}

fn with_a_server(place: &Place, session: &Session, floor: &Path) -> Result<Vec<Row>> {
    let server = scene::start(|port| command_of_server(place, port), &place.folder, session)?;
    let token = administrator(server.address)?;
    let mut reader = Reader::open(server.address, &token)?;
    let page = reader.get("/api/v1/audit/events?limit=1&action=bench.*")?;
    let actor = scene::text(&page, "/data/0/actor/id")?;
    let thing = scene::text(&page, "/data/0/targets/0/id")?;
    let mut rows = Vec::new();
    for (name, query) in QUESTIONS {
        let query = query.replace("ACTOR", &actor).replace("THING", &thing);
        let p95 = reader.p95(&[format!("/api/v1/audit/events?limit=50{query}")])?;
        rows.push(Row::of(format!("events, {name}: p95"), p95, "ms").with(Goal::AtMost(50.0)));
    }
    let script = place.folder.join("load.lua");
    fs::write(&script, SCRIPT)?;
    let tokens = (1..=32).map(|number| person(server.address, number)).collect::<Result<Vec<_>>>()?;
    let write = || {
        let load = Load { kind: "patch", path: "/api/v1/me", tokens: &tokens, connections: 32, seconds: 6 };
        wrk::run(&script, &server, &load).map(|seen| seen.rate)
    };
    write()?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        with.push(write()?);
        let mut command = Command::new(floor);
        command.args(["hold-sealer", &place.database, "60"]).stdout(Stdio::null());
        let held = Supervised::start(&mut command, Signal::TERM).context("nobody holds the sealer")?;
        wait::for_a_while(Duration::from_millis(500), &session.interrupt)?;
        without.push(write()?);
        drop(held);
        // What has waited is sealed before the next round.
        wait::for_a_while(Duration::from_secs(4), &session.interrupt)?;
    }
    rows.push(Row::of("writes with sealing", stats::median(&with), "requests/s"));
    rows.push(Row::of("writes without sealing", stats::median(&without), "requests/s"));
    let ratio = stats::ratio(&with, &without);
    rows.push(Row::of("writes with sealing / without", ratio, "").with(Goal::AtLeast(0.85)));
    Ok(rows)
}
