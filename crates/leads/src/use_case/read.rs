//! See a lead.

use ashlar_kernel::Context;

use super::{LeadError, Leads};
use crate::{
    Lead, LeadId,
    permission::{self, Sight},
};

impl Leads {
    /// A lead that the caller sees.
    pub async fn lead(&self, context: &Context, id: LeadId) -> Result<Lead, LeadError> {
        let sight = Sight::of(context, permission::READ)?;
        self.seen(context, sight, id).await
    }
}
