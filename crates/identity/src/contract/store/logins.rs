//! Laws of what is noted without a row of its own.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Change, Outcome, Target};
use chrono::TimeDelta;
use serde_json::json;

use super::{
    Fixture,
    scene::{Scene, noon},
};
use crate::{LoginAttempt, LoginFailure, SessionEvent};

/// A failure is a fact, also when nobody has the identifier.
pub async fn a_failed_login_leaves_an_event_though_no_row_changes(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let before = scene.account(ada.id()).await;
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    let pseudonym = "0011".to_owned();
    let unknown = LoginAttempt::failed(None, pseudonym.clone(), LoginFailure::UnknownIdentifier, noon());
    tx.record_login(unknown).await.unwrap();
    let wrong = LoginAttempt::failed(Some(ada.id()), pseudonym, LoginFailure::WrongPassword, noon());
    tx.record_login(wrong).await.unwrap();
    tx.commit().await.unwrap();

    let events = scene.events().await;
    assert!(events.iter().all(|event| event.name == "identity.login.failed" && event.outcome == Outcome::Failed));
    let targets: Vec<_> = events.iter().map(|event| event.targets[0].clone()).collect();
    assert_eq!(targets, [Target::new("identifier", "0011"), Target::new("user", ada.id())]);
    assert_eq!(events[0].data, json!({ "reason": "unknown_identifier", "identifier_hmac": "0011" }));
    assert_eq!(scene.account(ada.id()).await, before);
}

/// A login is no edit: a profile that somebody has open can still be saved, and its ETag stays good.
pub async fn a_login_makes_no_copy_of_the_account_stale(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.member("ada@example.org", None).await;
    let before = scene.account(copy.id()).await;
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    let later = noon() + TimeDelta::hours(1);
    tx.record_login(LoginAttempt::succeeded(copy.id(), 1, vec!["pwd".to_owned()], later)).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.event_names().await, ["identity.login.succeeded"]);
    assert_eq!(scene.account(copy.id()).await, before);
    let mut tx = scene.begin().await;
    tx.update_user(copy.disable(later).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
}

/// A refresh token that was answered twice is noted; the session stays as it is.
pub async fn a_repeated_refresh_leaves_an_event_though_no_row_changes(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let session = scene.session(ada.id(), noon()).await;
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    let repeated = SessionEvent::RefreshRepeated { session: session.id(), user: ada.id() };
    tx.note_refresh_retry(Change::new(session.id(), repeated)).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.event_names().await, ["identity.session.refresh_retry"]);
    assert!(scene.stored_session(session.id()).await == session);
}
