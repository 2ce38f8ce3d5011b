//! Imports and exports over HTTP.

use std::io::Write as _;

use ashlar_leads::{ImportRun, Taken};
use ashlar_tests::{Database, SignedIn, TestApp, journeys, leads::upload};
use chrono::TimeDelta;
use serde_json::{Value, json};
use uuid::Uuid;

journeys!(
    a_file_becomes_leads_and_comes_back,
    what_is_wrong_is_told_as_a_file,
    files_that_are_none_are_refused,
    an_import_is_watched_to_its_end,
    an_import_that_waits_is_called_off,
    files_of_all_kinds_say_the_same,
    whoever_may_not_any_more_imports_nothing,
    whoever_may_not_any_more_imports_no_more,
    an_import_at_work_is_called_off_and_keeps_what_it_has,
    of_two_imports_the_second_waits,
    no_import_touches_the_newsletter,
    leads_are_known_to_be_taken_along,
);

async fn read(app: &TestApp, boss: &SignedIn, import: &str) -> Value {
    app.client.get(&format!("/api/v1/leads/imports/{import}")).bearer(&boss.access).send().await.expect(200).json()
}

async fn text(app: &TestApp, boss: &SignedIn, path: &str) -> String {
    let answer = app.client.get(path).bearer(&boss.access).send().await.expect(200);
    String::from_utf8(answer.body.clone()).unwrap()
}

async fn done(app: &TestApp, boss: &SignedIn, options: &Value, file: &[u8]) -> Value {
    let import = app.import(&boss.access, options, file).await;
    app.carry_imports_out().await;
    read(app, boss, &import).await
}

fn counts(import: &Value) -> [u64; 6] {
    ["rows_read", "created", "updated", "skipped", "duplicates", "failed"].map(|name| import[name].as_u64().unwrap())
}

async fn a_file_becomes_leads_and_comes_back(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let file =
        "Name;E-Mail;Firma;Notes\r\nJ\u{f6}rg;joerg@example.org;=1+1;\"two\r\nlines\"\r\nAda;ADA@example.org;;\r\n";
    let import = done(&app, &boss, &json!({ "mapping": { "Firma": "company_name" } }), file.as_bytes()).await;
    assert_eq!((import["status"].as_str(), counts(&import)), (Some("completed"), [2, 2, 0, 0, 0, 0]));
    let listed = app.leads(&boss, "?q=joerg").await.expect(200).json();
    assert_eq!(listed["data"][0]["company_name"], "=1+1");
    assert_eq!(listed["data"][0]["source"], "import");

    let columns = "columns=full_name,email,company_name,notes";
    let csv = text(&app, &boss, &format!("/api/v1/leads/export?{columns}")).await;
    let header = "full_name,email,company_name,notes\r\n";
    let rows = "J\u{f6}rg,joerg@example.org,'=1+1,\"two\r\nlines\"\r\nAda,ADA@example.org,,\r\n";
    assert_eq!(csv, format!("{header}{rows}"));
    let jsonl = text(&app, &boss, &format!("/api/v1/leads/export?{columns}&format=jsonl&q=ada")).await;
    let line: Value = serde_json::from_str(jsonl.trim()).unwrap();
    assert_eq!(line, json!({ "full_name": "Ada", "email": "ADA@example.org", "company_name": null, "notes": null }));
    let again = done(&app, &boss, &json!({ "mode": "upsert" }), csv.as_bytes()).await;
    assert_eq!(counts(&again), [2, 0, 0, 2, 0, 0], "nothing is different");
}

async fn what_is_wrong_is_told_as_a_file(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let file = b"name,email\nAda,ada@example.org\n=x,nowhere\nragged\n";
    let import = done(&app, &boss, &json!({}), file).await;
    assert_eq!(import["status"], "completed_with_errors");
    let path = format!("/api/v1/leads/imports/{}/errors.csv", import["id"].as_str().unwrap());
    let errors = text(&app, &boss, &path).await;
    let lines: Vec<_> = errors.lines().collect();
    assert_eq!(lines[0], "row_number,field,code,message,name,email");
    assert_eq!(lines[1], "3,email,invalid_format,not an e-mail address,'=x,nowhere");
    assert!(lines[2].starts_with("4,,ragged_row,"), "{errors}");
    assert_eq!(lines.len(), 3);
}

