//! The refresh token in a cookie: for pages of this server, and for nobody else.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Authenticator, Call, Database, PASSWORD, Setup, TestApp, journeys};
use chrono::TimeDelta;
use serde_json::{Value, json};

journeys!(
    cookie_takes_turns_like_any_refresh_token,
    cookie_is_for_pages_of_this_server_only,
    cookie_is_taken_away_at_the_end,
    dead_cookie_is_taken_away_by_the_refusal,
    who_refreshes_with_nothing_is_told_what_to_send,
    new_password_keeps_the_token_in_the_cookie,
    wish_for_the_cookie_outlives_the_first_step,
);

/// The origin of the product's own pages.
fn home(app: &TestApp) -> String {
    format!("http://{}", app.client.address())
}

fn post(app: &TestApp, path: &str) -> Call {
    app.client.post(&format!("/api/v1/auth/{path}")).header("origin", home(app))
}

/// What a browser keeps: the value, if the cookie is as it must be.
fn kept(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    let (value, manner) = cookie.strip_prefix("__Host-refresh=").unwrap().split_once("; ").unwrap();
    let (path, rest) = manner.split_once("; Max-Age=").unwrap();
    let (_seconds, rest) = rest.split_once("; ").unwrap();
    assert_eq!((path, rest), ("Path=/", "Secure; HttpOnly; SameSite=Strict"));
    value.to_owned()
}

async fn log_in(app: &TestApp) -> Answer {
    let form = json!({ "identifier": "ada", "password": PASSWORD, "refresh_cookie": true });
    post(app, "login").json(&form).send().await.expect(200)
}

fn with(call: Call, token: &str) -> Call {
    call.header("cookie", format!("theme=dark; __Host-refresh={token}"))
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    with(post(app, "refresh"), token).send().await
}

async fn cookie_takes_turns_like_any_refresh_token(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);

    let login = log_in(&app).await;

    let first = kept(&login);
    assert!(first.starts_with("asr1_") && login.json().get("refresh_token").is_none(), "no script sees it");
    assert!(login.header("set-cookie").unwrap().contains("Max-Age=604800;"));
    assert_eq!(login.header("cache-control"), Some("no-store"));
    let next = refresh(&app, &first).await.expect(200);
    let second = kept(&next);
    assert!(second != first && !next.text().contains("asr1_"));
    app.me(next.json()["access_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(kept(&refresh(&app, &first).await.expect(200)), second, "a second tab gets the same");
    app.advance(TimeDelta::seconds(11));
    refresh(&app, &first).await.refused(401, "refresh_token_reused");
    refresh(&app, &second).await.refused(401, "session_revoked");
    let plain = app.log_in("ada").await;
    let body = with(post(&app, "refresh"), &second).json(&json!({ "refresh_token": plain.refresh })).send().await;
    assert!(body.expect(200).header("set-cookie").is_none(), "what is in the body counts, and stays there");
}

async fn cookie_is_for_pages_of_this_server_only(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let token = kept(&log_in(&app).await);
    let bare = |path: &str| app.client.post(&format!("/api/v1/auth/{path}"));
    let form = json!({ "identifier": "ada", "password": PASSWORD, "refresh_cookie": true });
    let (port, home) = (app.client.address().port(), home(&app));
    let foreign = [
        "null".to_owned(),
        "https://evil.example".to_owned(),
        format!("https://127.0.0.1:{port}"),
        "http://127.0.0.1".to_owned(),
        format!("{home}.evil.example"),
        format!("{home}/"),
        String::new(),
    ];
    for origin in &foreign {
        for path in ["refresh", "logout"] {
            with(bare(path), &token).header("origin", origin).send().await.refused(403, "foreign_origin");
        }
        bare("login").header("origin", origin).json(&form).send().await.refused(403, "foreign_origin");
    }
    with(bare("refresh"), &token).send().await.refused(403, "foreign_origin");
    let twice = with(bare("refresh"), &token).header("origin", &home).header("origin", "https://evil.example");
    twice.send().await.refused(403, "foreign_origin");
    bare("login").json(&form).send().await.refused(403, "foreign_origin");

    post(&app, "refresh").send().await.refused(401, "authentication_required");
    let two = format!("__Host-refresh={token}; __Host-refresh={token}");
    post(&app, "refresh").header("cookie", two).send().await.refused(401, "authentication_required");
    refresh(&app, "asr1_AAAA").await.refused(401, "refresh_token_invalid");
    with(app.client.get("/api/v1/me"), &token).send().await.refused(401, "authentication_required");
    refresh(&app, &token).await.expect(200);
}

async fn cookie_is_taken_away_at_the_end(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let login = log_in(&app).await;
    let session = login.json()["session_id"].as_str().unwrap().to_owned();

    let out = with(post(&app, "logout"), &kept(&login)).send().await.expect(204);

    assert_eq!(kept(&out), "");
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0;") && !app.is_alive(&session).await);
    let again = log_in(&app).await;
    let access: Value = again.json()["access_token"].clone();
    let out = with(app.client.post("/api/v1/auth/logout").bearer(access.as_str().unwrap()), &kept(&again)).send().await;
    assert_eq!(kept(&out.expect(204)), "", "with an access token nobody asks for the origin");
    let plain = app.log_in("ada").await;
    assert!(app.log_out(&plain.access).await.expect(204).header("set-cookie").is_none());
}

async fn dead_cookie_is_taken_away_by_the_refusal(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let is_forgotten =
        |answer: &Answer| kept(answer).is_empty() && answer.header("set-cookie").unwrap().contains("=0;");

    let old = kept(&log_in(&app).await);
    refresh(&app, &old).await.expect(200);
    app.advance(TimeDelta::seconds(11));
    for code in ["refresh_token_reused", "session_revoked"] {
        let refused = refresh(&app, &old).await;
        refused.refused(401, code);
        assert!(is_forgotten(&refused), "{code}");
    }
    let idle = kept(&log_in(&app).await);
    app.advance(TimeDelta::days(8));
    let refused = refresh(&app, &idle).await;
    refused.refused(401, "refresh_token_expired");
    assert!(is_forgotten(&refused));
    for path in ["refresh", "logout"] {
        let refused = with(post(&app, path), "asr1_AAAA").send().await;
        refused.refused(401, "refresh_token_invalid");
        assert!(is_forgotten(&refused), "{path}");
    }

    let living = kept(&log_in(&app).await);
    let elsewhere = with(post(&app, "refresh"), &living).header("origin", "https://evil.example").send().await;
    elsewhere.refused(403, "foreign_origin");
    assert!(elsewhere.header("set-cookie").is_none());
    let plain = post(&app, "refresh").json(&json!({ "refresh_token": "asr1_AAAA" })).send().await;
    plain.refused(401, "refresh_token_invalid");
    assert!(plain.header("set-cookie").is_none(), "nobody has sent a cookie");
    refresh(&app, &living).await.expect(200);
}

async fn who_refreshes_with_nothing_is_told_what_to_send(database: Database) {
    let app = TestApp::start(database).await;

    let refused = post(&app, "refresh").send().await;

    refused.refused(401, "authentication_required");
    assert!(refused.header("www-authenticate").unwrap().starts_with("Bearer"));
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("refresh_token") && detail.contains("__Host-refresh"), "{detail}");
    assert!(refused.header("set-cookie").is_none());
}

