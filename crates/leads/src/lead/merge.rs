//! One lead made of several that are one person.

use std::collections::BTreeMap;

use ashlar_kernel::{Change, DiffEntry, Id, TenantId, Timestamp};
use uuid::Uuid;

use super::{Consent, Custom, Details, Lead, LeadEvent, LeadId, LeadStatus, Tags, Utm, choice::choice};
use crate::{Activity, StatusChange};

/// Identifies a [`Merger`].
pub type MergeId = Id<Merger>;

choice! {
    /// What may be taken from a lead of one's choice when several become one. The consent may not: the most careful counts.
    MergeField, "full_name, position, company_name, phone_number, email, source, category, notes, owner_id, tags, custom, utm" {
        /// What they are called.
        FullName = "full_name",
        /// What they are where they work.
        Position = "position",
        /// Where they work.
        CompanyName = "company_name",
        /// How they are called.
        PhoneNumber = "phone_number",
        /// Where mail goes.
        Email = "email",
        /// How they came.
        Source = "source",
        /// What they want.
        Category = "category",
        /// What somebody wrote down.
        Notes = "notes",
        /// Who looks after them.
        OwnerId = "owner_id",
        /// Whose tags come first, should there be too many.
        Tags = "tags",
        /// Whose members of one's own come first, should two have the same.
        Custom = "custom",
        /// By which campaign they came.
        Utm = "utm",
    }
}

/// From which lead which field is taken.
pub type Preferences = BTreeMap<MergeField, LeadId>;

/// Two of the leads are clients already, and a client is one lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than one of the leads is a client")]
pub struct TwoClients;

/// What several leads become.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The one that stays, as it was.
    pub before: Lead,
    /// The one that stays.
    pub primary: Lead,
    /// The others, put away.
    pub away: Vec<Lead>,
}

/// Several leads that became one, with what it takes to undo it.
#[derive(Debug, Clone, PartialEq)]
pub struct Merger {
    /// Which.
    pub id: MergeId,
    /// Who did it.
    pub by: Uuid,
    /// When.
    pub at: Timestamp,
    /// What became of the leads.
    pub merged: Merged,
    /// What is noted in the histories: where each lead stands is what its newest note says, also once others joined it.
    pub moves: Vec<StatusChange>,
    /// What is noted on the lead that stays.
    pub notes: Vec<Activity>,
}

impl Merger {
    /// Whose leads they are.
    pub const fn tenant(&self) -> TenantId {
        self.merged.primary.tenant()
    }

    /// The ids of the leads that were put away.
    pub fn away(&self) -> Vec<LeadId> {
        self.merged.away.iter().map(Lead::id).collect()
    }

    /// It is done.
    pub fn conclude(self) -> Change<Self, LeadEvent> {
        let Merged { before, primary, .. } = &self.merged;
        let lead = primary.id();
        let changes: Vec<DiffEntry> = before.details().differences(primary.details());
        let (from, to) = (before.owner(), primary.owner());
        let (stood, stands) = (before.status(), primary.status());
        let merged = LeadEvent::Merged { lead, merge: self.id, away: self.away(), changes };
        let mut change = Change::new(self, merged);
        if from != to {
            change = change.and(LeadEvent::Assigned { lead, from, to });
        }
        if stood != stands {
            let (from, to) = (stood.as_str(), stands.as_str());
            change = change.and(LeadEvent::StatusChanged { lead, from, to, lost_reason: None });
        }
        change
    }
}

impl Lead {
    /// Makes one lead of this and others of the same tenant, which are put away. What is known here stays, what is not is
    /// taken from the others in their order, and from whom `prefer` says first of all, if they know it. A client that one
    /// of them is becomes this one's.
    pub fn merge(self, others: Vec<Self>, prefer: &Preferences, now: Timestamp) -> Result<Merged, TwoClients> {
        let converted_at: Vec<_> = self.and(&others).filter_map(Self::converted_at).collect();
        if converted_at.len() > 1 {
            return Err(TwoClients);
        }
        let details = self.details_with(&others, prefer);
        let last_contacted_at = self.and(&others).filter_map(Self::last_contacted_at).max();
        let becomes_client = self.converted_at.is_none() && !converted_at.is_empty();
        let (status, lost_reason) =
            if becomes_client { (LeadStatus::Won, None) } else { (self.status, self.lost_reason) };
        let before = self.clone();
        let converted_at = converted_at.first().copied();
        let primary = Self { details, status, lost_reason, last_contacted_at, converted_at, ..self.edited(now) };
        let into = Some(primary.id);
        // Whose client is another's is no client: its id and that of this lead say whose it was.
        let put_away =
            |other: Self| Self { deleted_at: Some(now), merged_into: into, converted_at: None, ..other.edited(now) };
        Ok(Merged { before, primary, away: others.into_iter().map(put_away).collect() })
    }

    fn and<'l>(&'l self, others: &'l [Self]) -> impl Iterator<Item = &'l Self> {
        std::iter::once(self).chain(others)
    }

    fn details_with(&self, others: &[Self], prefer: &Preferences) -> Details {
        // From whom a field is taken first, second and so on.
        let ranked = |field: MergeField| {
            let preferred = prefer.get(&field).copied();
            let first = self.and(others).filter(move |lead| Some(lead.id) == preferred);
            let rest = self.and(others).filter(move |lead| Some(lead.id) != preferred);
            first.chain(rest).map(Self::details)
        };
        let one = |field| ranked(field).next().unwrap_or(&self.details);
        Details {
            full_name: one(MergeField::FullName).full_name.clone(),
            position: ranked(MergeField::Position).find_map(|known| known.position.clone()),
            company_name: ranked(MergeField::CompanyName).find_map(|known| known.company_name.clone()),
            phone: ranked(MergeField::PhoneNumber).find_map(|known| known.phone.clone()),
            email: ranked(MergeField::Email).find_map(|known| known.email.clone()),
            source: one(MergeField::Source).source,
            category: ranked(MergeField::Category).find_map(|known| known.category),
            notes: ranked(MergeField::Notes).find_map(|known| known.notes.clone()),
            owner: ranked(MergeField::OwnerId).find_map(|known| known.owner),
            tags: Tags::united(ranked(MergeField::Tags).map(|known| &known.tags)),
            custom: Custom::united(ranked(MergeField::Custom).map(|known| &known.custom)),
            consent: most_careful(self.and(others).filter_map(|lead| lead.details.consent.as_ref())),
            utm: ranked(MergeField::Utm)
                .map(|known| &known.utm)
                .find(|utm| **utm != Utm::default())
                .cloned()
                .unwrap_or_default(),
        }
    }
}

/// A refusal counts more than an agreement, and of several the latest.
fn most_careful<'c, I: Iterator<Item = &'c Consent>>(consents: I) -> Option<Consent> {
    consents.max_by_key(|consent| (!consent.marketing, consent.at)).cloned()
}
