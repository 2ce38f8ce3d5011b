//! What was done about a lead, and how it was moved.

use ashlar_kernel::{Change, DomainEvent, EventSpec, Id, StoreError, Target, TenantId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    LeadId,
    lead::{LeadStatus, Notes, choice::choice},
};

/// Identifies an [`Activity`].
pub type ActivityId = Id<Activity>;

choice! {
    /// What was done.
    ActivityKind, "note, call, email, meeting, form_touch, merge" {
        /// Something was written down.
        Note = "note",
        /// They spoke by telephone.
        Call = "call",
        /// They wrote.
        Email = "email",
        /// They met.
        Meeting = "meeting",
        /// The lead filled a form in again. Nobody enters these by hand.
        FormTouch = "form_touch",
        /// Another lead became a part of this one. Nobody enters these by hand.
        Merge = "merge",
    }
}

impl ActivityKind {
    /// Whether somebody spoke to the lead.
    pub const fn is_contact(self) -> bool {
        matches!(self, Self::Call | Self::Email | Self::Meeting)
    }
}

/// Something that was done about a lead. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its id.
    pub id: ActivityId,
    /// Whose data it is about.
    pub tenant: TenantId,
    /// About which lead.
    pub lead: LeadId,
    /// What.
    pub kind: ActivityKind,
    /// In words.
    pub body: Option<Notes>,
    /// Who did it, if a person or their program did.
    pub actor: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

impl Activity {
    /// Notes it.
    pub fn note(self) -> Change<Self, ActivityEvent> {
        let event = ActivityEvent::Added { lead: self.lead, activity: self.id, kind: self.kind.as_str() };
        Change::new(self, event)
    }
}

/// A stored activity as plain data; [`Activity::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Activity`, in their stored form")]
pub struct ActivityRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub lead_id: Uuid,
    pub kind: String,
    pub body: Option<String>,
    pub actor_id: Option<Uuid>,
    pub created_at: Timestamp,
}

impl Activity {
    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &ActivityRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let body = row.body.as_deref().map(Notes::parse).transpose();
        Ok(Self {
            id: ActivityId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            lead: LeadId::from_uuid(row.lead_id),
            kind: ActivityKind::restore(&row.kind).ok_or(corrupt("lead_activity.kind"))?,
            body: body.map_err(|_fault| corrupt("lead_activity.body"))?,
            actor: row.actor_id,
            at: row.created_at,
        })
    }
}

/// A fact about what was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ActivityEvent {
    /// It was noted.
    Added {
        /// About which lead.
        lead: LeadId,
        /// Which.
        activity: ActivityId,
        /// What was done.
        kind: &'static str,
    },
}

const ADDED: EventSpec = EventSpec {
    name: "leads.activity.added",
    schema_version: 1,
    summary: "Something that was done about a lead was noted. What was said is not in the log.",
    targets: &["lead", "activity"],
    data: &[
        ("lead", "Id of the lead."),
        ("activity", "Id of the activity."),
        ("kind", "What was done: note, call, email, meeting, form_touch or merge."),
    ],
};

impl DomainEvent for ActivityEvent {
    fn name(&self) -> &'static str {
        ADDED.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Added { lead, activity, .. } = self;
        vec![Target::new("lead", lead), Target::new("activity", activity)]
    }
}

/// The catalogue entries of [`ActivityEvent`].
pub(crate) const fn activity_event_specs() -> &'static [EventSpec] {
    &[ADDED]
}

/// Identifies a [`StatusChange`].
pub type StatusChangeId = Id<StatusChange>;

/// A move of a lead along the pipeline. The newest says where the lead stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Its id.
    pub id: StatusChangeId,
    /// Whose data it is about.
    pub tenant: TenantId,
    /// Which lead.
    pub lead: LeadId,
    /// Where it stood; none if it came.
    pub from: Option<LeadStatus>,
    /// Where it stands.
    pub to: LeadStatus,
    /// Why, in words.
    pub reason: Option<Notes>,
    /// Who moved it, if a person or their program did.
    pub actor: Option<Uuid>,
    /// When.
    pub at: Timestamp,
}

/// A stored move as plain data; [`StatusChange::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `StatusChange`, in their stored form")]
pub struct StatusChangeRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub lead_id: Uuid,
    pub from_status: Option<String>,
    pub to_status: String,
    pub reason: Option<String>,
    pub actor_id: Option<Uuid>,
    pub created_at: Timestamp,
}

impl StatusChange {
    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: StatusChangeRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let status = |text: &str, what| LeadStatus::restore(text).ok_or(corrupt(what));
        let reason = row.reason.as_deref().map(Notes::parse).transpose();
        Ok(Self {
            id: StatusChangeId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            lead: LeadId::from_uuid(row.lead_id),
            from: row.from_status.map(|text| status(&text, "lead_status_change.from_status")).transpose()?,
            to: status(&row.to_status, "lead_status_change.to_status")?,
            reason: reason.map_err(|_fault| corrupt("lead_status_change.reason"))?,
            actor: row.actor_id,
            at: row.created_at,
        })
    }
}
