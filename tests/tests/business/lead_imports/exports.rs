//! Exports that are too large to be sent in one go.

use std::sync::{Arc, Mutex};

use ashlar_blob::{BlobFiles, BlobUrl};
use ashlar_kernel::Timestamp;
use ashlar_leads::{port::Files as _, use_case::TakenExport};
use ashlar_memory::SeededEntropy;
use ashlar_tests::{Answer, Database, Setup, SignedIn, TestApp, journeys, leads::file_form};
use chrono::TimeDelta;
use futures::StreamExt as _;
use serde_json::{Value, json};

journeys!(
    a_large_export_is_written_by_a_worker,
    the_file_of_an_export_is_gone_after_a_day,
    an_export_is_of_whoever_asked_for_it,
    whoever_may_not_any_more_exports_nothing,
    whoever_may_not_any_more_exports_no_more,
    an_export_at_work_is_called_off_and_leaves_nothing,
    an_export_that_broke_off_begins_anew,
    tampered_files_are_not_served_to_their_end,
    exports_cost_so_many_statements,
);

/// More than a worker reads at a time.
const LEADS: usize = 4_100;

async fn start(database: Database) -> TestApp {
    Setup::on(database).with_small_exports(2).start().await
}

/// So many leads, in few requests.
async fn enter(app: &TestApp, boss: &SignedIn, leads: usize) {
    for first in (0..leads).step_by(500) {
        let lead =
            |number: usize| json!({ "full_name": format!("=Lead {number}"), "email": format!("l{number}@x.org") });
        let items: Vec<_> = (first..leads.min(first + 500)).map(lead).collect();
        let call = app.client.post("/api/v1/leads/batch").bearer(&boss.access).json(&json!({ "items": items }));
        call.undescribed().send().await.expect(200);
    }
}

async fn read(app: &TestApp, who: &SignedIn, id: &str) -> Answer {
    app.client.get(&format!("/api/v1/leads/exports/{id}")).bearer(&who.access).send().await
}

async fn state(app: &TestApp, who: &SignedIn, id: &str) -> (String, Value) {
    let shown = read(app, who, id).await.expect(200).json();
    (shown["status"].as_str().unwrap().to_owned(), shown["error"].clone())
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

async fn names(app: &TestApp) -> Vec<String> {
    let events = app.events().await.into_iter().filter(|event| event.name.starts_with("leads.export."));
    events.map(|event| event.name.replacen("leads.export.", "", 1)).collect()
}

async fn a_large_export_is_written_by_a_worker(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, LEADS).await;
    let query = "columns=full_name,email&has_email=true";
    let asked = app.client.get(&format!("/api/v1/leads/export?{query}")).bearer(&boss.access).send().await.expect(202);
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(asked.header("location"), Some(&*format!("/api/v1/leads/exports/{id}")));
    let waiting = read(&app, &boss, &id).await.expect(200).json();
    assert_eq!((&waiting["status"], &waiting["download_url"]), (&json!("queued"), &Value::Null));
    assert!(app.dump().await.contains("has_email"), "what it is about is stored until then");

    app.carry_exports_out().await;

    let done = read(&app, &boss, &id).await.expect(200).json();
    assert_eq!((&done["status"], &done["rows"]), (&json!("completed"), &json!(LEADS)));
    assert_eq!(done["expires_at"], json!("2030-01-02T12:00:00.000Z"));
    let url = done["download_url"].as_str().unwrap();
    let file = app.client.get(url).undescribed().send().await.expect(200);
    let text = String::from_utf8(file.body.clone()).unwrap();
    assert_eq!(done["bytes"], json!(text.len()));
    assert_eq!((text.lines().count(), text.lines().nth(1)), (LEADS + 1, Some("'=Lead 0,l0@x.org")));
    assert_eq!(text.lines().last(), Some(&*format!("'=Lead {0},l{0}@x.org", LEADS - 1)));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"leads.csv\""));
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    let (tag, middle) = (file.header("etag").unwrap().to_owned(), "bytes=9-17");
    let part = app.client.get(url).undescribed().header("range", middle).header("if-range", &tag);
    let part = part.send().await.expect(206);
    assert_eq!(part.body, text.as_bytes()[9..18]);
    assert_eq!(names(&app).await, ["created", "started", "completed", "read", "read"]);
    let events = app.events().await;
    let created = events.iter().find(|event| event.name == "leads.export.created").unwrap();
    assert_eq!(
        (&created.data["columns"], &created.data["is_filtered"]),
        (&json!(["full_name", "email"]), &json!(true))
    );
    assert_eq!((created.actor.id.as_deref(), &created.data["export"]), (Some(&*boss.user), &json!(id)));
    // Fewer are a file at once.
    let few = app.client.get("/api/v1/leads/export?q=l77%40x.org").bearer(&boss.access).send().await.expect(200);
    assert_eq!(few.text().lines().count(), 2);
}

