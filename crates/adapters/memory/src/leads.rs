//! The whole leads service on doubles.

use std::sync::Arc;

use ashlar_kernel::{
    Actor, Clock as _, Context, Entropy, IdSource, MacKey, Permission, Principal, StoreError, TenantId, TimeOrderedIds,
};
use ashlar_leads::{
    DisposableDomains, LeadPorts, LeadSettings, Leads, permission,
    port::{LeadStore, Team},
};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{ManualClock, MemoryFiles, MemoryStore, SeededEntropy, anonymous};

/// A team that everybody belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Everybody;

#[async_trait]
impl Team for Everybody {
    async fn looks_after_leads(&self, _tenant: TenantId, _user: Uuid) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn may_import(&self, _tenant: TenantId, _user: Uuid) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn may_export(&self, _tenant: TenantId, _user: Uuid, _everybodys: bool) -> Result<bool, StoreError> {
        Ok(true)
    }
}

/// **Not for production.** A leads service with everything it needs, in process: for tests of programs that embed it, and
/// for trying it out. Its keys follow from a constant.
pub struct EmbeddedLeads {
    /// The service.
    pub leads: Leads,
    /// The time, which stands still until it is moved.
    pub clock: Arc<ManualClock>,
    /// What was saved, and the events that explain it.
    pub store: Arc<MemoryStore>,
    /// The files that were kept.
    pub files: MemoryFiles,
}

/// What people who sell may do.
const SELLING: [Permission; 5] =
    [permission::READ, permission::CREATE, permission::UPDATE, permission::READ_CLIENTS, permission::UPDATE_CLIENTS];

impl EmbeddedLeads {
    /// A service at the moment `now`, an RFC 3339 time such as `2030-01-01T00:00:00Z`.
    ///
    /// # Panics
    ///
    /// When `now` is no such time.
    pub fn new(now: &str) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(1));
        let ids: Arc<dyn IdSource> = Arc::new(TimeOrderedIds::new(Arc::clone(&clock) as Arc<_>, Arc::clone(&entropy)));
        let store = Arc::new(MemoryStore::new(Arc::clone(&ids)));
        let files = MemoryFiles::new(Arc::clone(&entropy));
        let ports = LeadPorts {
            store: Arc::clone(&store) as Arc<dyn LeadStore>,
            files: Arc::new(files.clone()),
            team: Arc::new(Everybody),
            ids,
        };
        let settings = LeadSettings {
            region: None,
            disposable: DisposableDomains::but_for([]),
            root_key: MacKey::from_bytes(entropy.bytes()),
        };
        Self { leads: Leads::new(ports, settings), clock, store, files }
    }

    /// A request of a person who sells, told from others by a number.
    pub fn seller(&self, number: u128) -> Context {
        self.somebody(number, &SELLING)
    }

    /// A request of a person who may do everything with leads.
    pub fn boss(&self) -> Context {
        let all: Vec<_> = permission::ALL.iter().map(|(permission, _)| *permission).collect();
        self.somebody(0, &all)
    }

    fn somebody(&self, number: u128, permissions: &[Permission]) -> Context {
        let principal = Principal {
            user: Uuid::from_u128(number),
            session: Uuid::nil(),
            authenticated_at: self.clock.now(),
            permissions: permissions.iter().copied().collect(),
            withheld: std::iter::empty().collect(),
        };
        Context { actor: Actor::User(principal), ..anonymous(&*self.clock) }
    }
}
