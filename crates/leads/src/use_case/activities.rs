//! Note what was done about a lead, and read it again.

use ashlar_kernel::{Context, FieldErrors, FieldFault, Id, Invalid, Limit, NotFound, Once, Page, StoreError};

use super::{LeadError, Leads, form::given};
use crate::{
    Activity, ActivityKind, LeadId, NotePosition, NoteQuery, StatusChange,
    lead::Notes,
    permission::{self, Sight},
};

/// Notes what was done about a lead.
pub struct AddActivity {
    kind: ActivityKind,
    body: Notes,
    once: Option<Once<Activity>>,
}

/// What was done, as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct AddActivityInput<'a> {
    pub kind: &'a str,
    pub body: &'a str,
}

/// Nobody enters these by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of note, call, email and meeting")]
struct NotByHand;

impl FieldFault for NotByHand {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

impl TryFrom<AddActivityInput<'_>> for AddActivity {
    type Error = Invalid;

    fn try_from(input: AddActivityInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let kind = ActivityKind::restore(given(Some(input.kind)).unwrap_or_default());
        let by_hand = |kind: &ActivityKind| !matches!(kind, ActivityKind::FormTouch | ActivityKind::Merge);
        let kind = kind.filter(by_hand).ok_or(NotByHand);
        let kind = errors.check("/kind", kind);
        let body = errors.check("/body", Notes::parse(input.body));
        let (Some(kind), Some(body)) = (kind, body) else { return Err(errors.into_invalid()) };
        Ok(Self { kind, body, once: None })
    }
}

impl AddActivity {
    /// The same, with the answer remembered in the transaction that notes it.
    #[must_use]
    pub fn once(self, once: Option<Once<Activity>>) -> Self {
        Self { once, ..self }
    }
}

impl Leads {
    /// Notes what was done about a lead that the caller sees.
    pub async fn add_activity(
        &self,
        context: &Context,
        id: LeadId,
        command: AddActivity,
    ) -> Result<Activity, LeadError> {
        let sight = Sight::of(context, permission::UPDATE)?;
        let activity = Activity {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            lead: id,
            kind: command.kind,
            body: Some(command.body),
            actor: Some(sight.who),
            at: context.now,
        };
        let mut tx = self.0.ports.store.begin(context).await?;
        // Held until this is noted, so that nobody merges the lead meanwhile and leaves the note behind.
        let found = tx.lead(context.tenant, id).await?.filter(|lead| lead.deleted_at().is_none());
        found.filter(|lead| sight.takes_in(lead.owner())).ok_or(NotFound)?;
        tx.insert_activity(activity.clone().note()).await?;
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&activity)).await?;
        }
        tx.commit().await?;
        Ok(activity)
    }

    /// What was done about a lead that the caller sees, newest first.
    pub async fn activities(
        &self,
        context: &Context,
        id: LeadId,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<Activity>, LeadError> {
        let list = format!("activities of lead {id}");
        let query = self.notes(context, id, (&list, limit, cursor)).await?;
        let rows = self.0.ports.store.activities(query).await?;
        let position = |entry: &Activity| NotePosition { at: entry.at, id: entry.id.as_uuid() };
        let seal = |entry: &Activity| self.0.cursors.seal(context.tenant, &list, &position(entry));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    /// How a lead that the caller sees was moved, newest first.
    pub async fn history(
        &self,
        context: &Context,
        id: LeadId,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<StatusChange>, LeadError> {
        let list = format!("history of lead {id}");
        let query = self.notes(context, id, (&list, limit, cursor)).await?;
        let rows = self.0.ports.store.status_changes(query).await?;
        let position = |entry: &StatusChange| NotePosition { at: entry.at, id: entry.id.as_uuid() };
        let seal = |entry: &StatusChange| self.0.cursors.seal(context.tenant, &list, &position(entry));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }

    async fn notes(
        &self,
        context: &Context,
        id: LeadId,
        (list, limit, cursor): (&str, Limit, Option<&str>),
    ) -> Result<NoteQuery, LeadError> {
        let sight = Sight::of(context, permission::READ)?;
        let after =
            cursor.map(|cursor| self.0.cursors.open::<NotePosition>(context.tenant, list, cursor)).transpose()?;
        let lead = self.seen(context, sight, id).await?;
        Ok(NoteQuery { tenant: context.tenant, lead: lead.id(), after, rows: limit.with_one_ahead() })
    }
}
