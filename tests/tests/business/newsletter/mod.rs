//! The newsletter: nobody gets letters who has not asked for them twice, and whoever has had enough gets no more.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod strangers;

use std::sync::Arc;

use ashlar_kernel::ExposeSecret as _;
use ashlar_leads::newsletter::{
    LetterKind, Newsletter, NewsletterPorts, NewsletterSettings, Subscribe, SubscribeInput,
};
use ashlar_tests::{Answer, Database, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::json;

journeys!(
    letters_are_asked_for_twice,
    one_of_many_who_use_a_link_at_once_does,
    whoever_asks_learns_nothing_about_an_address,
    one_request_stops_the_letters,
    whoever_looks_at_a_link_changes_nothing,
    an_address_gets_three_letters_a_day_whoever_asks,
    what_is_suppressed_is_asked_when_a_letter_is_sent,
    staff_enter_nobody_who_does_not_want_it,
    a_suppression_ends_by_an_administrator_and_the_owner,
    what_is_known_by_a_former_root_key_is_known,
    what_programs_fill_in_is_counted,
    what_nobody_confirms_is_forgotten,
    private_lists_are_for_staff,
);

const REQUESTED: &str = "leads.subscription.requested";

/// Where somebody stands, as staff see it.
async fn status(app: &TestApp, access: &str, email: &str) -> String {
    let answer = app.client.get("/api/v1/newsletter/subscribers").bearer(access).send().await.expect(200);
    let found = answer.json()["data"].as_array().cloned().unwrap_or_default();
    let one = found.iter().find(|one| one["email"] == email);
    one.and_then(|one| one["status"].as_str()).unwrap_or("unknown").to_owned()
}

async fn count(app: &TestApp, event: &str) -> usize {
    app.events().await.iter().filter(|known| known.name == event).count()
}

async fn letters_are_asked_for_twice(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.subscribe("Ada@Example.org").await.expect(202);
    assert_eq!(status(&app, &boss.access, "Ada@Example.org").await, "pending");

    let letter = app.letter().await;
    let answer = app.confirm(&letter.token).await.expect(200);
    assert_eq!(answer.json(), json!({ "status": "confirmed" }));
    assert_eq!(status(&app, &boss.access, "Ada@Example.org").await, "confirmed");
    let again = app.confirm(&letter.token).await;
    again.refused(410, "confirm_token_gone");
    assert_eq!(again.json()["resend"], "/api/v1/newsletter/resend");
    app.confirm("nonsense").await.refused(410, "confirm_token_gone");

    app.subscribe("late@example.org").await.expect(202);
    let letter = app.letter().await;
    app.advance(TimeDelta::hours(72));
    app.confirm(&letter.token).await.refused(410, "confirm_token_gone");
    let resend = app.client.post("/api/v1/newsletter/resend").json(&json!({ "email": "late@example.org" }));
    resend.send().await.expect(202);
    app.confirm(&app.letter().await.token).await.expect(200);
    let consent = app.client.get("/api/v1/newsletter/subscribers?list=newsletter&status=confirmed");
    let page = consent.bearer(&app.log_in("boss").await.access).send().await.expect(200).json();
    assert_eq!(page["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["data"][0]["consent"]["text_version"], "2030-01");
    assert_eq!(page["data"][0]["consent"]["ip"], "127.0.0.1");
}

async fn one_of_many_who_use_a_link_at_once_does(database: Database) {
    let app = TestApp::start(database).await;
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;

    let answers = join_all((0..6).map(|_| app.confirm(&letter.token))).await;

    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 410, 410, 410, 410, 410]);
    assert_eq!(count(&app, "leads.subscription.confirmed").await, 1);
}

async fn whoever_asks_learns_nothing_about_an_address(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let told = |answer: &Answer| (answer.status, answer.text(), answer.media_type().map(str::to_owned));
    let unknown = app.subscribe("ada@example.org").await.expect(202);
    assert_eq!(unknown.json(), json!({ "received": true }));
    let pending = app.subscribe("ada@example.org").await;
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    let confirmed = app.subscribe("ada@example.org").await;
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "confirmed");
    app.one_click(&letter.unsubscribe).await.expect(200);
    let unsubscribed = app.subscribe("ada@example.org").await;
    let id = app.subscriber(&boss.access, "eve@example.org").await;
    let erase = app.client.delete(&format!("/api/v1/newsletter/subscribers/{id}?purge=true")).bearer(&boss.access);
    erase.send().await.expect(204);
    let suppressed = app.subscribe("eve@example.org").await;
    let trapped =
        json!({ "email": "bot@example.org", "consent_text_version": "1", "website_url": "https://x.example" });
    let trapped = app.client.post("/api/v1/newsletter/subscribe").json(&trapped).send().await;
    assert_eq!(status(&app, &boss.access, "bot@example.org").await, "unknown");
    for answer in [pending, confirmed, unsubscribed, suppressed, trapped] {
        assert_eq!(told(&answer), told(&unknown));
    }
    for email in ["ada@example.org", "nobody@example.org"] {
        for what in ["resend", "unsubscribe"] {
            let path = format!("/api/v1/newsletter/{what}");
            let answer = app.client.post(&path).json(&json!({ "email": email })).send().await;
            assert_eq!(told(&answer), told(&unknown), "{what} {email}");
        }
    }
    let bad = app.subscribe("no address").await;
    bad.refused_at((422, "validation"), "/email", "invalid_format");
}

