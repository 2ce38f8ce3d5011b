//! What many clients do at once. Each race is run, not argued about.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::collections::BTreeSet;

use ashlar_tests::{Answer, Database, PASSWORD, Setup, SignedIn, TestApp, journeys};
use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};

journeys!(
    race_of_first_registrations_makes_one_admin,
    race_for_one_address_opens_one_account,
    race_for_one_handle_opens_one_account,
    race_of_refreshes_has_one_successor,
    race_of_refreshes_without_grace_has_one_winner_and_ends_the_session,
    race_of_refresh_and_logout_leaves_no_living_session,
    race_of_edits_on_one_version_has_one_winner,
    race_of_logins_makes_a_session_each,
    race_of_logouts_ends_the_session_once,
);

/// Sends everything at once.
async fn all_at_once<F: Future<Output = Answer> + Send + 'static>(calls: impl IntoIterator<Item = F>) -> Vec<Answer> {
    let running: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    join_all(running).await.into_iter().map(Result::unwrap).collect()
}

fn register(app: &TestApp, form: &Value) -> impl Future<Output = Answer> + Send + use<> {
    app.client.post("/api/v1/auth/register").json(form).send()
}

fn refresh(app: &TestApp, token: &str) -> impl Future<Output = Answer> + Send + use<> {
    app.client.post("/api/v1/auth/refresh").json(&json!({ "refresh_token": token })).send()
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

async fn named(app: &TestApp, name: &str) -> usize {
    app.events().await.iter().filter(|event| event.name == format!("identity.{name}")).count()
}

async fn race_of_first_registrations_makes_one_admin(database: Database) {
    let app = TestApp::start(database).await;

    let forms = (0..50).map(|n| json!({ "email": format!("person{n}@example.org"), "password": PASSWORD }));
    let answers = all_at_once(forms.map(|form| register(&app, &form))).await;

    assert_eq!(count(&answers, 201), 50, "{answers:?}");
    let admins = answers.iter().filter(|answer| answer.json()["user"]["is_admin"] == true).count();
    assert_eq!(admins, 1);
    assert_eq!(named(&app, "user.bootstrap_admin_claimed").await, 1);
    assert_eq!(named(&app, "membership.created").await, 50);
}

async fn race_for_one_address_opens_one_account(database: Database) {
    let app = TestApp::start(database).await;
    let spelling = |n: u32| {
        let letters = "adalovelace".char_indices();
        let local: String = letters.map(|(at, c)| if n >> at & 1 == 1 { c.to_ascii_uppercase() } else { c }).collect();
        if n.is_multiple_of(2) { format!("{local}@Example.ORG") } else { format!(" {local}@example.org ") }
    };
    let spellings: BTreeSet<_> = (0..40).map(spelling).collect();
    assert_eq!(spellings.len(), 40);

    let forms = spellings.iter().map(|email| json!({ "email": email, "password": PASSWORD }));
    let answers = all_at_once(forms.map(|form| register(&app, &form))).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 39), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status == 409) {
        answer.refused(409, "identifier_taken");
        assert_eq!(answer.json()["field"], "email");
    }
    assert_eq!(named(&app, "user.registered").await, 1);
    app.try_log_in("adalovelace@example.org", PASSWORD).await.expect(200);
}

async fn race_for_one_handle_opens_one_account(database: Database) {
    let app = TestApp::start(database).await;

    let forms = (0..20).map(|n| {
        let username = if n % 2 == 0 { "ada" } else { "ADA" };
        json!({ "email": format!("person{n}@example.org"), "username": username, "password": PASSWORD })
    });
    let answers = all_at_once(forms.map(|form| register(&app, &form))).await;

    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 19), "{answers:?}");
    assert!(answers.iter().filter(|answer| answer.status == 409).all(|answer| answer.json()["field"] == "username"));
}

async fn race_of_refreshes_has_one_successor(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    let answers = all_at_once((0..20).map(|_| refresh(&app, &ada.refresh))).await;

    assert_eq!(count(&answers, 200), 20, "{answers:?}");
    let successors: BTreeSet<_> = answers.iter().map(|answer| SignedIn::from(answer).refresh).collect();
    assert_eq!(successors.len(), 1);
    assert_eq!(named(&app, "session.refreshed").await, 1);
    assert_eq!(named(&app, "session.refresh_retry").await, 19);
    app.advance(TimeDelta::minutes(1));
    refresh(&app, successors.first().unwrap()).await.expect(200);
}

