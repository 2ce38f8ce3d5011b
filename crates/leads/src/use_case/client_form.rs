//! Clients and contracts as they were typed in: everything that is wrong is told at once.

use ashlar_kernel::{Email, FieldErrors, Patch};
use chrono::NaiveDate;

use super::{edit::field, form::given};
use crate::{
    client::{
        ClientDetails, ClientPatch, ContractDetails, ContractPatch, Currency, InvalidDate, PostalAddress, Term, Title,
        Value,
    },
    lead::{Details, Line, Notes, ShortLine},
};

/// A client as it was typed in. Texts with nothing in them count as absent.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct ClientForm {
    pub company_name: Option<String>,
    pub legal_name: Option<String>,
    pub tax_id: Option<String>,
    pub billing_email: Option<String>,
    pub address: Option<String>,
    pub notes: Option<String>,
}

/// What to edit of a client, as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct EditClientInput {
    pub company_name: Option<String>,
    pub legal_name: Patch<String>,
    pub tax_id: Patch<String>,
    pub billing_email: Patch<String>,
    pub address: Patch<String>,
    pub notes: Patch<String>,
}

/// Money as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct ValueForm {
    pub amount: i64,
    pub currency: String,
}

/// A contract as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct ContractForm {
    pub title: String,
    pub value: ValueForm,
    pub starts_on: Option<String>,
    pub ends_on: Option<String>,
}

/// What to edit of a contract, as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct EditContractInput {
    pub title: Option<String>,
    pub value: Option<ValueForm>,
    pub starts_on: Patch<String>,
    pub ends_on: Patch<String>,
    pub status: Option<String>,
}

impl ClientForm {
    /// What it says, at `place` in the request. What it leaves out is taken from the lead that the client was.
    pub(super) fn details(
        self,
        (place, lead): (&str, Option<&Details>),
        errors: &mut FieldErrors,
    ) -> Option<ClientDetails> {
        let at = |name: &str| format!("{place}/{name}");
        let known = lead.map(|lead| lead.company_name.as_ref().map_or(lead.full_name.as_str(), ShortLine::as_str));
        let name = given(self.company_name.as_deref()).or(known).unwrap_or_default();
        let company_name = errors.check(&at("company_name"), ShortLine::parse(name));
        let email = given(self.billing_email.as_deref()).map(Email::parse);
        let email = errors.check_optional(&at("billing_email"), email);
        let known = || lead.and_then(|lead| lead.email.clone());
        let legal_name = given(self.legal_name.as_deref()).map(ShortLine::parse);
        let legal_name = errors.check_optional(&at("legal_name"), legal_name);
        let tax_id = errors.check_optional(&at("tax_id"), given(self.tax_id.as_deref()).map(Line::parse));
        let address = given(self.address.as_deref()).map(PostalAddress::parse);
        let address = errors.check_optional(&at("address"), address);
        let notes = errors.check_optional(&at("notes"), given(self.notes.as_deref()).map(Notes::parse));
        let billing_email = email.or_else(known);
        Some(ClientDetails { company_name: company_name?, legal_name, tax_id, billing_email, address, notes })
    }
}

impl EditClientInput {
    pub(super) fn patch(self, errors: &mut FieldErrors) -> ClientPatch {
        ClientPatch {
            company_name: errors.check_optional("/company_name", self.company_name.as_deref().map(ShortLine::parse)),
            legal_name: field(errors, "/legal_name", self.legal_name, ShortLine::parse),
            tax_id: field(errors, "/tax_id", self.tax_id, Line::parse),
            billing_email: field(errors, "/billing_email", self.billing_email, Email::parse),
            address: field(errors, "/address", self.address, PostalAddress::parse),
            notes: field(errors, "/notes", self.notes, Notes::parse),
        }
    }
}

impl ValueForm {
    fn parse(&self, place: &str, errors: &mut FieldErrors) -> Option<Value> {
        let currency = errors.check(&format!("{place}/value/currency"), Currency::parse(&self.currency));
        // With a currency that is none the amount is judged all the same.
        let judged = Currency::parse("EUR").and_then(|any| Value::new(self.amount, currency.unwrap_or(any)));
        let value = errors.check(&format!("{place}/value/amount"), judged);
        currency.and(value)
    }
}

impl ContractForm {
    /// What it says, at `place` in the request.
    pub(super) fn details(self, place: &str, errors: &mut FieldErrors) -> Option<ContractDetails> {
        let title = errors.check(&format!("{place}/title"), Title::parse(&self.title));
        let value = self.value.parse(place, errors);
        let (starts_at, ends_at) = (format!("{place}/starts_on"), format!("{place}/ends_on"));
        let starts = errors.check_optional(&starts_at, given(self.starts_on.as_deref()).map(Term::day));
        let ends = errors.check_optional(&ends_at, given(self.ends_on.as_deref()).map(Term::day));
        let term = errors.check(&ends_at, Term::new(starts, ends));
        Some(ContractDetails { title: title?, value: value?, term: term? })
    }
}

impl EditContractInput {
    pub(super) fn patch(self, errors: &mut FieldErrors) -> ContractPatch {
        let day = |text: &str| -> Result<NaiveDate, InvalidDate> { Term::day(text) };
        ContractPatch {
            title: errors.check_optional("/title", self.title.as_deref().map(Title::parse)),
            value: self.value.and_then(|value| value.parse("", errors)),
            starts_on: field(errors, "/starts_on", self.starts_on, day),
            ends_on: field(errors, "/ends_on", self.ends_on, day),
            status: errors.check_optional("/status", self.status.as_deref().map(str::parse)),
        }
    }
}
