//! Two processes behind a balancer are restarted in turn, under load, and no request fails.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use ashlar_tests::{
    balancer::Balancer,
    binary::{Api, PostgresDatabase, Program, Server},
};
use reqwest::{Client, Method};
use serde_json::json;
use tokio::task::JoinSet;

const RESTARTS: usize = 50;

/// What the clients saw.
#[derive(Default)]
struct Tally {
    answered: AtomicU64,
    failures: Mutex<Vec<String>>,
    enough: AtomicBool,
}

/// Clients that keep their connections, and clients that make one for each request.
fn load(base: &str, token: &str, tally: &Arc<Tally>) -> JoinSet<()> {
    let mut clients = JoinSet::new();
    for number in 0..8 {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10));
        let client = if number % 4 == 3 { client.pool_max_idle_per_host(0) } else { client };
        let (client, base, token) = (client.build().unwrap(), base.to_owned(), token.to_owned());
        clients.spawn(keep_asking(client, base, token, Arc::clone(tally)));
    }
    clients
}

async fn keep_asking(client: Client, base: String, token: String, tally: Arc<Tally>) {
    let url = format!("{base}/api/v1/me");
    for number in 0_u64.. {
        if tally.enough.load(Ordering::SeqCst) {
            return;
        }
        // Every tenth one writes.
        let request = match number % 10 {
            0 => client.request(Method::PATCH, &url).json(&json!({ "display_name": format!("Ada {number}") })),
            _ => client.request(Method::GET, &url),
        };
        let answer = request.bearer_auth(&token).send().await.and_then(reqwest::Response::error_for_status);
        let whole = match answer {
            Ok(answer) => answer.bytes().await.map(drop),
            Err(error) => Err(error),
        };
        match whole {
            Ok(()) => drop(tally.answered.fetch_add(1, Ordering::SeqCst)),
            Err(error) => tally.failures.lock().unwrap().push(format!("{error:?}")),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn start(program: &Program, balancer: &Balancer) -> Server {
    let server = program.serve().await;
    balancer.add(server.address());
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_restarts_fail_no_request_on_postgres() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path())
        .plain()
        .env("ASHLAR_DATABASE_URL", database.url())
        .env("ASHLAR_PUBLIC_URL", "http://ashlar.test")
        .env("ASHLAR_DRAIN_DELAY", "300ms");
    let balancer = Balancer::start().await;
    let mut servers = vec![start(&program, &balancer).await, start(&program, &balancer).await];
    let token = Api::at(&balancer.base()).newcomer("ada@example.org").await;
    let tally = Arc::new(Tally::default());
    let clients = load(&balancer.base(), &token, &tally);

    for restart in 0..RESTARTS {
        let old = servers.remove(0);
        let address = old.address();
        let stopped = tokio::task::spawn_blocking(move || old.stop());
        stopped.await.unwrap();
        balancer.remove(address);
        servers.push(start(&program, &balancer).await);
        let failures = tally.failures.lock().unwrap().clone();
        assert!(failures.is_empty(), "after restart {restart}: {failures:#?}");
    }
    tally.enough.store(true, Ordering::SeqCst);
    clients.join_all().await;

    let failures = tally.failures.lock().unwrap().clone();
    assert!(failures.is_empty(), "{failures:#?}");
    let answered = tally.answered.load(Ordering::SeqCst);
    assert!(answered > 10 * u64::try_from(RESTARTS).unwrap(), "only {answered} requests: that is no load");
}
