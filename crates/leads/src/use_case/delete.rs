//! Put a lead away.

use ashlar_kernel::{Context, VersionConflict};

use super::{Attempts, LeadError, Leads};
use crate::{
    LeadId,
    permission::{self, Sight},
};

impl Leads {
    /// Puts a lead away, if it is at one of the versions `if_version`, or whatever version it is at.
    pub async fn delete(&self, context: &Context, id: LeadId, if_version: Option<&[u32]>) -> Result<(), LeadError> {
        // The business of people: no program puts leads away.
        let who = context.require(permission::DELETE)?.user;
        let sight = Sight { who, sees_all: context.require(permission::READ_ALL).is_ok() };
        let mut attempts = Attempts::default();
        loop {
            match self.try_delete(context, sight, id, if_version).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_delete(
        &self,
        context: &Context,
        sight: Sight,
        id: LeadId,
        if_version: Option<&[u32]>,
    ) -> Result<(), LeadError> {
        let lead = self.seen(context, sight, id).await?;
        if if_version.is_some_and(|versions| !versions.contains(&lead.version())) {
            return Err(VersionConflict.into());
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_lead(lead.delete(context.now)).await?;
        Ok(tx.commit().await?)
    }
}
