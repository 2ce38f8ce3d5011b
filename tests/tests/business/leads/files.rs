//! Files of contracts: taken away, read by parts, sent again, and swept.

use std::sync::Arc;

use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_kernel::Timestamp;
use ashlar_leads::port::Files as _;
use ashlar_memory::SeededEntropy;
use ashlar_tests::{
    Answer, Call, Database, Setup, SignedIn, TestApp, journeys,
    leads::{FILE_FORM, file_form},
};
use bytes::Bytes;
use chrono::TimeDelta;
use futures::StreamExt as _;
use serde_json::json;

journeys!(
    deleted_files_are_gone_and_signed_ones_stay,
    parts_of_a_file_are_read,
    uploads_that_are_sent_again_by_name_are_one,
    a_user_sends_ten_files_in_an_hour,
    what_nobody_needs_is_swept,
);

const PDF: &[u8] = b"%PDF-1.7 0123456789";

fn ask(app: &TestApp, who: &SignedIn, method: &str, path: &str) -> Call {
    app.client.named(method, &format!("/api/v1{path}")).bearer(&who.access)
}

fn send(app: &TestApp, who: &SignedIn, contract: &str, content: &[u8]) -> Call {
    ask(app, who, "POST", &format!("/contracts/{contract}/files")).body(FILE_FORM, file_form("a.pdf", content))
}

fn id(answer: &Answer) -> String {
    answer.json()["id"].as_str().unwrap().to_owned()
}

/// The place where files are, past the product.
fn place(app: &TestApp) -> BlobFiles {
    let url = BlobUrl::parse(&app.config.blobs.url).unwrap();
    BlobFiles::new(url, None, Arc::new(SeededEntropy::new(7))).unwrap()
}

async fn stored(app: &TestApp) -> usize {
    let ever = "2999-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    place(app).kept_before(ever).await.unwrap().count().await
}

async fn deleted_files_are_gone_and_signed_ones_stay(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let [_, contract, first] = app.contract_with_file(&boss.access).await;
    for _ in 0..9 {
        send(&app, &boss, &contract, PDF).send().await.expect(201);
    }
    send(&app, &boss, &contract, PDF).send().await.refused(409, "too_many_files");
    let link = ask(&app, &boss, "GET", &format!("/contracts/files/{first}/url")).send().await.expect(200);
    let on_file = |method| ask(&app, &boss, method, &format!("/contracts/files/{first}"));
    let member = app.sign_up("member").await;
    ask(&app, &member, "DELETE", &format!("/contracts/files/{first}")).send().await.refused(403, "permission_denied");

    let deleted = on_file("DELETE").send().await.expect(204);

    assert_eq!(app.names(deleted.request_id()).await, ["leads.contract_file.deleted"]);
    assert_eq!(stored(&app).await, 9, "the bytes are gone as well");
    on_file("DELETE").send().await.refused(404, "not_found");
    let url = link.json()["url"].as_str().unwrap().to_owned();
    app.client.get(&url).undescribed().send().await.refused(404, "not_found");
    app.advance(TimeDelta::seconds(1));
    let last = id(&send(&app, &boss, &contract, PDF).send().await.expect(201));
    let read = async || ask(&app, &boss, "GET", &format!("/contracts/{contract}")).send().await.expect(200).json();
    let files = read().await["files"].as_array().unwrap().clone();
    assert_eq!((files.len(), files[9]["id"].as_str()), (10, Some(&*last)));

    for status in ["sent", "signed"] {
        let edit = ask(&app, &boss, "PATCH", &format!("/contracts/{contract}")).json(&json!({ "status": status }));
        edit.send().await.expect(200);
    }
    let refused = ask(&app, &boss, "DELETE", &format!("/contracts/files/{last}")).send().await;
    refused.refused(409, "contract_signed");
    assert_eq!((stored(&app).await, read().await["files"].as_array().unwrap().len()), (10, 10));
}

async fn parts_of_a_file_are_read(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let [_, contract, _] = app.contract_with_file(&boss.access).await;
    let file = id(&send(&app, &boss, &contract, PDF).send().await.expect(201));
    let link = ask(&app, &boss, "GET", &format!("/contracts/files/{file}/url")).send().await.expect(200);
    let url = link.json()["url"].as_str().unwrap().to_owned();
    let read = async |headers: &[(&str, &str)]| {
        let call = app.client.get(&url).undescribed();
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
    };
    let whole = read(&[]).await.expect(200);
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!((whole.header("accept-ranges"), whole.body.as_slice()), (Some("bytes"), PDF));

    let rest = read(&[("range", "bytes=9-"), ("if-range", &tag)]).await.expect(206);

    assert_eq!(rest.body, b"0123456789");
    assert_eq!((rest.header("content-range"), rest.header("content-length")), (Some("bytes 9-18/19"), Some("10")));
    assert_eq!((rest.header("etag"), rest.header("content-type")), (Some(&*tag), Some("application/pdf")));
    assert_eq!(app.names(rest.request_id()).await, ["leads.contract_file.downloaded"]);
    assert_eq!(read(&[("range", "bytes=-4")]).await.expect(206).body, b"6789");
    assert_eq!(read(&[("range", "bytes=9-"), ("if-range", "\"other\"")]).await.expect(200).body, PDF);
    assert_eq!(read(&[("range", "bytes=0-1,4-5")]).await.expect(200).body, PDF);
    let behind = read(&[("range", "bytes=19-")]).await;
    behind.refused(416, "range_not_satisfiable");
    assert_eq!(behind.header("content-range"), Some("bytes */19"));
    let known = read(&[("if-none-match", &tag)]).await.expect(304);
    assert_eq!((known.body.len(), app.names(known.request_id()).await.len()), (0, 0));
}

