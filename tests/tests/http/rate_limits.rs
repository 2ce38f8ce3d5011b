//! How often who may ask. On PostgreSQL the counting is done in a Redis.

#![expect(clippy::panic, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, OwnRedis, PASSWORD, Setup, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::json;

journeys!(
    strangers_of_one_address_share_a_limit_and_regain_it,
    guesses_at_one_account_are_limited_and_other_accounts_are_not,
    user_is_limited_wherever_from_and_other_users_are_not,
    guesses_at_tokens_count_as_strangers,
    refreshes_of_one_session_are_limited,
    forged_refresh_tokens_do_not_count_for_their_session,
    clients_behind_a_proxy_are_told_apart_and_one_customer_is_not,
    what_is_not_counted_says_nothing_of_limits,
    refusal_of_bad_input_costs_no_attempt,
);

/// The product with the limits on, and the Redis it counts in.
struct Limited {
    app: TestApp,
    _redis: Option<OwnRedis>,
}

async fn limited(database: Database, settings: &[(&str, &str)]) -> Option<Limited> {
    let redis = match database {
        Database::Sqlite => None,
        Database::Postgres => Some(OwnRedis::start()?),
    };
    let defaults = [("IP_BURST", "100/1m"), ("USER", "1000/1h"), ("AUTH", "5/1m"), ("REFRESH", "30/1m")];
    let mut setup = Setup::on(database);
    for (policy, rate) in defaults {
        setup = setup.set(&format!("ASHLAR_RATE_LIMIT_{policy}"), rate);
    }
    if let Some(redis) = &redis {
        setup = setup.set("ASHLAR_REDIS_URL", &redis.url());
    }
    for (name, value) in settings {
        setup = setup.set(name, value);
    }
    Some(Limited { app: setup.start().await, _redis: redis })
}

/// What an answer says about limits: policy, what is left, when.
fn told(answer: &Answer) -> (String, String) {
    let header = |name: &str| answer.header(name).unwrap_or_else(|| panic!("no {name} in {answer:?}")).to_owned();
    (header("ratelimit-policy"), header("ratelimit"))
}

