//! Move a lead along the pipeline.

use ashlar_kernel::{Context, FieldErrors, FieldFault, Id, Invalid, VersionConflict};

use super::{Attempts, LeadError, Leads, form::given};
use crate::{
    Lead, LeadId, StatusChange,
    lead::{IllegalMove, LeadStatus, LostReason, MovePower, Notes},
    permission::{self, Sight},
};

/// Moves a lead.
pub struct MoveLead {
    to: LeadStatus,
    reason: Option<Notes>,
    lost_reason: Option<LostReason>,
    if_version: Option<Vec<u32>>,
}

/// A move as it was typed in.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the fields are those of the form")]
pub struct MoveLeadInput<'a> {
    pub to: &'a str,
    pub reason: Option<&'a str>,
    pub lost_reason: Option<&'a str>,
}

/// Nobody said why the lead was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("say why the lead was lost")]
struct LostReasonRequired;

impl FieldFault for LostReasonRequired {
    fn code(&self) -> &'static str {
        "required"
    }
}

impl TryFrom<MoveLeadInput<'_>> for MoveLead {
    type Error = Invalid;

    fn try_from(input: MoveLeadInput<'_>) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let to = errors.check("/to", input.to.parse::<LeadStatus>());
        let reason = errors.check_optional("/reason", given(input.reason).map(Notes::parse));
        let lost_reason = errors.check_optional("/lost_reason", given(input.lost_reason).map(str::parse::<LostReason>));
        if to == Some(LeadStatus::Lost) && given(input.lost_reason).is_none() {
            errors.refuse("/lost_reason", &LostReasonRequired);
        }
        let Some(to) = to else { return Err(errors.into_invalid()) };
        errors.finish()?;
        Ok(Self { to, reason, lost_reason, if_version: None })
    }
}

impl MoveLead {
    /// The same, only if the lead is at one of these versions; any version if none.
    #[must_use]
    pub fn only_at(self, if_version: Option<Vec<u32>>) -> Self {
        Self { if_version, ..self }
    }
}

impl Leads {
    /// Moves a lead that the caller sees, and answers with it as it is then. Of two who move it at once one does, and
    /// the other is judged by where it stands then.
    pub async fn move_to(&self, context: &Context, id: LeadId, command: MoveLead) -> Result<Lead, LeadError> {
        let sight = Sight::of(context, permission::UPDATE)?;
        let power = MovePower {
            may_unspam: context.authorize(permission::UNSPAM).is_ok(),
            may_reopen: context.authorize(permission::REOPEN).is_ok(),
        };
        let mut attempts = Attempts::default();
        loop {
            match self.try_move(context, (sight, power), id, &command).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_move(
        &self,
        context: &Context,
        (sight, power): (Sight, MovePower),
        id: LeadId,
        command: &MoveLead,
    ) -> Result<Lead, LeadError> {
        let lead = self.seen(context, sight, id).await?;
        if command.if_version.as_ref().is_some_and(|versions| !versions.contains(&lead.version())) {
            return Err(VersionConflict.into());
        }
        let moved = StatusChange {
            id: Id::new(&*self.0.ports.ids),
            tenant: context.tenant,
            lead: id,
            from: Some(lead.status()),
            to: command.to,
            reason: command.reason.clone(),
            actor: Some(sight.who),
            at: context.now,
        };
        let change = lead.move_to(command.to, command.lost_reason, power, context.now);
        let change = change.map_err(|IllegalMove { allowed }| LeadError::IllegalMove { allowed })?;
        let lead = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.move_lead(change, moved).await?;
        tx.commit().await?;
        Ok(lead)
    }
}
