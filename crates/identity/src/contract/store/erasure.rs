//! Laws of leaving: what is held about a person, and what is left of them.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{StoreError, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, noon},
};
use crate::{
    ActionPurpose, ActionToken, LoginAttempt, LoginFailure, LoginFilter, LoginQuery, LoginScope, MembershipQuery,
    NewActionToken, Role, SecondFactor, SessionId, User, UserId, UserStatus,
    port::{InsertUserError, KeepAdminError},
};

impl Scene {
    /// Somebody with one of everything.
    async fn settled(&self, name: &str) -> (User, ActionToken, SessionId) {
        let user = self.member(&format!("{name}@example.org"), Some(name)).await;
        let session = self.session(user.id(), noon()).await.id();
        let new = NewActionToken {
            id: self.id(),
            tenant: TenantId::MAIN,
            purpose: ActionPurpose::VerifyEmail,
            email: user.email().clone(),
            salt: [7; 32],
        };
        let token = ActionToken::issue(new, &user, noon());
        let (link, user_id) = (token.state().clone(), user.id());
        let factor = SecondFactor::enrol(None, user_id, vec![1; 48], noon()).unwrap();
        let mut tx = self.begin().await;
        tx.put_action_token(token).await.unwrap();
        tx.put_second_factor(factor).await.unwrap();
        let wrong = LoginAttempt::failed(Some(user_id), "hmac".to_owned(), LoginFailure::WrongPassword, noon());
        tx.record_login(wrong).await.unwrap();
        tx.record_login(LoginAttempt::succeeded(user_id, 1, vec!["pwd".to_owned()], noon())).await.unwrap();
        tx.commit().await.unwrap();
        (user, link, session)
    }

    async fn try_erase(&self, user: User) -> Result<Vec<SessionId>, KeepAdminError> {
        let mut tx = self.begin().await;
        let ended = tx.erase_user(user.erase(noon()).unwrap()).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn attempts_on(&self, user: UserId) -> usize {
        let (scope, filter) = (LoginScope::Person(user), LoginFilter::default());
        self.fixture.store.logins(&LoginQuery { scope, filter, after: None, rows: 9 }).await.unwrap().len()
    }
}

/// All that hangs on an account is found, and of nobody else.
pub async fn what_is_held_about_a_person_is_found(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, link, session) = scene.settled("ada").await;
    scene.settled("bob").await;
    let store = &scene.fixture.store;

    let held = store.holdings(ada.id()).await.unwrap();

    assert_eq!((held.home, held.last_login_at), (Some(TenantId::MAIN), Some(noon())));
    assert_eq!(held.sessions.iter().map(crate::Session::id).collect::<Vec<_>>(), [session]);
    let [found] = &held.links[..] else { unreachable!("{:?}", held.links) };
    assert_eq!((found.purpose, found.email.as_str()), (ActionPurpose::VerifyEmail, "ada@example.org"));
    assert_eq!((found.created_at, found.expires_at), (noon(), link.to_row().expires_at));
    assert!(held.api_keys.is_empty() && held.origins.is_empty());
    let nobody = store.holdings(scene.id()).await.unwrap();
    assert!(nobody.home.is_none() && nobody.sessions.is_empty());
}