async fn the_file_of_an_export_is_gone_after_a_day(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, 3).await;
    let id = app.export(&boss.access).await;
    app.carry_exports_out().await;
    assert_eq!(app.transfers.sweep_exports().await.unwrap(), 0);
    app.advance(TimeDelta::hours(24) - TimeDelta::minutes(1));
    let boss = app.log_in("boss").await;
    let url = read(&app, &boss, &id).await.expect(200).json()["download_url"].as_str().unwrap().to_owned();
    app.client.get(&url).undescribed().send().await.expect(200);

    app.advance(TimeDelta::minutes(1));
    app.client.get(&url).undescribed().send().await.refused(404, "not_found");
    assert_eq!((state(&app, &boss, &id).await.0, stored(&app).await), ("expired".to_owned(), 1));
    assert_eq!(app.transfers.sweep_exports().await.unwrap(), 1);
    assert_eq!(app.transfers.sweep_exports().await.unwrap(), 0);

    assert_eq!((state(&app, &boss, &id).await.0, stored(&app).await), ("expired".to_owned(), 0));
    assert_eq!(names(&app).await, ["created", "started", "completed", "read", "expired"]);
}

async fn an_export_is_of_whoever_asked_for_it(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    let (staff, seller) = (app.colleague(&boss, "staff", "staff").await, app.colleague(&boss, "sel", "sales").await);
    enter(&app, &boss, 3).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.export(&staff.access).await);
        app.advance(TimeDelta::seconds(1));
    }
    let bosses = app.export(&boss.access).await;
    app.carry_exports_out().await;

    read(&app, &boss, &ids[0]).await.refused(404, "not_found");
    read(&app, &staff, &bosses).await.refused(404, "not_found");
    read(&app, &seller, &ids[0]).await.refused(403, "permission_denied");
    let list = async |query: &str| {
        let call = app.client.get(&format!("/api/v1/leads/exports{query}")).bearer(&staff.access);
        call.send().await.expect(200).json()
    };
    let of = |page: &Value| {
        let data = page["data"].as_array().unwrap();
        data.iter().map(|export| export["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = list("?limit=2").await;
    let rest = list(&format!("?limit=2&cursor={}", first["page"]["next_cursor"].as_str().unwrap())).await;
    let seen = [of(&first), of(&rest)].concat();
    assert_eq!(seen.into_iter().rev().collect::<Vec<_>>(), ids);
    assert!(first["data"][0]["download_url"].is_string());
    let cancel = app.client.post(&format!("/api/v1/leads/exports/{}/cancel", ids[0])).bearer(&boss.access);
    cancel.send().await.refused(404, "not_found");
    let cancel = app.client.post(&format!("/api/v1/leads/exports/{}/cancel", ids[0])).bearer(&staff.access);
    cancel.send().await.refused(409, "export_over");
    // A link to a file of another sort is none to this one, and a changed link is none.
    let [_, contract, _] = app.contract_with_file(&boss.access).await;
    let call = app.client.post(&format!("/api/v1/contracts/{contract}/files")).bearer(&boss.access);
    let call = call.body(ashlar_tests::leads::FILE_FORM, file_form("a.pdf", b"%PDF-1.7"));
    let file = call.send().await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let link = app.client.get(&format!("/api/v1/contracts/files/{file}/url")).bearer(&boss.access);
    let foreign =
        link.send().await.expect(200).json()["url"].as_str().unwrap().replace("contracts/files", "leads/exports");
    app.client.get(&foreign).undescribed().send().await.refused(400, "download_link_invalid");
    let own = first["data"][0]["download_url"].as_str().unwrap().to_owned();
    app.advance(TimeDelta::minutes(5));
    app.client.get(&own).undescribed().send().await.refused(400, "download_link_invalid");
}

async fn whoever_may_not_any_more_exports_nothing(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    enter(&app, &boss, 3).await;
    let id = app.export(&staff.access).await;
    app.set_role(&boss.access, &staff.user, "sales").await.expect(200);
    app.carry_exports_out().await;
    app.set_role(&boss.access, &staff.user, "staff").await.expect(200);
    assert_eq!(state(&app, &staff, &id).await, ("failed".to_owned(), json!("permission_lost")));
    assert_eq!(stored(&app).await, 0);
}

async fn whoever_may_not_any_more_exports_no_more(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    enter(&app, &boss, LEADS).await;
    let id = app.export(&staff.access).await;
    let TakenExport::Run(mut run) = app.transfers.take_export().await.unwrap() else { panic!("there is an export") };
    assert!(run.step().await.unwrap());
    app.set_role(&boss.access, &staff.user, "member").await.expect(200);
    app.advance(TimeDelta::seconds(5));
    assert!(!run.step().await.unwrap());
    app.set_role(&boss.access, &staff.user, "staff").await.expect(200);
    assert_eq!(state(&app, &staff, &id).await, ("failed".to_owned(), json!("permission_lost")));
    assert_eq!(stored(&app).await, 0);
}

async fn an_export_at_work_is_called_off_and_leaves_nothing(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, LEADS).await;
    let id = app.export(&boss.access).await;
    let TakenExport::Run(mut run) = app.transfers.take_export().await.unwrap() else { panic!("there is an export") };
    assert!(run.step().await.unwrap());
    app.advance(TimeDelta::seconds(1));
    assert!(run.step().await.unwrap());
    let shown = read(&app, &boss, &id).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["rows"]), (&json!("running"), &json!(2_000)));
    assert!(shown["bytes"].as_u64() > Some(2_000));

    let cancel = app.client.post(&format!("/api/v1/leads/exports/{id}/cancel")).bearer(&boss.access);
    let cancelled = cancel.send().await.expect(200);
    assert_eq!(app.names(cancelled.request_id()).await, ["leads.export.cancelled"]);
    app.advance(TimeDelta::seconds(1));
    assert!(!run.step().await.unwrap());

    assert_eq!((state(&app, &boss, &id).await.0, stored(&app).await), ("cancelled".to_owned(), 0));
    // Called off when all was written, and before it was kept.
    let id = app.export(&boss.access).await;
    let TakenExport::Run(mut run) = app.transfers.take_export().await.unwrap() else { panic!("there is an export") };
    for _part in 0..3 {
        assert!(run.step().await.unwrap());
    }
    let cancel = app.client.post(&format!("/api/v1/leads/exports/{id}/cancel")).bearer(&boss.access);
    cancel.send().await.expect(200);
    while run.step().await.unwrap() {}
    assert_eq!((state(&app, &boss, &id).await.0, stored(&app).await), ("cancelled".to_owned(), 0));
}

