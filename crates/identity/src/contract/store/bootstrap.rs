//! Laws of the token with which the first administrator is made.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, MacKey, Timestamp};
use chrono::TimeDelta;

use super::{
    Fixture, StartRace,
    accounts::claim_of,
    races::{RUNNERS, runner},
    scene::{Scene, noon},
};
use crate::{Bootstrap, BootstrapEvent, BootstrapSecret, BootstrapToken};

fn token(seed: u8, at: Timestamp) -> Change<BootstrapToken, BootstrapEvent> {
    struct Always(u8);
    impl ashlar_kernel::Entropy for Always {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }
    BootstrapToken::issue(&BootstrapSecret::new(&Always(seed)), &MacKey::from_bytes([3; 32]), at)
}

async fn insert(scene: &Scene, change: Change<BootstrapToken, BootstrapEvent>) -> bool {
    let mut tx = scene.begin().await;
    let is_first = tx.insert_bootstrap_token(change).await.unwrap();
    tx.commit().await.unwrap();
    is_first
}

async fn spend(scene: &Scene, digest: &[u8; 32], now: Timestamp) -> bool {
    let mut tx = scene.begin().await;
    let is_good = tx.spend_bootstrap_token(digest, now).await.unwrap();
    tx.commit().await.unwrap();
    is_good
}

/// There is room for one token: another waits until it is replaced.
pub async fn one_token_waits_for_the_first_administrator(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = Arc::clone(&scene.fixture.store);
    assert_eq!(store.bootstrap().await.unwrap(), Bootstrap { is_claimed: false, token_until: None });
    let (first, second, third) = (token(1, noon()), token(2, noon()), token(3, noon() + TimeDelta::hours(1)));
    let (old, until) = (*first.state().digest(), third.state().expires_at());
    let newest = *third.state().digest();

    assert!(insert(&scene, first).await);
    assert!(!insert(&scene, second).await);
    let mut tx = scene.begin().await;
    tx.replace_bootstrap_token(third).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.bootstrap().await.unwrap(), Bootstrap { is_claimed: false, token_until: Some(until) });
    assert!(!spend(&scene, &old, noon()).await);
    assert!(spend(&scene, &newest, noon()).await);
    assert_eq!(store.bootstrap().await.unwrap().token_until, None);
    assert_eq!(scene.event_names().await, ["identity.bootstrap.token_issued"; 2]);
}

/// A token is good until it runs out, and once.
pub async fn a_token_is_spent_once_and_in_time(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let change = token(1, noon());
    let (digest, until) = (*change.state().digest(), change.state().expires_at());
    insert(&scene, change).await;
    assert!(!spend(&scene, &digest, until).await);
    assert!(!spend(&scene, &[0; 32], noon()).await);
    assert!(spend(&scene, &digest, until - TimeDelta::milliseconds(1)).await);
    assert!(!spend(&scene, &digest, noon()).await);

    let ada = scene.member("ada@example.org", None).await;
    let mut tx = scene.begin().await;
    assert!(tx.claim_first_admin(claim_of(ada.id())).await.unwrap());
    tx.commit().await.unwrap();
    assert!(scene.fixture.store.bootstrap().await.unwrap().is_claimed);
}

/// However many show one token at once, it is spent once.
pub async fn racing_uses_of_one_token_have_one_winner(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let change = token(1, noon());
    let digest = *change.state().digest();
    insert(&scene, change).await;
    let runners = (0..RUNNERS).map(|_| {
        let scene = Arc::clone(&scene);
        runner(async move { spend(&scene, &digest, noon()).await })
    });
    let won = start(runners.collect()).await;
    assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
}
