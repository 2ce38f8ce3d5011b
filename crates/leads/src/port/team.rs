//! Who works with leads.

use ashlar_kernel::{StoreError, TenantId};
use async_trait::async_trait;
use uuid::Uuid;

/// The people of a tenant, as far as leads are concerned: another domain knows them.
#[async_trait]
pub trait Team: Send + Sync {
    /// Whether somebody may look after leads in a tenant: they are a member there, and more than an ordinary one.
    async fn looks_after_leads(&self, tenant: TenantId, user: Uuid) -> Result<bool, StoreError>;

    /// Whether somebody may import leads into a tenant.
    async fn may_import(&self, tenant: TenantId, user: Uuid) -> Result<bool, StoreError>;

    /// Whether somebody may take leads of a tenant along: `everybodys`, or their own and nobody's.
    async fn may_export(&self, tenant: TenantId, user: Uuid, everybodys: bool) -> Result<bool, StoreError>;
}
