//! A lead: somebody who may become a customer.

pub(crate) mod choice;
mod details;
mod disposable;
mod event;
mod likeness;
mod merge;
#[cfg(test)]
mod merge_tests;
mod patch;
mod phone;
mod row;
mod status;
mod tags;
#[cfg(test)]
mod tests;
mod text;

use ashlar_kernel::{Change, Email, Id, TenantId, Timestamp, canonical};
use uuid::Uuid;

pub use choice::{Category, LostReason, Source, UnknownChoice};
pub use details::{Consent, ContactRequired, Details, Mark, ShortLine, Utm};
pub use disposable::{Disposable, DisposableDomains};
pub use event::LeadEvent;
pub(crate) use event::lead_event_specs;
pub use likeness::Likeness;
pub use merge::{MergeField, MergeId, Merged, Merger, Preferences, TwoClients};
pub use patch::LeadPatch;
pub use phone::{InvalidPhone, InvalidRegion, Phone, Region};
pub use row::LeadRow;
pub use status::{LeadStatus, MovePower};
pub use tags::{Custom, InvalidCustom, InvalidTags, Tags, parse_tag};
pub use text::{FullName, InvalidText, Line, Notes};

use crate::client::ClientId;

/// Identifies a [`Lead`].
pub type LeadId = Id<Lead>;

/// Somebody who may become a customer.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    id: LeadId,
    tenant: TenantId,
    details: Details,
    status: LeadStatus,
    lost_reason: Option<LostReason>,
    last_contacted_at: Option<Timestamp>,
    converted_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
    merged_into: Option<LeadId>,
    version: u32,
}

/// The lead cannot go there from where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IllegalMove {
    /// Where it can go.
    pub allowed: Vec<LeadStatus>,
}

impl Lead {
    /// Takes a lead in.
    pub fn create(id: LeadId, tenant: TenantId, details: Details, now: Timestamp) -> Change<Self, LeadEvent> {
        let event = LeadEvent::Created { lead: id, source: details.source.as_str(), owner: details.owner };
        let lead = Self {
            id,
            tenant,
            details,
            status: LeadStatus::New,
            lost_reason: None,
            last_contacted_at: None,
            converted_at: None,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            merged_into: None,
            version: 1,
        };
        Change::new(lead, event)
    }

    /// A new lead that was somewhere else already when it came. It is the note of its coming that says where.
    pub(crate) fn beginning_at(self, status: LeadStatus) -> Self {
        Self { status, ..self }
    }

    /// Edits what is known; none if nothing is different. Another owner is a fact of its own.
    pub fn edit(self, patch: LeadPatch, now: Timestamp) -> Result<Option<Change<Self, LeadEvent>>, ContactRequired> {
        let details = patch.apply(self.details.clone());
        if details.has_contact() { Ok(self.with(details, now)) } else { Err(ContactRequired) }
    }

    /// Adds what is not known yet; none if nothing is new.
    pub fn fill_blanks(self, details: Details, now: Timestamp) -> Option<Change<Self, LeadEvent>> {
        let filled = self.details.clone().filled_from(details);
        self.with(filled, now)
    }

    /// Makes the lead nobody's, so that everybody who sells sees it; none if it is already.
    pub fn release(self, now: Timestamp) -> Option<Change<Self, LeadEvent>> {
        let details = Details { owner: None, ..self.details.clone() };
        self.with(details, now)
    }

    fn with(self, details: Details, now: Timestamp) -> Option<Change<Self, LeadEvent>> {
        let changes = self.details.differences(&details);
        if changes.is_empty() {
            return None;
        }
        let (from, to) = (self.details.owner, details.owner);
        let event = LeadEvent::Updated { lead: self.id, changes };
        let change = Change::new(Self { details, ..self.edited(now) }, event);
        let assigned = LeadEvent::Assigned { lead: change.state().id, from, to };
        Some(if from == to { change } else { change.and(assigned) })
    }

