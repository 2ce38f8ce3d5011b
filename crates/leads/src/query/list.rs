//! Lists of leads: what is asked and what is shown.

use ashlar_kernel::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::LeadSearch;
use crate::{Category, Lead, LeadStatus, Source};

/// Which leads to list. All of it has to be true of them; of several values of one kind, one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadFilter {
    /// That stand at one of these.
    pub status: Vec<LeadStatus>,
    /// That came in one of these ways.
    pub source: Vec<Source>,
    /// That want one of these.
    pub category: Vec<Category>,
    /// That one of these looks after; none: nobody.
    pub owner: Vec<Option<Uuid>>,
    /// That have one of these tags.
    pub tag: Vec<String>,
    /// That came then or later.
    pub created_from: Option<Timestamp>,
    /// That came before then.
    pub created_to: Option<Timestamp>,
    /// That were edited then or later.
    pub updated_from: Option<Timestamp>,
    /// That were edited before then.
    pub updated_to: Option<Timestamp>,
    /// Whether they have an address.
    pub has_email: Option<bool>,
    /// Whether they have a number.
    pub has_phone: Option<bool>,
    /// That work where this is part of the name, in the form that is equal for every spelling.
    pub company: Option<String>,
    /// In which this is found.
    pub search: Option<LeadSearch>,
}

impl LeadFilter {
    /// Whether it lets a lead through. For stores without a query language.
    pub fn lets_through(&self, lead: &Lead) -> bool {
        let details = lead.details();
        let company = lead.company_key().unwrap_or_default();
        is_among(&self.status, &lead.status())
            && is_among(&self.source, &details.source)
            && (self.category.is_empty() || details.category.is_some_and(|category| self.category.contains(&category)))
            && is_among(&self.owner, &lead.owner())
            && (self.tag.is_empty() || self.tag.iter().any(|tag| details.tags.contains(tag)))
            && self.created_from.is_none_or(|from| lead.created_at() >= from)
            && self.created_to.is_none_or(|to| lead.created_at() < to)
            && self.updated_from.is_none_or(|from| lead.updated_at() >= from)
            && self.updated_to.is_none_or(|to| lead.updated_at() < to)
            && self.has_email.is_none_or(|has| details.email.is_some() == has)
            && self.has_phone.is_none_or(|has| details.phone.is_some() == has)
            && self.company.as_ref().is_none_or(|part| company.contains(part.as_str()))
            && self.search.as_ref().is_none_or(|search| search.finds(&lead.search_key()))
    }
}

fn is_among<T: PartialEq>(wanted: &[T], value: &T) -> bool {
    wanted.is_empty() || wanted.contains(value)
}

/// In which order to list leads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeadSort {
    /// By when they came, newest first.
    #[default]
    NewestFirst,
    /// By when they came, oldest first.
    OldestFirst,
    /// By when they were edited, latest first.
    LatestEdit,
    /// By name.
    Name,
    /// By how promising they are, most first.
    Score,
    /// By how well the name is what is looked for, best first, and then newest first. Of very many that are found, the
    /// newest are sorted so, and the others are not listed.
    Relevance,
}

impl LeadSort {
    /// How many of those that are found are sorted by how well their name is what is looked for.
    pub const RELEVANT: u64 = 10_000;
}

/// The position of a lead in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadPosition {
    /// By a moment.
    At(Timestamp, Uuid),
    /// By the form of the name that is equal for every spelling.
    Name(String, Uuid),
    /// By how promising it is.
    Score(u8, Uuid),
    /// By how well its name is what is looked for, and when it came.
    Relevance(u8, Timestamp, Uuid),
}

impl LeadPosition {
    /// Where `lead` stands in a list sorted by `sort` of what `filter` lets through.
    pub fn of(lead: &Lead, (sort, filter): (LeadSort, &LeadFilter)) -> Self {
        let id = lead.id().as_uuid();
        match sort {
            LeadSort::NewestFirst | LeadSort::OldestFirst => Self::At(lead.created_at(), id),
            LeadSort::LatestEdit => Self::At(lead.updated_at(), id),
            LeadSort::Name => Self::Name(lead.details().full_name.key(), id),
            LeadSort::Score => Self::Score(lead.details().score(), id),
            LeadSort::Relevance => {
                let name = lead.details().full_name.key();
                let relevance = filter.search.as_ref().map_or(0, |search| search.relevance(&name));
                Self::Relevance(relevance, lead.created_at(), id)
            }
        }
    }
}

/// Which part of a list of leads to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only those that this person looks after, or nobody; everybody's if none.
    pub seen_by: Option<Uuid>,
    /// Which of them.
    pub filter: LeadFilter,
    /// In which order.
    pub sort: LeadSort,
    /// After this one.
    pub after: Option<LeadPosition>,
    /// How many rows at most.
    pub rows: u64,
    /// Count what the filter lets through, up to this many; nothing is counted if none.
    pub count_up_to: Option<u64>,
}

/// A part of a list of leads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LeadRows {
    /// The leads.
    pub leads: Vec<Lead>,
    /// How many the filter lets through, if it was asked for.
    pub counted: Option<u64>,
}
