//! List leads that may be one person.

use ashlar_kernel::{Context, Limit, Page, StoreError};

use super::{LeadError, Leads};
use crate::{DuplicatePair, DuplicatePosition, DuplicateQuery, permission};

/// How many leads one page looks at, at most.
const LEADS: u64 = 5_000;

impl Leads {
    /// Some of the pairs of leads that may be one person, newest first. A page looks at so many leads and no more: it may
    /// be short, or empty, and have a next one.
    pub async fn duplicates(
        &self,
        context: &Context,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<DuplicatePair>, LeadError> {
        context.authorize(permission::MERGE)?;
        context.authorize(permission::READ_ALL)?;
        let (list, cursors) = ("duplicates", &self.0.cursors);
        let after = cursor.map(|cursor| cursors.open::<DuplicatePosition>(context.tenant, list, cursor)).transpose()?;
        let query = DuplicateQuery { tenant: context.tenant, after, pairs: limit.with_one_ahead(), leads: LEADS };
        let found = self.0.ports.store.duplicates(&query).await?;
        let seal =
            |position: &DuplicatePosition| cursors.seal(context.tenant, list, position).map_err(StoreError::internal);
        let mut page = Page::try_cut(found.pairs, limit, |last| seal(&last.position()))?;
        if page.next_cursor.is_none() {
            page.next_cursor = found.looked_up_to.as_ref().map(seal).transpose()?;
        }
        Ok(page)
    }
}