/// An erased account is a tombstone: its names are taken, and everything else is gone. One event says so. Others keep what
/// is theirs.
pub async fn an_erased_account_leaves_a_tombstone(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, link, session) = scene.settled("ada").await;
    let (bob, _, bobs) = scene.settled("bob").await;
    let acme = scene.tenant("acme").await.tenant().id;
    scene.admit(acme, ada.id(), Role::Staff).await;
    let phone = super::devices::device(&scene, ada.id(), ("phone", None), noon());
    super::devices::insert(&scene, phone).await.unwrap();
    assert_eq!(scene.fixture.store.holdings(ada.id()).await.unwrap().devices.len(), 1);
    scene.forget_events().await;
    let store = &scene.fixture.store;

    let ended = scene.try_erase(ada.clone()).await.unwrap();

    assert_eq!(ended, [session]);
    assert_eq!(scene.event_names().await, ["identity.user.deleted"]);
    let tombstone = scene.stored_user(ada.id()).await;
    assert_eq!((tombstone.status(), tombstone.version()), (UserStatus::Deleted, 2));
    assert!(tombstone.password().is_unusable());
    assert!(scene.account(ada.id()).await.is_none() && store.session(session).await.unwrap().is_none());
    assert!(store.action_token(link.id()).await.unwrap().is_none());
    assert!(store.second_factor(ada.id()).await.unwrap().is_none());
    assert_eq!(scene.attempts_on(ada.id()).await, 0);
    let memberships = MembershipQuery { user: ada.id(), after: None, rows: 9 };
    assert!(store.memberships(&memberships).await.unwrap().is_empty());
    let held = store.holdings(ada.id()).await.unwrap();
    assert!(
        held.sessions.is_empty() && held.devices.is_empty() && held.links.is_empty() && held.last_login_at.is_none()
    );
    let taken = scene.try_register("ADA@example.org", None).await;
    assert!(matches!(taken, Err(InsertUserError::EmailTaken)), "{taken:?}");
    let taken = scene.try_register("other@example.org", Some("ada")).await;
    assert!(matches!(taken, Err(InsertUserError::UsernameTaken)), "{taken:?}");

    assert!(scene.account(bob.id()).await.is_some() && store.session(bobs).await.unwrap().is_some());
    assert!(store.second_factor(bob.id()).await.unwrap().is_some());
    assert_eq!((scene.attempts_on(bob.id()).await, store.holdings(bob.id()).await.unwrap().links.len()), (2, 1));
}

/// The names of an erased account are due after thirty days, once, and then anybody's.
pub async fn the_names_of_an_erased_account_are_released(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, ..) = scene.settled("ada").await;
    let store = &scene.fixture.store;
    scene.try_erase(ada.clone()).await.unwrap();
    let due = noon() + TimeDelta::days(30);
    assert_eq!(store.due_releases(due - TimeDelta::milliseconds(1), 9).await.unwrap(), []);
    assert_eq!(store.due_releases(due, 9).await.unwrap(), [ada.id()]);
    scene.forget_events().await;

    let mut tx = scene.begin().await;
    let tombstone = tx.user(ada.id()).await.unwrap().unwrap();
    tx.release_identifiers(tombstone.release_identifiers(due).unwrap()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.event_names().await, ["identity.user.identifiers_released"]);
    assert_eq!(store.due_releases(due, 9).await.unwrap(), []);
    assert!(scene.stored_user(ada.id()).await.last_address().is_none());
    assert_eq!((scene.whose("ada").await, scene.whose("ada@example.org").await), (None, None));
    let again = scene.try_register("ada@example.org", Some("ada")).await.unwrap();
    assert_ne!(again, ada.id());
}

/// The last administrator of any tenant is not erased, nor is a copy that is out of date; both leave everything as it was.
pub async fn the_last_administrator_is_not_erased(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, ..) = scene.settled("ada").await;
    let acme = scene.tenant("acme").await.tenant().id;
    scene.admit(acme, ada.id(), Role::Admin).await;
    scene.forget_events().await;

    assert!(matches!(scene.try_erase(ada.clone()).await, Err(KeepAdminError::LastAdmin)));
    let (bob, ..) = scene.settled("bob").await;
    scene.admit(acme, bob.id(), Role::Admin).await;
    let newer = ada.clone().verify_email(noon()).unwrap();
    let mut tx = scene.begin().await;
    tx.update_user(newer).await.unwrap();
    tx.commit().await.unwrap();
    let stale = scene.try_erase(ada.clone()).await;
    assert!(matches!(stale, Err(KeepAdminError::Store(StoreError::Stale))));

    assert!(scene.account(ada.id()).await.is_some() && scene.attempts_on(ada.id()).await == 2);
    assert_eq!(scene.try_erase(scene.stored_user(ada.id()).await).await.unwrap().len(), 1);
}
