//! Every event is handled at least once, has its effect once and in the order of its aggregate, wherever processes die.

use std::sync::Arc;

use ashlar_identity::{SessionEvent, SessionId, UserId, port::IdentityStore as _};
use ashlar_kernel::{Change, Clock as _, Context, RequestId, SystemClock, TenantId};
use ashlar_server::{telemetry::metrics::Metrics, work::Roles};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    Past, laws_of_databases,
    mortal::{Death, dies, every_window, orders},
    stores::{open, prepare},
};
use chrono::TimeDelta;

use super::{
    PATIENCE, eventually,
    windows::{WINDOWS, aggregate, mortal_work, tables},
};

const ROUNDS: usize = 20;
const EVENTS: u128 = 3;

async fn emit(store: &SqlStore, number: u128) {
    let request = RequestId::parse("kill-nine").unwrap();
    let context = Context::system("test", TenantId::MAIN, request, SystemClock.now());
    let aggregate = aggregate(number);
    let event =
        SessionEvent::RefreshRepeated { session: SessionId::from_uuid(aggregate), user: UserId::from_uuid(aggregate) };
    let mut tx = store.begin(&context).await.unwrap();
    tx.note_refresh_retry(Change::new(SessionId::from_uuid(aggregate), event)).await.unwrap();
    tx.commit().await.unwrap();
}

/// Started by the tests below, in a process of its own: three things happen, it works, and dies of it. Without orders it
/// is no test.
#[tokio::test(flavor = "multi_thread")]
async fn mortal() {
    let Some((number, window, pass, url)) = orders::<(u32, usize, usize, String)>() else { return };
    let store = open(&url, u64::from(number)).await;
    let (database, death) = (Past::the_product(&url), Arc::new(Death::in_window(window, pass)));
    for event in 0..EVENTS {
        emit(&store, event).await;
    }
    // Each process lives after the leases of those before it.
    let ahead = TimeDelta::minutes(2) * i32::try_from(number).unwrap();

    let working =
        mortal_work(&store, &database, ahead, &death).start(Roles::ALL, &number.to_string(), &Metrics::default());

    tokio::time::sleep(PATIENCE).await;
    drop(working);
}

fn die(number: usize, window: usize, url: &str) {
    // Nobody looks a schedule up more often than once a second.
    let pass = if window < 8 { 1 + number % 3 } else { 1 };
    dies(module_path!(), &(number, window, pass, url), &format!("process {number}, {},", WINDOWS[window]));
}

async fn effects_are_once_and_in_order_wherever_processes_die(url: &str) {
    prepare(url).await;
    let past = Past::the_product(url);
    past.execute(&tables(url)).await;
    past.execute("INSERT INTO schedule (name, first_asked) VALUES ('tick', '2026-01-01 00:00:00.000+00:00')").await;
    for (number, window) in every_window(ROUNDS, WINDOWS.len()) {
        die(number, window, url);
    }

    let number = ROUNDS * WINDOWS.len();
    let store = open(url, 0).await;
    let ahead = TimeDelta::minutes(2) * i32::try_from(number + 1).unwrap();
    let work = mortal_work(&store, &past, ahead, &Arc::new(Death::never()));
    let working = work.start(Roles::WORKER, "survivor", &Metrics::default());
    let open_jobs = "SELECT count(*) FROM job WHERE state <> 'done'";
    let waiting = "SELECT count(*) FROM event_dispatch_pending";
    eventually("everything is done", async || past.number(waiting).await == 0 && past.number(open_jobs).await == 0)
        .await;
    working.stopper().stop(PATIENCE);
    working.stopped().await;

    let count = async |of: &str| past.number(&format!("SELECT count(*) FROM {of}")).await;
    let events = count("event").await;
    assert!(events >= i64::try_from(number).unwrap(), "{events} events");
    assert_eq!(count("effect WHERE aggregate <> 'tick'").await, events, "each event has its effect");
    assert_eq!(count("job WHERE kind = 'test.effect'").await, events, "each event led to one job");
    assert_eq!(count("effect WHERE aggregate = 'tick'").await, count("schedule_firing").await);
    assert_eq!(count("job WHERE kind = 'test.tick'").await, count("schedule_firing").await);
    assert!(count("attempt").await > count("effect").await, "nobody ever died after an effect");
    in_order(&past).await;
}

/// First attempts at the events of an aggregate were made in the order in which they happened.
async fn in_order(past: &Past) {
    for number in 0..2 {
        let aggregate = aggregate(number);
        let (id, is_of_it) = if past.url().starts_with("sqlite") {
            ("lower(hex(id))", format!("json_extract(targets, '$[0].id') = '{aggregate}'"))
        } else {
            ("replace(id::text, '-', '')", format!("targets -> 0 ->> 'id' = '{aggregate}'"))
        };
        let happened = format!("SELECT {id} FROM event WHERE {is_of_it} ORDER BY position");
        let happened = past.texts(&happened).await;
        let effects =
            format!("SELECT replace(cause, '-', '') FROM effect WHERE aggregate = '{aggregate}' ORDER BY number");
        assert_eq!(past.texts(&effects).await, happened, "of {aggregate}");
    }
}

laws_of_databases!(effects_are_once_and_in_order_wherever_processes_die);
