//! Forms of web pages.

use ashlar_tests::{Answer, Call, Database, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    form_becomes_a_lead_and_then_touches,
    what_no_person_sends_is_thanked_for_and_counted,
    form_of_a_page_that_was_left_open_is_to_be_loaded_anew,
    form_says_what_is_wrong_and_ignores_what_it_does_not_know,
    form_needs_the_key_of_its_page,
    one_address_sends_ten_forms_in_an_hour,
    form_that_is_sent_again_by_name_is_one,
    consent_is_noted_with_the_address_that_a_trusted_proxy_tells,
    many_visitors_of_one_address_leave_one_lead,
);

const SITE: &str = "https://www.example.org";

/// A web page with a form, and the administrator whose key it has.
pub(crate) struct Page<'a> {
    app: &'a TestApp,
    pub(crate) boss: SignedIn,
    key: String,
}

impl<'a> Page<'a> {
    pub(crate) async fn of(app: &'a TestApp) -> Self {
        let boss = app.boss().await;
        let key = app.publish_key(&boss.access).await.text;
        Self { app, boss, key }
    }

    fn call(&self, form: &Value) -> Call {
        let call = self.app.client.post("/api/v1/leads/public").header("x-api-key", &self.key);
        call.header("origin", SITE).json(form)
    }

    /// The stamp of a form that was got a minute ago.
    async fn stamp(&self) -> String {
        let answer = self.app.client.get("/api/v1/leads/public/challenge").send().await.expect(200);
        self.app.advance(TimeDelta::minutes(1));
        answer.json()["t"].as_str().unwrap().to_owned()
    }

    async fn form(&self, members: &Value) -> Value {
        let mut form = json!({ "full_name": "Ada Lovelace", "website_url": "", "t": self.stamp().await });
        form.as_object_mut().unwrap().extend(members.as_object().cloned().unwrap());
        form
    }

    pub(crate) async fn send(&self, members: &Value) -> Answer {
        self.call(&self.form(members).await).send().await
    }

    async fn leads(&self) -> Vec<Value> {
        let boss = self.app.log_in("boss@example.org").await;
        self.app.leads(&boss, "").await.expect(200).json()["data"].as_array().unwrap().clone()
    }

    async fn touches(&self, lead: &Value) -> usize {
        let boss = self.app.log_in("boss@example.org").await;
        let list = self.app.on_lead(&boss, "GET", lead["id"].as_str().unwrap(), "/activities?limit=200");
        let activities = list.send().await.expect(200).json()["data"].as_array().unwrap().clone();
        activities.iter().filter(|activity| activity["kind"] == "form_touch").count()
    }
}

fn thanks() -> Value {
    json!({ "received": true })
}

async fn form_becomes_a_lead_and_then_touches(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    for email in ["ada@example.org", "ADA@example.org"] {
        assert_eq!(page.send(&json!({ "email": email, "notes": "Call me" })).await.expect(202).json(), thanks());
    }
    let leads = page.leads().await;
    assert_eq!(leads.len(), 1);
    assert_eq!((&leads[0]["source"], &leads[0]["status"]), (&json!("website"), &json!("new")));
    assert_eq!(page.touches(&leads[0]).await, 1);
}

async fn what_no_person_sends_is_thanked_for_and_counted(database: Database) {
    let (tell, told) = std::sync::mpsc::channel();
    let setup = Setup::on(database).change(move |state| tell.send(state.metrics.clone()).unwrap());
    let app = setup.start().await;
    let metrics = told.recv().unwrap();
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    let fresh = app.client.get("/api/v1/leads/public/challenge").send().await.expect(200).json()["t"].clone();
    for (member, value) in [("website_url", json!("x")), ("t", json!("forged")), ("t", fresh)] {
        let mut form = form.clone();
        form[member] = value;
        assert_eq!(page.call(&form).send().await.expect(202).json(), thanks());
    }
    assert_eq!(page.leads().await, [] as [Value; 0]);
    let rendered = metrics.render().unwrap();
    for trap in ["honeypot", "no_stamp", "too_fast"] {
        assert!(rendered.contains(&format!("lead_forms_trapped_total{{trap=\"{trap}\"}} 1")), "{rendered}");
    }
}

async fn form_of_a_page_that_was_left_open_is_to_be_loaded_anew(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    app.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    page.call(&form).send().await.expect(202);
    app.advance(TimeDelta::milliseconds(1));

    page.call(&form).send().await.refused(410, "form_expired");

    let mut trapped = form.clone();
    trapped["website_url"] = json!("x");
    assert_eq!(page.call(&trapped).send().await.expect(202).json(), thanks(), "programs are told nothing");
    assert_eq!(page.leads().await.len(), 1);
    let mut anew = form;
    anew["t"] = json!(page.stamp().await);
    page.call(&anew).send().await.expect(202);
    assert_eq!(page.touches(&page.leads().await[0]).await, 1);
}

