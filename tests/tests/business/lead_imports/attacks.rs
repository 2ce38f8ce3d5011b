//! What people who mean no good do with imports, and with files that are not theirs any more.

use std::{fs, sync::Arc, time::Duration};

use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_kernel::Timestamp;
use ashlar_leads::{Taken, port::Files as _};
use ashlar_memory::SeededEntropy;
use ashlar_tests::{Database, SignedIn, TestApp, journeys};
use futures::StreamExt as _;
use serde_json::json;
use uuid::Uuid;

journeys!(
    refused_uploads_leave_no_file,
    options_that_no_row_could_follow_are_refused,
    all_who_call_an_import_off_at_once_are_told_the_truth,
    a_stream_ends_with_its_session,
    a_file_that_is_gone_is_not_available,
);

fn place(app: &TestApp) -> BlobFiles {
    BlobFiles::new(BlobUrl::parse(&app.config.blobs.url).unwrap(), None, Arc::new(SeededEntropy::new(7))).unwrap()
}

async fn stored(app: &TestApp) -> usize {
    let ever = "2999-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    place(app).kept_before(ever).await.unwrap().count().await
}

const FILE: &str =
    "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a%22b.csv\"\r\n\r\nname,email\r\n";

async fn send(app: &TestApp, boss: &SignedIn, rest: &str) -> ashlar_tests::Answer {
    let body = format!("{FILE}{rest}").into_bytes();
    let call = app.client.post("/api/v1/leads/imports").bearer(&boss.access);
    call.body("multipart/form-data; boundary=edge", body).send().await
}

fn part(name: &str, content: &str) -> String {
    format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n--edge--\r\n")
}

async fn refused_uploads_leave_no_file(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    send(&app, &boss, &part("options", "{\"mode\":")).await.refused(400, "malformed_request");
    send(&app, &boss, &part("options", "{\"mode\":\"replace\"}")).await.refused(422, "validation");
    send(&app, &boss, &part("colour", "red")).await.refused(400, "malformed_request");
    send(&app, &boss, "--edge\r\ncontent-disposition: form-data; name=\"opt").await.refused(400, "malformed_request");
    send(&app, &boss, &part("options", &" ".repeat(70 << 10))).await.refused(413, "body_too_large");
    assert_eq!(stored(&app).await, 0);
    let taken = send(&app, &boss, &part("options", "{}")).await.expect(202).json();
    assert_eq!((taken["file_name"].as_str(), stored(&app).await), (Some("a\"b.csv"), 1));
}

async fn options_that_no_row_could_follow_are_refused(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ask = async |options| app.try_import(&boss.access, &options, b"name,email\n").await;
    let refused = (422, "validation");
    ask(json!({ "defaults": { "source": "hax" } })).await.refused_at(refused, "/defaults/source", "unknown_value");
    let nobody = json!({ "defaults": { "owner_id": Uuid::from_u128(7) } });
    ask(nobody).await.refused_at(refused, "/defaults/owner_id", "invalid_owner");
    let twice = json!({ "mapping": { "a": "email", "b": "email" } });
    ask(twice).await.refused_at(refused, "/mapping", "duplicate");
    assert_eq!(stored(&app).await, 0);
    ask(json!({ "defaults": { "source": "event", "first_name": "A", "consent_marketing": "yes" } })).await.expect(202);
}

/// While a worker saves one batch after the other.
async fn all_who_call_an_import_off_at_once_are_told_the_truth(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let row = |number: usize| format!("Lead {number},l{number}@example.org\n");
    let text = format!("name,email\n{}", (0..20_000).map(row).collect::<String>());
    let import = app.import(&boss.access, &json!({}), text.as_bytes()).await;
    let Taken::Run(mut run) = app.transfers.take(Uuid::from_u128(1)).await.unwrap() else { panic!("it is taken on") };
    assert!(run.step().await.unwrap());
    let path = format!("/api/v1/leads/imports/{import}/cancel");
    let calls = (0..6).map(|_| app.client.post(&path).bearer(&boss.access).send());

    let work = tokio::spawn(async move { while run.step().await.unwrap() {} });
    let answers = futures::future::join_all(calls).await;
    work.await.unwrap();

    let mut told: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    told.sort_unstable();
    assert_eq!(told, [200, 409, 409, 409, 409, 409]);
    assert_eq!(stored(&app).await, 0);
}

async fn a_stream_ends_with_its_session(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let other = app.colleague(&boss, "stan", "staff").await;
    let import = app.import(&boss.access, &json!({}), b"name,email\nAda,ada@example.org\n").await;
    let path = format!("/api/v1/leads/imports/{import}/events");
    let watch = app.client.get(&path).bearer(&other.access).send();
    let leave = async {
        // In real time, as streams look: nothing else says that it has begun.
        tokio::time::sleep(Duration::from_millis(700)).await;
        app.log_out(&other.access).await
    };

    let ended = tokio::time::timeout(Duration::from_secs(6), futures::future::join(watch, leave)).await;

    let (answer, _left) = ended.unwrap();
    let text = answer.expect(200).text();
    assert!(text.starts_with("event: progress\n") && !text.contains("event: done"), "{text}");
}

async fn a_file_that_is_gone_is_not_available(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let [_, _, file] = app.contract_with_file(&boss.access).await;
    let link = app.client.get(&format!("/api/v1/contracts/files/{file}/url")).bearer(&boss.access).send().await;
    let url = link.expect(200).json()["url"].as_str().unwrap().to_owned();
    app.client.get(&url).send().await.expect(200);
    let files = place(&app);
    let ever = "2999-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let key = files.kept_before(ever).await.unwrap().next().await.unwrap().unwrap();
    let BlobUrl::Folder(folder) = BlobUrl::parse(&app.config.blobs.url).unwrap() else { panic!("a folder") };
    let name = folder.join(key.as_str().get(..2).unwrap()).join(key.as_str());

    fs::write(&name, b"%PDF-1.7 and more").unwrap();
    let longer = app.client.get(&url).send().await;
    fs::remove_file(&name).unwrap();
    let gone = app.client.get(&url).send().await;

    longer.refused(503, "files_unavailable");
    gone.refused(503, "files_unavailable");
}
