//! Laws of API keys. [`api_key_store_contract!`](crate::api_key_store_contract) makes one test of each.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::{net::IpAddr, sync::Arc};

use ashlar_kernel::{Change, Entropy, Outcome, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{
    Fixture, StartRace,
    races::{runner, winners},
    scene::{Scene, elsewhere, noon},
};
use crate::{
    Account, Role, UserId, UserStatus,
    api_key::{
        ApiKey, ApiKeyDenial, ApiKeyEvent, ApiKeyId, ApiKeyName, ApiKeyPosition, ApiKeyQuery, ApiKeyWithOwner, KeyHash,
        KeyId, KeyKind, KeySecret, Lifetime, Networks, NewApiKey, Origin, Scope, SourceNetwork, parse_network,
    },
    port::{ApiKeyStore, ApiKeyTx},
};

const RUNNERS: usize = 20;

/// A store of API keys to try a law on, with the store of the people who own them.
pub struct ApiKeyFixture {
    /// Where people are, and the log.
    pub identity: Fixture,
    /// The store on trial.
    pub keys: Arc<dyn ApiKeyStore>,
}

/// A fixture in use.
struct House {
    scene: Scene,
    keys: Arc<dyn ApiKeyStore>,
}

struct Repeated(u8);
impl Entropy for Repeated {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

fn hash(seed: u8) -> KeyHash {
    KeySecret::generate(&Repeated(seed)).hash()
}

impl House {
    fn new(fixture: ApiKeyFixture) -> Self {
        Self { scene: Scene::new(fixture.identity), keys: fixture.keys }
    }

    async fn begin(&self) -> Box<dyn ApiKeyTx> {
        self.keys.begin(&self.scene.context()).await.unwrap()
    }

    /// A key that is found by the letter of `seed`.
    fn draft(&self, owner: UserId, seed: u8, at: Timestamp) -> Change<ApiKey, ApiKeyEvent> {
        let new = NewApiKey {
            id: self.scene.id(),
            tenant: TenantId::MAIN,
            owner,
            key_id: KeyId::generate(&Repeated(seed)),
            kind: KeyKind::Publishable,
            name: ApiKeyName::parse("Ada's \u{1f511}").unwrap(),
            scopes: ["leads:create", "newsletter:subscribe"].map(|name| Scope::parse(name).unwrap()).into(),
            networks: Networks::new(["203.0.113.0/24", "2001:db8::/32"].map(|net| parse_network(net).unwrap()).into()),
            origins: ["https://a.example", "http://localhost:3000"].map(|site| Origin::parse(site).unwrap()).into(),
            lifetime: Lifetime::DEFAULT,
            hash: hash(seed),
        };
        ApiKey::create(new, at)
    }

    async fn key(&self, owner: UserId, seed: u8, at: Timestamp) -> ApiKey {
        let change = self.draft(owner, seed, at);
        let key = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_api_key(change).await.unwrap();
        tx.commit().await.unwrap();
        key
    }

    async fn save(&self, change: Change<ApiKey, ApiKeyEvent>) -> ApiKey {
        let key = change.state().clone();
        let mut tx = self.begin().await;
        tx.update_api_key(change).await.unwrap();
        tx.commit().await.unwrap();
        key
    }

    async fn presented(&self, seed: u8, source: Option<SourceNetwork>) -> Option<ApiKeyWithOwner> {
        self.keys.presented_api_key(&KeyId::generate(&Repeated(seed)), source).await.unwrap()
    }

    async fn stored(&self, key: &ApiKey) -> ApiKey {
        self.keys.api_key(TenantId::MAIN, key.owner(), key.id()).await.unwrap().unwrap()
    }
}

fn rotated(key: ApiKey, seed: u8, at: Timestamp) -> Change<ApiKey, ApiKeyEvent> {
    key.rotate(hash(seed), Lifetime::LONGEST, at).unwrap()
}

fn list_of(owner: UserId) -> ApiKeyQuery {
    ApiKeyQuery { tenant: TenantId::MAIN, owner, after: None, rows: 100 }
}

fn position(key: &ApiKey) -> ApiKeyPosition {
    ApiKeyPosition { created_at: key.created_at(), id: key.id().as_uuid() }
}

/// What is read is what was written, at every stage of a key's life and by every way to it.
pub async fn an_api_key_survives_storage(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let odd_moment = noon() + TimeDelta::milliseconds(12_345);
    let made = house.key(ada, 1, noon()).await;
    assert_eq!(house.stored(&made).await, made);

    let rotated = house.save(rotated(made, 2, odd_moment)).await;
    assert_eq!(house.stored(&rotated).await, rotated);
    let revoked = house.save(rotated.revoke(odd_moment).unwrap()).await;

    assert_eq!(house.stored(&revoked).await, revoked);
    assert_eq!(house.presented(1, None).await.unwrap().key, revoked);
    assert_eq!(house.keys.api_keys(list_of(ada)).await.unwrap(), [revoked]);
    let names = ["created", "rotated", "revoked"].map(|what| format!("identity.api_key.{what}"));
    assert!(house.scene.event_names().await.ends_with(&names));
}

/// One question tells what a request needs to know of a key: whose it is and what they are now.
pub async fn an_api_key_is_read_with_its_owner(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", Some("ada")).await;
    let outsider = house.scene.try_register("bob@example.org", None).await.unwrap();
    let key = house.key(ada.id(), 1, noon()).await;
    house.key(outsider, 2, noon()).await;

    let found = house.presented(1, None).await.unwrap();
    let account = Some(Account::of(&ada, Role::Member));
    assert_eq!(found, ApiKeyWithOwner { key, status: UserStatus::Active, account, is_known_source: false });
    assert_eq!(house.presented(2, None).await.unwrap().account, None);
    assert_eq!(house.presented(3, None).await, None);

    let mut tx = house.scene.begin().await;
    tx.update_user(ada.disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(house.presented(1, None).await.unwrap().status, UserStatus::Disabled);
}

/// Nobody sees another's key, nor their own of another tenant.
pub async fn an_api_key_is_of_one_person_in_one_tenant(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let bob = house.scene.member("bob@example.org", None).await.id();
    let key = house.key(ada, 1, noon()).await;

    for (tenant, owner, id) in [
        (TenantId::MAIN, bob, key.id()),
        (elsewhere(), ada, key.id()),
        (TenantId::MAIN, ada, ApiKeyId::from_uuid(Uuid::from_u128(1))),
    ] {
        assert_eq!(house.keys.api_key(tenant, owner, id).await.unwrap(), None);
    }
    let count = async |query| house.keys.api_keys(query).await.unwrap().len();
    assert_eq!(count(list_of(ada)).await, 1);
    assert_eq!(count(list_of(bob)).await, 0);
    assert_eq!(count(ApiKeyQuery { tenant: elsewhere(), ..list_of(ada) }).await, 0);
}

/// Two keys are never found by the same letters.
pub async fn a_taken_key_id_is_refused(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let first = house.key(ada, 1, noon()).await;

    let mut tx = house.begin().await;
    let refused = tx.insert_api_key(house.draft(ada, 1, noon())).await;

    assert!(matches!(refused, Err(StoreError::Internal(_))), "{refused:?}");
    drop(tx);
    assert_eq!(house.presented(1, None).await.unwrap().key, first);
}

/// Of two writers that began with the same copy, the second is refused and changes nothing.
pub async fn a_stale_copy_of_an_api_key_is_refused(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let copy = house.key(ada, 1, noon()).await;
    let saved = house.save(rotated(copy.clone(), 2, noon())).await;
    house.scene.forget_events().await;

    let mut tx = house.begin().await;
    let refused = tx.update_api_key(rotated(copy, 3, noon())).await;

    assert!(matches!(refused, Err(StoreError::Stale)));
    drop(tx);
    assert_eq!(house.stored(&saved).await, saved);
    assert_eq!(house.scene.event_names().await, [""; 0]);
}

/// A busy key is written once an hour and not at each request. It is an observation and no change of state; a change
/// does not undo it.
pub async fn an_api_key_is_touched_at_most_once_an_hour(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let copy = house.key(ada, 1, noon()).await;
    let bystander = house.key(ada, 2, noon()).await;
    house.scene.forget_events().await;
    let after = |minutes| noon() + TimeDelta::minutes(minutes);
    let touch = async |minutes: i64| {
        house.keys.touch_api_key(copy.id(), after(minutes)).await.unwrap();
        house.stored(&copy).await.last_used_at()
    };

    for (minutes, expected) in [(5, 5), (64, 5), (65, 65), (124, 65), (10, 65), (600, 600)] {
        assert_eq!(touch(minutes).await, Some(after(expected)), "{minutes}");
    }
    assert_eq!(house.stored(&bystander).await, bystander);
    house.keys.touch_api_key(ApiKeyId::from_uuid(Uuid::from_u128(1)), noon()).await.unwrap();
    assert_eq!(house.scene.event_names().await, [""; 0]);
    house.save(rotated(copy.clone(), 3, noon())).await;
    assert_eq!(house.stored(&copy).await.last_used_at(), Some(after(600)));
}

/// Where a key was used from is known afterwards, and told once.
pub async fn a_source_of_uses_is_noted_once(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let (key, other) = (house.key(ada, 1, noon()).await, house.key(ada, 2, noon()).await);
    house.scene.forget_events().await;
    let source = |text: &str| SourceNetwork::of(text.parse::<IpAddr>().unwrap());
    let note = async |key: &ApiKey, source| {
        let mut tx = house.begin().await;
        let is_new = tx.note_api_key_source(key.seen_at(source, noon())).await.unwrap();
        tx.commit().await.unwrap();
        is_new
    };

    assert!(note(&key, source("203.0.113.7")).await);
    assert!(!note(&key, source("203.0.113.7")).await);
    assert!(note(&key, source("2001:db8::1")).await);
    assert!(!note(&key, source("2001:db8::2")).await);
    assert!(note(&other, source("203.0.113.7")).await);

    assert_eq!(house.scene.event_names().await, ["identity.api_key.used_from_new_ip"; 3]);
    let is_known = async |seed, text: &str| house.presented(seed, Some(source(text))).await.unwrap().is_known_source;
    assert!(is_known(1, "203.0.113.7").await && is_known(1, "2001:db8::3").await);
    assert!(!is_known(1, "203.0.113.8").await && !is_known(2, "2001:db8::1").await);
}

/// Who tries a key out cannot fill the log.
pub async fn a_denial_is_noted_at_most_once_a_minute(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    let key = house.key(ada, 1, noon()).await;
    house.scene.forget_events().await;
    let deny = async |seconds: i64, scope: &str| {
        let at = noon() + TimeDelta::seconds(seconds);
        let mut tx = house.begin().await;
        let is_noted = tx.note_api_key_denial(ApiKeyDenial::new(key.id(), ada, scope.to_owned(), at)).await.unwrap();
        tx.commit().await.unwrap();
        is_noted
    };

    assert!(deny(0, "a.b").await);
    assert!(!deny(59, "a.c").await);
    assert!(deny(60, "a.d").await);
    assert!(!deny(61, "a.e").await);

    let events = house.scene.events().await;
    assert!(events.iter().all(|event| event.outcome == Outcome::Denied));
    let scopes: Vec<_> = events.iter().map(|event| event.data["required"].clone()).collect();
    assert_eq!(scopes, [json!("a.b"), json!("a.d")]);
    assert_eq!(house.stored(&key).await, key);
}

/// Page by page, everything is shown once, newest first, also where a page ends among keys made at the same moment.
pub async fn pages_of_api_keys_neither_skip_nor_repeat(fixture: ApiKeyFixture) {
    let house = House::new(fixture);
    let ada = house.scene.member("ada@example.org", None).await.id();
    for number in 0..25_u8 {
        house.key(ada, number, noon() + TimeDelta::milliseconds(i64::from(number / 4))).await;
    }
    let all = house.keys.api_keys(list_of(ada)).await.unwrap();
    assert_eq!(all.len(), 25);
    let place = |key: &ApiKey| (key.created_at(), key.id());
    assert!(all.is_sorted_by(|newer, older| place(newer) > place(older)));

    for size in [1, 3, 7, 24, 25] {
        let mut paged = Vec::new();
        let mut page = ApiKeyQuery { rows: size, ..list_of(ada) };
        // Bounded: a store that repeats itself must fail here and not page for ever.
        while paged.len() <= all.len() {
            let keys = house.keys.api_keys(page).await.unwrap();
            let Some(last) = keys.last() else { break };
            page.after = Some(position(last));
            paged.extend(keys);
        }
        assert_eq!(paged, all, "pages of {size}");
    }
}

/// However many rotate one key at once, one has its way, and nobody's new secret is dead before it was told.
pub async fn racing_rotations_of_one_key_have_one_winner(fixture: ApiKeyFixture, start: StartRace) {
    let house = Arc::new(House::new(fixture));
    let ada = house.scene.member("ada@example.org", None).await.id();
    let copy = house.key(ada, 1, noon()).await;
    let runners = (0..RUNNERS).map(|number| {
        let (house, copy) = (Arc::clone(&house), copy.clone());
        let seed = u8::try_from(number).unwrap() + 2;
        runner(async move {
            let mut tx = house.begin().await;
            match tx.update_api_key(rotated(copy, seed, noon())).await {
                Ok(()) => tx.commit().await.map(|()| true).unwrap(),
                Err(StoreError::Stale) => false,
                Err(other) => panic!("neither saved nor stale: {other:?}"),
            }
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    let names = house.scene.event_names().await;
    assert_eq!(names.iter().filter(|name| *name == "identity.api_key.rotated").count(), 1);
    assert_eq!(house.stored(&copy).await.version(), 2);
}

/// However many requests come from a new place at once, it is told once.
pub async fn racing_uses_from_a_new_place_are_told_once(fixture: ApiKeyFixture, start: StartRace) {
    let house = Arc::new(House::new(fixture));
    let ada = house.scene.member("ada@example.org", None).await.id();
    let key = house.key(ada, 1, noon()).await;
    let runners = (0..RUNNERS).map(|_| {
        let (house, key) = (Arc::clone(&house), key.clone());
        runner(async move {
            let source = SourceNetwork::of(IpAddr::from([203, 0, 113, 7]));
            let mut tx = house.begin().await;
            let is_new = tx.note_api_key_source(key.seen_at(source, noon())).await.unwrap();
            tx.commit().await.unwrap();
            is_new
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    let names = house.scene.event_names().await;
    assert_eq!(names.iter().filter(|name| *name == "identity.api_key.used_from_new_ip").count(), 1);
}

/// Makes one test of each law of [`ApiKeyStore`](crate::port::ApiKeyStore). The argument is the path of a function
/// `async fn() -> Option<ApiKeyFixture>`, as for [`identity_store_contract!`](crate::identity_store_contract).
#[macro_export]
macro_rules! api_key_store_contract {
    ($fixture:path) => {
        $crate::identity_store_contract!(@laws $fixture, api_keys,
            an_api_key_survives_storage,
            an_api_key_is_read_with_its_owner,
            an_api_key_is_of_one_person_in_one_tenant,
            a_taken_key_id_is_refused,
            a_stale_copy_of_an_api_key_is_refused,
            an_api_key_is_touched_at_most_once_an_hour,
            a_source_of_uses_is_noted_once,
            a_denial_is_noted_at_most_once_a_minute,
            pages_of_api_keys_neither_skip_nor_repeat,
        );
        mod api_key_race {
            use super::*;

            $crate::identity_store_contract!(@start);
            $crate::identity_store_contract!(@races $fixture, start, api_keys,
                racing_rotations_of_one_key_have_one_winner,
                racing_uses_from_a_new_place_are_told_once,
            );
        }
    };
}
