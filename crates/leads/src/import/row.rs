//! From the cells of a row to what it wishes.

use std::collections::BTreeMap;

use ashlar_kernel::Patch;

use super::{extras::Extras, fields::ImportField, guard::unguard, options::ImportKey};
use crate::{
    Details, LeadId, LeadPatch, LeadStatus, Source,
    lead::{Custom, Tags},
    use_case::{EditLeadInput, UtmForm},
};

/// What a row wishes a lead to be.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) id: Option<LeadId>,
    pub(crate) patch: LeadPatch,
    /// Where the lead stands that it becomes.
    pub(crate) status: Option<LeadStatus>,
}

impl Wish {
    /// By what it is the same as a lead, or as another row.
    pub(crate) fn key(&self, by: ImportKey) -> Option<String> {
        match by {
            ImportKey::Id => self.id.map(|id| id.to_string()),
            ImportKey::Email => self.email_key().map(str::to_owned),
            ImportKey::Phone => match &self.patch.phone {
                Patch::Set(phone) => Some(phone.e164().to_owned()),
                _ => None,
            },
        }
    }

    pub(crate) fn email_key(&self) -> Option<&str> {
        match &self.patch.email {
            Patch::Set(email) => Some(email.key()),
            _ => None,
        }
    }

    /// What it says, of somebody who is called as `name` says if it does not.
    pub(crate) fn details(self, name: Option<crate::lead::FullName>) -> Option<Details> {
        let full_name = self.patch.full_name.clone().or(name)?;
        let nothing = Details {
            full_name,
            position: None,
            company_name: None,
            phone: None,
            email: None,
            source: Source::Import,
            category: None,
            notes: None,
            owner: None,
            tags: Tags::default(),
            custom: Custom::default(),
            consent: None,
            utm: crate::lead::Utm::default(),
        };
        Some(self.patch.apply(nothing))
    }
}

/// What the cells say, to be judged like everything that is typed in, and the id if they have one. Cells with nothing in
/// them say what the defaults say.
pub(crate) fn wish_input(
    cells: &[String],
    fields: &[Option<ImportField>],
    defaults: &BTreeMap<ImportField, String>,
) -> (Option<String>, EditLeadInput, Extras) {
    let mut said: BTreeMap<ImportField, &str> = defaults.iter().map(|(field, text)| (*field, text.as_str())).collect();
    for (cell, field) in cells.iter().zip(fields) {
        let text = unguard(cell);
        if let Some(field) = field.filter(|_| !text.trim().is_empty()) {
            said.insert(field, text);
        }
    }
    let text = |field| said.get(&field).map(|text| (*text).to_owned());
    let patch = |field| text(field).map_or(Patch::Keep, Patch::Set);
    let parts = [text(ImportField::FirstName), text(ImportField::LastName)];
    let name = text(ImportField::FullName)
        .or_else(|| Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty()));
    let is_separator = |c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace();
    let tags = |text: String| text.split(is_separator).filter(|tag| !tag.is_empty()).map(str::to_lowercase).collect();
    let utm = UtmForm {
        source: text(ImportField::UtmSource),
        medium: text(ImportField::UtmMedium),
        campaign: text(ImportField::UtmCampaign),
        term: text(ImportField::UtmTerm),
        content: text(ImportField::UtmContent),
    };
    let has_utm = [&utm.source, &utm.medium, &utm.campaign, &utm.term, &utm.content].iter().any(|mark| mark.is_some());
    let lower = |field| text(field).map(|text| text.trim().to_lowercase());
    let input = EditLeadInput {
        full_name: name,
        position: patch(ImportField::Position),
        company_name: patch(ImportField::CompanyName),
        phone_number: patch(ImportField::PhoneNumber),
        email: patch(ImportField::Email),
        source: lower(ImportField::Source),
        category: lower(ImportField::Category).map_or(Patch::Keep, Patch::Set),
        notes: patch(ImportField::Notes),
        owner_id: patch(ImportField::OwnerId),
        tags: text(ImportField::Tags).map(tags),
        custom: None,
        consent: Patch::Keep,
        utm: has_utm.then_some(utm),
    };
    (text(ImportField::Id), input, Extras::of(text))
}
