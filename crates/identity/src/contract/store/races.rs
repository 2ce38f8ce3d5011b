//! Laws of what two requests at once could break. They are tried by racing, not by argument.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::StoreError;

use super::{
    Fixture, Runner, StartRace,
    accounts::claim_of,
    scene::{POLICY, Scene, noon},
};
use crate::{PasswordHash, Refresh, Rehash, Session, port::InsertUserError};

const RUNNERS: usize = 20;

/// However many register one address at once, one account comes of it, and everybody else is told why.
pub async fn racing_inserts_of_one_address_leave_one_account(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        // Some shout.
        let email = if number % 2 == 0 { "ada@example.org" } else { "ADA@EXAMPLE.ORG" };
        runner(async move {
            match scene.try_register(email, None).await {
                Ok(_) => true,
                Err(InsertUserError::EmailTaken) => false,
                Err(other) => panic!("neither registered nor taken: {other:?}"),
            }
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    assert_eq!(scene.event_names().await, ["identity.user.registered"]);
}

/// However many register one handle at once, one gets it.
pub async fn racing_inserts_of_one_handle_leave_one_account(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        runner(async move {
            match scene.try_register(&format!("user{number}@example.org"), Some("ada")).await {
                Ok(_) => true,
                Err(InsertUserError::UsernameTaken) => false,
                Err(other) => panic!("neither registered nor taken: {other:?}"),
            }
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    assert_eq!(scene.event_names().await, ["identity.user.registered"]);
}

/// However many first registrations there are at once, one is the first. All of them are registered.
pub async fn racing_claims_make_one_administrator(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        runner(async move {
            let change = scene.newcomer(&format!("user{number}@example.org"), None);
            let user = change.state().id();
            let mut tx = scene.begin().await;
            tx.insert_user(change).await.unwrap();
            let is_first = tx.claim_first_admin(claim_of(user)).await.unwrap();
            tx.commit().await.unwrap();
            is_first
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    let names = scene.event_names().await;
    let count = |name: &str| names.iter().filter(|found| *found == name).count();
    assert_eq!(count("identity.user.registered"), RUNNERS);
    assert_eq!(count("identity.user.bootstrap_admin_claimed"), 1);
}

/// However often one refresh token is presented at once, its session moves on by one.
pub async fn racing_updates_of_one_session_have_one_winner(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let ada = scene.member("ada@example.org", None).await.id();
    let copy = scene.session(ada, noon()).await;
    let runners = (0..RUNNERS).map(|_| {
        let (scene, copy) = (Arc::clone(&scene), copy.clone());
        runner(async move { rotate(&scene, copy).await })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    let stored = scene.stored_session(copy.id()).await;
    assert_eq!((stored.generation(), stored.version()), (1, 2));
    let names = scene.event_names().await;
    assert_eq!(names.iter().filter(|name| *name == "identity.session.refreshed").count(), 1);
}

/// However many sign in at once with a password whose hash is out of date, it is hashed again once.
pub async fn racing_rehashes_of_one_password_have_one_winner(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let ada = scene.member("ada@example.org", None).await;
    let runners = (0..RUNNERS).map(|number| {
        let (scene, before, user) = (Arc::clone(&scene), ada.password().clone(), ada.id());
        let after = PasswordHash::restore(format!("$new${number}$b3V0cHV0"));
        runner(async move {
            let mut tx = scene.begin().await;
            let is_replaced = tx.rehash_password(Rehash::replace(user, before, after)).await.unwrap();
            tx.commit().await.unwrap();
            is_replaced
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    let names = scene.event_names().await;
    assert_eq!(names.iter().filter(|name| *name == "identity.password.rehashed").count(), 1);
}

async fn rotate(scene: &Scene, copy: Session) -> bool {
    let Refresh::Rotated(change) = copy.refresh(0, &POLICY, noon()) else { panic!("generation 0 is the good one") };
    let mut tx = scene.begin().await;
    match tx.update_session(change).await {
        Ok(()) => {
            tx.commit().await.unwrap();
            true
        }
        Err(StoreError::Stale) => false,
        Err(other) => panic!("neither saved nor stale: {other:?}"),
    }
}

fn runner(run: impl Future<Output = bool> + Send + 'static) -> Runner {
    Box::pin(run)
}

fn winners(outcomes: Vec<bool>) -> usize {
    outcomes.into_iter().filter(|won| *won).count()
}