async fn one_request_stops_the_letters(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let multipart = "--b\r\ncontent-disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let bodies = [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", multipart),
        ("", ""),
    ];
    for (number, (media_type, body)) in bodies.into_iter().enumerate() {
        let email = format!("a{number}@example.org");
        app.subscribe(&email).await.expect(202);
        let letter = app.letter().await;
        app.confirm(&letter.token).await.expect(200);
        // Twice: no cookies, no origin, no token, and no redirect.
        for _ in 0..2 {
            let call = app.client.post(&format!("/api/v1/newsletter/u/{}", letter.unsubscribe));
            let call = if body.is_empty() { call } else { call.body(media_type, body).undescribed() };
            let answer = call.send().await.expect(200);
            assert_eq!(answer.json(), json!({ "status": "unsubscribed" }));
            assert_eq!(answer.header("set-cookie"), None);
        }
        let boss = app.log_in("boss").await;
        assert_eq!(status(&app, &boss.access, &email).await, "unsubscribed");
        assert_eq!(count(&app, "leads.subscription.unsubscribed").await, number + 1, "one event each");
        // The link never gets old.
        app.advance(TimeDelta::minutes(11));
        let forged = letter.unsubscribe.replace("u1.", "u1.x");
        app.one_click(&forged).await.refused(404, "not_found");
    }
    app.one_click("u1.a.b.c").await.refused(404, "not_found");
    let boss = app.log_in("boss").await;
    assert_eq!(status(&app, &boss.access, "a0@example.org").await, "unsubscribed");

    // Who typed an address in is sent the link, if there is something to stop; who has the link needs no letter.
    app.subscribe("late@example.org").await.expect(202);
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    let path = "/api/v1/newsletter/unsubscribe";
    app.client.post(path).json(&json!({ "email": "late@example.org" })).send().await.expect(202);
    assert_eq!(status(&app, &boss.access, "late@example.org").await, "confirmed");
    let asked = app.asked("leads.subscription.link_requested").await;
    app.advance(TimeDelta::minutes(10));
    let mailed = app.letter_to(asked[0], LetterKind::Unsubscribe).await.unwrap();
    assert!(mailed.confirm.is_none());
    let token = json!({ "token": mailed.unsubscribe.expose_secret() });
    app.client.post(path).json(&token).send().await.expect(200);
    assert_eq!(status(&app, &app.log_in("boss").await.access, "late@example.org").await, "unsubscribed");
    app.client.post(path).json(&json!({})).send().await.refused(422, "validation");
}

