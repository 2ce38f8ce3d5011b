//! Laws of signing keys. [`signing_key_store_contract!`](crate::signing_key_store_contract) makes one test of each.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, StoreError, Timestamp};
use chrono::TimeDelta;

use super::{
    Fixture, StartRace,
    races::{runner, winners},
    scene::{Scene, noon},
};
use crate::{
    SessionPolicy,
    port::{SigningKeyStore, SigningKeyTx},
    signing_key::{KeyRotation, KeyState, Kid, NewSigningKey, SigningKey, SigningKeyEvent, SigningKeyRing},
};

const RUNNERS: usize = 20;

/// A store of signing keys to try a law on.
pub struct SigningKeyFixture {
    /// The log.
    pub identity: Fixture,
    /// The store on trial.
    pub keys: Arc<dyn SigningKeyStore>,
}

/// A fixture in use.
struct House {
    scene: Scene,
    keys: Arc<dyn SigningKeyStore>,
}

impl House {
    fn new(fixture: SigningKeyFixture) -> Self {
        Self { scene: Scene::new(fixture.identity), keys: fixture.keys }
    }

    async fn begin(&self) -> Box<dyn SigningKeyTx> {
        self.keys.begin(&self.scene.context()).await.unwrap()
    }

    async fn insert(&self, change: Change<SigningKey, SigningKeyEvent>) -> Result<SigningKey, StoreError> {
        let key = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_signing_key(change).await?;
        tx.commit().await?;
        Ok(key)
    }

    async fn save(&self, changes: Vec<Change<SigningKey, SigningKeyEvent>>) -> Result<(), StoreError> {
        let mut tx = self.begin().await;
        for change in changes {
            tx.update_signing_key(change).await?;
        }
        tx.commit().await
    }

    async fn listed(&self) -> Vec<(String, KeyState)> {
        let keys = self.keys.signing_keys().await.unwrap();
        keys.iter().map(|key| (key.kid().as_str().to_owned(), key.state())).collect()
    }

    async fn count(&self, name: &str) -> usize {
        self.scene.event_names().await.iter().filter(|found| *found == name).count()
    }
}

fn new(kid: &str) -> NewSigningKey {
    let sealed = kid.bytes().rev().collect();
    NewSigningKey { kid: Kid::parse(kid).unwrap(), algorithm: "EdDSA".to_owned(), sealed }
}

fn rotation() -> KeyRotation {
    KeyRotation::for_sessions(&SessionPolicy::default())
}

/// The next day: what is staged may take over.
fn tomorrow() -> Timestamp {
    noon() + TimeDelta::days(1)
}

/// What is read is what was written, in each of the states, and inside a unit of work as well.
pub async fn a_signing_key_survives_storage(fixture: SigningKeyFixture) {
    let house = House::new(fixture);
    let first = house.insert(SigningKey::begin(new("first"), noon())).await.unwrap();
    let second = house.insert(SigningKey::stage(new("second"), noon())).await.unwrap();
    let seen = house.keys.signing_keys().await.unwrap();
    assert!(seen.contains(&first) && seen.contains(&second) && seen.len() == 2);

    let changes = second.take_over(first, tomorrow()).unwrap();
    let after: Vec<_> = changes.iter().map(|change| change.state().clone()).collect();
    house.save(changes.into()).await.unwrap();
    let mut tx = house.begin().await;
    let seen = tx.signing_keys().await.unwrap();
    assert!(after.iter().all(|key| seen.contains(key)) && seen.len() == 2);
    drop(tx);

    let removed = after[0].clone().remove(false, tomorrow()).unwrap();
    let gone = removed.state().clone();
    house.save(vec![removed]).await.unwrap();
    assert!(house.keys.signing_keys().await.unwrap().contains(&gone));
    assert_eq!(
        house.scene.event_names().await,
        ["rotated", "staged", "retiring", "rotated", "removed"].map(|name| format!("identity.key.{name}"))
    );
}

/// Those that are believed come first, whatever their age; a unit of work sees no others.
pub async fn signing_keys_that_are_believed_come_first(fixture: SigningKeyFixture) {
    let house = House::new(fixture);
    let old = house.insert(SigningKey::begin(new("old"), noon())).await.unwrap();
    for (minute, kid) in [(1, "gone1"), (2, "gone2")] {
        let staged = SigningKey::stage(new(kid), noon() + TimeDelta::minutes(minute));
        let staged = house.insert(staged).await.unwrap();
        house.save(vec![staged.remove(true, noon()).unwrap()]).await.unwrap();
    }
    let listed = house.listed().await;
    let expected = [("old", KeyState::Active), ("gone2", KeyState::Removed), ("gone1", KeyState::Removed)];
    assert_eq!(listed, expected.map(|(kid, state)| (kid.to_owned(), state)));
    assert!(house.begin().await.signing_keys().await.unwrap() == [old]);
}

