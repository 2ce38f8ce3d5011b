//! What somebody can do who knows an address and does not own it.

use ashlar_leads::newsletter::LetterKind;
use ashlar_tests::{Database, Key, Setup, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{REQUESTED, erase, status};

journeys!(
    nobody_brings_back_who_has_left,
    nobody_rewrites_what_an_owner_agreed_to,
    letters_to_the_unconfirmed_say_nothing_of_a_stranger,
    a_network_sends_ten_forms_in_an_hour,
    a_key_acts_in_its_tenant_and_from_its_pages,
    another_letter_is_of_the_list_of_the_link,
    people_are_shown_pages,
    who_is_erased_stays_a_hash,
);

const SITE: &str = "https://www.example.org";

/// A subscriber, as staff find them by their address.
async fn found(app: &TestApp, access: &str, email: &str) -> Vec<Value> {
    let page = app.client.get(&format!("/api/v1/newsletter/subscribers?email={email}")).bearer(access).send().await;
    page.expect(200).json()["data"].as_array().unwrap().clone()
}

async fn nobody_brings_back_who_has_left(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    app.one_click(&letter.unsubscribe).await.expect(200);

    app.subscribe("ada@example.org").await.expect(202);

    let ada = found(&app, &boss.access, "ADA@example.org").await.remove(0);
    assert_eq!(ada["status"], "unsubscribed");
    assert!(ada["unsubscribed_at"].is_string(), "{ada}");
    let form = json!({ "email": "ada@example.org", "consent_text_version": "1" });
    let enter = app.client.post("/api/v1/newsletter/subscribers").bearer(&boss.access).json(&form).send().await;
    enter.refused(409, "unsubscribed");
    app.advance(TimeDelta::hours(72));
    assert_eq!(app.newsletter.sweep(&app.system()).await.unwrap(), (1, 0));
    let last = app.asked(REQUESTED).await.pop().unwrap();
    assert!(app.letter_to(last, LetterKind::Confirm).await.is_none(), "the wish is forgotten");
    app.advance(TimeDelta::days(31));
    assert_eq!(app.newsletter.sweep(&app.system()).await.unwrap(), (0, 0));
    let boss = app.log_in("boss").await;
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "unsubscribed");
}

async fn nobody_rewrites_what_an_owner_agreed_to(database: Database) {
    let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let boss = app.boss().await;
    let ask = async |from: &str, name: &str, version: &str| {
        let form = json!({ "email": "ada@example.org", "name": name, "consent_text_version": version });
        let call = app.client.post("/api/v1/newsletter/subscribe").json(&form).header("x-forwarded-for", from);
        call.header("user-agent", name).send().await.expect(202);
    };
    ask("203.0.113.1", "Ada", "own").await;
    let letter = app.letter().await;

    ask("203.0.113.66", "Eve", "strange").await;
    app.confirm(&letter.token).await.expect(200);

    let ada = found(&app, &boss.access, "ada@example.org").await.remove(0);
    assert_eq!((&ada["status"], &ada["name"]), (&json!("confirmed"), &json!("Ada")));
    let consent = json!({
        "text_version": "own", "ip": "203.0.113.1", "user_agent": "Ada", "at": ada["created_at"], "entered_by": null
    });
    assert_eq!(ada["consent"], consent);
    assert_eq!(ada["confirmed_from"], "127.0.0.1");
    assert!(ada["confirmed_at"].is_string());
}

async fn letters_to_the_unconfirmed_say_nothing_of_a_stranger(database: Database) {
    let app = TestApp::start(database).await;
    let form = json!({ "email": "ada@example.org", "name": "https://evil.example", "consent_text_version": "1" });
    app.client.post("/api/v1/newsletter/subscribe").json(&form).send().await.expect(202);
    let asked = app.asked(REQUESTED).await.pop().unwrap();
    for kind in [LetterKind::Confirm, LetterKind::Unsubscribe] {
        assert_eq!(app.letter_to(asked, kind).await.unwrap().name, None);
        app.advance(TimeDelta::minutes(10));
    }
}

async fn a_network_sends_ten_forms_in_an_hour(database: Database) {
    let app = Setup::on(database).set("ASHLAR_RATE_LIMIT_FORM", "10/1h").start().await;
    for number in 0..10 {
        app.subscribe(&format!("a{number}@example.org")).await.expect(202);
    }
    app.subscribe("b@example.org").await.refused(429, "rate_limited");
    for what in ["resend", "unsubscribe"] {
        let call = app.client.post(&format!("/api/v1/newsletter/{what}")).json(&json!({ "email": "c@example.org" }));
        call.send().await.refused(429, "rate_limited");
    }
    let typed = app.client.post("/newsletter/resend").undescribed().header("accept", "text/html");
    let typed = typed.body("application/x-www-form-urlencoded", "email=d%40example.org").send().await.expect(429);
    assert!(typed.text().contains("Try again later"), "{}", typed.text());
}