async fn whoever_looks_at_a_link_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;
    let look = |method: &str, path: String| app.client.named(method, &path).undescribed().send();
    let confirm = format!("/api/v1/newsletter/confirm?token={}", letter.token);
    for method in ["GET", "HEAD"] {
        let page = look(method, confirm.clone()).await.expect(200);
        assert_eq!(page.media_type(), Some("text/html"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("form-action 'self'")));
        assert!(method == "HEAD" || page.text().contains("<form method=\"post\""), "{}", page.text());
        assert!(method == "HEAD" || page.text().contains("\u{201c}Newsletter\u{201d}"), "{}", page.text());
    }
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "pending");

    // A browser that presses the button is answered with a page.
    let pressed = app.client.post(&confirm).header("accept", "text/html,*/*;q=0.8").undescribed().send().await;
    assert!(pressed.expect(200).text().contains("Your subscription is confirmed"));
    let gone = look("GET", confirm.clone()).await.expect(410);
    assert!(gone.text().contains("action=\"/newsletter/resend\""), "{}", gone.text());

    let unsubscribe = format!("/api/v1/newsletter/u/{}", letter.unsubscribe);
    for method in ["GET", "HEAD"] {
        look(method, unsubscribe.clone()).await.expect(200);
    }
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "confirmed");
    look("GET", "/api/v1/newsletter/u/u1.a.b.c".to_owned()).await.refused(404, "not_found");
    let broken = app.client.get("/api/v1/newsletter/u/u1.a.b.c").header("accept", "text/html").undescribed();
    assert!(broken.send().await.expect(404).text().contains("This link does not work"));
    let typed = app.client.post("/newsletter/resend").undescribed();
    let typed = typed.body("application/x-www-form-urlencoded", "email=nobody").send().await.expect(422);
    assert!(typed.text().contains("aria-describedby=\"fault\""), "{}", typed.text());
    let put = look("PUT", unsubscribe).await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, POST")));
    let form = app.client.post("/newsletter/resend").undescribed();
    let sent = form.body("application/x-www-form-urlencoded", "email=ada%40example.org").send().await;
    assert!(sent.expect(202).text().contains("Look into your mail"));
}

async fn an_address_gets_three_letters_a_day_whoever_asks(database: Database) {
    let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1").start().await;
    let mut letters = 0;
    for address in 1..=50 {
        let form = json!({ "email": "ada@example.org", "consent_text_version": "2030-01" });
        let call = app.client.post("/api/v1/newsletter/subscribe").json(&form);
        call.header("x-forwarded-for", format!("203.0.113.{address}")).send().await.expect(202);
        let last = app.asked(REQUESTED).await.pop().unwrap();
        letters += usize::from(app.letter_to(last, LetterKind::Confirm).await.is_some());
        app.advance(TimeDelta::minutes(15));
    }
    assert_eq!(app.asked(REQUESTED).await.len(), 50);
    assert_eq!(letters, 3);
    app.advance(TimeDelta::hours(12));
    let last = app.asked(REQUESTED).await.pop().unwrap();
    assert!(app.letter_to(last, LetterKind::Confirm).await.is_some(), "the next day");
    let both = [app.letter_to(last, LetterKind::Confirm), app.letter_to(last, LetterKind::Confirm)];
    assert!(join_all(both).await.iter().all(Option::is_none), "ten minutes apart");
    app.advance(TimeDelta::hours(25));
    let both = [app.letter_to(last, LetterKind::Confirm), app.letter_to(last, LetterKind::Confirm)];
    assert_eq!(join_all(both).await.iter().flatten().count(), 1, "of two at once, one");
}

async fn what_is_suppressed_is_asked_when_a_letter_is_sent(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let list = json!({ "slug": "other", "name": "Other" });
    app.client.post("/api/v1/newsletter/lists").bearer(&boss.access).json(&list).send().await.expect(201);
    let erased = app.subscriber(&boss.access, "ada@example.org").await;
    let other = json!({ "email": "ada@example.org", "list": "other", "consent_text_version": "1" });
    app.client.post("/api/v1/newsletter/subscribe").json(&other).send().await.expect(202);
    let [first, second] = app.asked(REQUESTED).await.try_into().unwrap();

    // The letters are asked for, and then the address is erased from one of the lists.
    let path = format!("/api/v1/newsletter/subscribers/{erased}?purge=true");
    app.client.delete(&path).bearer(&boss.access).send().await.expect(204);

    for subscription in [first, second] {
        assert!(app.letter_to(subscription, LetterKind::Confirm).await.is_none());
    }
    let again = json!({ "email": "ADA@example.org", "consent_text_version": "1" });
    let again = app.client.post("/api/v1/newsletter/subscribers").bearer(&boss.access).json(&again).send().await;
    again.refused(409, "suppressed");
    let events = app.events().await;
    let ours = events.iter().filter(|event| event.name.starts_with("leads."));
    assert!(ours.clone().count() >= 6 && ours.into_iter().all(|event| !event.data.to_string().contains("example.org")));
}

