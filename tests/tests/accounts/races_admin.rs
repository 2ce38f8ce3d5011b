//! What administrators do at once. Each race is run, not argued about.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Answer, Database, PASSWORD, SignedIn, TestApp, journeys};
use futures::future::join_all;
use serde_json::json;

journeys!(
    race_of_two_who_demote_each_other_leaves_one_administrator,
    race_of_two_who_suspend_each_other_leaves_one_administrator,
    race_of_logins_and_suspension_leaves_nobody_signed_in,
    race_to_take_somebody_in_has_one_winner,
);

async fn all_at_once<F: Future<Output = Answer> + Send + 'static>(calls: impl IntoIterator<Item = F>) -> Vec<Answer> {
    let running: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    join_all(running).await.into_iter().map(Result::unwrap).collect()
}

/// Of two calls one succeeds; the other is told that somebody has to stay, or that its caller is nothing any more.
fn one_of_two(answers: &[Answer], round: usize) -> usize {
    let winners: Vec<_> = answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).collect();
    assert_eq!(winners.len(), 1, "round {round}: {answers:?}");
    let lost = answers.iter().find(|answer| answer.status != 200).unwrap();
    let expected = [(409, "last_admin"), (403, "permission_denied"), (401, "session_revoked")];
    assert!(expected.contains(&(lost.status, lost.code().as_str())), "{lost:?}");
    winners[0].0
}

async fn administrators(app: &TestApp, access: &str) -> usize {
    let page = app.users(access, "?role=admin&status=active").await.expect(200).json();
    page["data"].as_array().unwrap().len()
}

async fn race_of_two_who_demote_each_other_leaves_one_administrator(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let pair = [app.colleague(&boss, "ada", "admin").await, boss];
    for round in 0..12 {
        let demote = |by: &SignedIn, whom: &SignedIn| {
            let call = app.client.named("PUT", &format!("/api/v1/admin/users/{}/role", whom.user));
            call.bearer(&by.access).json(&json!({ "role": "staff" })).send()
        };
        let answers = all_at_once([demote(&pair[0], &pair[1]), demote(&pair[1], &pair[0])]).await;

        let winner = one_of_two(&answers, round);
        let (winner, loser) = (&pair[winner], &pair[1 - winner]);
        assert_eq!(administrators(&app, &winner.access).await, 1);
        app.set_role(&winner.access, &loser.user, "admin").await.expect(200);
    }
}

async fn race_of_two_who_suspend_each_other_leaves_one_administrator(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let mut pair = [app.colleague(&boss, "ada", "admin").await, boss];
    for round in 0..12 {
        let suspend = |by: &SignedIn, whom: &SignedIn| {
            app.client.post(&format!("/api/v1/admin/users/{}/suspend", whom.user)).bearer(&by.access).send()
        };
        let answers = all_at_once([suspend(&pair[0], &pair[1]), suspend(&pair[1], &pair[0])]).await;

        let winner = one_of_two(&answers, round);
        assert_eq!(administrators(&app, &pair[winner].access).await, 1);
        app.administer(&pair[winner].access, &pair[1 - winner].user, "activate").await.expect(200);
        pair[1 - winner] = app.log_in(["ada", "boss"][1 - winner]).await;
    }
}

async fn race_of_logins_and_suspension_leaves_nobody_signed_in(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let ada = app.sign_up("ada").await;
    let login = json!({ "identifier": "ada", "password": PASSWORD });
    for _round in 0..5 {
        let suspend = app.client.post(&format!("/api/v1/admin/users/{}/suspend", ada.user)).bearer(&boss.access).send();
        let suspension = tokio::spawn(suspend);
        let logins = all_at_once((0..6).map(|_| app.client.post("/api/v1/auth/login").json(&login).send())).await;
        suspension.await.unwrap().expect(200);

        // Whoever slipped in is believed no longer than a reading of a session is.
        app.advance(chrono::TimeDelta::seconds(6));
        for slipped_in in logins.iter().filter(|answer| answer.status == 200).map(SignedIn::from) {
            app.me(&slipped_in.access).await.refused(401, "session_revoked");
            app.refresh(&slipped_in.refresh).await.refused(401, "session_revoked");
        }
        app.administer(&boss.access, &ada.user, "activate").await.expect(200);
        for slipped_in in logins.iter().filter(|answer| answer.status == 200).map(SignedIn::from) {
            assert!(!app.is_alive(&slipped_in.session).await, "an old session came back");
        }
    }
}

async fn race_to_take_somebody_in_has_one_winner(database: Database) {
    let app = TestApp::start(database).await;
    app.boss().await;
    let operator = app.operator("ops").await;
    app.register("ada").await.expect(201);
    app.register("bob").await.expect(201);
    app.open_tenant(&operator, "acme", "ada").await;
    let ada = app.log_in_to("acme", "ada").await;
    let form = json!({ "email": "bob@example.org", "role": "member" });

    let take_in = |_| app.client.post("/api/v1/admin/memberships").bearer(&ada.access).json(&form).send();
    let answers = all_at_once((0..10).map(take_in)).await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
    answers.iter().filter(|answer| answer.status != 201).for_each(|answer| answer.refused(409, "already_member"));
    assert_eq!(app.users(&ada.access, "?q=bob").await.json()["data"].as_array().unwrap().len(), 1);
}
