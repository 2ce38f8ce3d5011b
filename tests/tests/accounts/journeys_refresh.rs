//! Staying signed in: refresh tokens take turns, and everything ends in its time.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::{Database, SignedIn, TestApp, journeys};
use chrono::TimeDelta;

journeys!(
    refresh_token_has_one_successor_within_the_grace,
    reused_refresh_token_kills_its_family,
    refresh_token_that_is_none_changes_nothing,
    session_ends_when_it_is_not_used,
    session_ends_in_the_end,
    access_token_runs_out_with_the_clock,
);

async fn refresh_token_has_one_successor_within_the_grace(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.sign_up("ada").await;

    let second = SignedIn::from(&app.refresh(&first.refresh).await);
    app.advance(TimeDelta::seconds(10));
    let again = SignedIn::from(&app.refresh(&first.refresh).await);

    assert_ne!(second.refresh, first.refresh);
    assert_eq!(again.refresh, second.refresh);
    assert_eq!(second.session, first.session);
    for access in [&first.access, &second.access, &again.access] {
        app.me(access).await.expect(200);
    }
    let third = SignedIn::from(&app.refresh(&second.refresh).await);
    assert_eq!(app.sessions(&third.access).await, [third.session], "one session, however often it was refreshed");
}

async fn reused_refresh_token_kills_its_family(database: Database) {
    let app = TestApp::start(database).await;
    let first = app.sign_up("ada").await;
    let elsewhere = app.log_in("ada").await;
    let second = SignedIn::from(&app.refresh(&first.refresh).await);

    app.advance(TimeDelta::milliseconds(10_001));
    app.me(&second.access).await.expect(200);
    app.refresh(&first.refresh).await.refused(401, "refresh_token_reused");

    // At once, although this process has just seen the session alive.
    app.me(&first.access).await.refused(401, "session_revoked");
    app.me(&second.access).await.refused(401, "session_revoked");
    app.refresh(&second.refresh).await.refused(401, "session_revoked");
    app.refresh(&first.refresh).await.refused(401, "session_revoked");
    app.me(&elsewhere.access).await.expect(200);
}

async fn refresh_token_that_is_none_changes_nothing(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;
    let other = app.log_in("ada").await;
    let (_, ada_tag) = ada.refresh.split_at(ada.refresh.len() - 43);
    let (other_head, _) = other.refresh.split_at(other.refresh.len() - 43);
    let flipped = if ada.refresh.ends_with('A') { 'B' } else { 'A' };
    let mut tampered = ada.refresh.clone();
    tampered.pop();
    tampered.push(flipped);

    let strange = format!("asr1_{}", "A".repeat(71));
    let mixed = format!("{other_head}{ada_tag}");
    for token in [tampered.as_str(), &mixed, &strange, "asr1_", "x", "", &ada.access, &"x".repeat(8_000), "asr1_\u{0}"]
    {
        app.refresh(token).await.refused(401, "refresh_token_invalid");
    }

    app.refresh(&ada.refresh).await.expect(200);
    app.refresh(&other.refresh).await.expect(200);
}

async fn session_ends_when_it_is_not_used(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    app.advance(TimeDelta::days(7) - TimeDelta::seconds(1));
    let second = SignedIn::from(&app.refresh(&ada.refresh).await);
    app.advance(TimeDelta::days(7));
    app.refresh(&second.refresh).await.refused(401, "refresh_token_expired");

    let fresh = app.log_in("ada").await;
    assert_eq!(app.sessions(&fresh.access).await, [fresh.session], "the one that has run out is not listed");
}

async fn session_ends_in_the_end(database: Database) {
    let app = TestApp::start(database).await;
    let mut ada = app.sign_up("ada").await;
    for _ in 0..5 {
        app.advance(TimeDelta::days(6) - TimeDelta::seconds(1));
        ada = SignedIn::from(&app.refresh(&ada.refresh).await);
    }

    // Two seconds are left of the thirty days: no token outlives its session.
    let last = app.refresh(&ada.refresh).await.expect(200);
    assert_eq!(last.json()["refresh_expires_at"], "2030-01-31T12:00:00.000Z");
    assert_eq!(last.json()["expires_in"], 5);
    app.advance(TimeDelta::seconds(5));
    app.refresh(&SignedIn::from(&last).refresh).await.refused(401, "refresh_token_expired");
}

async fn access_token_runs_out_with_the_clock(database: Database) {
    let app = TestApp::start(database).await;
    let ada = app.sign_up("ada").await;

    app.advance(TimeDelta::minutes(15) + TimeDelta::seconds(4));
    app.me(&ada.access).await.expect(200);
    app.advance(TimeDelta::seconds(1));
    let expired = app.me(&ada.access).await;
    expired.refused(401, "token_expired");
    let challenge = expired.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains(r#"error="invalid_token""#), "{challenge}");

    let next = SignedIn::from(&app.refresh(&ada.refresh).await);
    app.me(&next.access).await.expect(200);
}