async fn uploads_that_are_sent_again_by_name_are_one(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let [_, contract, _] = app.contract_with_file(&boss.access).await;
    let named = |name: &str, content: &[u8]| send(&app, &boss, &contract, content).header("idempotency-key", name);
    let first = named("one", PDF).send().await.expect(201);

    let again = named("one", PDF).send().await.expect(201);

    assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), first.json()));
    named("one", b"%PDF-1.7 other").send().await.refused(422, "idempotency_key_reused");
    let read = ask(&app, &boss, "GET", &format!("/contracts/{contract}")).send().await.expect(200).json();
    assert_eq!((read["files"].as_array().unwrap().len(), stored(&app).await), (2, 2), "nothing is left of the others");
    for _ in 0..8 {
        send(&app, &boss, &contract, PDF).send().await.expect(201);
    }
    let again = named("one", PDF).send().await.expect(201);
    assert_eq!(again.json(), first.json(), "although there is no room any more");

    let (media_type, body) = ashlar_tests::leads::upload(&json!({}), b"name,email\nAda,ada@example.org\n");
    let import = || ask(&app, &boss, "POST", "/leads/imports").body(media_type, body.clone());
    let first = import().header("idempotency-key", "two").send().await.expect(202);
    let again = import().header("idempotency-key", "two").send().await.expect(202);
    assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), first.json()));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(stored(&app).await, 11);
    let imports = ask(&app, &boss, "GET", "/leads/imports").send().await.expect(200).json();
    assert_eq!(imports["data"].as_array().unwrap().len(), 1);
}

async fn a_user_sends_ten_files_in_an_hour(database: Database) {
    let app = Setup::on(database).set("ASHLAR_RATE_LIMIT_UPLOAD", "10/1h").start().await;
    let boss = app.boss().await;
    let [_, contract, _] = app.contract_with_file(&boss.access).await;
    let (options, file) = (json!({ "dry_run": true }), b"name,email\nAda,ada@example.org\n");
    for _ in 0..4 {
        send(&app, &boss, &contract, PDF).send().await.expect(201);
        app.try_import(&boss.access, &options, file).await.expect(202);
    }
    let last = send(&app, &boss, &contract, PDF).send().await.expect(201);
    assert_eq!(last.header("x-ratelimit-remaining"), Some("0"));

    let refused = send(&app, &boss, &contract, PDF).send().await;

    refused.refused(429, "rate_limited");
    assert_eq!(refused.json()["violated_policies"], json!(["upload"]));
    app.try_import(&boss.access, &options, file).await.refused(429, "rate_limited");
    let other = app.colleague(&boss, "seller", "sales").await;
    send(&app, &other, &contract, PDF).send().await.expect(201);
    app.advance(TimeDelta::minutes(6));
    send(&app, &boss, &contract, PDF).send().await.expect(201);
}

async fn what_nobody_needs_is_swept(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.contract_with_file(&boss.access).await;
    let import = app.import(&boss.access, &json!({}), b"name,email\nAda,ada@example.org\n").await;
    let place = place(&app);
    let keep = async || {
        let mut file = place.begin(9).await.unwrap();
        file.write(Bytes::from_static(b"left over")).await.unwrap();
        file.keep().await.unwrap().key
    };
    let left = keep().await;

    let real = ashlar_kernel::Clock::now(&ashlar_kernel::SystemClock);
    assert_eq!(app.leads.sweep_files(real + TimeDelta::hours(23)).await.unwrap(), 0, "they are young");
    assert_eq!(app.leads.sweep_files(real + TimeDelta::hours(25)).await.unwrap(), 1);

    assert_eq!((place.size(&left).await.unwrap(), stored(&app).await), (None, 2));
    let cancel = ask(&app, &boss, "POST", &format!("/leads/imports/{import}/cancel"));
    cancel.send().await.expect(200);
    assert_eq!(stored(&app).await, 1, "what a contract has stays");
    assert_eq!(app.leads.sweep_files(real + TimeDelta::days(9)).await.unwrap(), 0);
}