async fn files_that_are_none_are_refused(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.try_import(&boss.access, &json!({ "mode": "replace" }), b"").await.refused(422, "validation");
    app.try_import(&boss.access, &json!({ "colour": "red" }), b"").await.refused(422, "unknown_field");
    let send = |media_type: &'static str, body: &'static str| {
        app.client.post("/api/v1/leads/imports").bearer(&boss.access).body(media_type, body).send()
    };
    send("application/json", "{}").await.refused(415, "unsupported_media_type");
    send("multipart/form-data; boundary=edge", "--edge--\r\n").await.refused(400, "malformed_request");
    send("multipart/form-data; boundary=edge", "no parts").await.refused(400, "malformed_request");
    let part = "--edge\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{}\r\n";
    let (media_type, body) = upload(&json!({}), b"name\n");
    let body = [part.as_bytes(), &body].concat();
    let twice = app.client.post("/api/v1/leads/imports").bearer(&boss.access).body(media_type, body);
    twice.send().await.refused(400, "malformed_request");
    let (seller, (media_type, body)) = (app.colleague(&boss, "sally", "sales").await, upload(&json!({}), b"name\n"));
    let call = app.client.post("/api/v1/leads/imports").bearer(&seller.access).body(media_type, body);
    call.send().await.refused(403, "permission_denied");
    app.client.get("/api/v1/leads/export").bearer(&seller.access).send().await.refused(403, "permission_denied");
    let import = done(&app, &boss, &json!({}), b"colour,size\nred,7\n").await;
    assert_eq!((import["status"].as_str(), import["error"].as_str()), (Some("failed"), Some("bad_mapping")));
}

async fn an_import_is_watched_to_its_end(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let rows: Vec<_> = (0..2_500).map(|number| format!("Lead {number},l{number}@example.org\n")).collect();
    let rows = rows.concat();
    let import = app.import(&boss.access, &json!({}), format!("name,email\n{rows}").as_bytes()).await;
    let path = format!("/api/v1/leads/imports/{import}/events");
    let (events, ()) = futures::join!(text(&app, &boss, &path), app.carry_imports_out());
    assert!(events.starts_with("event: progress\nid: "), "{events}");
    let last = events.trim().rsplit("\n\n").next().unwrap();
    assert!(last.starts_with("event: done\n") && last.contains("\"created\":2500"), "{events}");
    let known = last.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let again = app.client.get(&path).bearer(&boss.access).header("last-event-id", known).send().await.expect(200);
    assert!(again.body.starts_with(b"event: done\n"));
}

async fn an_import_that_waits_is_called_off(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let import = app.import(&boss.access, &json!({}), b"name,email\nAda,ada@example.org\n").await;
    let path = format!("/api/v1/leads/imports/{import}/cancel");
    let cancelled = app.client.post(&path).bearer(&boss.access).send().await.expect(200).json();
    assert_eq!(cancelled["status"], "cancelled");
    app.carry_imports_out().await;
    assert_eq!(counts(&read(&app, &boss, &import).await), [0; 6]);
    app.client.post(&path).bearer(&boss.access).send().await.refused(409, "import_over");
    let listed = app.client.get("/api/v1/leads/imports").bearer(&boss.access).send().await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], import.as_str());
}

async fn files_of_all_kinds_say_the_same(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let plain = "name,email\nJ\u{f6}rg,joerg@example.org\n";
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let windows: Vec<u8> = plain.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(plain.as_bytes()).unwrap();
    let marked = [b"\xef\xbb\xbf", plain.as_bytes()].concat();
    let files = [marked, plain.replace('\n', "\r\n").into_bytes(), utf16, windows, gzip.finish().unwrap()];
    for (number, file) in files.iter().enumerate() {
        let import = done(&app, &boss, &json!({ "mode": "upsert" }), file).await;
        let expected = if number == 0 { [1, 1, 0, 0, 0, 0] } else { [1, 0, 0, 1, 0, 0] };
        assert_eq!(counts(&import), expected, "{number}: {import}");
    }
}

async fn whoever_may_not_any_more_imports_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "stan", "staff").await;
    let import = app.import(&staff.access, &json!({}), b"name,email\nAda,ada@example.org\n").await;
    app.set_role(&boss.access, &staff.user, "sales").await.expect(200);
    app.carry_imports_out().await;
    let import = read(&app, &boss, &import).await;
    assert_eq!((import["status"].as_str(), import["error"].as_str()), (Some("failed"), Some("permission_lost")));
    assert_eq!(counts(&import), [0; 6]);
}

fn many(rows: usize) -> Vec<u8> {
    let row = |number: usize| format!("Lead {number},l{number}@example.org\n");
    format!("name,email\n{}", (0..rows).map(row).collect::<String>()).into_bytes()
}

