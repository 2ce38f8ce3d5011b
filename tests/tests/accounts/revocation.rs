//! Sessions that end in one process and were believed in another: through Redis at once, without it within five
//! seconds, and never a failed request.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use std::{
    collections::BTreeMap,
    io::Write as _,
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::dev::ServerHandle;
use ashlar_crypto::{Argon2Options, Argon2Params};
use ashlar_memory::{ManualClock, SeededEntropy};
use ashlar_server::{
    compose::{Product, World, compose},
    config::{Config, Inputs},
    http,
    telemetry::metrics::Metrics,
    work::{Roles, Working},
};
use ashlar_tests::{
    Answer, Client, OwnRedis, PASSWORD, SignedIn,
    binary::{PostgresDatabase, Program, eventually},
};
use chrono::TimeDelta;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

/// How soon an end must be known everywhere, on a machine that may be busy: long before the five seconds after which a
/// process looks for itself.
const AT_ONCE: Duration = Duration::from_secs(4);
/// How soon everything must be as before once Redis is back.
const BACK: Duration = Duration::from_secs(2);
/// For tests that only wait for something to begin.
const LONG: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_end_is_known_everywhere_at_once() {
    let Some(house) = House::open().await else { return };
    for end in [End::LogOut, End::Revoke, End::Reuse] {
        let session = house.session_that_both_believe().await;
        let began = Instant::now();
        house.one.end(end, &session).await;
        house.insist_that_the_other_refuses(&session, AT_ONCE).await;
        assert!(began.elapsed() < AT_ONCE, "{end:?} took {:?}", began.elapsed());
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_administrators_decide_is_known_everywhere() {
    let Some(house) = House::open().await else { return };
    let boss = house.one.log_in().await;
    let form = json!({ "email": "bob@example.org", "username": "bob", "password": PASSWORD });
    house.one.client.post("/api/v1/auth/register").json(&form).send().await.expect(201);
    let bob = house.one.log_in_as("bob").await;
    let path = format!("/api/v1/admin/users/{}", bob.user);
    let tell = async |method: &str, rest: &str| {
        let call = house.one.client.named(method, &format!("{path}{rest}")).bearer(&boss.access);
        if method == "PUT" { call.json(&json!({ "role": "staff" })) } else { call }.send().await.expect(200)
    };
    let reads = async |process: &Process| process.client.get(&path).bearer(&bob.access).send().await.status;

    // A role within five seconds, and at once in the process that was told.
    assert_eq!((reads(&house.one).await, reads(&house.other).await), (403, 403));
    tell("PUT", "/role").await;
    assert_eq!(reads(&house.one).await, 200);
    house.clock.advance(TimeDelta::milliseconds(5_001));
    assert_eq!(reads(&house.other).await, 200);
    // Ends at once: of all sessions of a person, and of the account.
    for (method, what) in [("DELETE", "/sessions"), ("POST", "/suspend")] {
        let bob = house.one.log_in_as("bob").await;
        house.one.me(&bob).await.expect(200);
        house.other.me(&bob).await.expect(200);
        tell(method, what).await;
        house.one.me(&bob).await.refused(401, "session_revoked");
        // The time stands still: who is not told believes it for ever.
        house.insist_that_the_other_refuses(&bob, LONG).await;
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_redis_leaves_the_five_seconds_and_is_heard_again() {
    let Some(mut house) = House::open().await else { return };
    let session = house.session_that_both_believe().await;
    house.redis.kill();
    house.insist_that_five_seconds_hold(&session).await;

    house.redis.start_again();
    house.insist_that_ends_are_known_at_once_again().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn end_during_an_outage_is_not_believed_after_it() {
    let Some(mut house) = House::open().await else { return };
    let session = house.session_that_both_believe().await;
    house.redis.kill();
    house.one.end(End::LogOut, &session).await;
    assert_eq!(house.other.me(&session).await.status, 200, "believed: the time stands still");

    house.redis.start_again();
    house.insist_that_the_other_refuses(&session, BACK).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frozen_redis_leaves_the_five_seconds_and_is_heard_again() {
    let Some(house) = House::open().await else { return };
    let session = house.session_that_both_believe().await;
    house.redis.freeze();
    house.insist_that_five_seconds_hold(&session).await;

    house.redis.thaw();
    house.insist_that_ends_are_known_at_once_again().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flushed_redis_revives_nobody_and_is_heard_on() {
    let Some(house) = House::open().await else { return };
    let session = house.session_that_both_believe().await;
    house.one.end(End::LogOut, &session).await;
    house.insist_that_the_other_refuses(&session, AT_ONCE).await;

    house.redis.flush();
    for _ in 0..20 {
        house.other.me(&session).await.refused(401, "session_revoked");
    }
    house.insist_that_ends_are_known_at_once_again().await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_on_the_channel_end_nothing() {
    let Some(house) = House::open().await else { return };
    let session = house.session_that_both_believe().await;
    let id = session.session.replace('-', "");
    let long = "x".repeat(100_000);
    let forged = format!("{id}{}", "0".repeat(80));
    for message in ["\"\"", "x", &id, &session.session, &forged, &"0".repeat(56), &long] {
        publish(&house.redis, message);
    }
    let next = house.session_that_both_believe().await;
    house.one.end(End::LogOut, &next).await;
    house.insist_that_the_other_refuses(&next, AT_ONCE).await;
    // Said before, so heard before.
    assert_eq!(house.other.me(&session).await.status, 200);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_of_the_program_tell_each_other() {
    let Some(redis) = OwnRedis::start() else { return };
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let keys = tempfile::tempdir().unwrap();
    let program = |folder: &TempDir| {
        let program = Program::in_folder(folder.path()).plain().env("ASHLAR_KEYS_DIR", keys.path().join("keys"));
        let program = program.env("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080").env("ASHLAR_REDIS_URL", redis.url());
        program.env("ASHLAR_DATABASE_URL", database.url())
    };
    let one = program(&folders[0]).serve().await;
    let other = program(&folders[1]).serve().await;
    for server in [&one, &other] {
        server.until_it_logs("refused at once").await;
    }
    let mut times = Vec::new();
    for number in 0..10 {
        let token = one.api().newcomer(&format!("n{number}@example.org")).await;
        assert_eq!(other.api().get_as(&token, "/api/v1/me").await.status, 200);
        let bearer = format!("Bearer {token}");
        let out = one.api().post_with("/api/v1/auth/logout", &[("authorization", &bearer)], &json!({})).await;
        assert_eq!(out.status, 204, "{out:?}");
        let began = Instant::now();
        let refused = async || other.api().get_as(&token, "/api/v1/me").await.status == 401;
        assert!(eventually(AT_ONCE, refused).await, "still believed: {}", other.stdout());
        times.push(began.elapsed());
    }
    times.sort();
    assert!(times[5] < Duration::from_secs(1), "{times:?}");
    for server in [one, other] {
        server.stop();
    }
}

/// How a session ends.
#[derive(Debug, Clone, Copy)]
enum End {
    LogOut,
    Revoke,
    Reuse,
}

/// Two processes on one database and one Redis, busy all the time.
struct House {
    one: Process,
    other: Process,
    clock: Arc<ManualClock>,
    redis: OwnRedis,
    over: Arc<AtomicBool>,
    load: JoinSet<BTreeMap<u16, usize>>,
    _database: PostgresDatabase,
    _folder: TempDir,
}

impl House {
    async fn open() -> Option<Self> {
        let redis = OwnRedis::start()?;
        let database = PostgresDatabase::fresh().await?;
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
        let mut processes = Vec::new();
        for seed in [1, 2] {
            let world = world(Arc::clone(&clock), seed);
            processes.push(Process::start(folder.path(), &database.url(), &redis.url(), world).await);
        }
        let (other, one) = (processes.pop().unwrap(), processes.pop().unwrap());
        let register = json!({ "email": "ada@example.org", "username": "ada", "password": PASSWORD });
        one.client.post("/api/v1/auth/register").json(&register).send().await.expect(201);
        let over = Arc::new(AtomicBool::new(false));
        let house = Self { one, other, clock, redis, over, load: JoinSet::new(), _database: database, _folder: folder };
        house.until_both_hear(LONG).await;
        Some(house.with_load().await)
    }

    /// Another session of the same person, on each process.
    async fn with_load(mut self) -> Self {
        let steady = self.one.log_in().await;
        for process in [&self.one, &self.other] {
            for _ in 0..3 {
                let (client, token) = (process.client.clone(), steady.access.clone());
                self.load.spawn(read_until(client, token, Arc::clone(&self.over)));
            }
        }
        self
    }

    async fn until_both_hear(&self, patience: Duration) {
        let hear = eventually(patience, async || self.one.hears() && self.other.hears()).await;
        assert!(hear, "not listening");
        // Readings of the very moment in which listening began are doubted.
        self.clock.advance(TimeDelta::milliseconds(1));
    }

    async fn session_that_both_believe(&self) -> SignedIn {
        let session = self.one.log_in().await;
        for process in [&self.one, &self.other] {
            process.me(&session).await.expect(200);
        }
        session
    }

    async fn insist_that_the_other_refuses(&self, session: &SignedIn, within: Duration) {
        let refuses = async || self.other.me(session).await.status == 401;
        assert!(eventually(within, refuses).await, "the other process believes it still");
        self.other.me(session).await.refused(401, "session_revoked");
    }

    /// While nobody can be told: the process that ends it refuses at once, the other after five seconds.
    async fn insist_that_five_seconds_hold(&self, session: &SignedIn) {
        self.one.end(End::LogOut, session).await;
        self.one.me(session).await.refused(401, "session_revoked");
        self.other.me(session).await.expect(200);
        self.clock.advance(TimeDelta::milliseconds(5_001));
        self.other.me(session).await.refused(401, "session_revoked");
    }

    async fn insist_that_ends_are_known_at_once_again(&self) {
        let began = Instant::now();
        let told = eventually(BACK, async || {
            if !(self.one.hears() && self.other.hears()) {
                return false;
            }
            self.clock.advance(TimeDelta::milliseconds(1));
            let session = self.session_that_both_believe().await;
            self.one.end(End::LogOut, &session).await;
            eventually(Duration::from_millis(300), async || self.other.me(&session).await.status == 401).await
        });
        assert!(told.await, "not within {BACK:?}");
        assert!(began.elapsed() <= BACK);
    }

    /// Not one request may have failed.
    async fn close(self) {
        self.over.store(true, Ordering::SeqCst);
        let answers = self.load.join_all().await;
        for statuses in &answers {
            assert_eq!(statuses.keys().collect::<Vec<_>>(), [&200], "{answers:?}");
        }
    }
}

async fn read_until(client: Client, token: String, over: Arc<AtomicBool>) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    while !over.load(Ordering::SeqCst) {
        let status = client.get("/api/v1/me").bearer(&token).send().await.status;
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

fn publish(redis: &OwnRedis, message: &str) {
    let address = redis.url().replace("redis://", "").replace('/', "");
    let mut stream = TcpStream::connect(address).unwrap();
    // As arrays of texts, since the short form has no long lines.
    let words = ["PUBLISH", "ashlar:revocations", message];
    let text: String = words.map(|word| format!("${}\r\n{word}\r\n", word.len())).concat();
    stream.write_all(format!("*3\r\n{text}").as_bytes()).unwrap();
    let mut answer = [0; 8];
    std::io::Read::read(&mut stream, &mut answer).unwrap();
    assert_eq!(answer[0], b':', "heard by so many");
}

/// A product in this process.
struct Process {
    client: Client,
    metrics: Metrics,
    server: ServerHandle,
    _working: Working,
}

impl Process {
    async fn start(folder: &Path, database: &str, redis: &str, world: World) -> Self {
        let generous = ["IP_BURST", "USER", "AUTH", "REFRESH"];
        let limits = generous.map(|name| (format!("ASHLAR_RATE_LIMIT_{name}"), "3600000/1h".to_owned()));
        let own = [
            ("ASHLAR_DATA_DIR", folder.join("data").display().to_string()),
            ("ASHLAR_PUBLIC_URL", "http://127.0.0.1:8080".to_owned()),
            ("ASHLAR_DEMO", "false".to_owned()),
            ("ASHLAR_JWT_ALG", "EdDSA".to_owned()),
            ("ASHLAR_LISTEN", "127.0.0.1:0".to_owned()),
            ("ASHLAR_DATABASE_URL", database.to_owned()),
            ("ASHLAR_REDIS_URL", redis.to_owned()),
        ];
        let environment = own.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(limits).collect();
        let inputs = Inputs { environment, folder: folder.to_owned(), ..Inputs::default() };
        let config = Config::load(&inputs).unwrap_or_else(|problems| panic!("{problems}"));
        let listener = TcpListener::bind(config.listen).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let Product { state, work, .. } = compose(&config, world).await.unwrap();
        let metrics = state.metrics.clone();
        let working = work.start(Roles::NONE, "test", &metrics);
        let server = http::server(listener, state, &config).unwrap();
        let handle = server.handle();
        drop(tokio::spawn(server));
        Self { client: Client::new(address), metrics, server: handle, _working: working }
    }

    fn hears(&self) -> bool {
        self.metrics.render().unwrap().contains("\nrevocations_hearing 1\n")
    }

    async fn log_in(&self) -> SignedIn {
        self.log_in_as("ada").await
    }

    async fn log_in_as(&self, identifier: &str) -> SignedIn {
        let form = json!({ "identifier": identifier, "password": PASSWORD });
        SignedIn::from(&self.client.post("/api/v1/auth/login").json(&form).send().await)
    }

    async fn me(&self, session: &SignedIn) -> Answer {
        self.client.get("/api/v1/me").bearer(&session.access).send().await
    }

    async fn end(&self, end: End, session: &SignedIn) {
        match end {
            End::LogOut => {
                self.client.post("/api/v1/auth/logout").bearer(&session.access).send().await.expect(204);
            }
            End::Revoke => {
                let path = format!("/api/v1/me/sessions/{}", session.session);
                self.client.delete(&path).bearer(&self.log_in().await.access).send().await.expect(204);
            }
            End::Reuse => {
                let refresh = async |token: &str| {
                    let form = json!({ "refresh_token": token });
                    self.client.post("/api/v1/auth/refresh").json(&form).send().await
                };
                let second = SignedIn::from(&refresh(&session.refresh).await);
                refresh(&second.refresh).await.expect(200);
                refresh(&session.refresh).await.refused(401, "refresh_token_reused");
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Stopping begins with the call; nobody waits for the end.
        drop(self.server.stop(false));
    }
}

/// Keys that follow from a seed, and hashes that cost next to nothing.
fn world(clock: Arc<ManualClock>, seed: u64) -> World {
    let threads = std::num::NonZeroU16::new(2).unwrap();
    let params = Argon2Params::new(64, 1, 1).unwrap();
    let hashing = Argon2Options { params, threads, queue: 1_000, wait: Duration::from_mins(2) };
    World { clock, entropy: Arc::new(SeededEntropy::new(seed)), hashing, statements: None, hashes: None }
}
