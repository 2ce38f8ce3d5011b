//! Reading and editing one's own account.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    account_that_has_not_changed_is_not_sent_again,
    absent_member_is_left_alone_and_null_clears,
    edit_on_top_of_an_old_version_is_refused,
    edit_that_changes_nothing_changes_nothing,
    refused_fields_are_all_named_and_nothing_is_saved,
);

async fn conditional(app: &TestApp, access: &str, if_none_match: &str) -> Answer {
    app.client.get("/api/v1/me").bearer(access).header("if-none-match", if_none_match).send().await
}

async fn edit_if(app: &TestApp, access: &str, if_match: &str, patch: &Value) -> Answer {
    app.client.patch("/api/v1/me").bearer(access).header("if-match", if_match).json(patch).send().await
}

async fn account_that_has_not_changed_is_not_sent_again(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    let read = app.me(&ada.access).await.expect(200);
    let tag = read.header("etag").unwrap().to_owned();

    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let unchanged = conditional(&app, &ada.access, &known).await.expect(304);
        assert!(unchanged.body.is_empty());
        assert_eq!(unchanged.header("etag"), Some(tag.as_str()), "{known}");
    }
    for stale in ["\"99\"", "\"x\"", "nonsense", ""] {
        conditional(&app, &ada.access, stale).await.expect(200);
    }
    app.edit(&ada.access, &json!({ "locale": "de" })).await.expect(200);
    conditional(&app, &ada.access, &tag).await.expect(200);
}

async fn absent_member_is_left_alone_and_null_clears(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let fields = |answer: Answer| {
        let body = answer.expect(200).json();
        json!([body["display_name"], body["avatar_url"], body["locale"]])
    };

    let all = json!({ "display_name": " Ada ", "avatar_url": "https://cdn.example.org/a.png", "locale": "DE-ch" });
    assert_eq!(fields(app.edit(&ada.access, &all).await), json!(["Ada", "https://cdn.example.org/a.png", "de-CH"]));
    let one = app.edit(&ada.access, &json!({ "locale": "en" })).await;
    assert_eq!(fields(one), json!(["Ada", "https://cdn.example.org/a.png", "en"]));
    let cleared = app.edit(&ada.access, &json!({ "display_name": null, "avatar_url": null })).await;
    assert_eq!(fields(cleared), json!([null, null, "en"]));
    assert_eq!(fields(app.me(&ada.access).await), json!([null, null, "en"]));
}

async fn edit_on_top_of_an_old_version_is_refused(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let first = app.me(&ada.access).await.header("etag").unwrap().to_owned();

    app.advance(TimeDelta::seconds(1));
    let edited = edit_if(&app, &ada.access, &first, &json!({ "display_name": "Ada" })).await.expect(200);
    let second = edited.header("etag").unwrap().to_owned();
    assert_ne!(second, first);
    assert_eq!(edited.json()["updated_at"], "2030-01-01T12:00:01.000Z");

    for stale in [first.as_str(), "\"99\"", "\"x\"", "nonsense", &format!("W/{second}")] {
        let refused = edit_if(&app, &ada.access, stale, &json!({ "display_name": "Eve" })).await;
        refused.refused(412, "version_conflict");
    }
    assert_eq!(app.me(&ada.access).await.json()["display_name"], "Ada");
    edit_if(&app, &ada.access, &format!("{first}, {second}"), &json!({ "display_name": "Bea" })).await.expect(200);
    edit_if(&app, &ada.access, "*", &json!({ "display_name": "Cleo" })).await.expect(200);
}

async fn edit_that_changes_nothing_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let before = app.edit(&ada.access, &json!({ "display_name": "Ada", "locale": "de" })).await.expect(200);
    let events = app.events().await.len();
    app.advance(TimeDelta::minutes(1));

    for same in [json!({}), json!({ "display_name": "Ada" }), json!({ "avatar_url": null, "locale": "DE" })] {
        let after = app.edit(&ada.access, &same).await.expect(200);
        assert_eq!(after.json(), before.json(), "{same}");
        assert_eq!(after.header("etag"), before.header("etag"), "{same}");
    }
    assert_eq!(app.events().await.len(), events);
}

async fn refused_fields_are_all_named_and_nothing_is_saved(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    let all = json!({ "display_name": "", "avatar_url": "http://cdn.example.org/a.png", "locale": "english please" });
    let refused = app.edit(&ada.access, &all).await;

    refused.refused(422, "validation");
    let pairs = [("/display_name", "too_short"), ("/avatar_url", "invalid_format"), ("/locale", "invalid_format")];
    assert_eq!(refused.fields(), pairs.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let mixed = json!({ "display_name": "Ada", "locale": 7 });
    app.edit(&ada.access, &mixed).await.refused_at((422, "validation"), "/locale", "invalid_type");
    assert_eq!(app.me(&ada.access).await.json()["display_name"], Value::Null);
}