async fn race_of_refreshes_without_grace_has_one_winner_and_ends_the_session(database: Database) {
    let app = Setup::on(database).set("ASHLAR_REFRESH_GRACE", "0s").start().await;
    let ada = app.sign_up("ada").await;

    let answers = all_at_once((0..20).map(|_| refresh(&app, &ada.refresh))).await;

    assert_eq!((count(&answers, 200), count(&answers, 401)), (1, 19), "{answers:?}");
    assert_eq!(named(&app, "session.refresh_reuse_detected").await, 1);
    let winner = SignedIn::from(answers.iter().find(|answer| answer.status == 200).unwrap());
    assert!(!app.is_alive(&ada.session).await);
    app.me(&winner.access).await.refused(401, "session_revoked");
    refresh(&app, &winner.refresh).await.refused(401, "session_revoked");
}

async fn race_of_refresh_and_logout_leaves_no_living_session(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    for round in 0..15 {
        let ada = app.log_in("ada").await;
        app.me(&ada.access).await.expect(200);
        let out = app.client.post("/api/v1/auth/logout").bearer(&ada.access).send();
        // Who starts first alternates; who arrives first is left to chance.
        let (refreshed, out) = if round % 2 == 0 {
            tokio::join!(tokio::spawn(refresh(&app, &ada.refresh)), tokio::spawn(out))
        } else {
            let (out, refreshed) = tokio::join!(tokio::spawn(out), tokio::spawn(refresh(&app, &ada.refresh)));
            (refreshed, out)
        };
        let (refreshed, out) = (refreshed.unwrap(), out.unwrap());

        assert_eq!(out.status, 204, "{out:?}");
        assert!(!app.is_alive(&ada.session).await, "round {round}");
        app.me(&ada.access).await.refused(401, "session_revoked");
        if refreshed.status == 200 {
            let next = SignedIn::from(&refreshed);
            app.me(&next.access).await.refused(401, "session_revoked");
            refresh(&app, &next.refresh).await.refused(401, "session_revoked");
        } else {
            refreshed.refused(401, "session_revoked");
        }
    }
}

async fn race_of_edits_on_one_version_has_one_winner(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let tag = app.me(&ada.access).await.header("etag").unwrap().to_owned();
    let edit = |n: usize| {
        let call = app.client.patch("/api/v1/me").bearer(&ada.access).header("if-match", &tag);
        call.json(&json!({ "display_name": format!("Ada {n}") })).send()
    };

    let answers = all_at_once((0..20).map(edit)).await;

    assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 19), "{answers:?}");
    let winner = answers.iter().find(|answer| answer.status == 200).unwrap();
    assert_eq!(app.me(&ada.access).await.json()["display_name"], winner.json()["display_name"]);
    assert_eq!(named(&app, "user.profile_updated").await, 1);
}

async fn race_of_logins_makes_a_session_each(database: Database) {
    let app = TestApp::start(database).await;
    app.register("ada").await.expect(201);
    let form = json!({ "identifier": "ada", "password": PASSWORD });

    let answers = all_at_once((0..50).map(|_| app.client.post("/api/v1/auth/login").json(&form).send())).await;

    assert_eq!(count(&answers, 200), 50, "{answers:?}");
    let sessions: BTreeSet<_> = answers.iter().map(|answer| SignedIn::from(answer).session).collect();
    assert_eq!(sessions.len(), 50);
    let last = SignedIn::from(answers.last().unwrap());
    let listed: BTreeSet<_> = app.sessions(&last.access).await.into_iter().collect();
    assert!(listed.is_subset(&sessions) && listed.len() == 50);
}

async fn race_of_logouts_ends_the_session_once(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    let answers = all_at_once((0..20).map(|_| app.client.post("/api/v1/auth/logout").bearer(&ada.access).send())).await;

    assert_eq!(count(&answers, 204), 20, "{answers:?}");
    assert_eq!(named(&app, "session.revoked").await, 1);
}
