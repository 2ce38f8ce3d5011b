//! What is sent about leads.

use ashlar_kernel::Patch;
use ashlar_leads::{ConsentForm, EditLeadInput, LeadForm, UtmForm};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::dto::{LeadCategory, LeadSource};
use crate::http::body::{given, nullable};

/// A lead to enter. It needs an e-mail address or a telephone number. Texts with nothing in them count as absent.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateLeadRequest {
    /// What they are called: with at least two characters, and a letter among them.
    #[schema(min_length = 2, max_length = 255, example = "Ada Lovelace")]
    full_name: String,
    /// What they are where they work.
    #[schema(max_length = 255, example = "Head of Engines")]
    position: Option<String>,
    /// Where they work.
    #[schema(max_length = 255, example = "Analytical Engines Ltd")]
    company_name: Option<String>,
    /// How they are called. Blanks, hyphens and the like do not count.
    #[schema(max_length = 32, example = "+44 20 7946 0958")]
    phone_number: Option<String>,
    /// Where mail goes. Two spellings of one address are one address; addresses that are thrown away after use are
    /// refused.
    #[schema(format = "idn-email", max_length = 254, example = "ada@engines.example")]
    email: Option<String>,
    /// How they came; `api` if a key is used and `other` if not, unless you say so.
    #[schema(value_type = Option<LeadSource>)]
    source: Option<String>,
    /// What they want.
    #[schema(value_type = Option<LeadCategory>)]
    category: Option<String>,
    /// What there is to know besides. Kept as it is: escape it where you show it.
    #[schema(max_length = 5000, example = "Asked for a quote at the fair.")]
    notes: Option<String>,
    /// Who looks after them: an account of the tenant that works with leads.
    #[schema(value_type = Option<Uuid>)]
    owner_id: Option<String>,
    /// By which words they are found.
    #[serde(default)]
    #[schema(value_type = Vec<LeadTag>, required = false, max_items = 20, example = json!(["fair-2026"]))]
    tags: Vec<String>,
    /// What you keep besides: at most 50 members of at most 16 KiB together, each a text, a number, a truth value, null,
    /// or an array of these.
    #[serde(default)]
    #[schema(value_type = LeadCustomMembers, required = false)]
    custom: Map<String, Value>,
    /// What they agreed to.
    consent: Option<LeadConsentInput>,
    /// By which campaign they came.
    #[serde(default)]
    #[schema(required = false)]
    utm: LeadUtmInput,
}

/// A word that a lead is found by.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 40, pattern = "^[a-z0-9_-]+$", example = "fair-2026")]
#[expect(dead_code, reason = "only its schema is used; the domain reads the text")]
pub(super) struct LeadTag(String);

/// Members of an installation's own.
#[derive(ToSchema)]
#[schema(value_type = Object, example = json!({ "employees": 12 }))]
#[expect(dead_code, reason = "only its schema is used; the domain reads the members")]
pub(super) struct LeadCustomMembers(Map<String, Value>);

/// What a lead agreed to.
#[derive(Deserialize, ToSchema)]
pub(super) struct LeadConsentInput {
    /// Whether they may be written to about what else there is.
    #[schema(example = true)]
    marketing: bool,
    /// Which text they were shown.
    #[schema(min_length = 1, max_length = 40, example = "2026-01")]
    text_version: String,
}

/// The marks that links of campaigns carry.
#[derive(Default, Deserialize, ToSchema)]
pub(super) struct LeadUtmInput {
    /// `utm_source`.
    #[schema(max_length = 100, example = "newsletter")]
    source: Option<String>,
    /// `utm_medium`.
    #[schema(max_length = 100, example = "email")]
    medium: Option<String>,
    /// `utm_campaign`.
    #[schema(max_length = 100, example = "spring")]
    campaign: Option<String>,
    /// `utm_term`.
    #[schema(max_length = 100, example = "engines")]
    term: Option<String>,
    /// `utm_content`.
    #[schema(max_length = 100, example = "button")]
    content: Option<String>,
}

impl From<LeadConsentInput> for ConsentForm {
    fn from(body: LeadConsentInput) -> Self {
        Self { marketing: body.marketing, text_version: body.text_version }
    }
}

impl From<LeadUtmInput> for UtmForm {
    fn from(body: LeadUtmInput) -> Self {
        let LeadUtmInput { source, medium, campaign, term, content } = body;
        Self { source, medium, campaign, term, content }
    }
}

