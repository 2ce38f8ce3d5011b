//! The server with all those leads: questions, questions beside an import, and forms of a web page.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Place, Promised, file, peak_mebibytes, questions};
use crate::bench::reader::Reader;
use crate::bench::scene::{self, PASSWORD, Server};
use crate::bench::section::{Goal, Row};
use crate::bench::wrk::{self, Load};
use crate::bench::{SCRIPT, stats};
use crate::session::Session;
use crate::{say, wait};

/// A publishable key answers pages of this origin.
const ORIGIN: &str = "https://www.example.org";
/// How many people send forms at once.
const SENDERS: u32 = 32;
/// Rows of the import that others ask beside, in parts of all leads.
const PART: u64 = 4;

pub(super) fn measure(place: &Place, session: &Session, (promised, leads): (&Promised, u64)) -> Result<Vec<Row>> {
    let server = scene::start(|port| command_of_server(place, port), &place.folder, session)?;
    let token = administrator(server.address)?;
    say::line("    lists and searches");
    let mut rows = questions::ask(server.address, &token, promised.questions)?;
    say::line("    lists beside an import");
    rows.extend(beside_an_import(place, &server, &token, (promised, leads, session))?);
    say::line("    forms");
    rows.extend(forms(place, &server, &token, session)?);
    Ok(rows)
}

/// Starts the server there, without limits.
pub(crate) fn command_of_server(place: &Place, port: u16) -> Command {
    let mut command = place.command(&["serve"]);
    command
        .env("ASHLAR_LISTEN", format!("127.0.0.1:{port}"))
        .env("ASHLAR_RATE_LIMITS", "off")
        .env("ASHLAR_ACCESS_TTL", "24h")
        .env("ASHLAR_MAX_CONNECTIONS_PER_IP", "1000");
    command
}

/// The first account of an empty installation is its administrator.
pub(crate) fn administrator(address: SocketAddr) -> Result<String> {
    person(address, 0)
}

/// Opens an account and signs in.
pub(crate) fn person(address: SocketAddr, number: u32) -> Result<String> {
    let email = format!("user{number}@example.org");
    let form = json!({ "email": email, "password": PASSWORD });
    scene::ask(address, "POST", "/api/v1/auth/register", ("", Some(&form)))?;
    let form = json!({ "identifier": email, "password": PASSWORD });
    let answer = scene::ask(address, "POST", "/api/v1/auth/login", ("", Some(&form)))?;
    scene::text(&answer, "/access_token")
}

/// The list while the server imports a file that it was sent.
fn beside_an_import(
    place: &Place,
    server: &Server,
    token: &str,
    (promised, leads, session): (&Promised, u64, &Session),
) -> Result<Vec<Row>> {
    let path = place.folder.join("more.csv");
    file::write(&path, 10 * leads..10 * leads + leads / PART)?;
    let mut reader = Reader::open(server.address, token)?;
    let calm = reader.p95(&[questions::list("")])?;
    let id = upload(server.address, token, &fs::read(&path)?)?;
    let job = format!("/api/v1/leads/imports/{id}");
    let is_at_work = |job: &Value| job.get("status").and_then(Value::as_str) == Some("running");
    wait::until(Duration::from_secs(30), Duration::from_millis(20), &session.interrupt, || {
        Ok(is_at_work(&scene::ask(server.address, "GET", &job, (token, None))?))
    })?;
    let mut rounds = Vec::new();
    let over = loop {
        session.interrupt.check()?;
        let busy = reader.p95(&[questions::list("")])?;
        let now = reader.get(&job)?;
        if !is_at_work(&now) {
            break now;
        }
        rounds.push(busy);
    };
    ensure!(over.get("created").and_then(Value::as_u64) == Some(leads / PART), "the import went otherwise: {over}");
    let busy = stats::median(&rounds);
    let memory = peak_mebibytes(server.id()).unwrap_or(f64::NAN);
    Ok(vec![
        Row::of("list beside an import: p95", busy, "ms"),
        Row::of("list beside an import / alone, p95", busy / calm, "").with(Goal::AtMost(promised.during)),
        Row::of("server that imports, most resident memory", memory, "MiB").with(Goal::AtMost(150.0)),
    ])
}

/// Sends a file to be imported; the import's id.
fn upload(address: SocketAddr, token: &str, file: &[u8]) -> Result<String> {
    let head = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"leads.csv\"\r\n\
                Content-Type: text/csv\r\n\r\n";
    let tail = "\r\n--part--\r\n";
    let length = head.len() + file.len() + tail.len();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "POST /api/v1/leads/imports HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: multipart/form-data; boundary=part\r\nContent-Length: {length}\r\n\r\n{head}"
    )?;
    stream.write_all(file)?;
    stream.write_all(tail.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (_, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    let job: Value = serde_json::from_str(body).with_context(|| answer.clone())?;
    scene::text(&job, "/id")
}

/// Forms of many people, each with an address of its own.
fn forms(place: &Place, server: &Server, token: &str, session: &Session) -> Result<Vec<Row>> {
    let form = json!({ "name": "Web", "kind": "publishable", "scopes": ["leads:create"], "origins": [ORIGIN] });
    let made = scene::ask(server.address, "POST", "/api/v1/api-keys", (token, Some(&form)))?;
    let key = scene::text(&made, "/key")?;
    let challenge = scene::ask(server.address, "GET", "/api/v1/leads/public/challenge", ("", None))?;
    let stamp = scene::text(&challenge, "/t")?;
    // Nobody fills a form in faster.
    wait::for_a_while(Duration::from_millis(2_500), &session.interrupt)?;
    let script = place.folder.join("load.lua");
    fs::write(&script, SCRIPT)?;
    let words = [key, stamp, ORIGIN.to_owned()];
    let send = |seconds| {
        let load = Load { kind: "form", path: "/api/v1/leads/public", tokens: &words, connections: SENDERS, seconds };
        wrk::run(&script, server, &load)
    };
    send(1)?;
    let rounds = (0..3).map(|_| send(5)).collect::<Result<Vec<_>>>()?;
    let middle = |part: fn(&wrk::Figures) -> f64| stats::median(&rounds.iter().map(part).collect::<Vec<_>>());
    Ok(vec![
        Row::of("forms of a web page, 32 connections", middle(|seen| seen.rate), "requests/s")
            .with(Goal::AtLeast(2_000.0)),
        Row::of("forms of a web page: p95", middle(|seen| seen.p95), "ms").with(Goal::AtMost(25.0)),
        Row::of("forms of a web page, processor time of the server", middle(|seen| seen.cpu), "µs/request"),
    ])
}