async fn a_key_acts_in_its_tenant_and_from_its_pages(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("operator").await;
    app.register("founder").await.expect(201);
    app.open_tenant(&operator, "acme", "founder").await;
    let founder = app.log_in_to("acme", "founder").await;
    let form = json!({
        "name": "Web", "kind": "publishable", "scopes": ["leads:create", "newsletter:subscribe"], "origins": [SITE],
    });
    let key = Key::from(&app.try_make_key(&founder.access, &form).await.expect(201)).text;
    let only_leads = app.publish_key(&boss.access).await.text;
    let wish = json!({ "email": "ada@example.org", "consent_text_version": "1" });
    let message =
        json!({ "name": "Ada", "email": "ada@example.org", "subject": "Engines", "message": "How much is one?" });
    let address = json!({ "email": "ada@example.org" });
    let newsletter = [("subscribe", &wish), ("resend", &address), ("unsubscribe", &address)];
    let newsletter = newsletter.map(|(what, form)| (format!("/api/v1/newsletter/{what}"), form));

    for (path, form) in newsletter.iter().cloned().chain([("/api/v1/contacts".to_owned(), &message)]) {
        let send = |key: &str, origin: &str| {
            app.client.post(&path).header("x-api-key", key).header("origin", origin).json(form).send()
        };
        send("ash_pub_nonsense", SITE).await.refused(401, "api_key_invalid");
        send(&key, "https://evil.example").await.refused(403, "origin_not_allowed");
        send(&key, SITE).await.expect(202);
        app.client.post(&path).bearer("a.b.c").json(form).send().await.refused(401, "token_invalid");
    }
    for (path, form) in &newsletter {
        let call = app.client.post(path).header("x-api-key", &only_leads).header("origin", SITE).json(form);
        call.send().await.refused(403, "insufficient_scope");
    }

    assert_eq!(found(&app, &founder.access, "ada@example.org").await.len(), 1);
    assert_eq!(found(&app, &boss.access, "ada@example.org").await, [] as [Value; 0]);
    let contacts = async |access: &str| {
        let page = app.client.get("/api/v1/contacts").bearer(access).send().await.expect(200).json();
        page["data"].as_array().unwrap().len()
    };
    assert_eq!((contacts(&founder.access).await, contacts(&boss.access).await), (1, 0));
}

async fn another_letter_is_of_the_list_of_the_link(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let list = json!({ "slug": "other", "name": "Other" });
    app.client.post("/api/v1/newsletter/lists").bearer(&boss.access).json(&list).send().await.expect(201);
    let form = json!({ "email": "ada@example.org", "list": "other", "consent_text_version": "1" });
    app.client.post("/api/v1/newsletter/subscribe").json(&form).send().await.expect(202);
    let letter = app.letter().await;
    app.advance(TimeDelta::hours(72));
    let confirm = format!("/api/v1/newsletter/confirm?token={}", letter.token);
    let gone = app.client.get(&confirm).undescribed().send().await.expect(410);
    let hidden = format!("name=\"token\" value=\"{}\"", letter.token);
    assert!(gone.text().contains(&hidden), "{}", gone.text());

    let typed = format!("email=ada%40example.org&token={}", letter.token);
    let form = app.client.post("/newsletter/resend").undescribed();
    form.body("application/x-www-form-urlencoded", typed).send().await.expect(202);

    assert_eq!(app.asked(REQUESTED).await.len(), 2);
    app.confirm(&app.letter().await.token).await.expect(200);
    let boss = app.log_in("boss").await;
    assert_eq!(found(&app, &boss.access, "ada@example.org").await[0]["status"], "confirmed");
}

async fn people_are_shown_pages(database: Database) {
    let app = TestApp::start(database).await;
    for path in ["/api/v1/newsletter/confirm", "/api/v1/newsletter/confirm?token=a&token=b"] {
        for method in ["GET", "POST"] {
            let page = app.client.named(method, path).header("accept", "text/html").undescribed();
            let page = page.send().await.expect(400);
            assert!(page.text().contains("This link does not work"), "{}", page.text());
            let raw = app.client.named(method, path).undescribed().send().await;
            raw.refused(400, "invalid_parameter");
        }
    }
    for form in ["email=nobody", "email=", "", "mail=x"] {
        let typed = app.client.post("/newsletter/resend").undescribed().header("accept", "text/html");
        let typed = typed.body("application/x-www-form-urlencoded", form).send().await.expect(422);
        assert!(typed.text().contains("aria-describedby=\"fault\""), "{form:?}: {}", typed.text());
    }
}

async fn who_is_erased_stays_a_hash(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let list = json!({ "slug": "fast", "name": "Fast", "opt_in": "single" });
    app.client.post("/api/v1/newsletter/lists").bearer(&boss.access).json(&list).send().await.expect(201);
    erase(&app, &boss, "ada@example.org").await;
    let fast = json!({ "email": "ada@example.org", "list": "fast", "consent_text_version": "1" });
    let ask = || app.client.post("/api/v1/newsletter/subscribe").json(&fast).send();

    app.subscribe("ada@example.org").await.expect(202);
    assert_eq!(ask().await.expect(202).json(), json!({ "received": true }));
    assert_eq!(found(&app, &boss.access, "ada@example.org").await, [] as [Value; 0]);

    let allow = app.client.post("/api/v1/newsletter/suppressions/lift").bearer(&boss.access);
    allow.json(&json!({ "email": "ada@example.org" })).send().await.expect(204);
    ask().await.expect(202);
    assert_eq!(found(&app, &boss.access, "ada@example.org").await[0]["status"], "pending", "they confirm it here too");
    app.confirm(&app.letter().await.token).await.expect(200);
    assert_eq!(found(&app, &boss.access, "ada@example.org").await[0]["status"], "confirmed");
}