async fn form_says_what_is_wrong_and_ignores_what_it_does_not_know(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let refused = page.send(&json!({ "email": "no address" })).await;
    refused.refused_at((422, "validation"), "/email", "invalid_format");
    page.send(&json!({ "email": "a@mailinator.com" })).await.refused_at(
        (422, "validation"),
        "/email",
        "disposable_email",
    );
    page.send(&json!({ "email": 7 })).await.refused_at((422, "validation"), "/email", "invalid_type");
    let more = json!({
        "email": "ada@example.org", "g-recaptcha-response": "x", "status": "won", "owner_id": page.boss.user,
        "tags": ["vip"], "custom": { "x": 1 }, "score": 100
    });
    page.send(&more).await.expect(202);
    let lead = page.leads().await.remove(0);
    let plain = [&lead["status"], &lead["owner_id"], &lead["tags"], &lead["custom"]];
    assert_eq!(plain, [&json!("new"), &json!(null), &json!([]), &json!({})]);
}

async fn form_needs_the_key_of_its_page(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    let post = || app.client.post("/api/v1/leads/public").json(&form);
    post().send().await.refused(401, "authentication_required");
    post().bearer(&page.boss.access).send().await.refused(403, "permission_denied");
    post().header("x-api-key", &page.key).send().await.refused(403, "origin_not_allowed");
    let secret = json!({ "name": "Server", "scopes": ["leads.lead.create"] });
    let secret = ashlar_tests::Key::from(&app.try_make_key(&page.boss.access, &secret).await).text;
    post().header("x-api-key", &secret).send().await.refused(403, "insufficient_scope");
    // And the key of a page does nothing else with leads.
    for path in ["/api/v1/leads", "/api/v1/leads/stats"] {
        let call = app.client.get(path).header("x-api-key", &page.key).header("origin", SITE);
        call.send().await.refused(403, "insufficient_scope");
    }
}

async fn one_address_sends_ten_forms_in_an_hour(database: Database) {
    let app = Setup::on(database).set("ASHLAR_RATE_LIMIT_FORM", "10/1h").start().await;
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    for _ in 0..10 {
        page.call(&form).send().await.expect(202);
    }
    page.call(&form).send().await.refused(429, "rate_limited");
    // Who is no proxy of ours says in vain that somebody else sent it.
    page.call(&form).header("x-forwarded-for", "203.0.113.5").send().await.refused(429, "rate_limited");
}

async fn form_that_is_sent_again_by_name_is_one(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    let mut decoy = form.clone();
    decoy["website_url"] = json!("x");
    for (name, form) in [("one", &form), ("two", &decoy)] {
        for again in [None, Some("true")] {
            let answer = page.call(form).header("idempotency-key", name).send().await.expect(202);
            assert_eq!((answer.json(), answer.header("idempotent-replayed")), (thanks(), again));
        }
    }
    let leads = page.leads().await;
    assert_eq!((leads.len(), page.touches(&leads[0]).await), (1, 0));
}

async fn consent_is_noted_with_the_address_that_a_trusted_proxy_tells(database: Database) {
    for (trusted, from) in [("127.0.0.1", "203.0.113.5"), ("192.0.2.1", "127.0.0.1")] {
        let app = Setup::on(database).set("ASHLAR_TRUSTED_PROXIES", trusted).start().await;
        let page = Page::of(&app).await;
        let consent = json!({ "marketing": true, "text_version": "2026-01" });
        let form = page.form(&json!({ "email": "ada@example.org", "consent": consent })).await;
        page.call(&form).header("x-forwarded-for", "203.0.113.5").send().await.expect(202);
        let consent = page.leads().await[0]["consent"].clone();
        assert_eq!((&consent["ip"], &consent["text_version"]), (&json!(from), &json!("2026-01")));
    }
}

async fn many_visitors_of_one_address_leave_one_lead(database: Database) {
    let app = TestApp::start(database).await;
    let page = Page::of(&app).await;
    let form = page.form(&json!({ "email": "ada@example.org" })).await;
    let visits = (0..100).map(|_| page.call(&form).send());
    let answers = futures::future::join_all(visits).await;
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.json() == thanks()), "{answers:?}");
    let leads = page.leads().await;
    assert_eq!((leads.len(), page.touches(&leads[0]).await), (1, 99));
}