async fn an_export_that_broke_off_begins_anew(database: Database) {
    let app = start(database).await;
    let boss = app.boss().await;
    enter(&app, &boss, LEADS).await;
    let id = app.export(&boss.access).await;
    let TakenExport::Run(mut first) = app.transfers.take_export().await.unwrap() else { panic!("there is an export") };
    assert!(first.step().await.unwrap());
    assert!(matches!(app.transfers.take_export().await.unwrap(), TakenExport::Nothing), "somebody has it");
    app.advance(TimeDelta::seconds(15));

    // Its process did not come back: another takes it on, and the first one, which was only slow, gives up.
    let TakenExport::Run(mut second) = app.transfers.take_export().await.unwrap() else { panic!("it is free") };
    assert!(!first.step().await.unwrap());
    while second.step().await.unwrap() {}

    let done = read(&app, &boss, &id).await.expect(200).json();
    assert_eq!((&done["status"], &done["rows"]), (&json!("completed"), &json!(LEADS)));
    assert_eq!(stored(&app).await, 1);
    let file = app.client.get(done["download_url"].as_str().unwrap()).undescribed().send().await.expect(200);
    assert_eq!(String::from_utf8(file.body.clone()).unwrap().lines().count(), LEADS + 1);
    // Given back by a process that stops, it is free at once.
    app.export(&boss.access).await;
    let TakenExport::Run(mut run) = app.transfers.take_export().await.unwrap() else { panic!("there is an export") };
    assert!(run.step().await.unwrap());
    run.give_back().await.unwrap();
    assert!(matches!(app.transfers.take_export().await.unwrap(), TakenExport::Run(_)));
}