    /// Moves the lead along the pipeline, as far as `power` reaches.
    pub fn move_to(
        self,
        to: LeadStatus,
        lost_reason: Option<LostReason>,
        power: MovePower,
        now: Timestamp,
    ) -> Result<Change<Self, LeadEvent>, IllegalMove> {
        let allowed = power.next(self.status);
        if !allowed.contains(&to) || (self.status == LeadStatus::Won && self.converted_at.is_some()) {
            return Err(IllegalMove { allowed });
        }
        let lost_reason = lost_reason.filter(|_| to == LeadStatus::Lost);
        let event = LeadEvent::StatusChanged {
            lead: self.id,
            from: self.status.as_str(),
            to: to.as_str(),
            lost_reason: lost_reason.map(LostReason::as_str),
        };
        let last_contacted_at = if to.is_contact() { Some(now) } else { self.last_contacted_at };
        Ok(Change::new(Self { status: to, lost_reason, last_contacted_at, ..self.edited(now) }, event))
    }

    /// Makes a client of the lead, which wins it if it was not won before. Nothing that was converted is converted again.
    pub fn convert(self, client: ClientId, now: Timestamp) -> Result<Change<Self, LeadEvent>, IllegalMove> {
        let (from, to) = (self.status, LeadStatus::Won);
        let may_be_won = from == to || from.next().contains(&to);
        if !may_be_won || self.converted_at.is_some() {
            return Err(IllegalMove { allowed: from.next().to_vec() });
        }
        let lead = self.id;
        let converted = LeadEvent::Converted { lead, client };
        let won = LeadEvent::StatusChanged { lead, from: from.as_str(), to: to.as_str(), lost_reason: None };
        let state = Self { status: to, converted_at: Some(now), ..self.edited(now) };
        Ok(if from == to { Change::new(state, converted) } else { Change::new(state, won).and(converted) })
    }

    /// Puts the lead away.
    pub fn delete(self, now: Timestamp) -> Change<Self, LeadEvent> {
        let event = LeadEvent::Deleted { lead: self.id };
        Change::new(Self { deleted_at: Some(now), ..self.edited(now) }, event)
    }

    /// Erases the lead. The state is the lead as it was.
    pub fn purge(self) -> Change<Self, LeadEvent> {
        let event = LeadEvent::Purged { lead: self.id };
        Change::new(self, event)
    }

    fn edited(self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }

    /// What a search looks through: name, company, address and number, in the form that is equal for every spelling,
    /// each on a line of its own.
    pub fn search_key(&self) -> String {
        let Details { full_name, email, phone, .. } = &self.details;
        let company = self.company_key().unwrap_or_default();
        let email = email.as_ref().map(Email::key).unwrap_or_default();
        let phone = phone.as_ref().map(Phone::e164).unwrap_or_default();
        format!("{}\n{company}\n{email}\n{phone}", full_name.key())
    }

    /// Where it works, in the form that is equal for every spelling.
    pub fn company_key(&self) -> Option<String> {
        self.details.company_name.as_ref().map(|name| canonical::fold(name.as_str()))
    }

    /// Whether no other lead of the tenant may have its address.
    pub const fn holds_address(&self) -> bool {
        self.deleted_at.is_none() && self.status.holds_address()
    }

    /// Its id.
    pub const fn id(&self) -> LeadId {
        self.id
    }
    /// Whose it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// What is known of it.
    pub const fn details(&self) -> &Details {
        &self.details
    }
    /// Who looks after it.
    pub const fn owner(&self) -> Option<Uuid> {
        self.details.owner
    }
    /// Where it stands.
    pub const fn status(&self) -> LeadStatus {
        self.status
    }
    /// Why it was lost.
    pub const fn lost_reason(&self) -> Option<LostReason> {
        self.lost_reason
    }
    /// When somebody last spoke to them.
    pub const fn last_contacted_at(&self) -> Option<Timestamp> {
        self.last_contacted_at
    }
    /// When it became a client.
    pub const fn converted_at(&self) -> Option<Timestamp> {
        self.converted_at
    }
    /// When it came.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it was last edited.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// When it was put away.
    pub const fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }
    /// Which lead it became a part of when it was put away.
    pub const fn merged_into(&self) -> Option<LeadId> {
        self.merged_into
    }
    /// Counts edits, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}
