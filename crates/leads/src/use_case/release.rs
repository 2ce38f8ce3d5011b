//! Let go of the leads of somebody who does not look after leads any more.

use ashlar_kernel::{Context, StoreError, TenantId};
use uuid::Uuid;

use super::{Attempts, Leads};

/// Leads of one unit of work: others write in between.
const BATCH: u32 = 200;

impl Leads {
    /// Makes the leads of somebody nobody's, unless they look after leads in the tenant (still, or again), and counts them:
    /// otherwise nobody would see them but those who see everybody's. For whoever hears that somebody left or has another
    /// role. Doing it twice is no error, and whoever stops half way may begin again.
    pub async fn release(&self, context: &Context, owner: Uuid) -> Result<usize, StoreError> {
        if self.0.ports.team.looks_after_leads(context.tenant, owner).await? {
            return Ok(0);
        }
        let (mut released, mut attempts) = (0, Attempts::default());
        loop {
            match self.release_some(context, owner).await {
                Ok(0) => return Ok(released),
                Ok(some) => {
                    released += some;
                    attempts = Attempts::default();
                }
                Err(error) if attempts.again(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn release_some(&self, context: &Context, owner: Uuid) -> Result<usize, StoreError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let leads = tx.leads_of(context.tenant, owner, BATCH).await?;
        let changes: Vec<_> = leads.into_iter().filter_map(|lead| lead.release(context.now)).collect();
        let released = changes.len();
        if released > 0 {
            tx.release_leads(changes).await?;
            tx.commit().await?;
        }
        Ok(released)
    }

    /// The tenants in which somebody looks after leads: an account that is deleted is gone from all of them.
    pub async fn tenants_of_owner(&self, owner: Uuid) -> Result<Vec<TenantId>, StoreError> {
        self.0.ports.store.tenants_of_owner(owner).await
    }
}
