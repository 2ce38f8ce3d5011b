//! PostgreSQL when it goes away and comes back.

use std::{collections::BTreeSet, time::Duration};

use ashlar_tests::binary::{Api, Ledger, PATIENCE, PostgresDatabase, Program, Server, eventually};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_goes_away_is_missed_and_found_again_without_a_restart() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let mut door = Door::to(database.address()).await;
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_through(door.port);
    let mut server = Program::in_folder(folder.path()).plain().env("ASHLAR_DATABASE_URL", url).serve().await;
    let token = server.api().newcomer("early@example.org").await;
    let mut promised = BTreeSet::from(["early@example.org".to_owned()]);

    let storm = storm(&server);
    server.until_it_logs(r#""status":201"#).await;
    door.shut().await;
    promised.extend(storm.join_all().await.into_iter().flatten());
    insist_that_the_database_is_missed(&mut server, &token).await;

    door.open().await;
    let api = server.api();
    let is_ready = eventually(PATIENCE, async || api.get("/health/ready").await.status == 200).await;
    assert!(is_ready, "still not ready: {}", server.stdout());
    assert_eq!(api.get_as(&token, "/api/v1/me").await.status, 200);
    assert_eq!(api.register("late@example.org").await.status, 201);
    promised.insert("late@example.org".to_owned());
    server.stop();
    assert_eq!(Ledger::of_postgres(&database.url()).await.faults(&promised), [""; 0]);
}

async fn insist_that_the_database_is_missed(server: &mut Server, token: &str) {
    let api = server.api();
    let not_ready = async || api.get("/health/ready").await.status == 503;
    assert!(eventually(Duration::from_secs(3), not_ready).await, "still ready after three seconds");
    for attempt in 1..=3 {
        api.register(&format!("refused-{attempt}@example.org")).await.insist_on_unavailable();
    }
    api.log_in("early@example.org").await.insist_on_unavailable();
    api.get_as(token, "/api/v1/me").await.insist_on_unavailable();
    assert_eq!(api.get("/health/live").await.status, 200);
    assert_eq!(api.get("/openapi.json").await.status, 200, "what needs no database is served");
    server.insist_that_it_runs("with its database");
}

/// Eight clients register until they are refused; the addresses that were not.
fn storm(server: &Server) -> JoinSet<Vec<String>> {
    (0..8).map(|client| register_until_refused(server.api(), client)).collect()
}

async fn register_until_refused(api: Api, client: u32) -> Vec<String> {
    let mut registered = Vec::new();
    loop {
        let email = format!("storm-{client}-{}@example.org", registered.len());
        if api.register(&email).await.status != 201 {
            return registered;
        }
        registered.push(email);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_that_hangs_is_not_waited_for() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let door = Door::to(database.address()).await;
    let folder = tempfile::tempdir().unwrap();
    let url = database.url_through(door.port);
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_REQUEST_TIMEOUT", "2s");
    let mut server = program.env("ASHLAR_DATABASE_URL", url).serve().await;
    let token = server.api().newcomer("early@example.org").await;

    door.freeze(true);
    insist_that_the_database_is_missed(&mut server, &token).await;

    door.freeze(false);
    let api = server.api();
    let is_ready = eventually(PATIENCE, async || api.get("/health/ready").await.status == 200).await;
    assert!(is_ready, "still not ready: {}", server.stdout());
    assert_eq!(api.register("late@example.org").await.status, 201);
    server.stop();
    let promised = ["early@example.org", "late@example.org"].map(str::to_owned).into();
    assert_eq!(Ledger::of_postgres(&database.url()).await.faults(&promised), [""; 0]);
}

/// The way to a server. Shut, its port is closed and every connection cut; frozen, nothing comes through any more,
/// and nobody is told.
struct Door {
    server: String,
    port: u16,
    open: JoinSet<()>,
    frozen: watch::Sender<bool>,
}

impl Door {
    async fn to(server: String) -> Self {
        let mut door = Self { server, port: 0, open: JoinSet::new(), frozen: watch::Sender::new(false) };
        door.open().await;
        door
    }

    /// Opens it, on the same port as before.
    async fn open(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let (server, frozen) = (self.server.clone(), self.frozen.subscribe());
        self.open.spawn(async move {
            let mut visitors = JoinSet::new();
            while let Ok((visitor, _)) = listener.accept().await {
                visitors.spawn(lead(visitor, server.clone(), frozen.clone()));
            }
        });
    }

    async fn shut(&mut self) {
        self.open.shutdown().await;
    }

    /// What was on its way when it froze is lost: those connections end with the frost.
    fn freeze(&self, is_frozen: bool) {
        self.frozen.send_replace(is_frozen);
    }
}

async fn lead(mut visitor: TcpStream, server: String, mut frozen: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut visitor, &mut server) => return,
        _ = frozen.wait_for(|is_frozen| *is_frozen) => {}
    }
    drop(frozen.wait_for(|is_frozen| !*is_frozen).await);
}