impl From<CreateLeadRequest> for LeadForm {
    fn from(body: CreateLeadRequest) -> Self {
        Self {
            full_name: body.full_name,
            position: body.position,
            company_name: body.company_name,
            phone_number: body.phone_number,
            email: body.email,
            source: body.source,
            category: body.category,
            notes: body.notes,
            owner_id: body.owner_id,
            tags: body.tags,
            custom: body.custom,
            consent: body.consent.map(ConsentForm::from),
            utm: body.utm.into(),
        }
    }
}

/// A change of a lead. An absent member leaves the field alone, null clears it. Tags, members of your own and marks of
/// campaigns are replaced whole. Where the lead stands is changed by a transition.
#[derive(Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(super) struct UpdateLeadRequest {
    /// What they are called.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 255, example = "Ada King")]
    full_name: Option<String>,
    /// What they are where they work.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 255, example = "Countess")]
    position: Option<Option<String>>,
    /// Where they work.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 255, example = "Analytical Engines Ltd")]
    company_name: Option<Option<String>>,
    /// How they are called.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 32, example = "+44 20 7946 0958")]
    phone_number: Option<Option<String>>,
    /// Where mail goes.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = "idn-email", max_length = 254, example = "ada@engines.example")]
    email: Option<Option<String>>,
    /// How they came.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = LeadSource, required = false)]
    source: Option<String>,
    /// What they want.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LeadCategory>)]
    category: Option<Option<String>>,
    /// What there is to know besides.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 5000, example = "Call again in May.")]
    notes: Option<Option<String>>,
    /// Who looks after them.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Uuid>)]
    owner_id: Option<Option<String>>,
    /// By which words they are found.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Vec<LeadTag>>, max_items = 20)]
    tags: Option<Option<Vec<String>>>,
    /// What you keep besides.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LeadCustomMembers>)]
    custom: Option<Option<Map<String, Value>>>,
    /// What they agreed to.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LeadConsentInput>)]
    consent: Option<Option<LeadConsentInput>>,
    /// By which campaign they came.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<LeadUtmInput>)]
    utm: Option<Option<LeadUtmInput>>,
}

#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(super) fn patch<T>(sent: Option<Option<T>>) -> Patch<T> {
    match sent {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(value)) => Patch::Set(value),
    }
}

impl From<UpdateLeadRequest> for EditLeadInput {
    fn from(body: UpdateLeadRequest) -> Self {
        Self {
            full_name: body.full_name,
            position: patch(body.position),
            company_name: patch(body.company_name),
            phone_number: patch(body.phone_number),
            email: patch(body.email),
            source: body.source,
            category: patch(body.category),
            notes: patch(body.notes),
            owner_id: patch(body.owner_id),
            tags: body.tags.map(Option::unwrap_or_default),
            custom: body.custom.map(Option::unwrap_or_default),
            consent: patch(body.consent.map(|consent| consent.map(ConsentForm::from))),
            utm: body.utm.map(|utm| utm.map(UtmForm::from).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::client_dto::{UpdateClientRequest, UpdateContractRequest},
        *,
    };
    use crate::http::body::parse;

    #[test]
    fn null_clears_what_may_be_empty_and_is_refused_elsewhere() {
        let edit = |body: &str| EditLeadInput::from(parse::<UpdateLeadRequest>(body.as_bytes()).ok().unwrap());
        let cleared = edit(r#"{"tags":null,"custom":null,"utm":null}"#);
        assert_eq!((cleared.tags, cleared.custom), (Some(Vec::new()), Some(Map::new())));
        assert!(cleared.utm.is_some_and(|utm| utm.source.is_none()));
        let kept = edit("{}");
        assert!(kept.tags.is_none() && kept.custom.is_none() && kept.utm.is_none() && kept.full_name.is_none());
        for name in ["full_name", "source"] {
            assert!(parse::<UpdateLeadRequest>(format!("{{\"{name}\":null}}").as_bytes()).is_err(), "{name}");
        }
        for name in ["title", "value", "status"] {
            assert!(parse::<UpdateContractRequest>(format!("{{\"{name}\":null}}").as_bytes()).is_err(), "{name}");
        }
        assert!(parse::<UpdateClientRequest>(br#"{"company_name":null}"#).is_err());
        assert!(parse::<UpdateClientRequest>(b"{}").is_ok() && parse::<UpdateContractRequest>(b"{}").is_ok());
    }
}