/// Takes an import on, as a worker does.
async fn taken(app: &TestApp) -> Option<ImportRun> {
    match app.transfers.take(Uuid::from_u128(1)).await.unwrap() {
        Taken::Run(run) => Some(*run),
        _ => None,
    }
}

async fn whoever_may_not_any_more_imports_no_more(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "stan", "staff").await;
    let import = app.import(&staff.access, &json!({}), &many(3_000)).await;
    let mut run = taken(&app).await.unwrap();
    assert!(run.step().await.unwrap());
    app.set_role(&boss.access, &staff.user, "sales").await.expect(200);
    app.advance(TimeDelta::seconds(5));

    assert!(!run.step().await.unwrap());

    let import = read(&app, &boss, &import).await;
    assert_eq!((import["status"].as_str(), import["error"].as_str()), (Some("failed"), Some("permission_lost")));
    assert_eq!(counts(&import), [1_000, 1_000, 0, 0, 0, 0]);
}

async fn an_import_at_work_is_called_off_and_keeps_what_it_has(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let import = app.import(&boss.access, &json!({}), &many(3_000)).await;
    let mut run = taken(&app).await.unwrap();
    assert!(run.step().await.unwrap());
    let call = app.client.post(&format!("/api/v1/leads/imports/{import}/cancel")).bearer(&boss.access);
    assert_eq!(call.send().await.expect(200).json()["status"], "cancelled");

    assert!(!run.step().await.unwrap(), "whoever was at it stops with the next batch");

    let import = read(&app, &boss, &import).await;
    assert_eq!((import["status"].as_str(), counts(&import)), (Some("cancelled"), [1_000, 1_000, 0, 0, 0, 0]));
    let total = app.leads(&boss, "?include=total&limit=1").await.expect(200).json()["page"]["total"].clone();
    assert_eq!(total, 1_000);
}

async fn of_two_imports_the_second_waits(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let first = app.import(&boss.access, &json!({}), &many(2_500)).await;
    let second = app.import(&boss.access, &json!({}), &many(2_600)).await;
    let mut run = taken(&app).await.unwrap();
    assert!(taken(&app).await.is_none(), "the first is at work");
    assert!(run.step().await.unwrap());
    let status = async |import: &str| read(&app, &boss, import).await["status"].as_str().unwrap().to_owned();
    assert_eq!((status(&first).await.as_str(), status(&second).await.as_str()), ("running", "queued"));

    // Somebody watches the first, loses the connection, and comes back with the last that they heard.
    let path = format!("/api/v1/leads/imports/{first}/events");
    let known = read(&app, &boss, &first).await["rows_read"].clone();
    let finish = async { while run.step().await.unwrap() {} };
    let watch = app.client.get(&path).bearer(&boss.access).header("last-event-id", "1").send();
    let (events, ()) = futures::join!(watch, finish);
    let events = events.expect(200).text();
    let rows = |event: &str| {
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        serde_json::from_str::<Value>(data).unwrap()["rows_read"].clone()
    };
    let told: Vec<_> = events.trim().split("\n\n").map(rows).collect();
    assert!(told.first().unwrap().as_u64() >= known.as_u64() && told.last() == Some(&json!(2_500)), "{events}");

    app.carry_imports_out().await;
    assert_eq!(counts(&read(&app, &boss, &second).await), [2_600, 100, 0, 2_500, 0, 0]);
}

async fn no_import_touches_the_newsletter(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    app.one_click(&letter.unsubscribe).await.expect(200);
    let file = b"name,email,consent_marketing,consent_text_version,consent_at\nAda,ada@example.org,yes,1,2029-01-01T00:00:00Z\n";

    let import = done(&app, &boss, &json!({}), file).await;

    assert_eq!(counts(&import), [1, 1, 0, 0, 0, 0]);
    let page = app.client.get("/api/v1/newsletter/subscribers").bearer(&boss.access).send().await.expect(200).json();
    let found: Vec<_> = page["data"].as_array().unwrap().iter().map(|one| one["status"].clone()).collect();
    assert_eq!(found, ["unsubscribed"]);
}

async fn leads_are_known_to_be_taken_along(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    text(&app, &boss, "/api/v1/leads/export?columns=id&has_email=true").await;
    let events = app.events().await;
    let event = events.iter().find(|event| event.name == "leads.export.created").unwrap();
    assert_eq!((&event.data["columns"], &event.data["is_filtered"]), (&json!(["id"]), &json!(true)));
    assert_eq!(event.actor.id.as_deref(), Some(&*boss.user));
}
