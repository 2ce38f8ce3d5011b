//! Laws of what two requests at once could break. They are tried by racing, not by argument.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{StoreError, TenantId};

use super::{
    Fixture, Runner, StartRace,
    accounts::claim_of,
    administration::directory_of,
    scene::{POLICY, Scene, noon},
};
use crate::{
    DirectoryFilter, PasswordHash, Refresh, Rehash, Role, Session, UserId,
    port::{IdentityTx, InsertUserError, KeepAdminError},
};

pub(super) const RUNNERS: usize = 20;

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

/// Of two administrators who demote each other at the same moment, one succeeds: somebody stays.
pub async fn administrators_who_demote_each_other_leave_one(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    for round in 0..5 {
        let pair = rivals(&scene, round).await;
        let runners = pair.map(|rival| {
            let scene = Arc::clone(&scene);
            runner(async move {
                let mut tx = scene.begin().await;
                let stored = tx.membership(TenantId::MAIN, rival).await.unwrap().unwrap();
                decided(tx.update_membership(stored.change_role(Role::Member, noon()).unwrap()).await, tx).await
            })
        });
        assert_eq!(winners(start(runners.into()).await), 1, "round {round}");
    }
}

/// The same with two who shut each other's accounts.
pub async fn administrators_who_shut_each_other_leave_one(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    for round in 0..5 {
        let pair = rivals(&scene, round).await;
        let runners = pair.map(|rival| {
            let scene = Arc::clone(&scene);
            runner(async move {
                let mut tx = scene.begin().await;
                let stored = tx.user(rival).await.unwrap().unwrap();
                decided(tx.shut_user(stored.disable(noon()).unwrap()).await, tx).await
            })
        });
        assert_eq!(winners(start(runners.into()).await), 1, "round {round}");
    }
}

/// The only two administrators of the tenant `main`.
async fn rivals(scene: &Scene, round: u32) -> [UserId; 2] {
    let ada = scene.person(&format!("ada{round}@example.org"), None, Role::Admin, noon()).await.id();
    let bob = scene.person(&format!("bob{round}@example.org"), None, Role::Admin, noon()).await.id();
    let query = directory_of(DirectoryFilter { role: Some(Role::Admin), ..DirectoryFilter::default() });
    for entry in scene.fixture.store.people(&query).await.unwrap().entries {
        if ![ada, bob].contains(&entry.account.id) {
            let mut tx = scene.begin().await;
            let left_over = tx.membership(TenantId::MAIN, entry.account.id).await.unwrap().unwrap();
            tx.update_membership(left_over.change_role(Role::Member, noon()).unwrap()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    [ada, bob]
}

async fn decided(outcome: Result<(), KeepAdminError>, tx: Box<dyn IdentityTx>) -> bool {
    match outcome {
        Ok(()) => {
            tx.commit().await.unwrap();
            true
        }
        Err(KeepAdminError::LastAdmin) => false,
        Err(other) => panic!("neither saved nor the last one: {other:?}"),
    }
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

pub(super) fn runner(run: impl Future<Output = bool> + Send + 'static) -> Runner {
    Box::pin(run)
}

pub(super) fn winners(outcomes: Vec<bool>) -> usize {
    outcomes.into_iter().filter(|won| *won).count()
}
