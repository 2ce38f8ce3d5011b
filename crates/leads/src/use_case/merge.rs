//! Make one lead of several.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{Context, FieldErrors, FieldFault, Id, Invalid, NotFound, Once, VersionConflict};
use uuid::Uuid;

use super::{Attempts, LeadError, Leads, form::parse_owner};
use crate::{
    Activity, ActivityKind, Lead, LeadId, StatusChange,
    lead::{LeadStatus, MergeField, Merged, Merger, Preferences},
    permission,
};

/// Makes one lead of several.
pub struct MergeLeads {
    primary: LeadId,
    duplicates: Vec<LeadId>,
    prefer: Preferences,
    if_version: Option<Vec<u32>>,
    once: Option<Once<Merger>>,
}

/// Which leads, as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct MergeLeadsInput {
    pub primary_id: String,
    pub duplicate_ids: Vec<String>,
    pub prefer: BTreeMap<String, String>,
}

/// The others cannot be these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("1 to 9 leads, each once, and not the one that stays")]
struct InvalidDuplicates;

impl FieldFault for InvalidDuplicates {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

/// A field is taken from none of the leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the leads")]
struct NotAmongThem;

impl FieldFault for NotAmongThem {
    fn code(&self) -> &'static str {
        "invalid_value"
    }
}

/// Leads that become a part of another at once, at most.
const MOST: usize = 9;

impl TryFrom<MergeLeadsInput> for MergeLeads {
    type Error = Invalid;

    fn try_from(input: MergeLeadsInput) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let id = |text: &str| parse_owner(text).map(LeadId::from_uuid);
        let primary = errors.check("/primary_id", id(&input.primary_id));
        let mut duplicates = Vec::new();
        for (index, text) in input.duplicate_ids.iter().take(MOST).enumerate() {
            duplicates.extend(errors.check(&format!("/duplicate_ids/{index}"), id(text)));
        }
        let each_once: BTreeSet<_> = primary.iter().chain(&duplicates).collect();
        let wanted = input.duplicate_ids.len();
        if !(1..=MOST).contains(&wanted) || each_once.len() < duplicates.len() + usize::from(primary.is_some()) {
            errors.refuse("/duplicate_ids", &InvalidDuplicates);
        }
        let mut prefer = Preferences::new();
        for (field, text) in &input.prefer {
            // A pointer names what was sent: the two signs with a meaning are written otherwise (RFC 6901).
            let pointer = format!("/prefer/{}", field.replace('~', "~0").replace('/', "~1"));
            let field = errors.check(&pointer, field.parse::<MergeField>());
            let from = errors.check(&pointer, id(text));
            let from = from.map(|from| Some(from).filter(|from| each_once.contains(from)).ok_or(NotAmongThem));
            let from = errors.check_optional(&pointer, from);
            prefer.extend(field.zip(from));
        }
        let Some(primary) = primary else { return Err(errors.into_invalid()) };
        errors.finish()?;
        Ok(Self { primary, duplicates, prefer, if_version: None, once: None })
    }
}

impl MergeLeads {
    /// The same, only if the lead that stays is at one of these versions; any version if none.
    #[must_use]
    pub fn only_at(self, if_version: Option<Vec<u32>>) -> Self {
        Self { if_version, ..self }
    }

    /// The same, with the answer remembered in the transaction that merges.
    #[must_use]
    pub fn once(self, once: Option<Once<Merger>>) -> Self {
        Self { once, ..self }
    }
}

impl Leads {
    /// Makes one lead of several. Of many who merge or change one of them at once, each is told how it is then: what
    /// became a part of another is not found any more.
    pub async fn merge(&self, context: &Context, command: MergeLeads) -> Result<Merger, LeadError> {
        // The business of people: no program puts leads away.
        let by = context.require(permission::MERGE)?.user;
        context.require(permission::READ_ALL)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_merge(context, by, &command).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_merge(&self, context: &Context, by: Uuid, command: &MergeLeads) -> Result<Merger, LeadError> {
        let mut tx = self.0.ports.store.begin(context).await?;
        let mut ids = command.duplicates.clone();
        ids.push(command.primary);
        let found = tx.leads_to_merge(context.tenant, &ids).await?;
        let mut found: BTreeMap<_, _> = found.into_iter().map(|lead| (lead.id(), lead)).collect();
        let primary = found.remove(&command.primary).ok_or(NotFound)?;
        if command.if_version.as_ref().is_some_and(|versions| !versions.contains(&primary.version())) {
            return Err(VersionConflict.into());
        }
        let others: Option<Vec<_>> = command.duplicates.iter().map(|id| found.remove(id)).collect();
        let outcome = primary.merge(others.ok_or(NotFound)?, &command.prefer, context.now)?;
        let merger = self.merger(context, by, outcome);
        tx.merge_leads(merger.clone().conclude()).await?;
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&merger)).await?;
        }
        tx.commit().await?;
        Ok(merger)
    }

    fn merger(&self, context: &Context, by: Uuid, merged: Merged) -> Merger {
        let ids = &*self.0.ports.ids;
        let (tenant, at, stays) = (context.tenant, context.now, merged.primary.id());
        let id = Id::new(ids);
        let stands = |lead: &Lead, from: LeadStatus| StatusChange {
            id: Id::new(ids),
            tenant,
            lead: lead.id(),
            from: Some(from),
            to: lead.status(),
            reason: None,
            actor: Some(by),
            at,
        };
        let others = merged.away.iter().map(|lead| stands(lead, lead.status()));
        let moves = others.chain([stands(&merged.primary, merged.before.status())]).collect();
        let note = |lead: &Lead| Activity {
            id: Id::new(ids),
            tenant,
            lead: stays,
            kind: ActivityKind::Merge,
            body: lead.details().notes.clone(),
            actor: Some(by),
            at,
        };
        let notes = merged.away.iter().map(note).collect();
        Merger { id, by, at, merged, moves, notes }
    }
}

impl From<crate::lead::TwoClients> for LeadError {
    fn from(_both: crate::lead::TwoClients) -> Self {
        Self::TwoClients
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(input: MergeLeadsInput) -> Vec<String> {
        let Err(invalid) = MergeLeads::try_from(input) else { return Vec::new() };
        invalid.errors().iter().map(|error| error.pointer.clone()).collect()
    }

    #[test]
    fn leads_are_named_once_and_fields_are_taken_from_them() {
        let id = |number: u128| Uuid::from_u128(number).to_string();
        let input = |others: &[u128], prefer: &[(&str, u128)]| MergeLeadsInput {
            primary_id: id(1),
            duplicate_ids: others.iter().map(|number| id(*number)).collect(),
            prefer: prefer.iter().map(|(field, number)| ((*field).to_owned(), id(*number))).collect(),
        };
        assert_eq!(refused(input(&[2, 3], &[("email", 2), ("notes", 1)])), [""; 0]);
        let ten: Vec<_> = (2..=11).collect();
        for bad in [&[][..], &[1], &[2, 2], &ten] {
            assert_eq!(refused(input(bad, &[])), ["/duplicate_ids"], "{bad:?}");
        }
        for (field, number) in [("email", 4), ("consent", 2), ("a/b", 2)] {
            let pointer = format!("/prefer/{}", field.replace('/', "~1"));
            assert_eq!(refused(input(&[2], &[(field, number)])), [pointer], "{field}");
        }
        let nonsense = MergeLeadsInput { primary_id: "me".to_owned(), ..input(&[2], &[]) };
        assert_eq!(refused(nonsense), ["/primary_id"]);
    }
}
