//! Laws of mailed links, of registrations that wait, and of what follows from a new password.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, StoreError, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture, StartRace,
    scene::{Scene, noon},
};
use crate::{
    AccountRequest, ActionPurpose, ActionToken, Email, LoginAttempt, NewActionToken, NewRegistration, PasswordHash,
    PendingRegistration, RevocationReason, SessionSweep, User, UserId, Username, port::InsertUserError,
};

async fn put(scene: &Scene, user: &User, purpose: ActionPurpose) -> ActionToken {
    let new =
        NewActionToken { id: scene.id(), tenant: TenantId::MAIN, purpose, email: user.email().clone(), salt: [7; 32] };
    let change = ActionToken::issue(new, user, noon());
    let token = change.state().clone();
    let mut tx = scene.begin().await;
    tx.put_action_token(change).await.unwrap();
    tx.commit().await.unwrap();
    token
}

async fn spend(scene: &Scene, token: ActionToken) -> Result<(), StoreError> {
    let mut tx = scene.begin().await;
    tx.spend_action_token(token.spend()).await?;
    tx.commit().await
}

/// What is read is what was written; one of the same purpose takes its place, one of another does not.
pub async fn a_link_takes_the_place_of_the_one_before(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("Ada@example.org", None).await;
    let reset = put(&scene, &ada, ActionPurpose::ResetPassword).await;
    let verify = put(&scene, &ada, ActionPurpose::VerifyEmail).await;
    for token in [&reset, &verify] {
        assert!(scene.fixture.store.action_token(token.id()).await.unwrap().as_ref() == Some(token));
    }

    let newer = put(&scene, &ada, ActionPurpose::ResetPassword).await;
    assert!(scene.fixture.store.action_token(reset.id()).await.unwrap().is_none());
    assert!(scene.fixture.store.action_token(newer.id()).await.unwrap() == Some(newer));
    assert!(scene.fixture.store.action_token(verify.id()).await.unwrap() == Some(verify));
}

/// A link is good once.
pub async fn a_link_is_used_once(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let token = put(&scene, &ada, ActionPurpose::ResetPassword).await;
    scene.forget_events().await;

    spend(&scene, token.clone()).await.unwrap();
    assert!(matches!(spend(&scene, token).await, Err(StoreError::Stale)));
    assert_eq!(scene.event_names().await, ["identity.action_token.used"]);
}

/// Of many who use a link at once one does.
pub async fn racing_uses_of_one_link_have_one_winner(fixture: Fixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let token = put(&scene, &ada, ActionPurpose::ResetPassword).await;
    let runner = |_| {
        let (store, context, token) = (Arc::clone(&scene.fixture.store), scene.context(), token.clone());
        Box::pin(async move {
            let mut tx = store.begin(&context).await.unwrap();
            match tx.spend_action_token(token.spend()).await {
                Ok(()) => tx.commit().await.is_ok(),
                Err(StoreError::Stale | StoreError::Contended(_)) => false,
                Err(error) => panic!("{error}"),
            }
        }) as _
    };
    let won = start((0..8).map(runner).collect()).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}

fn attempt(scene: &Scene, email: &str) -> PendingRegistration {
    let new = NewRegistration {
        id: scene.id(),
        tenant: TenantId::MAIN,
        email: Email::parse(email).unwrap(),
        username: Some(Username::parse("ada").unwrap()),
        password: PasswordHash::restore("$hash$of$attempt".to_owned()),
        display_name: None,
        salt: [9; 32],
    };
    PendingRegistration::request(new, noon()).into_parts().0
}

async fn wait(scene: &Scene, email: &str) -> PendingRegistration {
    let attempt = attempt(scene, email);
    let requested = crate::RegistrationEvent::Requested { registration: attempt.id() };
    let mut tx = scene.begin().await;
    tx.insert_registration(Change::new(attempt.clone(), requested)).await.unwrap();
    tx.commit().await.unwrap();
    attempt
}

/// An attempt is accepted once; the others for its address, however it is spelt, go with it.
pub async fn a_registration_is_accepted_once_and_takes_its_siblings_along(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ours = wait(&scene, "ada@example.org").await;
    let theirs = wait(&scene, "ADA@example.org").await;
    let other = wait(&scene, "bob@example.org").await;
    let stored = scene.fixture.store.pending_registration(ours.id()).await.unwrap().unwrap();
    assert_eq!(stored.email().address(), "ada@example.org");
    assert_eq!((stored.salt(), stored.password().as_str()), (&[9; 32], "$hash$of$attempt"));

    let user: UserId = scene.id();
    let mut tx = scene.begin().await;
    tx.accept_registration(ours.clone().accept(user)).await.unwrap();
    tx.commit().await.unwrap();
    for gone in [&ours, &theirs] {
        assert!(scene.fixture.store.pending_registration(gone.id()).await.unwrap().is_none());
    }
    assert!(scene.fixture.store.pending_registration(other.id()).await.unwrap().is_some());
    let mut tx = scene.begin().await;
    assert!(matches!(tx.accept_registration(theirs.accept(user)).await, Err(StoreError::Stale)));
}

