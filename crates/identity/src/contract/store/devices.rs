//! Laws of devices.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, Entropy, MacKey, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{
    Fixture, StartRace,
    races::{runner, winners},
    scene::{Scene, noon},
};
use crate::{
    Device, DeviceClientId, DeviceName, Platform, RevocationReason, Session, SessionSweep, TrustedDevice, UserId,
    device::{Acquaintance, DeviceEnd, DeviceEvent, KnownDevice, SignInDevice},
};

const RUNNERS: usize = 20;

struct Zero;
impl Entropy for Zero {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

/// A device of `user` that calls itself `name`.
pub(super) fn device(
    scene: &Scene,
    user: UserId,
    named: (&str, Option<u32>),
    at: Timestamp,
) -> Change<KnownDevice, DeviceEvent> {
    device_in(scene, (TenantId::MAIN, user), named, at)
}

fn device_in(
    scene: &Scene,
    (tenant, user): (TenantId, UserId),
    (name, place): (&str, Option<u32>),
    at: Timestamp,
) -> Change<KnownDevice, DeviceEvent> {
    let said = Device {
        client_id: Some(DeviceClientId::parse(name).unwrap()),
        name: Some(DeviceName::parse(name).unwrap()),
        platform: Platform::Android,
    };
    let key = MacKey::from_bytes([1; 32]);
    let said = SignInDevice::new(Some(said), TrustedDevice::new(&Zero), &key, &scene.context());
    KnownDevice::register(scene.id(), (tenant, user), &said, (place, Acquaintance::default()), at)
}

pub(super) async fn insert(scene: &Scene, change: Change<KnownDevice, DeviceEvent>) -> Result<KnownDevice, StoreError> {
    let known = change.state().clone();
    let mut tx = scene.begin().await;
    tx.insert_device(change).await?;
    tx.commit().await?;
    Ok(known)
}

async fn update(scene: &Scene, change: Change<KnownDevice, DeviceEvent>) -> Result<KnownDevice, StoreError> {
    let known = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_device(change).await?;
    tx.commit().await?;
    Ok(known)
}

/// What is read is what was written; what has ended is seen by those who ask for it, and a touch is no change.
pub async fn a_device_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, bob) =
        (scene.member("ada@example.org", None).await.id(), scene.member("bob@example.org", None).await.id());
    let store = Arc::clone(&scene.fixture.store);
    let phone = insert(&scene, device(&scene, ada, ("phone", Some(1)), noon())).await.unwrap();
    let tablet = insert(&scene, device(&scene, ada, ("tablet", None), noon() + TimeDelta::seconds(1))).await.unwrap();
    insert(&scene, device(&scene, bob, ("phone", Some(1)), noon())).await.unwrap();
    assert_eq!(store.devices(TenantId::MAIN, ada).await.unwrap(), [tablet.clone(), phone.clone()]);

    let later = noon() + TimeDelta::hours(1);
    let mut tx = scene.begin().await;
    tx.touch_device(phone.id(), later).await.unwrap();
    tx.commit().await.unwrap();
    let phone = update(&scene, phone.rename(None).unwrap()).await.unwrap();
    let seen = store.devices(TenantId::MAIN, ada).await.unwrap();
    assert_eq!((seen[0].id(), seen[0].last_seen_at(), seen[0].name()), (phone.id(), later, None));

    let gone = update(&scene, tablet.end(DeviceEnd::Replaced, later).unwrap()).await.unwrap();
    assert_eq!(store.devices(TenantId::MAIN, ada).await.unwrap().len(), 1);
    let mut tx = scene.begin().await;
    assert!(tx.devices(TenantId::MAIN, ada, noon()).await.unwrap().contains(&gone));
    assert_eq!(tx.devices(TenantId::MAIN, ada, later).await.unwrap().len(), 1);
}

