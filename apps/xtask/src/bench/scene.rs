//! Both servers on one database, with the same data and the same people.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{self, Supervised};
use crate::services::{self, Postgres, Redis, port};
use crate::session::Session;
use crate::{env, say, wait};

/// How many accounts there are beside the first.
const USERS: u32 = 10_000;
/// How many sessions the first account has.
const SESSIONS: u32 = 100_000;
/// How many people ask in turn.
const CALLERS: u32 = 64;
/// The rows of a page, and how many of them come before page 2,000.
pub(crate) const LIMIT: u32 = 5;
const BEFORE_THE_DEEP_PAGE: u32 = 1_999 * LIMIT;
pub(super) const PASSWORD: &str = "tuba-mint-quarrel-9";

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Supervised,
}

impl Server {
    /// The id of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Signs one of the people in.
    fn log_in(&self, number: u32) -> Result<Tokens> {
        let form = json!({ "identifier": format!("user{number}@example.org"), "password": PASSWORD });
        let answer = ask(self.address, "POST", "/api/v1/auth/login", ("", Some(&form)))?;
        Ok(Tokens { access: text(&answer, "/access_token")?, refresh: text(&answer, "/refresh_token")? })
    }

    /// Refresh tokens of as many new sessions.
    pub(crate) fn refresh_tokens(&self, number: u32) -> Result<Vec<String>> {
        (0..number).map(|each| Ok(self.log_in(each % CALLERS + 1)?.refresh)).collect()
    }
}

/// What a login answers.
struct Tokens {
    access: String,
    refresh: String,
}

/// Everything that is measured.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The product.
    pub(crate) ashlar: Server,
    /// The bare server.
    pub(crate) floor: Server,
    /// Access tokens of many people.
    pub(crate) tokens: Vec<String>,
    /// The access token of the one with many sessions.
    pub(crate) owner: Vec<String>,
    /// The address of page 2,000, on Ashlar and on the floor.
    pub(crate) deep: [String; 2],
}

/// Starts and fills everything.
pub(crate) fn set(session: &mut Session, floor: &Path, folder: &Path) -> Result<Scene> {
    services::start_postgres(session)?;
    services::start_redis(session)?;
    let database = session.postgres.as_ref().map(Postgres::url).unwrap_or_default();
    let redis = session.redis.as_ref().map(Redis::url).unwrap_or_default();
    let ashlar = start(ashlar_command(&session.binary("release")?, folder, [&database, &redis]), folder, session)?;
    let first = json!({ "email": "user0@example.org", "password": PASSWORD });
    ask(ashlar.address, "POST", "/api/v1/auth/register", ("", Some(&first)))?;
    ashlar.log_in(0)?;
    say::line(&format!("    {USERS} accounts and {SESSIONS} sessions"));
    let (users, sessions) = (USERS.to_string(), SESSIONS.to_string());
    process::capture(Command::new(floor).args(["load", &database, &users, &sessions]))?;
    let jwks = ask(ashlar.address, "GET", "/.well-known/jwks.json", ("", None))?.to_string();
    let key = folder.join("data/keys/signing-rs256.pem");
    let serve = |port: u16| {
        let mut command = Command::new(floor);
        command.args(["serve", &port.to_string(), &database, &jwks]).arg(&key);
        command
    };
    let floor = start(serve, folder, session)?;
    let tokens = (1..=CALLERS).map(|number| Ok(ashlar.log_in(number)?.access)).collect::<Result<Vec<_>>>()?;
    let owner = vec![ashlar.log_in(0)?.access];
    let deep = deep_page(ashlar.address, owner.first().map_or("", String::as_str))?;
    Ok(Scene { ashlar, floor, tokens, owner, deep })
}

fn ashlar_command(binary: &Path, folder: &Path, [database, redis]: [&str; 2]) -> impl Fn(u16) -> Command + use<> {
    let (binary, folder) = (binary.to_owned(), folder.to_owned());
    let (database, redis) = (database.to_owned(), redis.to_owned());
    move |port| {
        let mut command = Command::new(&binary);
        for variable in env::ashlar_variables() {
            command.env_remove(variable);
        }
        command
            .arg("serve")
            .current_dir(&folder)
            .env("ASHLAR_LISTEN", format!("127.0.0.1:{port}"))
            .env("ASHLAR_DATA_DIR", folder.join("data"))
            .env("ASHLAR_DATABASE_URL", &database)
            .env("ASHLAR_REDIS_URL", &redis)
            .env("ASHLAR_MAX_CONNECTIONS_PER_IP", "1000")
            .env("ASHLAR_DEMO", "false")
            .env("ASHLAR_RATE_LIMITS", "off");
        command
    }
}

/// Starts a server on a free port, and waits until it answers.
pub(super) fn start(command: impl Fn(u16) -> Command, folder: &Path, session: &Session) -> Result<Server> {
    let port = port::free()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let log_file = folder.join(format!("{port}.log"));
    let log = File::create(&log_file)?;
    let mut command = command(port);
    command.stdout(Stdio::from(log.try_clone()?)).stderr(Stdio::from(log));
    let mut process = Supervised::start(&mut command, Signal::TERM)?;
    let ready = wait::until(Duration::from_mins(1), Duration::from_millis(20), &session.interrupt, || {
        if let Some(status) = process.ended()? {
            bail!("the server ended: {status}");
        }
        Ok(exchange(address, "GET /health/live HTTP/1.1\r\n", "", "").is_ok())
    });
    let log = || std::fs::read_to_string(&log_file).unwrap_or_default();
    ready.with_context(|| format!("a server did not start; it said\n{}", log()))?;
    Ok(Server { address, process })
}

/// Walks to page 2,000 in large steps: a cursor names a row and not the size of the pages before it.
fn deep_page(address: SocketAddr, token: &str) -> Result<[String; 2]> {
    let (mut left, mut after, mut last) = (BEFORE_THE_DEEP_PAGE, String::new(), Value::Null);
    while left > 0 {
        let limit = left.min(200);
        let path = format!("/api/v1/me/sessions?limit={limit}{after}");
        let page = ask(address, "GET", &path, (token, None))?;
        after = format!("&cursor={}", text(&page, "/page/next_cursor")?);
        last =
            page.pointer("/data").and_then(Value::as_array).and_then(|rows| rows.last()).cloned().unwrap_or_default();
        left -= limit;
    }
    let (at, id) = (text(&last, "/created_at")?, text(&last, "/id")?);
    let floor = format!("/api/v1/me/sessions?limit={LIMIT}&at={at}&id={id}");
    Ok([format!("/api/v1/me/sessions?limit={LIMIT}{after}"), floor])
}

/// A text in an answer.
pub(super) fn text(value: &Value, pointer: &str) -> Result<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {pointer}: {value}"))
}

/// One request and its answer, with a token and a body or without.
pub(super) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    (token, body): (&str, Option<&Value>),
) -> Result<Value> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let answer = exchange(address, &format!("{method} {path} HTTP/1.1\r\n"), token, &body)?;
    serde_json::from_str(&answer).with_context(|| format!("{method} {path}: {answer}"))
}

fn exchange(address: SocketAddr, line: &str, token: &str, body: &str) -> Result<String> {
    let patience = Duration::from_secs(10);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let credentials = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let length = body.len();
    write!(
        stream,
        "{line}Host: {address}\r\nConnection: close\r\n{credentials}Content-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("half an answer")?;
    if !head.starts_with("HTTP/1.1 2") {
        bail!("{line}{answer}");
    }
    Ok(body.to_owned())
}
