//! Messages that people write on a page for contact.

mod event;
mod row;

use std::net::IpAddr;

use ashlar_kernel::{Change, Email, Id, TenantId, Timestamp};

pub use event::ContactEvent;
pub(crate) use event::contact_event_specs;
pub use row::ContactRow;

use crate::{
    Details, LeadId, Source,
    lead::{Custom, FullName, InvalidText, Line, Notes, Phone, Tags, Utm, choice::choice},
};

/// Identifies a [`ContactMessage`].
pub type ContactId = Id<ContactMessage>;

choice! {
    /// How far a message has come.
    ContactStatus, "new, read, replied, closed, spam" {
        /// Nobody has looked.
        New = "new",
        /// Somebody has.
        Read = "read",
        /// It was answered.
        Replied = "replied",
        /// There is nothing left to do.
        Closed = "closed",
        /// It was no message.
        Spam = "spam",
    }
}

/// What a message is about: 2 to 200 characters on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Line<200>);

impl Subject {
    /// Accepts a subject.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let line = Line::parse(text)?;
        if line.as_str().chars().count() < 2 { Err(InvalidText::TooShort(2)) } else { Ok(Self(line)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What a message says: 10 to 5,000 characters in lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(Notes);

impl Message {
    /// Accepts a message.
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let notes = Notes::parse(text)?;
        if notes.as_str().chars().count() < 10 { Err(InvalidText::TooShort(10)) } else { Ok(Self(notes)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// What somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What they are called.
    pub name: FullName,
    /// Where mail goes.
    pub email: Email,
    /// How they are called.
    pub phone: Option<Phone>,
    /// What it is about.
    pub subject: Subject,
    /// What it says.
    pub message: Message,
}

/// From where somebody wrote, as far as that is known.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// From which address.
    pub ip: Option<IpAddr>,
    /// With what.
    pub user_agent: Option<String>,
    /// From which page.
    pub referrer: Option<String>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin(..)")
    }
}

/// A message that somebody wrote on a page for contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMessage {
    id: ContactId,
    tenant: TenantId,
    letter: Letter,
    origin: Origin,
    status: ContactStatus,
    lead: Option<LeadId>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u32,
}

impl ContactMessage {
    /// Takes a message in.
    pub fn receive(
        id: ContactId,
        tenant: TenantId,
        (letter, origin): (Letter, Origin),
        now: Timestamp,
    ) -> Change<Self, ContactEvent> {
        let status = ContactStatus::New;
        let message =
            Self { id, tenant, letter, origin, status, lead: None, created_at: now, updated_at: now, version: 1 };
        Change::new(message, ContactEvent::Received { contact: id })
    }

    /// Says how far it has come; none if it has come so far already.
    pub fn mark(self, status: ContactStatus, now: Timestamp) -> Option<Change<Self, ContactEvent>> {
        if status == self.status {
            return None;
        }
        let event = ContactEvent::StatusChanged { contact: self.id, from: self.status.as_str(), to: status.as_str() };
        Some(Change::new(Self { status, ..self.edited(now) }, event))
    }

    /// Its sender is this lead.
    pub fn link(self, lead: LeadId, now: Timestamp) -> Change<Self, ContactEvent> {
        let event = ContactEvent::Linked { contact: self.id, lead };
        Change::new(Self { lead: Some(lead), ..self.edited(now) }, event)
    }

    /// Erases it. The state is the message as it was.
    pub fn erase(self) -> Change<Self, ContactEvent> {
        let event = ContactEvent::Erased { contact: self.id };
        Change::new(self, event)
    }

    fn edited(self, now: Timestamp) -> Self {
        Self { updated_at: now, version: self.version + 1, ..self }
    }

    /// What it tells of a lead.
    pub fn details(&self) -> Details {
        Details {
            full_name: self.letter.name.clone(),
            position: None,
            company_name: None,
            phone: self.letter.phone.clone(),
            email: Some(self.letter.email.clone()),
            source: Source::Website,
            category: None,
            notes: self.said(),
            owner: None,
            tags: Tags::default(),
            custom: Custom::default(),
            consent: None,
            utm: Utm::default(),
        }
    }

    /// Subject and message, as far as there is room.
    pub fn said(&self) -> Option<Notes> {
        let text = format!("{}\n\n{}", self.letter.subject.as_str(), self.letter.message.as_str());
        Notes::parse(&text.chars().take(Notes::LONGEST).collect::<String>()).ok()
    }

    /// Its id.
    pub const fn id(&self) -> ContactId {
        self.id
    }
    /// For whom it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// What was written.
    pub const fn letter(&self) -> &Letter {
        &self.letter
    }
    /// From where.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }
    /// How far it has come.
    pub const fn status(&self) -> ContactStatus {
        self.status
    }
    /// The lead that its sender is.
    pub const fn lead(&self) -> Option<LeadId> {
        self.lead
    }
    /// When it came.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When something was last done with it.
    pub const fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
    /// Counts edits, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }
}
