//! The leads domain, and what it is told of the people it works for.

use std::sync::Arc;

use ashlar_identity::{Identity, UserId};
use ashlar_kernel::{StoreError, TenantId};
use ashlar_leads::{
    DisposableDomains, LeadPorts, LeadSettings, Leads, TransferPorts, Transfers,
    newsletter::{Newsletter, NewsletterPorts, NewsletterSettings},
    permission,
    port::Team,
};
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

    async fn may_import(&self, tenant: TenantId, user: Uuid) -> Result<bool, StoreError> {
        let account = self.0.account_of(tenant, UserId::from_uuid(user)).await?;
        Ok(account.is_some_and(|account| account.role.permissions().allows(permission::IMPORT)))
    }

    async fn may_export(&self, tenant: TenantId, user: Uuid, everybodys: bool) -> Result<bool, StoreError> {
        let Some(account) = self.0.account_of(tenant, UserId::from_uuid(user)).await? else { return Ok(false) };
        let permissions = account.role.permissions();
        Ok(permissions.allows(permission::EXPORT) && (!everybodys || permissions.allows(permission::READ_ALL)))
    }
}

impl Parts {
    /// The service as configured.
    pub(crate) fn leads(&self, config: &Config, identity: &Identity) -> Leads {
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

    /// Imports and exports.
    pub(super) fn transfers(&self, leads: &Leads) -> Transfers {
        let ports = TransferPorts {
            store: Arc::new(self.store.clone()),
            exports: Arc::new(self.store.clone()),
            clock: Arc::clone(&self.clock),
        };
        Transfers::new(leads.clone(), ports)
    }

    /// The newsletter. Its links follow from the root key, and those in old letters from former ones.
    pub(crate) fn newsletter(&self, config: &Config) -> Newsletter {
        let ports = NewsletterPorts {
            store: Arc::new(self.store.clone()),
            ids: Arc::clone(&self.ids),
            entropy: Arc::clone(&self.entropy),
        };
        let settings = NewsletterSettings {
            root_key: self.root_key.clone(),
            former_root_keys: config.leads.former_root_keys.clone(),
        };
        Newsletter::new(ports, &settings)
    }
}