async fn new_password_keeps_the_token_in_the_cookie(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let login = log_in(&app).await;
    let access = login.json()["access_token"].as_str().unwrap().to_owned();
    let form = json!({ "current_password": PASSWORD, "new_password": "lemon-gravel-ostrich-4" });

    let changed = with(app.client.post("/api/v1/me/password").bearer(&access), &kept(&login)).json(&form).send().await;

    let changed = changed.expect(200);
    assert!(!changed.text().contains("asr1_"));
    refresh(&app, &kept(&changed)).await.expect(200);
}

async fn wish_for_the_cookie_outlives_the_first_step(database: Database) {
    let app = Setup::on(database).set("ASHLAR_SECOND_FACTOR", "required").start().await;
    app.register("ada").await.expect(201);
    let challenge = async || log_in(&app).await.json()["challenge_token"].as_str().unwrap().to_owned();
    let step = async |path: &str, form: Value| post(&app, &format!("login/2fa{path}")).json(&form).send().await;

    // Setting one up, and from then on by code.
    let token = challenge().await;
    let enrolment = step("/totp", json!({ "challenge_token": token })).await.expect(201);
    let authenticator = Authenticator::set_up(&enrolment.json());
    let form = json!({ "challenge_token": token, "code": authenticator.code(&app) });
    let confirmed = step("/totp/confirm", form).await.expect(200);
    assert!(!kept(&confirmed).is_empty() && !confirmed.text().contains("asr1_"));

    let code = |token: String, app: &TestApp| json!({ "challenge_token": token, "totp_code": authenticator.code(app) });
    app.advance(TimeDelta::seconds(30));
    let form = code(challenge().await, &app);
    let foreign = app.client.post("/api/v1/auth/login/2fa").header("origin", "https://evil.example").json(&form).send();
    foreign.await.refused(403, "foreign_origin");
    let by_code = step("", form).await.expect(200);
    assert!(!by_code.text().contains("asr1_"));
    refresh(&app, &kept(&by_code)).await.expect(200);

    app.advance(TimeDelta::seconds(30));
    let mut otherwise = code(challenge().await, &app);
    otherwise["refresh_cookie"] = json!(false);
    let otherwise = step("", otherwise).await.expect(200);
    assert!(otherwise.header("set-cookie").is_none() && otherwise.json()["refresh_token"].is_string());
}
