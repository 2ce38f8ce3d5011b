//! A lead as it was typed in: everything that is wrong with it is told at once.

use ashlar_kernel::{Email, FieldErrors, FieldFault, Id, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Leads;
use crate::lead::{
    Category, Consent, ContactRequired, Custom, Details, FullName, InvalidText, Line, Mark, Notes, Phone, ShortLine,
    Source, Tags, Utm,
};

/// A lead as it was typed in. Texts with nothing in them count as absent.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct LeadForm {
    pub full_name: String,
    pub position: Option<String>,
    pub company_name: Option<String>,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub source: Option<String>,
    pub category: Option<String>,
    pub notes: Option<String>,
    pub owner_id: Option<String>,
    pub tags: Vec<String>,
    pub custom: Map<String, Value>,
    pub consent: Option<ConsentForm>,
    pub utm: UtmForm,
}

/// What a lead agreed to, as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct ConsentForm {
    pub marketing: bool,
    pub text_version: String,
}

/// The marks of a campaign, as they were typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct UtmForm {
    pub source: Option<String>,
    pub medium: Option<String>,
    pub campaign: Option<String>,
    pub term: Option<String>,
    pub content: Option<String>,
}

/// The text is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
struct NotAnId;

impl FieldFault for NotAnId {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl Leads {
    /// What a form says; none, with the reasons, if something is wrong with it. `source` is how it came if it does not
    /// say so itself.
    pub(super) fn details(
        &self,
        form: LeadForm,
        source: Source,
        at: Timestamp,
        errors: &mut FieldErrors,
    ) -> Option<Details> {
        let full_name = errors.check("/full_name", FullName::parse(&form.full_name));
        let position = line(errors, "/position", form.position.as_deref());
        let company_name = line(errors, "/company_name", form.company_name.as_deref());
        let phone = given(form.phone_number.as_deref()).map(|text| self.phone(text));
        let email = given(form.email.as_deref());
        if phone.is_none() && email.is_none() {
            errors.refuse("/email", &ContactRequired);
            errors.refuse("/phone_number", &ContactRequired);
        }
        let phone = errors.check_optional("/phone_number", phone);
        let email = email.and_then(|text| self.email(text, errors));
        let chosen = errors.check_optional("/source", given(form.source.as_deref()).map(str::parse::<Source>));
        let category = errors.check_optional("/category", given(form.category.as_deref()).map(str::parse::<Category>));
        let notes = errors.check_optional("/notes", given(form.notes.as_deref()).map(Notes::parse));
        let owner = errors.check_optional("/owner_id", given(form.owner_id.as_deref()).map(parse_owner));
        let tags = errors.check("/tags", Tags::parse(form.tags.iter().map(String::as_str)));
        let custom = errors.check("/custom", Custom::parse(form.custom));
        let consent = form.consent.and_then(|consent| parse_consent(&consent, at, errors));
        let utm = parse_utm(&form.utm, errors);
        Some(Details {
            full_name: full_name?,
            position,
            company_name,
            phone,
            email,
            source: chosen.unwrap_or(source),
            category,
            notes,
            owner,
            tags: tags?,
            custom: custom?,
            consent,
            utm,
        })
    }

    pub(super) fn phone(&self, text: &str) -> Result<Phone, crate::lead::InvalidPhone> {
        Phone::parse(text, self.0.settings.region)
    }

    pub(super) fn email(&self, text: &str, errors: &mut FieldErrors) -> Option<Email> {
        let email = errors.check("/email", Email::parse(text))?;
        errors.check("/email", self.0.settings.disposable.judge(email))
    }
}

/// A text with something in it.
pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn line(errors: &mut FieldErrors, pointer: &str, text: Option<&str>) -> Option<ShortLine> {
    errors.check_optional(pointer, given(text).map(ShortLine::parse))
}

pub(super) fn parse_owner(text: &str) -> Result<Uuid, impl FieldFault + use<>> {
    text.parse::<Id<()>>().map(|id| id.as_uuid()).map_err(|_syntax| NotAnId)
}

pub(super) fn parse_consent(form: &ConsentForm, at: Timestamp, errors: &mut FieldErrors) -> Option<Consent> {
    let text_version: Result<Line<40>, InvalidText> = Line::parse(&form.text_version);
    let text_version = errors.check("/consent/text_version", text_version)?;
    Some(Consent { marketing: form.marketing, text_version: text_version.as_str().to_owned(), at, ip: None })
}

pub(super) fn parse_utm(form: &UtmForm, errors: &mut FieldErrors) -> Utm {
    let mut mark = |name: &str, text: &Option<String>| {
        errors.check_optional(&format!("/utm/{name}"), given(text.as_deref()).map(Mark::parse))
    };
    Utm {
        source: mark("source", &form.source),
        medium: mark("medium", &form.medium),
        campaign: mark("campaign", &form.campaign),
        term: mark("term", &form.term),
        content: mark("content", &form.content),
    }
}
