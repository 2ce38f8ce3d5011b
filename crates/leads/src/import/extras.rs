//! What a row says besides what can be typed in: members of one's own, where the lead stands, and what it agreed to.

use ashlar_kernel::{FieldError, FieldErrors, FieldFault, Patch, Timestamp, parse_moment};
use serde_json::{Map, Value};

use super::fields::ImportField;
use crate::{
    Consent, LeadPatch, LeadStatus,
    lead::{Custom, Line},
};

/// What such a cell is refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidCell {
    /// Not an object of JSON.
    #[error("not a JSON object")]
    NotAnObject,
    /// Neither yes nor no.
    #[error("one of true, false, yes, no, 1 and 0")]
    NotYesOrNo,
    /// Not a time.
    #[error("not a time of RFC 3339, such as 2026-01-31T12:00:00Z")]
    NotATime,
    /// A time that has not come.
    #[error("lies in the future")]
    InTheFuture,
    /// Who says one thing about a consent says all three.
    #[error("required beside the others: consent_marketing, consent_text_version and consent_at")]
    Required,
}

impl FieldFault for InvalidCell {
    fn code(&self) -> &'static str {
        match self {
            Self::NotAnObject | Self::NotATime => "invalid_format",
            Self::NotYesOrNo => "unknown_value",
            Self::InTheFuture => "out_of_range",
            Self::Required => "required",
        }
    }
}

/// Such cells as they stand in the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extras {
    custom: Option<String>,
    status: Option<String>,
    consent: [Option<String>; 3],
}

impl Extras {
    /// Those that `text` tells of.
    pub(crate) fn of(text: impl Fn(ImportField) -> Option<String>) -> Self {
        use ImportField::{ConsentAt, ConsentMarketing, ConsentTextVersion};
        let consent = [ConsentMarketing, ConsentTextVersion, ConsentAt].map(&text);
        Self { custom: text(ImportField::Custom), status: text(ImportField::Status), consent }
    }

    /// Adds what they say to a patch; answers with where the lead is to stand.
    pub(crate) fn judge(self, patch: &mut LeadPatch, now: Timestamp, errors: &mut FieldErrors) -> Option<LeadStatus> {
        if let Some(text) = self.custom {
            let members = errors.check("/custom", members(&text));
            patch.custom = members.and_then(|members| errors.check("/custom", Custom::parse(members)));
        }
        if self.consent.iter().any(Option::is_some) {
            patch.consent = consent(self.consent, now, errors).map_or(Patch::Keep, Patch::Set);
        }
        let status = self.status.map(|text| text.trim().to_lowercase().parse());
        errors.check_optional("/status", status)
    }
}

fn members(text: &str) -> Result<Map<String, Value>, InvalidCell> {
    serde_json::from_str(text).map_err(|_other| InvalidCell::NotAnObject)
}

fn consent([marketing, text, at]: [Option<String>; 3], now: Timestamp, errors: &mut FieldErrors) -> Option<Consent> {
    let required = |cell: Option<String>| cell.ok_or(InvalidCell::Required);
    let marketing = errors.check("/consent_marketing", required(marketing).and_then(|text| yes_or_no(&text)));
    let text = errors.check("/consent_text_version", required(text));
    let text = text.and_then(|text| errors.check("/consent_text_version", Line::<40>::parse(&text)));
    let at = errors.check("/consent_at", required(at).and_then(|text| past(&text, now)));
    Some(Consent { marketing: marketing?, text_version: text?.as_str().to_owned(), at: at?, ip: None })
}

fn yes_or_no(text: &str) -> Result<bool, InvalidCell> {
    match text.trim().to_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(InvalidCell::NotYesOrNo),
    }
}

fn past(text: &str, now: Timestamp) -> Result<Timestamp, InvalidCell> {
    let at = parse_moment(text.trim()).ok_or(InvalidCell::NotATime)?;
    if at > now { Err(InvalidCell::InTheFuture) } else { Ok(at) }
}

/// Where leads of a file may begin: where people move a new one without giving a reason.
pub(crate) const fn is_beginning(status: LeadStatus) -> bool {
    matches!(status, LeadStatus::New | LeadStatus::Contacted | LeadStatus::Qualified)
}

/// What is wrong with a row whose lead would begin elsewhere.
pub(crate) fn no_beginning() -> FieldError {
    FieldError::new("/status", "illegal_transition", "a lead of a file begins as new, contacted or qualified")
}
