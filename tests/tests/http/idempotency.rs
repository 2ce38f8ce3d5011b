//! Requests that clients give a name: sent again they are answered again, and have their effect once.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use std::{io::Write as _, net::TcpStream, time::Duration};

use ashlar_tests::{
    Answer, Database, PASSWORD, Past, Setup, TestApp,
    binary::{Ledger, Program, Seed, Server},
    journeys,
    mortal::killed_after,
};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    repeated_request_gets_the_first_answer,
    refusal_is_repeated_too,
    what_was_never_carried_out_may_be_mended,
    key_of_another_request_is_refused,
    strangers_elsewhere_do_not_meet_ones_keys,
    keys_are_free_after_a_day,
    bad_keys_are_refused,
    of_many_at_once_one_is_carried_out,
    answers_about_an_erased_lead_are_erased,
);

fn form(name: &str) -> Value {
    json!({ "email": format!("{name}@example.org"), "password": PASSWORD })
}

async fn register(app: &TestApp, key: &str, form: &Value) -> Answer {
    app.client.post("/api/v1/auth/register").header("idempotency-key", key).json(form).send().await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == Some("true")
}

async fn repeated_request_gets_the_first_answer(database: Database) {
    let app = TestApp::start(database).await;

    let first = register(&app, "one", &form("ada")).await.expect(201);
    let again = register(&app, "\"one\"", &form("ada")).await.expect(201);

    assert!(!is_replayed(&first) && is_replayed(&again));
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("cache-control"), Some("no-store"));
    assert_ne!(first.request_id(), again.request_id());
    let opened = app.events().await.into_iter().filter(|event| event.name == "identity.user.registered");
    assert_eq!(opened.count(), 1);
}

async fn refusal_is_repeated_too(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    let first = register(&app, "one", &form("ada")).await.expect(409);
    let again = register(&app, "one", &form("ada")).await.expect(409);

    assert!(!is_replayed(&first) && is_replayed(&again));
    assert_eq!(first.body, again.body);
    assert_eq!(again.code(), "identifier_taken");
}

async fn what_was_never_carried_out_may_be_mended(database: Database) {
    let app = TestApp::start(database).await;
    let wrong = json!({ "email": "no address", "password": PASSWORD });

    register(&app, "one", &wrong).await.expect(422);
    register(&app, "one", &json!({ "nonsense": 1 })).await.expect(422);
    let mended = register(&app, "one", &form("ada")).await.expect(201);

    assert!(!is_replayed(&mended));
}

async fn key_of_another_request_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    register(&app, "one", &form("ada")).await.expect(201);

    let other = register(&app, "one", &form("bob")).await.expect(422);
    let query = app.client.post("/api/v1/auth/register?x=1").header("idempotency-key", "one").json(&form("ada"));

    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(query.undescribed().send().await.code(), "idempotency_key_reused");
    register(&app, "two", &form("bob")).await.expect(201);
}

async fn strangers_elsewhere_do_not_meet_ones_keys(database: Database) {
    let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let register = async |key: &str, form: &Value, from: &str| {
        let call =
            app.client.post("/api/v1/auth/register").header("idempotency-key", key).header("x-forwarded-for", from);
        call.json(form).send().await
    };
    register("one", &form("ada"), "2001:db8:7::1").await.expect(201);

    let with_her_body = register("one", &form("ada"), "203.0.113.9").await.expect(409);
    let with_another = register("one", &form("bob"), "203.0.113.9").await.expect(422);
    let next_door = register("one", &form("bob"), "2001:db8:8::1").await.expect(201);
    let at_home = register("one", &form("ada"), "2001:db8:7::2").await.expect(201);

    assert_eq!(with_her_body.code(), "identifier_taken", "it was judged anew");
    assert_eq!(with_another.code(), "idempotency_key_reused", "that one's own request had another body");
    assert!(!is_replayed(&with_her_body) && !is_replayed(&next_door));
    assert!(is_replayed(&at_home), "one network, one caller");
}

async fn keys_are_free_after_a_day(database: Database) {
    let app = TestApp::start(database).await;
    register(&app, "one", &form("ada")).await.expect(201);
    app.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    assert!(is_replayed(&register(&app, "one", &form("ada")).await.expect(201)));

    app.advance(TimeDelta::milliseconds(1));
    let anew = register(&app, "one", &form("ada")).await.expect(409);

    assert!(!is_replayed(&anew), "it was judged anew");
}

async fn bad_keys_are_refused(database: Database) {
    let app = TestApp::start(database).await;

    for key in ["", "\"\"", "two words", "t\u{e9}l", &"k".repeat(256)] {
        let refused = register(&app, key, &form("ada")).await.expect(400);
        assert_eq!(refused.code(), "idempotency_key_invalid", "{key:?}");
    }
    let twice = app.client.post("/api/v1/auth/register").header("idempotency-key", "a").header("idempotency-key", "b");
    twice.json(&form("ada")).send().await.expect(400);
    register(&app, &"k".repeat(255), &form("ada")).await.expect(201);
}

