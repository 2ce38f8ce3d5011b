//! A change of what is known of a lead.

use ashlar_kernel::{Email, Patch};
use uuid::Uuid;

use super::{
    choice::{Category, Source},
    details::{Consent, Details, ShortLine, Utm},
    phone::Phone,
    tags::{Custom, Tags},
    text::{FullName, Notes},
};

/// What to change. Tags, members of one's own and marks of campaigns are replaced whole.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of `Details`")]
pub struct LeadPatch {
    pub full_name: Option<FullName>,
    pub position: Patch<ShortLine>,
    pub company_name: Patch<ShortLine>,
    pub phone: Patch<Phone>,
    pub email: Patch<Email>,
    pub source: Option<Source>,
    pub category: Patch<Category>,
    pub notes: Patch<Notes>,
    pub owner: Patch<Uuid>,
    pub tags: Option<Tags>,
    pub custom: Option<Custom>,
    pub consent: Patch<Consent>,
    pub utm: Option<Utm>,
}

impl LeadPatch {
    /// What becomes of `details`.
    pub(crate) fn apply(self, details: Details) -> Details {
        Details {
            full_name: self.full_name.unwrap_or(details.full_name),
            position: self.position.apply(details.position),
            company_name: self.company_name.apply(details.company_name),
            phone: self.phone.apply(details.phone),
            email: self.email.apply(details.email),
            source: self.source.unwrap_or(details.source),
            category: self.category.apply(details.category),
            notes: self.notes.apply(details.notes),
            owner: self.owner.apply(details.owner),
            tags: self.tags.unwrap_or(details.tags),
            custom: self.custom.unwrap_or(details.custom),
            consent: self.consent.apply(details.consent),
            utm: self.utm.unwrap_or(details.utm),
        }
    }
}
