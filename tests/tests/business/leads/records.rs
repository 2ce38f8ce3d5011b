//! The record of a lead.

use ashlar_tests::{Answer, Database, TestApp, journeys, leads::form};
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    lead_is_entered_read_edited_and_put_away,
    names_are_judged_as_people_write_them,
    addresses_that_are_thrown_away_are_refused,
    everything_that_is_wrong_is_told_at_once,
    lead_can_be_reached,
    numbers_are_kept_as_given_and_as_networks_want_them,
    same_address_again_is_told_returned_or_merged,
    race_of_one_address_leaves_one_lead,
    edit_is_made_on_top_of_the_version_that_was_read,
    request_that_is_sent_again_enters_one_lead,
    erased_lead_does_not_come_back,
);

async fn lead_is_entered_read_edited_and_put_away(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let everything = json!({
        "full_name": "  Jo\u{308}rg   \u{674e} ", "position": "CTO", "company_name": "B\u{fc}cher & Co",
        "phone_number": "+49 30 123456", "email": "Joerg@B\u{fc}cher.example", "source": "event", "category": "web_dev",
        "notes": "<b>said</b>\n\"yes\"", "owner_id": boss.user, "tags": ["b", "a", "b"],
        "custom": { "size": 12, "list": [1, "x", null] },
        "consent": { "marketing": true, "text_version": "2026-01" }, "utm": { "source": "news", "term": "" },
    });
    let created = app.try_lead(&boss.access, &everything).await.expect(201);
    let lead = created.json();
    assert_eq!(created.header("etag"), Some("\"1\""));
    assert_eq!(lead["full_name"], "J\u{f6}rg \u{674e}");
    assert_eq!((&lead["phone_number"], &lead["phone_e164"]), (&json!("+49 30 123456"), &json!("+4930123456")));
    assert_eq!((&lead["status"], &lead["tags"]), (&json!("new"), &json!(["a", "b"])));
    assert_eq!((&lead["custom"], &lead["notes"]), (&everything["custom"], &everything["notes"]));
    assert_eq!((&lead["utm"]["source"], &lead["utm"]["term"]), (&json!("news"), &json!(null)));
    assert_eq!(lead["score"], 100);
    assert_eq!(app.names(created.request_id()).await, ["leads.lead.created"]);

    let id = lead["id"].as_str().unwrap();
    let read = app.on_lead(&boss, "GET", id, "").send().await.expect(200);
    assert_eq!(read.json(), lead);
    app.on_lead(&boss, "GET", id, "").header("if-none-match", "\"1\"").send().await.expect(304);
    let change = json!({ "notes": null, "position": "", "tags": [], "owner_id": null });
    let edited = app.on_lead(&boss, "PATCH", id, "").json(&change).send().await.expect(200);
    assert_eq!(app.names(edited.request_id()).await, ["leads.lead.updated", "leads.lead.assigned"]);
    let lead = edited.json();
    for member in ["notes", "position", "owner_id"] {
        assert_eq!(lead[member], json!(null), "{member}");
    }
    assert_eq!((&lead["tags"], &lead["company_name"]), (&json!([]), &json!("B\u{fc}cher & Co")));
    let nothing = app.on_lead(&boss, "PATCH", id, "").json(&change).send().await.expect(200);
    assert_eq!((nothing.header("etag"), app.names(nothing.request_id()).await.len()), (Some("\"2\""), 0));
    let standing = app.on_lead(&boss, "PATCH", id, "").json(&json!({ "status": "won" })).send().await;
    standing.refused(422, "unknown_field");

    app.on_lead(&boss, "DELETE", id, "").send().await.expect(204);
    app.on_lead(&boss, "GET", id, "").send().await.refused(404, "not_found");
    app.on_lead(&boss, "DELETE", id, "").send().await.refused(404, "not_found");
    app.lead(&boss.access, &json!({ "email": "joerg@xn--bcher-kva.example" })).await;
}

async fn names_are_judged_as_people_write_them(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let name = async |name: &str, number: usize| {
        app.try_lead(&boss.access, &json!({ "full_name": name, "email": format!("n{number}@example.org") })).await
    };
    for (number, bad) in ["A", "", "  ", "12345", "\u{ff11}\u{ff12}\u{ff13}", "\u{663}\u{664}", "a\u{0}b", "a\u{202e}b"]
        .iter()
        .enumerate()
    {
        let refused = name(bad, number).await;
        refused.refused(422, "validation");
        assert_eq!(refused.fields()[0].0, "/full_name", "{bad:?}");
    }
    for (number, good) in ["Li", "O'Neil", "\u{674e}\u{660e}"].iter().enumerate() {
        assert_eq!(name(good, 100 + number).await.expect(201).json()["full_name"], *good);
    }
}

