//! Clients, contracts and their files, from the lead to the download.

use ashlar_tests::{
    Answer, Call, Database, SignedIn, TestApp, journeys,
    leads::{FILE_FORM, file_form},
};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::leads::forms::Page;

journeys!(
    lead_to_contract,
    race_of_conversions_makes_one_client,
    what_cannot_be_won_is_not_converted,
    contracts_are_edited_until_they_are_signed,
    files_are_what_is_in_them_and_not_too_many,
    links_are_good_for_five_minutes_and_for_one_file,
);

const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3 a contract\n%%EOF";

fn ask(app: &TestApp, who: &SignedIn, method: &str, path: &str) -> Call {
    app.client.named(method, &format!("/api/v1{path}")).bearer(&who.access)
}

fn convert(app: &TestApp, who: &SignedIn, lead: &str, body: &Value) -> Call {
    ask(app, who, "POST", &format!("/leads/{lead}/convert")).json(body)
}

async fn upload(app: &TestApp, who: &SignedIn, contract: &str, (name, content): (&str, &[u8])) -> Answer {
    let call = ask(app, who, "POST", &format!("/contracts/{contract}/files"));
    call.body(FILE_FORM, file_form(name, content)).send().await
}

fn text(answer: &Answer, pointer: &str) -> String {
    text_at(&answer.json(), pointer)
}

fn text_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap().to_owned()
}

/// A contract with a client; its id.
async fn contract(app: &TestApp, who: &SignedIn) -> String {
    let client = ask(app, who, "POST", "/clients").json(&json!({ "company_name": "Engines" })).send().await.expect(201);
    let body = json!({
        "client_id": client.json()["id"], "title": "Web site", "value": { "amount": 100, "currency": "EUR" },
    });
    text(&ask(app, who, "POST", "/contracts").json(&body).send().await.expect(201), "/id")
}

/// The whole way, from a form on a web page to the file on the seller's disk.
async fn lead_to_contract(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let form = json!({ "email": "ada@engines.example", "company_name": "Engines", "notes": "A web site, please" });
    page.send(&form).await.expect(202);
    let boss = &page.boss;
    let seller = app.colleague(boss, "seller", "sales").await;
    let seen = app.leads(&seller, "?status=new&source=website").await.expect(200).json()["data"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1, "{seen}");
    assert_eq!((&seen[0]["full_name"], &seen[0]["notes"]), (&json!("Ada Lovelace"), &form["notes"]));
    let lead = text_at(&seen[0], "/id");
    app.on_lead(boss, "PATCH", &lead, "").json(&json!({ "owner_id": seller.user })).send().await.expect(200);
    for status in ["contacted", "qualified"] {
        app.move_lead(&seller, &lead, status).await.expect(200);
    }

    let wish = json!({
        "client": { "legal_name": "Engines Ltd" },
        "contract": { "title": "Web site", "value": { "amount": 1_250_000, "currency": "EUR" } },
    });
    let converted = convert(&app, &seller, &lead, &wish).send().await.expect(201);
    let names = app.names(converted.request_id()).await;
    let expected = ["lead.status_changed", "lead.converted", "client.created", "contract.created"];
    assert_eq!(names, expected.map(|name| format!("leads.{name}")));
    let client = converted.json()["client"].clone();
    assert_eq!((&client["company_name"], &client["lead_id"]), (&json!("Engines"), &json!(lead)));
    assert_eq!(client["billing_email"], "ada@engines.example");
    let again = convert(&app, boss, &lead, &json!({ "client": {} })).send().await.expect(200);
    assert_eq!(again.json(), json!({ "client": client, "contract": null }));
    let stored = app.on_lead(&seller, "GET", &lead, "").send().await.expect(200).json();
    assert_eq!(stored["status"], "won");
    assert!(stored["converted_at"].is_string());
    file_goes_in_and_out(&app, &seller, &text(&converted, "/contract/id")).await;
}

