//! What is measured, line by line.

use std::path::Path;
use std::thread;

use anyhow::{Result, anyhow};

use super::oha::{self, Stream};
use super::scene::{LIMIT, Scene, Server};
use super::wrk::{self, Figures, Load};
use crate::process;

/// How many connections ask at once.
pub(crate) const CONNECTIONS: u32 = 32;
/// Fewer than the waiting room for hashes holds: a login that is turned away is no login.
const LOGIN_CONNECTIONS: u32 = 8;
/// Requests per second of the open loop: a tenth of what the cores give, so that what is measured is waiting and not
/// the limit.
pub(crate) const RATE: u32 = 500;

/// The programs that ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drivers<'run> {
    pub(crate) script: &'run Path,
    pub(crate) oha: &'run Path,
}

/// A line of the report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A read that needs nobody.
    Open(&'static str),
    /// A request by many people in turn: method and path.
    People(&'static str, &'static str),
    /// The sessions of the one who has many: the first page, or the one far behind.
    List {
        deep: bool,
    },
    Refresh,
    Login,
    /// `GET /me` at a fixed rate, alone or beside as many logins as there is room for.
    Stream {
        flood: bool,
    },
}

/// Every line, in the order of the report.
pub(crate) const ALL: [Case; 10] = [
    Case { name: "health", kind: Kind::Open("/health/live") },
    Case { name: "JWKS", kind: Kind::Open("/.well-known/jwks.json") },
    Case { name: "GET /me", kind: Kind::People("get", "/api/v1/me") },
    Case { name: "PATCH /me, writes an event", kind: Kind::People("patch", "/api/v1/me") },
    Case { name: "list, page 1", kind: Kind::List { deep: false } },
    Case { name: "list, page 2,000", kind: Kind::List { deep: true } },
    Case { name: "refresh", kind: Kind::Refresh },
    Case { name: "login, 8 connections", kind: Kind::Login },
    Case { name: "GET /me at a fixed rate, calm", kind: Kind::Stream { flood: false } },
    Case { name: "GET /me at a fixed rate, under logins", kind: Kind::Stream { flood: true } },
];

impl Case {
    /// Whether requests go out at a fixed rate.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self.kind, Kind::Stream { .. })
    }

    /// Whether it is the one that is compared with raw hashes.
    pub(crate) fn is_login(&self) -> bool {
        self.kind == Kind::Login
    }

    /// A second on each server.
    pub(crate) fn warm(&self, scene: &Scene, drivers: Drivers<'_>) -> Result<()> {
        self.on_ashlar(scene, drivers, 1)?;
        self.on_floor(scene, drivers, 1)?;
        Ok(())
    }

    /// On the product.
    pub(crate) fn on_ashlar(&self, scene: &Scene, drivers: Drivers<'_>, seconds: u32) -> Result<Figures> {
        let [deep, _] = &scene.deep;
        self.on(&scene.ashlar, deep, (scene, drivers), seconds)
    }

    /// On the bare server.
    pub(crate) fn on_floor(&self, scene: &Scene, drivers: Drivers<'_>, seconds: u32) -> Result<Figures> {
        let [_, deep] = &scene.deep;
        self.on(&scene.floor, deep, (scene, drivers), seconds)
    }

    fn on(
        &self,
        server: &Server,
        deep: &str,
        (scene, drivers): (&Scene, Drivers<'_>),
        seconds: u32,
    ) -> Result<Figures> {
        let load = |kind, path, tokens| Load { kind, path, tokens, connections: CONNECTIONS, seconds };
        let drive = |load: &Load<'_>| wrk::run(drivers.script, server, load);
        match self.kind {
            Kind::Open(path) => drive(&load("get", path, &[])),
            Kind::People(method, path) => drive(&load(method, path, &scene.tokens)),
            Kind::List { deep: true } => drive(&load("get", deep, &scene.owner)),
            Kind::List { deep: false } => {
                drive(&load("get", &format!("/api/v1/me/sessions?limit={LIMIT}"), &scene.owner))
            }
            Kind::Refresh => {
                // wrk makes one request that it does not send.
                let tokens = server.refresh_tokens(CONNECTIONS + 1)?;
                drive(&load("refresh", "/api/v1/auth/refresh", &tokens))
            }
            Kind::Login => drive(&logins(seconds)),
            Kind::Stream { flood } => {
                let token = scene.tokens.first().map_or("", String::as_str);
                let stream = Stream { path: "/api/v1/me", token, rate: RATE, seconds };
                if flood { beside_logins(server, &stream, drivers) } else { oha::run(drivers.oha, server, &stream) }
            }
        }
    }
}

fn logins(seconds: u32) -> Load<'static> {
    Load { kind: "login", path: "/api/v1/auth/login", tokens: &[], connections: LOGIN_CONNECTIONS, seconds }
}

/// The flood begins a moment before the stream and ends after it.
fn beside_logins(server: &Server, stream: &Stream<'_>, drivers: Drivers<'_>) -> Result<Figures> {
    thread::scope(|scope| {
        let crowd = logins(stream.seconds + 2);
        let flood = scope.spawn(move || process::capture(&mut wrk::command(drivers.script, server, &crowd)));
        thread::sleep(std::time::Duration::from_millis(500));
        let seen = oha::run(drivers.oha, server, stream);
        flood.join().map_err(|_panic| anyhow!("the flood has panicked"))??;
        seen
    })
}