async fn addresses_that_are_thrown_away_are_refused(database: Database) {
    let setup = ashlar_tests::Setup::on(database).set("ASHLAR_DISPOSABLE_ALLOWED", "yopmail.com");
    let app = setup.start().await;
    let boss = app.boss().await;
    for bad in ["a@tempmail.com", "a@THROWAWAY.EMAIL", "a@x.10minutemail.com", "a@sub.mailinator.com"] {
        let refused = app.try_lead(&boss.access, &json!({ "email": bad })).await;
        refused.refused_at((422, "validation"), "/email", "disposable_email");
    }
    for good in ["a@nottempmail.com", "a@yopmail.com"] {
        app.lead(&boss.access, &json!({ "email": good })).await;
    }
}

async fn everything_that_is_wrong_is_told_at_once(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let wrong = json!({
        "full_name": "<img src=x>1".repeat(30), "position": "x".repeat(256), "company_name": "a\u{1}b",
        "phone_number": "call me", "email": "nonsense", "source": "tv", "category": "cars", "notes": "x".repeat(5_001),
        "owner_id": "me", "tags": ["A B"], "custom": { "a": { "b": 1 } },
        "consent": { "marketing": true, "text_version": "" }, "utm": { "source": "x".repeat(101) },
    });
    let refused = app.try_lead(&boss.access, &wrong).await;
    refused.refused(422, "validation");
    let expected = [
        ("/full_name", "too_long"),
        ("/position", "too_long"),
        ("/company_name", "control_character"),
        ("/phone_number", "invalid_format"),
        ("/email", "invalid_format"),
        ("/source", "unknown_value"),
        ("/category", "unknown_value"),
        ("/notes", "too_long"),
        ("/owner_id", "invalid_format"),
        ("/tags", "invalid_format"),
        ("/custom", "invalid_value"),
        ("/consent/text_version", "too_short"),
        ("/utm/source", "too_long"),
    ];
    assert_eq!(refused.fields(), expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    assert!(!refused.text().contains("<img"), "what was sent is not repeated");
}

async fn lead_can_be_reached(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let both = ["/email", "/phone_number"].map(|pointer| (pointer.to_owned(), "contact_required".to_owned()));
    let refused = app.try_lead(&boss.access, &json!({ "email": " " })).await;
    assert_eq!(refused.expect(422).fields(), both);
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let cleared = app.on_lead(&boss, "PATCH", &id, "").json(&json!({ "email": null })).send().await;
    assert_eq!(cleared.expect(422).fields(), both);
    let swapped = json!({ "email": null, "phone_number": "+4930123456" });
    app.on_lead(&boss, "PATCH", &id, "").json(&swapped).send().await.expect(200);
}

async fn numbers_are_kept_as_given_and_as_networks_want_them(database: Database) {
    let app = ashlar_tests::Setup::on(database).set("ASHLAR_PHONE_REGION", "in").start().await;
    let boss = app.boss().await;
    for (given, e164) in [("90000 00001", "+919000000001"), ("+49 (30) 123456", "+4930123456")] {
        let lead = app.try_lead(&boss.access, &json!({ "phone_number": given })).await.expect(201).json();
        assert_eq!((&lead["phone_number"], &lead["phone_e164"]), (&json!(given), &json!(e164)));
    }
}

async fn same_address_again_is_told_returned_or_merged(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@b\u{fc}cher.example" })).await;
    let again = form(&json!({
        "full_name": "Somebody Else", "email": " ADA@xn--bcher-kva.example", "company_name": "Engines", "tags": ["new"]
    }));
    let send = async |query: &str| {
        app.client.post(&format!("/api/v1/leads{query}")).bearer(&boss.access).json(&again).send().await
    };
    let refused = send("").await;
    refused.refused(409, "duplicate_lead");
    assert_eq!(refused.json()["existing_id"], json!(id));
    let returned = send("?on_duplicate=return").await.expect(200).json();
    assert_eq!((&returned["id"], &returned["company_name"]), (&json!(id), &json!(null)));
    let merged = send("?on_duplicate=merge_blank").await.expect(200);
    assert_eq!(app.names(merged.request_id()).await, ["leads.lead.updated"]);
    let merged = merged.json();
    assert_eq!((&merged["full_name"], &merged["company_name"]), (&json!("Ada Lovelace"), &json!("Engines")));
    assert_eq!(app.on_lead(&boss, "GET", &id, "").send().await.json(), merged);
    send("?on_duplicate=overwrite").await.refused(400, "invalid_parameter");

    let other = app.lead(&boss.access, &json!({ "email": "bob@example.org" })).await;
    let taken = json!({ "email": "ada@b\u{fc}cher.example" });
    let refused = app.on_lead(&boss, "PATCH", &other, "").json(&taken).send().await;
    refused.refused(409, "duplicate_lead");
    assert_eq!(refused.json()["existing_id"], json!(id));
}

async fn race_of_one_address_leaves_one_lead(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let spellings = ["ada@b\u{fc}cher.example", "ADA@B\u{dc}CHER.example", " Ada@xn--bcher-kva.example "];
    let calls = (0..100).map(|number| {
        let members = form(&json!({ "email": spellings[number % spellings.len()] }));
        tokio::spawn(app.client.post("/api/v1/leads").bearer(&boss.access).json(&members).send())
    });
    let answers: Vec<Answer> = join_all(calls.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    answers.iter().filter(|answer| answer.status != 201).for_each(|answer| answer.refused(409, "duplicate_lead"));
    let created = app.events().await.iter().filter(|event| event.name == "leads.lead.created").count();
    assert_eq!(created, 1);
}

async fn edit_is_made_on_top_of_the_version_that_was_read(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org" })).await;
    let edit = async |tag: &str, notes: &str| {
        app.on_lead(&boss, "PATCH", &id, "").header("if-match", tag).json(&json!({ "notes": notes })).send().await
    };
    assert_eq!(edit("\"1\"", "first").await.expect(200).header("etag"), Some("\"2\""));
    edit("\"1\"", "second").await.refused(412, "version_conflict");
    edit("W/\"2\"", "weak").await.refused(412, "version_conflict");
    edit("*", "any").await.expect(200);
    app.on_lead(&boss, "DELETE", &id, "").header("if-match", "\"2\"").send().await.refused(412, "version_conflict");
    app.on_lead(&boss, "DELETE", &id, "").header("if-match", "\"3\"").send().await.expect(204);
}

async fn request_that_is_sent_again_enters_one_lead(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let send = async |query: &str, key: &str, members: &Value| {
        let call = app.client.post(&format!("/api/v1/leads{query}")).bearer(&boss.access);
        call.header("idempotency-key", key).json(&form(members)).send().await
    };
    let by_phone = json!({ "phone_number": "+4930123456" });
    let first = send("", "k1", &by_phone).await.expect(201);
    let again = send("", "k1", &by_phone).await.expect(201);
    assert_eq!((again.header("idempotent-replayed"), again.json()), (Some("true"), first.json()));
    assert_eq!(again.header("etag"), Some("\"1\""));
    send("", "k1", &json!({ "phone_number": "+4930123457" })).await.refused(422, "idempotency_key_reused");

    let email = json!({ "email": "ada@example.org" });
    let id = send("", "k2", &email).await.expect(201).json()["id"].clone();
    for _ in 0..2 {
        assert_eq!(send("?on_duplicate=return", "k3", &email).await.expect(200).json()["id"], id);
    }
}

async fn erased_lead_does_not_come_back(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let id = app.lead(&boss.access, &json!({ "email": "ada@example.org", "notes": "gone" })).await;
    let activity = json!({ "kind": "call", "body": "gone as well" });
    app.on_lead(&boss, "POST", &id, "/activities").json(&activity).send().await.expect(201);
    app.on_lead(&staff, "DELETE", &id, "?purge=true").send().await.refused(403, "permission_denied");
    app.on_lead(&boss, "DELETE", &id, "").send().await.expect(204);
    app.advance(chrono::TimeDelta::minutes(11));
    app.on_lead(&boss, "DELETE", &id, "?purge=true").send().await.refused(403, "reauthentication_required");
    let boss = app.log_in("boss").await;
    let purged = app.on_lead(&boss, "DELETE", &id, "?purge=true").send().await.expect(204);
    assert_eq!(app.names(purged.request_id()).await, ["leads.lead.purged"]);
    app.on_lead(&boss, "DELETE", &id, "?purge=true").send().await.refused(404, "not_found");
}