async fn file_goes_in_and_out(app: &TestApp, seller: &SignedIn, contract: &str) {
    let file = upload(app, seller, contract, ("../Vertrag \u{fc}.pdf", PDF)).await.expect(201);
    assert_eq!((text(&file, "/name"), text(&file, "/type")), ("Vertrag \u{fc}.pdf".to_owned(), "pdf".to_owned()));
    let read = ask(app, seller, "GET", &format!("/contracts/{contract}")).send().await.expect(200);
    assert_eq!(read.json()["files"], json!([file.json()]));
    let link = ask(app, seller, "GET", &format!("/contracts/files/{}/url", text(&file, "/id"))).send().await;
    let url = text(&link.expect(200), "/url");

    let down = app.client.get(&url).undescribed().send().await.expect(200);

    assert_eq!(down.body, PDF);
    assert_eq!(down.header("content-type"), Some("application/pdf"));
    assert_eq!(down.header("content-length"), Some(&*PDF.len().to_string()));
    assert_eq!(down.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(down.header("cache-control"), Some("private, no-store"));
    let disposition = down.header("content-disposition").unwrap();
    assert!(
        disposition.starts_with("attachment; ") && disposition.contains("UTF-8''Vertrag%20%C3%BC.pdf"),
        "{disposition}"
    );
    assert_eq!(app.names(down.request_id()).await, ["leads.contract_file.downloaded"]);
}

async fn race_of_conversions_makes_one_client(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let lead = app.lead(&boss.access, &json!({ "email": "ada@engines.example" })).await;
    app.move_lead(&boss, &lead, "qualified").await.expect(200);

    let body = json!({ "client": {} });
    let answers = join_all((0..8).map(|_| convert(&app, &boss, &lead, &body).send())).await;

    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let told = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!((made, told), (1, 7), "{answers:?}");
    assert!(answers.windows(2).all(|pair| pair[0].json()["client"] == pair[1].json()["client"]));
    let all = ask(&app, &boss, "GET", "/clients").send().await.expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
}

async fn what_cannot_be_won_is_not_converted(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let lead = app.lead(&boss.access, &json!({ "email": "ada@engines.example" })).await;
    let refused = convert(&app, &boss, &lead, &json!({ "client": {} })).send().await;
    refused.refused(409, "illegal_transition");
    app.move_lead(&boss, &lead, "qualified").await.expect(200);
    let wrong = json!({
        "client": { "billing_email": "nobody", "address": "x".repeat(501) },
        "contract": { "title": "x", "value": { "amount": -1, "currency": "EURO" }, "ends_on": "soon" },
    });
    let refused = convert(&app, &boss, &lead, &wrong).send().await;
    refused.refused(422, "validation");
    let mut pointers: Vec<_> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    pointers.sort_unstable();
    let expected = ["client/address", "client/billing_email", "contract/ends_on", "contract/title"];
    assert_eq!(pointers[..4], expected.map(|pointer| format!("/{pointer}")));
    assert_eq!(pointers[4..], ["/contract/value/amount", "/contract/value/currency"]);

    let stranger = app.colleague(&boss, "seller", "sales").await;
    let mine = app.lead(&boss.access, &json!({ "email": "bob@engines.example", "owner_id": boss.user })).await;
    convert(&app, &stranger, &mine, &json!({ "client": {} })).send().await.refused(404, "not_found");
    let member = app.sign_up("member").await;
    convert(&app, &member, &lead, &json!({ "client": {} })).send().await.refused(403, "permission_denied");
}

async fn contracts_are_edited_until_they_are_signed(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = contract(&app, &boss).await;
    let edit = |body: Value| ask(&app, &boss, "PATCH", &format!("/contracts/{id}")).json(&body);
    let edited = edit(json!({ "starts_on": "2026-02-01", "ends_on": "2026-12-31" })).send().await.expect(200);
    assert_eq!((edited.json()["ends_on"].as_str(), edited.header("etag")), (Some("2026-12-31"), Some("\"2\"")));
    edit(json!({ "ends_on": "2026-01-01" })).send().await.refused_at((422, "validation"), "/ends_on", "out_of_range");
    edit(json!({ "title": "Other" })).header("if-match", "\"1\"").send().await.refused(412, "version_conflict");
    let refused = edit(json!({ "status": "signed" })).send().await;
    refused.refused(409, "illegal_transition");
    assert_eq!(refused.json()["allowed"], json!(["sent"]));
    edit(json!({ "status": "sent" })).send().await.expect(200);
    let signed = edit(json!({ "status": "signed" })).send().await.expect(200);
    assert!(signed.json()["signed_at"].is_string());
    assert_eq!(app.names(signed.request_id()).await, ["leads.contract.signed"]);
    edit(json!({ "title": "Other" })).send().await.refused(409, "contract_signed");
    let listed = ask(&app, &boss, "GET", "/contracts?status=signed").send().await.expect(200).json();
    assert_eq!(listed["data"][0]["id"], json!(id));
    let nobody = json!({
        "client_id": "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b", "title": "Web site", "value": { "amount": 1, "currency": "EUR" },
    });
    let refused = ask(&app, &boss, "POST", "/contracts").json(&nobody).send().await;
    refused.refused_at((422, "validation"), "/client_id", "unknown_client");
}

async fn files_are_what_is_in_them_and_not_too_many(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = contract(&app, &boss).await;
    let refused = upload(&app, &boss, &id, ("page.pdf", b"<html><script>alert(1)</script>")).await;
    refused.refused_at((422, "validation"), "/file", "unsupported_file_type");
    upload(&app, &boss, &id, ("", PDF)).await.refused_at((422, "validation"), "/file", "required");
    let large = [PDF, &vec![b' '; 10 * 1024 * 1024]].concat();
    upload(&app, &boss, &id, ("large.pdf", &large)).await.refused(413, "body_too_large");
    let call = || ask(&app, &boss, "POST", &format!("/contracts/{id}/files"));
    call().json(&json!({})).send().await.refused(415, "unsupported_media_type");
    call().body(FILE_FORM, "--x--\r\n").send().await.refused(400, "malformed_request");

    let answers = join_all((0..12).map(|_| upload(&app, &boss, &id, ("a.pdf", PDF)))).await;

    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 10, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.refused(409, "too_many_files");
    }
    let read = ask(&app, &boss, "GET", &format!("/contracts/{id}")).send().await.expect(200).json();
    assert_eq!(read["files"].as_array().unwrap().len(), 10);
}

async fn links_are_good_for_five_minutes_and_for_one_file(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = contract(&app, &boss).await;
    let file = upload(&app, &boss, &id, ("a.pdf", PDF)).await.expect(201);
    let path = format!("/contracts/files/{}/url", text(&file, "/id"));
    let url = text(&ask(&app, &boss, "GET", &path).send().await.expect(200), "/url");
    app.sign_up("member").await;
    let follow = |url: &str| app.client.get(url).undescribed().send();

    let (base, token) = url.split_once("token=").unwrap();
    let mut forged = token.to_owned();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for bad in [forged.as_str(), "", "x", &token.replace(char::is_lowercase, "A")] {
        follow(&format!("{base}token={bad}")).await.refused(400, "download_link_invalid");
    }
    app.advance(TimeDelta::minutes(4));
    follow(&url).await.expect(200);
    app.advance(TimeDelta::minutes(1));
    follow(&url).await.refused(400, "download_link_invalid");
}