/// Attempts that ran out are tidied away, and no others.
pub async fn registrations_that_ran_out_are_purged(fixture: Fixture) {
    let scene = Scene::new(fixture);
    wait(&scene, "ada@example.org").await;
    wait(&scene, "bob@example.org").await;
    let end = noon() + TimeDelta::hours(24);
    let store = &scene.fixture.store;
    assert_eq!(store.purge_registrations(end, 10).await.unwrap(), 0);
    assert_eq!(store.purge_registrations(end + TimeDelta::milliseconds(1), 1).await.unwrap(), 1);
    assert_eq!(store.purge_registrations(end + TimeDelta::milliseconds(1), 10).await.unwrap(), 1);
}

/// All sessions of a person end but for the one that is spared, and those of others go on.
pub async fn sessions_end_together_but_for_one(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let bob = scene.member("bob@example.org", None).await;
    let (one, two, spared) = (
        scene.session(ada.id(), noon()).await,
        scene.session(ada.id(), noon()).await,
        scene.session(ada.id(), noon()).await,
    );
    let other = scene.session(bob.id(), noon()).await;
    scene.forget_events().await;

    let at = noon() + TimeDelta::hours(1);
    let reason = RevocationReason::PasswordChange;
    let all = || SessionSweep::sparing(Some(spared.id()), ada.id(), reason, at);
    let mut tx = scene.begin().await;
    let mut ended = tx.end_sessions(all()).await.unwrap();
    assert!(tx.end_sessions(all()).await.unwrap().is_empty(), "a session ends once");
    tx.commit().await.unwrap();

    ended.sort_unstable();
    let mut wanted = [one.id(), two.id()];
    wanted.sort_unstable();
    assert_eq!(ended, wanted);
    for id in wanted {
        let session = scene.stored_session(id).await;
        assert_eq!((session.revoked(), session.version()), (Some((at, reason)), 2));
    }
    for alive in [spared.id(), other.id()] {
        assert!(scene.stored_session(alive).await.is_alive(at));
    }
    assert_eq!(scene.event_names().await, ["identity.session.revoked_all"]);
}

/// Who has looked at a password of before does not get in with it.
pub async fn a_login_with_credentials_of_before_is_stale(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let looked_at = ada.credential_version();
    let mut tx = scene.begin().await;
    tx.update_user(ada.clone().change_password(PasswordHash::restore("$new".to_owned()), noon())).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.stored_user(ada.id()).await.password().as_str(), "$new");

    let mut tx = scene.begin().await;
    let login = LoginAttempt::succeeded(ada.id(), looked_at, vec!["pwd".to_owned()], noon());
    assert!(matches!(tx.record_login(login).await, Err(StoreError::Stale)));
}

/// An address that somebody has is refused by name, and one that nobody has is taken.
pub async fn a_taken_address_is_no_new_address(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    scene.member("bob@example.org", None).await;
    let mut tx = scene.begin().await;
    let taken = ada.clone().change_email(Email::parse("BOB@example.org").unwrap(), noon());
    assert!(matches!(tx.change_email(taken).await, Err(InsertUserError::EmailTaken)));
    drop(tx);

    let mut tx = scene.begin().await;
    tx.change_email(ada.clone().change_email(Email::parse("cleo@example.org").unwrap(), noon())).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.whose("Cleo@example.org").await, Some(ada.id()));
    assert_eq!(scene.whose("ada@example.org").await, None);
    let stored = scene.stored_user(ada.id()).await;
    assert_eq!((stored.credential_version(), stored.email_verified_at()), (2, Some(noon())));
    let mut tx = scene.begin().await;
    let again = ada.change_email(Email::parse("dora@example.org").unwrap(), noon());
    assert!(matches!(tx.change_email(again).await, Err(InsertUserError::Store(StoreError::Stale))));
}

/// What is asked for is a fact before anything changes.
pub async fn a_request_leaves_an_event_though_no_row_changes(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    scene.forget_events().await;
    let mut tx = scene.begin().await;
    let asked = AccountRequest::PasswordReset { user: Some(ada.id()), identifier_hmac: "0011".to_owned() };
    tx.note_request(Change::new((), asked)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.event_names().await, ["identity.password.reset_requested"]);
    assert_eq!(scene.stored_user(ada.id()).await.version(), ada.version());
}
