//! Laws of second factors.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Change, StoreError, TenantId};

use super::{
    Fixture,
    scene::{Scene, noon},
};
use crate::{Identifier, PasswordHash, SecondFactor, SecondFactorEvent, UserId};

async fn put(scene: &Scene, change: Change<SecondFactor, SecondFactorEvent>) -> Result<SecondFactor, StoreError> {
    let factor = change.state().clone();
    let mut tx = scene.begin().await;
    tx.put_second_factor(change).await?;
    tx.commit().await?;
    Ok(factor)
}

/// What every read of an account says about its second factor.
async fn answers(scene: &Scene, user: UserId) -> Vec<bool> {
    let store = &scene.fixture.store;
    let session = scene.session(user, noon()).await;
    let credential = store.credential(TenantId::MAIN, &Identifier::parse("ada@example.org").unwrap()).await;
    let accounts = [
        store.account(TenantId::MAIN, user).await.unwrap(),
        store.session(session.id()).await.unwrap().unwrap().account,
        credential.unwrap().unwrap().account,
        store.person(TenantId::MAIN, user).await.unwrap().map(|person| person.account),
    ];
    accounts.into_iter().map(|account| account.unwrap().has_second_factor).collect()
}

/// Whoever reads an account learns whether a second factor is asked for: once it is confirmed, until it is given up.
pub async fn an_account_is_read_with_whether_it_has_a_second_factor(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    assert_eq!(answers(&scene, ada).await, [false; 4]);

    let pending = put(&scene, SecondFactor::enrol(None, ada, vec![1; 48], noon()).unwrap()).await.unwrap();
    assert_eq!(answers(&scene, ada).await, [false; 4]);
    let codes = vec![PasswordHash::restore("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA".to_owned())];
    let confirmed = put(&scene, pending.confirm(7, codes, noon())).await.unwrap();
    assert_eq!(answers(&scene, ada).await, [true; 4]);

    let mut tx = scene.begin().await;
    tx.delete_second_factor(confirmed.disable()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(answers(&scene, ada).await, [false; 4]);
}

/// Whoever has looked at a second factor that has changed since is refused: a code counts once.
pub async fn a_stale_copy_of_a_second_factor_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let pending = put(&scene, SecondFactor::enrol(None, ada, vec![1; 48], noon()).unwrap()).await.unwrap();
    let confirmed = put(&scene, pending.confirm(7, Vec::new(), noon())).await.unwrap();
    let stale = confirmed.clone();
    put(&scene, confirmed.use_step(8).unwrap()).await.unwrap();
    assert!(matches!(put(&scene, stale.clone().use_step(9).unwrap()).await, Err(StoreError::Stale)));
    let mut tx = scene.begin().await;
    assert!(matches!(tx.delete_second_factor(stale.disable()).await, Err(StoreError::Stale)));
}