async fn staff_enter_nobody_who_does_not_want_it(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    let seller = app.colleague(&boss, "seller", "sales").await;
    let id = app.subscriber(&staff.access, "ada@example.org").await;
    assert_eq!(status(&app, &staff.access, "ada@example.org").await, "pending", "to be confirmed by themselves");
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    app.one_click(&letter.unsubscribe).await.expect(200);

    let form = json!({ "email": "ada@example.org", "consent_text_version": "1" });
    let enter = |access: &str| app.client.post("/api/v1/newsletter/subscribers").bearer(access).json(&form).send();
    enter(&staff.access).await.refused(409, "unsubscribed");
    enter(&seller.access).await.refused(403, "permission_denied");
    let remove = |access: &str, rest: &str| {
        app.client.delete(&format!("/api/v1/newsletter/subscribers/{id}{rest}")).bearer(access).send()
    };
    remove(&seller.access, "").await.refused(403, "permission_denied");
    remove(&staff.access, "?purge=true").await.refused(403, "permission_denied");
    remove(&staff.access, "").await.expect(204);
    app.advance(TimeDelta::minutes(11));
    remove(&boss.access, "?purge=true").await.refused(403, "reauthentication_required");
    app.subscribe("ada@example.org").await.expect(202);
    assert_eq!(status(&app, &staff.access, "ada@example.org").await, "unsubscribed", "until they confirm it");
    enter(&staff.access).await.refused(409, "unsubscribed");
    app.advance(TimeDelta::minutes(10));
    app.confirm(&app.letter().await.token).await.expect(200);
    let staff = app.log_in("staff").await;
    assert_eq!(status(&app, &staff.access, "ada@example.org").await, "confirmed", "they themselves may");
}

/// Erases somebody, who is not to be written to from then on.
async fn erase(app: &TestApp, boss: &SignedIn, email: &str) {
    let id = app.subscriber(&boss.access, email).await;
    let erase = app.client.delete(&format!("/api/v1/newsletter/subscribers/{id}?purge=true")).bearer(&boss.access);
    erase.send().await.expect(204);
}

async fn a_suppression_ends_by_an_administrator_and_the_owner(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let staff = app.colleague(&boss, "staff", "staff").await;
    erase(&app, &boss, "ada@example.org").await;
    let lift = async |access: &str, email: &str| {
        let call = app.client.post("/api/v1/newsletter/suppressions/lift").bearer(access);
        call.json(&json!({ "email": email })).send().await
    };
    let written = async || {
        let last = app.asked(REQUESTED).await.pop().unwrap();
        app.letter_to(last, LetterKind::Confirm).await
    };
    app.subscribe("ada@example.org").await.expect(202);
    assert!(written().await.is_none(), "their own wish is not enough");
    lift(&staff.access, "ada@example.org").await.refused(403, "permission_denied");
    lift(&boss.access, "bob@example.org").await.refused(404, "not_found");

    let allowed = lift(&boss.access, "ADA@example.org").await.expect(204);

    assert_eq!(app.names(allowed.request_id()).await, ["leads.subscription.lift_allowed"]);
    assert_eq!(app.names(lift(&boss.access, "ada@example.org").await.expect(204).request_id()).await.len(), 0);
    let form = json!({ "email": "ada@example.org", "consent_text_version": "1" });
    let entered = app.client.post("/api/v1/newsletter/subscribers").bearer(&boss.access).json(&form).send().await;
    entered.refused(409, "suppressed");
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;
    let confirmed = app.confirm(&letter.token).await.expect(200);
    let names = app.names(confirmed.request_id()).await;
    assert_eq!(names, ["leads.subscription.confirmed", "leads.subscription.lifted"]);
    lift(&boss.access, "ada@example.org").await.refused(404, "not_found");
    app.advance(TimeDelta::minutes(11));
    lift(&boss.access, "ada@example.org").await.refused(403, "reauthentication_required");
}

