//! Somebody who looks, and something to look at.

#![expect(clippy::unwrap_used, reason = "a law reports by panicking")]

use std::sync::{Arc, Mutex, PoisonError};

use ashlar_kernel::{
    Actor, Context, LogReader, MacKey, PermissionSet, Principal, RequestId, StoreError, TenantId, Timestamp,
};
use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use super::Fixture;
use crate::{NotificationPorts, Notifications, StuckJobs, SystemLog, TroubleStore, Troubles, permission};

pub(super) fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(1_893_499_200)
}

/// Says what it was told.
#[derive(Default)]
struct World(Mutex<Troubles>);

#[async_trait]
impl TroubleStore for World {
    async fn troubles(&self) -> Result<Troubles, StoreError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

#[derive(Clone)]
pub(super) struct Scene {
    pub(super) fixture: Fixture,
    world: Arc<World>,
}

/// Jobs of a kind that were given up.
pub(super) fn dead(kind: &str, dead: u64) -> StuckJobs {
    StuckJobs { tenant: TenantId::MAIN, kind: kind.to_owned(), dead, struggling: 0 }
}

impl Scene {
    pub(super) fn new(fixture: Fixture) -> Self {
        Self { fixture, world: Arc::default() }
    }

    /// From now on this is what does not go as it should.
    pub(super) fn trouble(&self, jobs: Vec<StuckJobs>) {
        self.troubles(Troubles { jobs, ..Troubles::default() });
    }

    /// The same with trouble of any kind.
    pub(super) fn troubles(&self, troubles: Troubles) {
        *self.world.0.lock().unwrap_or_else(PoisonError::into_inner) = troubles;
    }

    pub(super) fn notifications(&self) -> Notifications {
        let ports = NotificationPorts {
            store: Arc::clone(&self.fixture.notifications),
            troubles: Arc::clone(&self.world) as Arc<_>,
            ids: Arc::clone(&self.fixture.ids),
        };
        Notifications::new(ports, &key())
    }

    pub(super) fn system_log(&self) -> SystemLog {
        SystemLog::new(Arc::clone(&self.fixture.lines), Arc::clone(&self.fixture.ids), &key())
    }

    /// Looks so many seconds after noon; how many notifications were raised and resolved.
    pub(super) async fn look(&self, second: i64) -> (u64, u64) {
        let now = noon() + TimeDelta::seconds(second);
        self.notifications().look(|tenant| system(tenant, now), now).await.unwrap()
    }

    /// The names of the events so far.
    pub(super) async fn told(&self) -> Vec<String> {
        let events = self.fixture.log.pending(LogReader::Seal, 1_000).await.unwrap();
        events.into_iter().map(|event| event.name).collect()
    }
}

fn key() -> MacKey {
    MacKey::from_bytes([7; 32])
}

pub(super) fn system(tenant: TenantId, now: Timestamp) -> Context {
    Context::system("watch", tenant, RequestId::parse("law").unwrap(), now)
}

/// Person number `number`, who may do everything in a tenant.
pub(super) fn boss(number: u128, tenant: TenantId) -> Context {
    somebody(number, tenant, permission::ALL.iter().map(|(permission, _)| *permission).collect())
}

/// Somebody who may do nothing.
pub(super) fn nobody() -> Context {
    somebody(9, TenantId::MAIN, PermissionSet::default())
}

fn somebody(number: u128, tenant: TenantId, permissions: PermissionSet) -> Context {
    let principal = Principal {
        user: Uuid::from_u128(number),
        session: Uuid::nil(),
        authenticated_at: noon(),
        permissions,
        withheld: PermissionSet::default(),
    };
    Context { actor: Actor::User(principal), ..system(tenant, noon()) }
}