async fn of_many_at_once_one_is_carried_out(database: Database) {
    let app = TestApp::start(database).await;

    let form = form("ada");
    let answers = join_all((0..16).map(|_| register(&app, "race", &form))).await;

    let (carried_out, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201 && !is_replayed(answer));
    assert_eq!(carried_out.len(), 1);
    for other in others {
        match other.status {
            201 => assert_eq!(other.body, carried_out[0].body),
            status => assert_eq!((status, other.code().as_str()), (409, "idempotency_in_progress")),
        }
    }
    assert!(is_replayed(&register(&app, "race", &form).await.expect(201)));
}

async fn answers_about_an_erased_lead_are_erased(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let post = async |path: &str, key: &str, body: &Value| {
        let call = app.client.post(&format!("/api/v1{path}")).bearer(&boss.access).header("idempotency-key", key);
        call.json(body).send().await
    };
    let lead = |email: &str| json!({ "full_name": "Zenobia Quux", "email": email });
    let id = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
    let first = id(post("/leads", "first", &lead("zenobia@quux.example")).await.expect(201));
    let part = id(post("/leads", "part", &lead("z@quux.example")).await.expect(201));
    let note = json!({ "kind": "note", "body": "Zenobia wants a quote" });
    post(&format!("/leads/{part}/activities"), "note", &note).await.expect(201);
    let again = lead("zenobia@quux.example");
    post("/leads?on_duplicate=return", "return", &again).await.expect(200);
    let both = json!({ "primary_id": first, "duplicate_ids": [part] });
    post("/leads/merge", "merge", &both).await.expect(200);
    post("/leads", "other", &json!({ "full_name": "Ada", "email": "ada@example.org" })).await.expect(201);
    assert!(app.dump().await.contains("Zenobia"));

    let purge = app.client.delete(&format!("/api/v1/leads/{first}?purge=true")).bearer(&boss.access);
    purge.send().await.expect(204);

    let left = app.dump().await.to_lowercase();
    assert!(!left.contains("zenobia") && !left.contains("quux"), "neither name nor address is left anywhere");
    let events = app.events().await.len();
    let merge = post("/leads/merge", "merge", &both).await;
    for gone in [
        post("/leads", "first", &lead("zenobia@quux.example")).await,
        post("/leads", "part", &lead("z@quux.example")).await,
        post(&format!("/leads/{part}/activities"), "note", &note).await,
        post("/leads?on_duplicate=return", "return", &again).await,
        merge,
    ] {
        gone.refused(410, "idempotent_answer_erased");
    }
    assert_eq!(app.events().await.len(), events, "nothing was done again");
    post("/leads", "first", &lead("other@example.org")).await.refused(422, "idempotency_key_reused");
    let other = post("/leads", "other", &json!({ "full_name": "Ada", "email": "ada@example.org" })).await.expect(201);
    assert!(is_replayed(&other), "what was told of others stays");
}

/// The request as bytes, for a client that does not wait for the answer.
fn request(key: &str, form: &Value) -> String {
    let body = form.to_string();
    let length = body.len();
    format!(
        "POST /api/v1/auth/register HTTP/1.1\r\nhost: ashlar\r\ncontent-type: application/json\r\n\
         idempotency-key: {key}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

/// Sends it until it is answered for good.
async fn insist(program: &Server, key: &str, form: &Value) -> ashlar_tests::binary::Answer {
    for _ in 0..1_500 {
        let answer = program.api().post_with("/api/v1/auth/register", &[("idempotency-key", key)], form).await;
        if !matches!(answer.status, 0 | 503) && answer.body["code"] != "idempotency_in_progress" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{key} stays in progress");
}

#[tokio::test(flavor = "multi_thread")]
async fn client_that_went_away_need_not_wait_for_the_claim_to_run_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::in_folder(folder.path()).plain().serve().await;

    for number in 0..5 {
        let (key, form) = (format!("gone-{number}"), form(&format!("gone{number}")));
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(request(&key, &form).as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_millis(number)).await;
        drop(stream);

        let began = std::time::Instant::now();
        let answer = insist(&server, &key, &form).await;

        assert_eq!(answer.status, 201, "{answer:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "a claim is held for 35 seconds");
    }
    server.stop();
}

async fn effect_and_answer_survive_kill_nine_together(program: &Program, past: &Past) {
    // A claim is held for as long as a request may take, and five seconds.
    let program = program.clone().env("ASHLAR_REQUEST_TIMEOUT", "2s");
    let mut seed = Seed::fresh();
    for round in 0..4 {
        let (key, form) = (format!("round-{round}"), form(&format!("round{round}")));
        let begin = |server: &Server| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            stream.write_all(request(&key, &form).as_bytes()).unwrap();
            stream
        };
        drop(killed_after(&program, Duration::from_millis(seed.below(60)), begin).await);

        let server = program.serve().await;
        let answer = insist(&server, &key, &form).await;
        let again = insist(&server, &key, &form).await;

        assert_eq!((answer.status, &answer.body), (201, &again.body), "round {round}: {answer:?}");
        server.stop();
    }
    let ledger = Ledger::of(past).await;
    assert_eq!(ledger.users.len(), 4);
    assert_eq!(ledger.faults(&std::collections::BTreeSet::new()), [""; 0]);
}

mod program {
    use super::effect_and_answer_survive_kill_nine_together;

    ashlar_tests::laws_of_programs!(effect_and_answer_survive_kill_nine_together);
}