async fn what_is_known_by_a_former_root_key_is_known(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    app.subscribe("ada@example.org").await.expect(202);
    let letter = app.letter().await;
    app.confirm(&letter.token).await.expect(200);
    erase(&app, &boss, "bob@example.org").await;
    let path = app.config.signing.keys_dir.join("root.key");
    let former = ashlar_kernel::MacKey::from_bytes({
        let text = std::fs::read_to_string(path).unwrap();
        let pairs = text.trim().as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
        bytes.try_into().unwrap()
    });
    let with = |former_root_keys| {
        let ports = NewsletterPorts {
            store: Arc::new(app.store.clone()),
            ids: Arc::clone(&app.ids),
            entropy: Arc::new(ashlar_memory::SeededEntropy::new(3)),
        };
        Newsletter::new(
            ports,
            &NewsletterSettings { root_key: ashlar_kernel::MacKey::from_bytes([9; 32]), former_root_keys },
        )
    };

    let (forgetful, mindful) = (with(Vec::new()), with(vec![former]));

    let context = app.system();
    assert!(forgetful.unsubscribe(&context, &letter.unsubscribe).await.is_err());
    assert_eq!(mindful.unsubscribe(&context, &letter.unsubscribe).await.unwrap().list, "Newsletter");
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "unsubscribed");
    let input = SubscribeInput { email: "bob@example.org", consent_text_version: "1", ..SubscribeInput::default() };
    let command = Subscribe::try_from(input).unwrap();
    forgetful.subscribe(&context, &command).await.unwrap();
    assert_eq!(status(&app, &boss.access, "bob@example.org").await, "pending");
    let bob = app.asked(REQUESTED).await.pop().unwrap();
    let letter = mindful.letter(&context, bob, (LetterKind::Confirm, app.ids.next())).await.unwrap();
    assert!(letter.is_none(), "bob is still not to be written to");
    assert!(forgetful.letter(&context, bob, (LetterKind::Confirm, app.ids.next())).await.unwrap().is_some());
}

async fn what_programs_fill_in_is_counted(database: Database) {
    let (tell, told) = std::sync::mpsc::channel();
    let app = Setup::on(database).change(move |state| tell.send(state.metrics.clone()).unwrap()).start().await;
    let metrics = told.recv().unwrap();
    let form = json!({ "email": "bot@example.org", "consent_text_version": "1", "website_url": "x" });
    app.client.post("/api/v1/newsletter/subscribe").json(&form).send().await.expect(202);
    assert!(metrics.render().unwrap().contains("lead_forms_trapped_total{trap=\"honeypot\"} 1"));
    assert_eq!(app.asked(REQUESTED).await, []);
}

async fn what_nobody_confirms_is_forgotten(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    app.subscribe("ada@example.org").await.expect(202);
    app.subscribe("bob@example.org").await.expect(202);
    app.confirm(&app.letter().await.token).await.expect(200);
    let sweep = async || app.newsletter.sweep(&app.system()).await.unwrap();

    app.advance(TimeDelta::hours(72) - TimeDelta::milliseconds(1));
    assert_eq!(sweep().await, (0, 0));
    app.advance(TimeDelta::milliseconds(1));
    assert_eq!(sweep().await, (1, 0));
    assert_eq!(status(&app, &app.log_in("boss").await.access, "ada@example.org").await, "expired");
    app.advance(TimeDelta::days(30));
    assert_eq!(sweep().await, (0, 1));
    let boss = app.log_in("boss").await;
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "unknown");
    assert_eq!(status(&app, &boss.access, "bob@example.org").await, "confirmed");
}

async fn private_lists_are_for_staff(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let make =
        |list: serde_json::Value| app.client.post("/api/v1/newsletter/lists").bearer(&boss.access).json(&list).send();
    make(json!({ "slug": "inner", "name": "Inner", "visibility": "private" })).await.expect(201);
    make(json!({ "slug": "inner", "name": "Again" })).await.refused(409, "list_taken");
    make(json!({ "slug": "-", "name": "Bad" })).await.refused_at((422, "validation"), "/slug", "invalid_format");
    make(json!({ "slug": "fast", "name": "Fast", "opt_in": "single" })).await.expect(201);

    let ask = |list: &str| {
        let form = json!({ "email": "ada@example.org", "list": list, "consent_text_version": "1" });
        app.client.post("/api/v1/newsletter/subscribe").json(&form).send()
    };
    ask("inner").await.refused(404, "not_found");
    ask("none").await.refused(404, "not_found");
    ask("fast").await.expect(202);
    assert_eq!(status(&app, &boss.access, "ada@example.org").await, "confirmed", "one wish is enough there");
    let lists = app.client.get("/api/v1/newsletter/lists").bearer(&boss.access).send().await.expect(200).json();
    let slugs: Vec<_> = lists["data"].as_array().unwrap().iter().map(|list| list["slug"].clone()).collect();
    assert_eq!(slugs, ["fast", "inner"]);
}
