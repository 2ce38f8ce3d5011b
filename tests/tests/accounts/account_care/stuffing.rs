//! Lists of stolen names and passwords, tried from one address. On PostgreSQL the watching is done in a Redis.

use ashlar_tests::{Answer, Database, OwnRedis, PASSWORD, Setup, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

journeys!(
    address_that_fails_with_twenty_accounts_is_slowed_down_for_an_hour,
    one_forgotten_password_slows_nobody_down,
    failures_of_more_than_ten_minutes_do_not_add_up,
    brake_can_be_turned_off,
);

/// The product behind a proxy, so that a request may come from anywhere.
async fn braked(database: Database, settings: &[(&str, &str)]) -> Option<(TestApp, Option<OwnRedis>)> {
    let redis = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(OwnRedis::start()?),
    };
    let mut setup = Setup::on(database).set("ASHLAR_STUFFING_BRAKE", "on").set("ASHLAR_TRUSTED_PROXIES", "127.0.0.1");
    if let Some(redis) = &redis {
        setup = setup.set("ASHLAR_REDIS_URL", &redis.url());
    }
    for (name, value) in settings {
        setup = setup.set(name, value);
    }
    Some((setup.start().await, redis))
}

async fn from(app: &TestApp, address: &str, identifier: &str, password: &str) -> Answer {
    let form = json!({ "identifier": identifier, "password": password });
    app.client.post("/api/v1/auth/login").header("x-forwarded-for", address).json(&form).send().await
}

async fn try_list(app: &TestApp, address: &str, names: std::ops::Range<u32>) {
    for name in names {
        from(app, address, &format!("name{name}"), "stolen-elsewhere").await.refused(401, "invalid_credentials");
    }
}

fn wait_of(answer: &Answer) -> i64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

async fn address_that_fails_with_twenty_accounts_is_slowed_down_for_an_hour(database: Database) {
    let Some((app, _redis)) = braked(database, &[]).await else { return };
    // Half of the names are somebody's: it makes no difference.
    for name in 0..10 {
        app.register(&format!("name{name}")).await.expect(201);
    }
    let ada = app.sign_up("ada").await;
    try_list(&app, "2001:db8::1", 0..19).await;
    assert_eq!(app.count_events("login.stuffing_suspected").await, 0);
    try_list(&app, "2001:db8::ffff", 19..20).await;

    let events = app.events().await;
    let told: Vec<_> = events.iter().filter(|event| event.name == "identity.login.stuffing_suspected").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0].data, told[0].targets[0].id.as_str()),
        (&json!({ "network": "2001:db8::/64" }), "2001:db8::/64")
    );
    from(&app, "2001:db8::2", "ada", PASSWORD).await.expect(200);
    let refused = from(&app, "2001:db8::3", "bob", PASSWORD).await;
    refused.refused(429, "rate_limited");
    assert_eq!((refused.json()["violated_policies"].clone(), wait_of(&refused)), (json!(["auth"]), 60));
    assert_eq!(refused.header("ratelimit-policy"), Some(r#""auth";q=1;w=60"#));
    // Other addresses, and who is signed in, are not concerned.
    from(&app, "2001:db8:0:1::1", "ada", PASSWORD).await.expect(200);
    let me = app.client.get("/api/v1/me").header("x-forwarded-for", "2001:db8::1").bearer(&ada.access);
    me.send().await.expect(200);
    let forgot = || {
        let call = app.client.post("/api/v1/auth/password/forgot").header("x-forwarded-for", "2001:db8::1");
        call.json(&json!({ "identifier": "ada" })).send()
    };
    forgot().await.expect(202);
    forgot().await.refused(429, "rate_limited");

    app.advance(TimeDelta::minutes(1));
    try_list(&app, "2001:db8::1", 20..21).await;
    from(&app, "2001:db8::1", "name21", PASSWORD).await.refused(429, "rate_limited");
    app.advance(TimeDelta::minutes(59));
    try_list(&app, "2001:db8::1", 21..40).await;
    assert_eq!(app.count_events("login.stuffing_suspected").await, 1);
    try_list(&app, "2001:db8::1", 40..41).await;
    assert_eq!(app.count_events("login.stuffing_suspected").await, 2);
}

async fn one_forgotten_password_slows_nobody_down(database: Database) {
    let Some((app, _redis)) = braked(database, &[]).await else { return };
    for name in ["ada", "bob"] {
        app.register(name).await.expect(201);
    }
    for _ in 0..15 {
        for name in ["ada", "ADA", "bob"] {
            from(&app, "192.0.2.1", name, "another-password").await;
        }
        app.advance(TimeDelta::seconds(30));
    }
    try_list(&app, "192.0.2.1", 0..17).await;
    assert_eq!(app.count_events("login.stuffing_suspected").await, 0);
    app.register("cyd").await.expect(201);
    from(&app, "192.0.2.1", "cyd", PASSWORD).await.expect(200);
    from(&app, "192.0.2.1", "cyd", PASSWORD).await.expect(200);
}

async fn failures_of_more_than_ten_minutes_do_not_add_up(database: Database) {
    let Some((app, _redis)) = braked(database, &[]).await else { return };
    for round in 0..3 {
        try_list(&app, "192.0.2.1", round * 19..round * 19 + 19).await;
        app.advance(TimeDelta::minutes(10));
    }
    assert_eq!(app.count_events("login.stuffing_suspected").await, 0);
}

async fn brake_can_be_turned_off(database: Database) {
    for off in [("ASHLAR_STUFFING_BRAKE", "off"), ("ASHLAR_RATE_LIMIT_AUTH", "off"), ("ASHLAR_RATE_LIMITS", "off")] {
        let Some((app, _redis)) = braked(database, &[off]).await else { return };
        try_list(&app, "192.0.2.1", 0..30).await;
    }
}
