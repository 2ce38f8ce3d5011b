//! Edit what is known of a lead.

use ashlar_kernel::{Context, FieldErrors, FieldFault, Patch, VersionConflict};
use serde_json::{Map, Value};

use super::{
    Attempts, LeadError, Leads,
    form::{ConsentForm, UtmForm, given, parse_consent, parse_owner, parse_utm},
};
use crate::{
    Lead, LeadId, LeadPatch,
    lead::{ContactRequired, Custom, FullName, Notes, ShortLine, Tags},
    permission::{self, Sight},
};

/// Edits a lead.
pub struct EditLead {
    /// What was typed in.
    pub input: EditLeadInput,
    /// Only if the lead is at one of these versions; any version if none.
    pub if_version: Option<Vec<u32>>,
}

/// A change as it was typed in: absent leaves alone, null clears, and so does a text with nothing in it.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct EditLeadInput {
    pub full_name: Option<String>,
    pub position: Patch<String>,
    pub company_name: Patch<String>,
    pub phone_number: Patch<String>,
    pub email: Patch<String>,
    pub source: Option<String>,
    pub category: Patch<String>,
    pub notes: Patch<String>,
    pub owner_id: Patch<String>,
    pub tags: Option<Vec<String>>,
    pub custom: Option<Map<String, Value>>,
    pub consent: Patch<ConsentForm>,
    pub utm: Option<UtmForm>,
}

impl Leads {
    /// Edits a lead that the caller sees, and answers with it as it is then. Those who do not see everything may take
    /// leads that are nobody's and let go of their own, and hand none on.
    pub async fn edit(&self, context: &Context, id: LeadId, command: EditLead) -> Result<Lead, LeadError> {
        let sight = Sight::of(context, permission::UPDATE)?;
        let mut errors = FieldErrors::default();
        let patch = self.patch(context, command.input, &mut errors);
        errors.finish()?;
        if let Patch::Set(owner) = patch.owner {
            self.judge_owner(context, sight, Some(owner)).await?;
        }
        let mut attempts = Attempts::default();
        loop {
            match self.try_edit(context, (sight, id), patch.clone(), command.if_version.as_deref()).await {
                // Whoever has said which version they mean is told that it is another one.
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                Err(LeadError::Duplicate { .. }) => return Err(self.duplicate(context, sight, &patch).await?),
                outcome => return outcome,
            }
        }
    }

    async fn try_edit(
        &self,
        context: &Context,
        (sight, id): (Sight, LeadId),
        patch: LeadPatch,
        if_version: Option<&[u32]>,
    ) -> Result<Lead, LeadError> {
        let lead = self.seen(context, sight, id).await?;
        if if_version.is_some_and(|versions| !versions.contains(&lead.version())) {
            return Err(VersionConflict.into());
        }
        let Some(change) = lead.clone().edit(patch, context.now).map_err(|fault| {
            let mut errors = FieldErrors::default();
            errors.refuse("/email", &fault);
            errors.refuse("/phone_number", &ContactRequired);
            errors.into_invalid()
        })?
        else {
            return Ok(lead);
        };
        let edited = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_lead(change).await?;
        tx.commit().await?;
        Ok(edited)
    }

    /// Which lead has the address, if the caller sees it.
    async fn duplicate(&self, context: &Context, sight: Sight, patch: &LeadPatch) -> Result<LeadError, LeadError> {
        let Patch::Set(email) = &patch.email else { return Ok(LeadError::Duplicate { existing: None }) };
        let found = self.0.ports.store.lead_at(context.tenant, email.key()).await?;
        let seen = found.filter(|lead| sight.takes_in(lead.owner()));
        Ok(LeadError::Duplicate { existing: seen.map(|lead| lead.id()) })
    }

    pub(super) fn patch(&self, context: &Context, input: EditLeadInput, errors: &mut FieldErrors) -> LeadPatch {
        let email = match blank_clears(input.email) {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(text) => self.email(&text, errors).map_or(Patch::Keep, Patch::Set),
        };
        let consent = match input.consent {
            Patch::Keep => Patch::Keep,
            Patch::Clear => Patch::Clear,
            Patch::Set(form) => parse_consent(&form, context.now, errors).map_or(Patch::Keep, Patch::Set),
        };
        LeadPatch {
            full_name: errors.check_optional("/full_name", input.full_name.as_deref().map(FullName::parse)),
            position: field(errors, "/position", input.position, ShortLine::parse),
            company_name: field(errors, "/company_name", input.company_name, ShortLine::parse),
            phone: field(errors, "/phone_number", input.phone_number, |text| self.phone(text)),
            email,
            source: errors.check_optional("/source", input.source.as_deref().map(str::parse)),
            category: field(errors, "/category", input.category, str::parse),
            notes: field(errors, "/notes", input.notes, Notes::parse),
            owner: field(errors, "/owner_id", input.owner_id, parse_owner),
            tags: errors
                .check_optional("/tags", input.tags.as_ref().map(|tags| Tags::parse(tags.iter().map(String::as_str)))),
            custom: errors.check_optional("/custom", input.custom.map(Custom::parse)),
            consent,
            utm: input.utm.map(|form| parse_utm(&form, errors)),
        }
    }
}

fn blank_clears(sent: Patch<String>) -> Patch<String> {
    match sent {
        Patch::Set(text) if given(Some(&text)).is_none() => Patch::Clear,
        other => other,
    }
}

pub(super) fn field<T, F: FieldFault>(
    errors: &mut FieldErrors,
    pointer: &str,
    sent: Patch<String>,
    parse: impl FnOnce(&str) -> Result<T, F>,
) -> Patch<T> {
    match blank_clears(sent) {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(text) => errors.check(pointer, parse(&text)).map_or(Patch::Keep, Patch::Set),
    }
}
