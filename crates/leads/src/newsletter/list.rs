//! Mailing lists.

use ashlar_kernel::{Change, DomainEvent, EventSpec, FieldFault, Id, StoreError, Target, TenantId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use crate::lead::{Line, choice::choice};

/// Identifies a [`MailingList`].
pub type MailingListId = Id<MailingList>;

/// What a list is called.
pub type ListName = Line<120>;

choice! {
    /// How people come to be on a list.
    OptIn, "double, single" {
        /// They ask, and confirm it by a letter.
        Double = "double",
        /// They ask.
        Single = "single",
    }
}

choice! {
    /// Who may ask to be on a list.
    Visibility, "public, private" {
        /// Everybody.
        Public = "public",
        /// Nobody: staff enter them.
        Private = "private",
    }
}

/// The short name of a list: 1 to 60 small letters, digits and hyphens, neither first nor last a hyphen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListSlug(String);

/// The text is no short name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 60 small letters, digits and hyphens, with no hyphen at either end")]
pub struct InvalidListSlug;

impl FieldFault for InvalidListSlug {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl ListSlug {
    /// The list that is meant where none is named, and that is made when somebody first asks for it.
    pub const DEFAULT: &'static str = "newsletter";

    /// Accepts a short name.
    pub fn parse(text: &str) -> Result<Self, InvalidListSlug> {
        let fits = (1..=60).contains(&text.len());
        let is_plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_framed = !text.starts_with('-') && !text.ends_with('-');
        if fits && is_plain && is_framed { Ok(Self(text.to_owned())) } else { Err(InvalidListSlug) }
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the list that is meant where none is named.
    pub fn is_default(&self) -> bool {
        self.0 == Self::DEFAULT
    }
}

/// A list that people may be on. Of a tenant no two have one short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailingList {
    /// Its id.
    pub id: MailingListId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its short name.
    pub slug: ListSlug,
    /// What it is called.
    pub name: ListName,
    /// How people come to be on it.
    pub opt_in: OptIn,
    /// Who may ask to be.
    pub visibility: Visibility,
    /// Since when it is there.
    pub created_at: Timestamp,
}

impl MailingList {
    /// Makes it.
    pub fn create(self) -> Change<Self, MailingListEvent> {
        let event = MailingListEvent::Created { list: self.id, slug: self.slug.as_str().to_owned() };
        Change::new(self, event)
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &MailingListRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        Ok(Self {
            id: MailingListId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            slug: ListSlug::parse(&row.slug).map_err(|_fault| corrupt("mailing_list.slug"))?,
            name: ListName::parse(&row.name).map_err(|_fault| corrupt("mailing_list.name"))?,
            opt_in: OptIn::restore(&row.opt_in).ok_or(corrupt("mailing_list.opt_in"))?,
            visibility: Visibility::restore(&row.visibility).ok_or(corrupt("mailing_list.visibility"))?,
            created_at: row.created_at,
        })
    }
}

/// A stored list as plain data; [`MailingList::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `MailingList`, in their stored form")]
pub struct MailingListRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub slug: String,
    pub name: String,
    pub opt_in: String,
    pub visibility: String,
    pub created_at: Timestamp,
}

/// A fact about a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum MailingListEvent {
    /// It was made.
    Created {
        /// Which.
        list: MailingListId,
        /// Its short name.
        slug: String,
    },
}

const CREATED: EventSpec = EventSpec {
    name: "leads.mailing_list.created",
    schema_version: 1,
    summary: "A mailing list was made.",
    targets: &["mailing_list"],
    data: &[("list", "Id of the list."), ("slug", "Its short name.")],
};

impl DomainEvent for MailingListEvent {
    fn name(&self) -> &'static str {
        CREATED.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Created { list, .. } = self;
        vec![Target::new("mailing_list", list)]
    }
}

/// The catalogue entries of [`MailingListEvent`].
pub(crate) const fn mailing_list_event_specs() -> &'static [EventSpec] {
    &[CREATED]
}
