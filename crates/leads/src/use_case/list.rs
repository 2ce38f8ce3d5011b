//! List leads.

use ashlar_kernel::{Context, Limit, Page, StoreError, Total};

use super::{LeadError, Leads};
use crate::{
    Lead, LeadFilter, LeadPosition, LeadQuery, LeadSort,
    permission::{self, Sight},
};

/// Lists the leads that the caller sees.
#[derive(Debug, Clone, Default)]
pub struct ListLeads {
    /// Which of them.
    pub filter: LeadFilter,
    /// In which order.
    pub sort: LeadSort,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Whether to count them.
    pub with_total: bool,
}

/// A page of leads.
#[derive(Debug, Clone, PartialEq)]
pub struct LeadPage {
    /// The page.
    pub page: Page<Lead>,
    /// How many there are, if it was asked for.
    pub total: Option<Total>,
}

impl Leads {
    /// Some of the leads that the caller sees.
    pub async fn list(&self, context: &Context, command: ListLeads) -> Result<LeadPage, LeadError> {
        let sight = Sight::of(context, permission::READ)?;
        let ListLeads { filter, sort, limit, cursor, with_total } = command;
        let seen_by = (!sight.sees_all).then_some(sight.who);
        // Everything that decides which rows there are, and their order.
        let list = format!("leads {seen_by:?} {sort:?} {filter:?}");
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<LeadPosition>(context.tenant, &list, &cursor)).transpose()?;
        let query = LeadQuery {
            tenant: context.tenant,
            seen_by,
            filter: filter.clone(),
            sort,
            after,
            rows: limit.with_one_ahead(),
            count_up_to: with_total.then_some(Total::COUNT_UP_TO),
        };
        let found = self.0.ports.store.leads(&query).await?;
        let seal = |last: &Lead| cursors.seal(context.tenant, &list, &LeadPosition::of(last, (sort, &filter)));
        let page = Page::try_cut(found.leads, limit, seal).map_err(StoreError::internal)?;
        Ok(LeadPage { page, total: found.counted.map(Total::of) })
    }
}