/// Who asks about every tenant sees those that are known or ended lately, of one person.
pub async fn devices_of_every_tenant_are_found(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (ada, bob) =
        (scene.member("ada@example.org", None).await.id(), scene.member("bob@example.org", None).await.id());
    let acme = scene.tenant("acme").await.tenant().id;
    let here = insert(&scene, device(&scene, ada, ("phone", None), noon())).await.unwrap();
    let there = insert(&scene, device_in(&scene, (acme, ada), ("phone", None), noon())).await.unwrap();
    let gone = insert(&scene, device_in(&scene, (acme, ada), ("tablet", None), noon())).await.unwrap();
    let gone = update(&scene, gone.end(DeviceEnd::Removed, noon()).unwrap()).await.unwrap();
    insert(&scene, device(&scene, bob, ("phone", None), noon())).await.unwrap();
    let mut tx = scene.begin().await;

    assert_eq!(tx.devices(TenantId::MAIN, ada, noon()).await.unwrap(), std::slice::from_ref(&here));
    assert_eq!(tx.devices_everywhere(ada, noon()).await.unwrap(), [here.clone(), there.clone()]);
    let lately = tx.devices_everywhere(ada, noon() - TimeDelta::seconds(1)).await.unwrap();
    assert_eq!(lately, [here, there, gone]);
}

/// A person has one device of an id and one in a place, unless the other one has ended; a stale copy is refused.
pub async fn an_id_and_a_place_are_of_one_device(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let phone = insert(&scene, device(&scene, ada, ("phone", Some(1)), noon())).await.unwrap();
    for taken in [("phone", Some(2)), ("phone", None), ("tablet", Some(1))] {
        assert!(matches!(insert(&scene, device(&scene, ada, taken, noon())).await, Err(StoreError::Stale)));
    }
    update(&scene, phone.clone().end(DeviceEnd::Removed, noon()).unwrap()).await.unwrap();
    let stale = update(&scene, phone.end(DeviceEnd::Removed, noon()).unwrap()).await;
    assert!(matches!(stale, Err(StoreError::Stale)));
    insert(&scene, device(&scene, ada, ("phone", Some(1)), noon())).await.unwrap();
}

/// The sessions of one device end, and no others.
pub async fn sessions_end_with_their_device(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let phone = insert(&scene, device(&scene, ada, ("phone", None), noon())).await.unwrap();
    let tablet = insert(&scene, device(&scene, ada, ("tablet", None), noon())).await.unwrap();
    let mut begun = Vec::new();
    for known in [&phone, &tablet] {
        let change = Session::begun_on(scene.sign_in(ada, noon()), known.id());
        begun.push(change.state().clone());
        let mut tx = scene.begin().await;
        tx.insert_session(change).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = scene.begin().await;
    let sweep = SessionSweep::on(&phone, RevocationReason::DeviceReplaced, noon());
    assert_eq!(tx.end_sessions(sweep).await.unwrap(), [begun[0].id()]);
    tx.commit().await.unwrap();
    let store = &scene.fixture.store;
    let ended = store.session(begun[0].id()).await.unwrap().unwrap().session;
    assert_eq!(ended.revoked(), Some((noon(), RevocationReason::DeviceReplaced)));
    let other = store.session(begun[1].id()).await.unwrap().unwrap().session;
    assert_eq!((other.revoked(), other.device_id()), (None, Some(tablet.id())));
}

/// Devices of long ago are deleted: by their end, or by when they were last seen.
pub async fn devices_of_long_ago_are_purged(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let (old, later) = (noon(), noon() + TimeDelta::days(2));
    insert(&scene, device(&scene, ada, ("unseen", None), old)).await.unwrap();
    let ended = insert(&scene, device(&scene, ada, ("ended-later", None), old)).await.unwrap();
    update(&scene, ended.end(DeviceEnd::Removed, later).unwrap()).await.unwrap();
    insert(&scene, device(&scene, ada, ("seen", None), later)).await.unwrap();
    let store = &scene.fixture.store;

    assert_eq!(store.purge_devices(old, 10).await.unwrap(), 0);
    assert_eq!(store.purge_devices(later, 10).await.unwrap(), 1);
    assert_eq!(store.purge_devices(later + TimeDelta::days(1), 1).await.unwrap(), 1);
    assert_eq!(store.purge_devices(later + TimeDelta::days(1), 10).await.unwrap(), 1);
}

/// However many devices take one place at once, one has it.
pub async fn racing_devices_take_a_place_once(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let ada = scene.member("ada@example.org", None).await.id();
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        runner(async move {
            match insert(&scene, device(&scene, ada, (&format!("d{number}"), Some(1)), noon())).await {
                Ok(_) => true,
                Err(StoreError::Stale) => false,
                Err(other) => panic!("neither saved nor stale: {other:?}"),
            }
        })
    });

    assert_eq!(winners(start(runners.collect()).await), 1);
    assert_eq!(scene.fixture.store.devices(TenantId::MAIN, ada).await.unwrap().len(), 1);
}
