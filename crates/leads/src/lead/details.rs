//! What is known of a lead, but for where it stands.

use std::net::IpAddr;

use ashlar_kernel::{DiffEntry, Email, FieldFault, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    choice::{Category, Source},
    phone::Phone,
    tags::{Custom, Tags},
    text::{FullName, Line, Notes},
};

/// A line as long as most.
pub type ShortLine = Line<255>;
/// One mark of a campaign.
pub type Mark = Line<100>;

/// What is known of a lead. Whoever made it had an address or a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// What they are called.
    pub full_name: FullName,
    /// What they are where they work.
    pub position: Option<ShortLine>,
    /// Where they work.
    pub company_name: Option<ShortLine>,
    /// How they are called.
    pub phone: Option<Phone>,
    /// Where mail goes.
    pub email: Option<Email>,
    /// How they came.
    pub source: Source,
    /// What they want.
    pub category: Option<Category>,
    /// What somebody wrote down.
    pub notes: Option<Notes>,
    /// Who looks after them.
    pub owner: Option<Uuid>,
    /// By which words they are found.
    pub tags: Tags,
    /// What the installation keeps besides.
    pub custom: Custom,
    /// What they agreed to.
    pub consent: Option<Consent>,
    /// By which campaign they came.
    pub utm: Utm,
}

/// What a lead agreed to, and by which words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Whether they may be written to about what else there is.
    pub marketing: bool,
    /// Which text they were shown.
    pub text_version: String,
    /// When it was noted.
    pub at: Timestamp,
    /// From where they agreed, if they did it themselves.
    pub ip: Option<IpAddr>,
}

impl std::fmt::Debug for Consent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Consent({})", self.marketing)
    }
}

/// The five marks that links of campaigns carry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Utm {
    /// `utm_source`.
    pub source: Option<Mark>,
    /// `utm_medium`.
    pub medium: Option<Mark>,
    /// `utm_campaign`.
    pub campaign: Option<Mark>,
    /// `utm_term`.
    pub term: Option<Mark>,
    /// `utm_content`.
    pub content: Option<Mark>,
}

impl Utm {
    /// Them by name.
    pub fn each(&self) -> [(&'static str, Option<&Mark>); 5] {
        [
            ("utm_source", self.source.as_ref()),
            ("utm_medium", self.medium.as_ref()),
            ("utm_campaign", self.campaign.as_ref()),
            ("utm_term", self.term.as_ref()),
            ("utm_content", self.content.as_ref()),
        ]
    }
}

/// There is neither an address nor a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address or a telephone number is required")]
pub struct ContactRequired;

impl FieldFault for ContactRequired {
    fn code(&self) -> &'static str {
        "contact_required"
    }
}

impl Details {
    /// Whether the lead can be reached.
    pub const fn has_contact(&self) -> bool {
        self.email.is_some() || self.phone.is_some()
    }

    /// How promising it is, from 0 to 100: the more of what it takes to do business is known, the more. It follows from
    /// the rest and can be computed again at any time.
    pub fn score(&self) -> u8 {
        let worth = [
            (self.email.is_some(), 25),
            (self.phone.is_some(), 20),
            (self.company_name.is_some(), 15),
            (self.position.is_some(), 10),
            (self.category.is_some(), 10),
            (self.notes.is_some(), 5),
            (self.consent.as_ref().is_some_and(|consent| consent.marketing), 15),
        ];
        worth.into_iter().filter(|(is_known, _)| *is_known).map(|(_, points)| points).sum()
    }

    /// The same, with what is missing here and known there.
    #[must_use]
    pub fn filled_from(self, other: Self) -> Self {
        Self {
            position: self.position.or(other.position),
            company_name: self.company_name.or(other.company_name),
            phone: self.phone.or(other.phone),
            email: self.email.or(other.email),
            category: self.category.or(other.category),
            notes: self.notes.or(other.notes),
            owner: self.owner.or(other.owner),
            tags: if self.tags.is_empty() { other.tags } else { self.tags },
            custom: if self.custom.is_empty() { other.custom } else { self.custom },
            consent: self.consent.or(other.consent),
            utm: if self.utm == Utm::default() { other.utm } else { self.utm },
            full_name: self.full_name,
            source: self.source,
        }
    }

    /// What is different there: of people that it changed, of the rest what it was and is.
    pub(super) fn differences(&self, other: &Self) -> Vec<DiffEntry> {
        let mut found = Vec::new();
        let mut personal = |path: &str, is_changed: bool, was: bool, is: bool| {
            if is_changed {
                found.push(DiffEntry::personal(path, was, is));
            }
        };
        let (was, is) = (self, other);
        personal("/full_name", was.full_name != is.full_name, true, true);
        personal("/position", was.position != is.position, was.position.is_some(), is.position.is_some());
        let company = (was.company_name.is_some(), is.company_name.is_some());
        personal("/company_name", was.company_name != is.company_name, company.0, company.1);
        personal("/phone_number", was.phone != is.phone, was.phone.is_some(), is.phone.is_some());
        personal("/email", was.email != is.email, was.email.is_some(), is.email.is_some());
        personal("/notes", was.notes != is.notes, was.notes.is_some(), is.notes.is_some());
        personal("/custom", was.custom != is.custom, !was.custom.is_empty(), !is.custom.is_empty());
        personal("/consent", was.consent != is.consent, was.consent.is_some(), is.consent.is_some());
        personal("/utm", was.utm != is.utm, was.utm != Utm::default(), is.utm != Utm::default());
        let mut plain = |path: &str, was: Option<String>, is: Option<String>| {
            if was != is {
                found.push(DiffEntry::plain(path, was, is));
            }
        };
        let joined = |tags: &Tags| tags.iter().collect::<Vec<_>>().join(" ");
        plain("/source", Some(was.source.as_str().to_owned()), Some(is.source.as_str().to_owned()));
        let category = |details: &Self| details.category.map(|category| category.as_str().to_owned());
        plain("/category", category(was), category(is));
        plain("/owner_id", was.owner.map(|owner| owner.to_string()), is.owner.map(|owner| owner.to_string()));
        plain("/tags", Some(joined(&was.tags)), Some(joined(&is.tags)));
        found
    }
}
