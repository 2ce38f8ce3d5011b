//! Moments, tenants, ids and circumstances that the laws of every domain begin with.

use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use uuid::Uuid;

use crate::{Actor, Context, IdSource, RequestId, TenantId, Timestamp};

/// A whole second, which is written without a fraction by some: where moments of unequal length are compared as text, it is
/// the one that sorts wrong.
pub fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(1_893_499_200)
}

/// A tenant beside the tenant `main`, in which there is nobody and nothing.
pub fn elsewhere() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002))
}

/// Ids that rise. Those of a store that is tried are not among them, as a store has its own source.
#[derive(Default)]
pub struct RisingIds(AtomicU64);

impl RisingIds {
    /// The first one has this number.
    pub const fn beginning_at(first: u64) -> Self {
        Self(AtomicU64::new(first))
    }
}

impl IdSource for RisingIds {
    fn next(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::SeqCst);
        Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0000 + u128::from(count))
    }

    /// Nobody keeps anything from anybody here.
    fn salt(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Nobody in particular asks something of the tenant `main`, at noon.
pub fn nobody_asks(ids: &dyn IdSource) -> Context {
    Context {
        tenant: TenantId::MAIN,
        actor: Actor::Anonymous,
        request_id: RequestId::new(ids),
        client_ip: None,
        user_agent: None,
        trace: None,
        now: noon(),
    }
}