async fn strangers_of_one_address_share_a_limit_and_regain_it(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_IP_BURST", "3/1m")]).await else { return };
    let app = &limited.app;

    for (number, left) in [2, 1, 0].into_iter().enumerate() {
        let answer = app.try_log_in(&format!("nobody-{number}"), PASSWORD).await.expect(401);
        let (policy, limit) = told(&answer);
        assert_eq!(policy, r#""ip-burst";q=3;w=60"#);
        assert!(limit.starts_with(&format!(r#""ip-burst";r={left};t="#)), "{limit}");
    }
    let refused = app.try_log_in("nobody-3", PASSWORD).await;
    refused.refused(429, "rate_limited");
    assert_eq!(refused.json()["violated_policies"], json!(["ip-burst"]));
    assert_eq!(refused.header("retry-after"), Some("20"));
    assert_eq!(told(&refused).1, r#""ip-burst";r=0;t=20"#);
    assert_eq!(refused.header("x-ratelimit-limit"), Some("3"));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    let noon = 1_893_499_200;
    assert_eq!(refused.header("x-ratelimit-reset"), Some((noon + 20).to_string().as_str()));

    app.advance(TimeDelta::seconds(20));
    app.try_log_in("nobody-4", PASSWORD).await.expect(401);
    app.try_log_in("nobody-5", PASSWORD).await.refused(429, "rate_limited");
}

async fn guesses_at_one_account_are_limited_and_other_accounts_are_not(database: Database) {
    let Some(limited) = limited(database, &[]).await else { return };
    let app = &limited.app;
    app.register("ada").await.expect(201);
    app.register("bob").await.expect(201);

    for spelling in ["ada@example.org", "ADA@example.org", " ada@EXAMPLE.org", "ada@example.org", "Ada@Example.Org"] {
        app.try_log_in(spelling, "wrong-horse-battery").await.expect(401);
    }
    let refused = app.try_log_in("ada@example.org", PASSWORD).await;
    refused.refused(429, "rate_limited");
    assert_eq!(told(&refused).0, r#""auth";q=5;w=60"#);
    app.try_log_in("bob@example.org", PASSWORD).await.expect(200);
    for _ in 0..5 {
        app.try_log_in("nobody@example.org", PASSWORD).await.expect(401);
    }
    let unknown = app.try_log_in("nobody@example.org", PASSWORD).await;
    assert_eq!(told(&unknown), told(&refused), "whether there is an account makes no difference");
    app.advance(TimeDelta::seconds(12));
    // The policy lets one more through; the lock that five failures have put does not.
    app.try_log_in("ada@example.org", PASSWORD).await.refused(429, "too_many_attempts");
    app.advance(TimeDelta::seconds(48));
    app.try_log_in("ada@example.org", PASSWORD).await.expect(200);
}

async fn user_is_limited_wherever_from_and_other_users_are_not(database: Database) {
    let settings = [("ASHLAR_RATE_LIMIT_USER", "3/1h"), ("ASHLAR_TRUSTED_PROXIES", "127.0.0.1")];
    let Some(limited) = limited(database, &settings).await else { return };
    let app = &limited.app;
    let (ada, bob) = (app.sign_up("ada").await.access, app.sign_up("bob").await.access);
    let me = async |token: &str, from: &str| {
        app.client.get("/api/v1/me").bearer(token).header("x-forwarded-for", from).send().await
    };

    for (from, left) in [("198.51.100.1", 2), ("198.51.100.2", 1), ("198.51.100.3", 0)] {
        let answer = me(&ada, from).await.expect(200);
        assert!(told(&answer).1.starts_with(&format!(r#""user";r={left};"#)));
    }
    let refused = me(&ada, "198.51.100.4").await;
    refused.refused(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), Some("1200"));
    me(&bob, "198.51.100.1").await.expect(200);
}

async fn guesses_at_tokens_count_as_strangers(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_IP_BURST", "4/1m")]).await else { return };
    let app = &limited.app;
    let ada = app.sign_up("ada").await.access;

    app.client.get("/api/v1/me").bearer("guess").send().await.refused(401, "token_invalid");
    app.client.get("/api/v1/me").send().await.refused(401, "authentication_required");
    app.client.get("/api/v1/me").bearer("guess").send().await.refused(429, "rate_limited");
    app.client.get("/api/v1/me").bearer(&ada).send().await.expect(200);
}

async fn refreshes_of_one_session_are_limited(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_REFRESH", "2/1m")]).await else { return };
    let app = &limited.app;
    app.register("ada").await.expect(201);
    let login = app.try_log_in("ada@example.org", PASSWORD).await.expect(200).json();
    let other = app.try_log_in("ada@example.org", PASSWORD).await.expect(200).json();
    let refresh = async |token: &serde_json::Value| {
        app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token })).send().await
    };

    let next = refresh(&login["refresh_token"]).await.expect(200).json();
    let last = refresh(&next["refresh_token"]).await.expect(200).json();
    let refused = refresh(&last["refresh_token"]).await;
    refused.refused(429, "rate_limited");
    assert_eq!(told(&refused).0, r#""refresh";q=2;w=60"#);
    refresh(&other["refresh_token"]).await.expect(200);
    app.advance(TimeDelta::seconds(30));
    refresh(&last["refresh_token"]).await.expect(200);
}

async fn forged_refresh_tokens_do_not_count_for_their_session(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_REFRESH", "1/1m")]).await else { return };
    let app = &limited.app;
    let ada = app.sign_up("ada").await;
    // The session it names is hers, and what proves it is not.
    let (named, proof) = ada.refresh.split_at(ada.refresh.len() - 20);
    let (first, rest) = proof.split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    let forged = format!("{named}{other}{rest}");

    for _ in 0..3 {
        app.refresh(&forged).await.refused(401, "refresh_token_invalid");
    }
    app.refresh(&ada.refresh).await.expect(200);
}

async fn clients_behind_a_proxy_are_told_apart_and_one_customer_is_not(database: Database) {
    let settings = [("ASHLAR_RATE_LIMIT_IP_BURST", "1/1m"), ("ASHLAR_TRUSTED_PROXIES", "127.0.0.1")];
    let Some(limited) = limited(database, &settings).await else { return };
    let me =
        async |from: &str| limited.app.client.get("/api/v1/me").header("x-forwarded-for", from).send().await.status;

    assert_eq!(me("198.51.100.1").await, 401);
    assert_eq!(me("198.51.100.1").await, 429);
    assert_eq!(me("198.51.100.2").await, 401);
    assert_eq!(me("2001:db8::1").await, 401);
    assert_eq!(me("2001:db8::2").await, 429, "the same /64");
    assert_eq!(me("2001:db8:0:1::1").await, 401, "another /64");
    assert_eq!(me("::ffff:198.51.100.2").await, 429, "an IPv4 address in IPv6 spelling");
}

async fn what_is_not_counted_says_nothing_of_limits(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_IP_BURST", "1/1m")]).await else { return };
    for path in ["/health/live", "/health/ready", "/openapi.json", "/.well-known/jwks.json"] {
        for _ in 0..3 {
            let answer = limited.app.client.get(path).send().await.expect(200);
            assert_eq!(answer.header("ratelimit"), None, "{path}");
        }
    }
    let off = Setup::on(database).set("ASHLAR_RATE_LIMITS", "off").start().await;
    for _ in 0..150 {
        let answer =
            off.client.raw(b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect(401);
        assert_eq!(answer.header("ratelimit"), None);
    }
}

async fn refusal_of_bad_input_costs_no_attempt(database: Database) {
    let Some(limited) = limited(database, &[("ASHLAR_RATE_LIMIT_AUTH", "1/1m")]).await else { return };
    let app = &limited.app;
    for _ in 0..3 {
        let form = json!({ "identifier": "ada@example.org", "password": "" });
        app.client.post("/api/v1/auth/login").json(&form).send().await.expect(422);
    }
    app.try_log_in("ada@example.org", PASSWORD).await.expect(401);
    app.try_log_in("ada@example.org", PASSWORD).await.refused(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_share_a_redis_count_together() {
    let Some(redis) = OwnRedis::start() else { return };
    let process = async || {
        let setup = Setup::on(Database::Sqlite).set("ASHLAR_REDIS_URL", &redis.url());
        setup.set("ASHLAR_RATE_LIMIT_AUTH", "5/1m").start().await
    };
    let (one, other) = (process().await, process().await);

    for app in [&one, &other, &one, &other, &one] {
        app.try_log_in("nobody@example.org", PASSWORD).await.expect(401);
    }
    for app in [&one, &other] {
        app.try_log_in("nobody@example.org", PASSWORD).await.refused(429, "rate_limited");
    }
}
