//! The leads domain, and what it is told of the people it works for.

use std::sync::Arc;

use ashlar_identity::{Identity, UserId};
use ashlar_kernel::{StoreError, TenantId};
use ashlar_leads::{DisposableDomains, LeadPorts, LeadSettings, Leads, port::Team};
use async_trait::async_trait;
use uuid::Uuid;

use super::Parts;
use crate::config::Config;

/// Those who work with leads are members whose role says so.
struct Members(Identity);

#[async_trait]
impl Team for Members {
    async fn looks_after_leads(&self, tenant: TenantId, user: Uuid) -> Result<bool, StoreError> {
        let account = self.0.account_of(tenant, UserId::from_uuid(user)).await?;
        Ok(account.is_some_and(|account| account.role.works_with_leads()))
    }
}

impl Parts {
    /// The service as configured.
    pub(super) fn leads(&self, config: &Config, identity: &Identity) -> Leads {
        let ports = LeadPorts {
            store: Arc::new(self.store.clone()),
            files: Arc::clone(&self.files),
            team: Arc::new(Members(identity.clone())),
            ids: Arc::clone(&self.ids),
        };
        let settings = LeadSettings {
            region: config.leads.phone_region,
            disposable: DisposableDomains::but_for(config.leads.allowed_domains.iter().cloned()),
            root_key: self.root_key.clone(),
        };
        Leads::new(ports, settings)
    }
}