async fn tampered_files_are_not_served_to_their_end(database: Database) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let setup = Setup::on(database).change(move |state| {
        state.transfers = state.transfers.exporting_at_once(2);
        sender.send(state.metrics.clone()).unwrap();
    });
    let app = setup.start().await;
    let boss = app.boss().await;
    enter(&app, &boss, LEADS).await;
    let id = app.export(&boss.access).await;
    app.carry_exports_out().await;
    let [_, _, contract_file] = app.contract_with_file(&boss.access).await;
    let export = read(&app, &boss, &id).await.expect(200).json();
    let link = app.client.get(&format!("/api/v1/contracts/files/{contract_file}/url")).bearer(&boss.access);
    let contract = link.send().await.expect(200).json()["url"].as_str().unwrap().to_owned();
    let urls = [export["download_url"].as_str().unwrap().to_owned(), contract];
    for url in &urls {
        app.client.get(url).undescribed().send().await.expect(200);
    }

    // Of the same length, and with another last letter.
    let BlobUrl::Folder(folder) = BlobUrl::parse(&app.config.blobs.url).unwrap() else { panic!("a folder") };
    for shelf in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(shelf.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(&path, bytes).unwrap();
        }
    }

    for url in &urls {
        // Of a file in one piece not even the head may have been sent.
        let Ok(broken) = reqwest::get(format!("http://{}{url}", app.client.address())).await else { continue };
        let length = broken.content_length().unwrap();
        let (mut parts, mut got, mut has_failed) = (broken.bytes_stream(), 0, false);
        while let Some(part) = parts.next().await {
            match part {
                Ok(part) => got += part.len() as u64,
                Err(_) => has_failed = true,
            }
        }
        assert!(has_failed && got < length, "{got} of {length} bytes of {url}");
    }
    let metrics = receiver.recv().unwrap().render().unwrap();
    assert!(metrics.contains("files_damaged_total 2"), "{metrics}");
}

async fn exports_cost_so_many_statements(database: Database) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let note: ashlar_sql::Observer = Arc::new(move |statement| seen.lock().unwrap().push(statement.sql.to_owned()));
    let app = Setup::on(database).with_small_exports(2).watched_by(note).start().await;
    let boss = app.boss().await;
    enter(&app, &boss, 3).await;
    let cost = async |method: &str, path: &str, status: u16, wanted: usize| {
        log.lock().unwrap().clear();
        let call = app.client.named(method, &format!("/api/v1/leads/{path}")).bearer(&boss.access);
        let answer = call.send().await.expect(status);
        let found = log.lock().unwrap().clone();
        assert_eq!(found.len(), wanted, "{method} {path}:\n{}", found.join("\n"));
        answer
    };
    // The first of them and how many there are, the note of it, a page.
    cost("GET", "export?q=l1%40x.org", 200, 3).await;
    // The first of them and how many there are, the export, the event.
    let asked = cost("GET", "export", 202, 3).await;
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    cost("GET", "exports", 200, 1).await;
    cost("GET", &format!("exports/{id}"), 200, 1).await;
    // The export, its change, the event.
    cost("POST", &format!("exports/{id}/cancel"), 200, 3).await;
}