/// At most one key signs and at most one waits, and a name is given once for ever.
pub async fn one_signing_key_is_active_and_one_staged(fixture: SigningKeyFixture) {
    let house = House::new(fixture);
    let first = house.insert(SigningKey::begin(new("first"), noon())).await.unwrap();
    let staged = house.insert(SigningKey::stage(new("staged"), noon())).await.unwrap();
    for taken in [
        SigningKey::begin(new("other"), noon()),
        SigningKey::stage(new("other"), noon()),
        SigningKey::stage(new("first"), noon()),
    ] {
        assert!(matches!(house.insert(taken).await, Err(StoreError::Stale)));
    }
    let [_, second_active] = staged.clone().take_over(first.clone(), noon()).unwrap();
    assert!(matches!(house.save(vec![second_active]).await, Err(StoreError::Stale)));

    house.save(vec![staged.remove(true, noon()).unwrap(), first.remove(true, noon()).unwrap()]).await.unwrap();
    assert!(matches!(house.insert(SigningKey::begin(new("first"), noon())).await, Err(StoreError::Stale)));
    house.insert(SigningKey::begin(new("other"), noon())).await.unwrap();
}

/// A copy that is not the stored version is refused.
pub async fn a_stale_copy_of_a_signing_key_is_refused(fixture: SigningKeyFixture) {
    let house = House::new(fixture);
    let key = house.insert(SigningKey::begin(new("first"), noon())).await.unwrap();
    house.save(vec![key.clone().remove(true, noon()).unwrap()]).await.unwrap();
    assert!(matches!(house.save(vec![key.remove(true, noon()).unwrap()]).await, Err(StoreError::Stale)));
    assert_eq!(house.count("identity.key.removed").await, 1);
}

/// However many promote the staged key at once, it takes over once, and there is one key that signs.
pub async fn racing_promotions_of_a_signing_key_have_one_winner(fixture: SigningKeyFixture, start: StartRace) {
    let house = Arc::new(House::new(fixture));
    house.insert(SigningKey::begin(new("first"), noon())).await.unwrap();
    house.insert(SigningKey::stage(new("second"), noon())).await.unwrap();
    let runners = (0..RUNNERS).map(|_| {
        let house = Arc::clone(&house);
        runner(async move {
            let ring = SigningKeyRing::new(house.keys.signing_keys().await.unwrap());
            match house.save(ring.turn(&rotation(), tomorrow())).await {
                // Whoever read after it was done found nothing to do, and committed that.
                Ok(()) => true,
                Err(StoreError::Stale) => false,
                Err(other) => panic!("neither saved nor stale: {other:?}"),
            }
        })
    });
    start(runners.collect()).await;

    assert_eq!((house.count("identity.key.rotated").await, house.count("identity.key.retiring").await), (2, 1));
    let expected = [("second", KeyState::Active), ("first", KeyState::Retiring)];
    let mut listed = house.listed().await;
    listed.sort_unstable_by(|one, other| other.0.cmp(&one.0));
    assert_eq!(listed, expected.map(|(kid, state)| (kid.to_owned(), state)));
}

/// However many stage a key at once, or begin with one, one is there.
pub async fn racing_first_signing_keys_have_one_winner(fixture: SigningKeyFixture, start: StartRace) {
    let house = Arc::new(House::new(fixture));
    for make in [SigningKey::begin as fn(NewSigningKey, Timestamp) -> _, SigningKey::stage] {
        let state = make(new("any"), noon()).state().state();
        let runners = (0..RUNNERS).map(|number| {
            let house = Arc::clone(&house);
            runner(async move {
                let change = make(new(&format!("{}{number}", state.as_str())), noon());
                match house.insert(change).await {
                    Ok(_) => true,
                    Err(StoreError::Stale) => false,
                    Err(other) => panic!("neither saved nor stale: {other:?}"),
                }
            })
        });
        assert_eq!(winners(start(runners.collect()).await), 1, "{state:?}");
    }
    assert_eq!(house.listed().await.len(), 2);
}

/// Makes one test of each law of [`SigningKeyStore`](crate::port::SigningKeyStore). The argument is the path of a function
/// `async fn() -> Option<SigningKeyFixture>`, as for [`identity_store_contract!`](crate::identity_store_contract).
#[macro_export]
macro_rules! signing_key_store_contract {
    ($fixture:path) => {
        $crate::identity_store_contract!(@laws $fixture, signing_keys,
            a_signing_key_survives_storage,
            signing_keys_that_are_believed_come_first,
            one_signing_key_is_active_and_one_staged,
            a_stale_copy_of_a_signing_key_is_refused,
        );
        mod signing_key_race {
            use super::*;

            $crate::identity_store_contract!(@start);
            $crate::identity_store_contract!(@races $fixture, start, signing_keys,
                racing_promotions_of_a_signing_key_have_one_winner,
                racing_first_signing_keys_have_one_winner,
            );
        }
    };
}
