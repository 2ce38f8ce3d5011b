//! Enter a lead.

use std::str::FromStr;

use ashlar_kernel::{Actor, Context, FieldErrors, FieldFault, Id, Once};

use super::{Attempts, LeadError, LeadForm, Leads};
use crate::{
    Details, Lead, StatusChange,
    lead::Source,
    permission::{self, Sight},
    port::SaveLeadError,
};

/// What to do when another lead has the address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Say so.
    #[default]
    Refuse,
    /// Answer with the other.
    Return,
    /// Add to the other what it lacks.
    MergeBlank,
}

/// The text names no way to deal with duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of return and merge_blank")]
pub struct InvalidOnDuplicate;

impl FieldFault for InvalidOnDuplicate {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

impl FromStr for OnDuplicate {
    type Err = InvalidOnDuplicate;

    fn from_str(text: &str) -> Result<Self, InvalidOnDuplicate> {
        match text {
            "return" => Ok(Self::Return),
            "merge_blank" => Ok(Self::MergeBlank),
            _ => Err(InvalidOnDuplicate),
        }
    }
}

/// Enters a lead.
pub struct CreateLead {
    /// What was typed in.
    pub form: LeadForm,
    /// What to do when another lead has the address.
    pub on_duplicate: OnDuplicate,
    /// How the answer is remembered in the transaction.
    pub once: Option<Once<Created>>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// A lead that was not there before.
    New(Lead),
    /// The one that was.
    Existing(Lead),
}

impl Created {
    /// The lead.
    pub const fn lead(&self) -> &Lead {
        let (Self::New(lead) | Self::Existing(lead)) = self;
        lead
    }
}

impl Leads {
    /// Enters a lead. Of many who enter the same address at once, one does.
    pub async fn create(&self, context: &Context, command: CreateLead) -> Result<Created, LeadError> {
        let sight = Sight::of(context, permission::CREATE)?;
        let CreateLead { form, on_duplicate, once } = command;
        let source = if matches!(context.actor, Actor::ApiKey(_)) { Source::Api } else { Source::Other };
        let mut errors = FieldErrors::default();
        let details = self.details(form, source, context.now, &mut errors);
        errors.finish()?;
        let Some(details) = details else { return Err(FieldErrors::default().into_invalid().into()) };
        self.judge_owner(context, sight, details.owner).await?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_create(context, (sight, on_duplicate), details.clone(), once.as_ref()).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_create(
        &self,
        context: &Context,
        (sight, on_duplicate): (Sight, OnDuplicate),
        details: Details,
        once: Option<&Once<Created>>,
    ) -> Result<Created, LeadError> {
        let change = Lead::create(Id::new(&*self.0.ports.ids), context.tenant, details.clone(), context.now);
        let created = Created::New(change.state().clone());
        let came = self.came(context, sight, created.lead());
        let mut tx = self.0.ports.store.begin(context).await?;
        match tx.insert_lead(change, came).await {
            Err(SaveLeadError::Duplicate) => drop(tx),
            Err(SaveLeadError::Store(error)) => return Err(error.into()),
            Ok(()) => {
                if let Some(once) = once {
                    tx.remember(once.receipt(&created)).await?;
                }
                tx.commit().await?;
                return Ok(created);
            }
        }
        self.meet(context, (sight, on_duplicate), details, once).await
    }

    /// Another lead has the address.
    async fn meet(
        &self,
        context: &Context,
        (sight, on_duplicate): (Sight, OnDuplicate),
        details: Details,
        once: Option<&Once<Created>>,
    ) -> Result<Created, LeadError> {
        let key = details.email.as_ref().map(|email| email.key().to_owned()).unwrap_or_default();
        let found = self.0.ports.store.lead_at(context.tenant, &key).await?;
        // Whoever held the address has let go of it meanwhile.
        let existing = found.ok_or(ashlar_kernel::StoreError::Stale)?;
        if !sight.takes_in(existing.owner()) {
            return Err(LeadError::Duplicate { existing: None });
        }
        let change = match on_duplicate {
            OnDuplicate::Refuse => return Err(LeadError::Duplicate { existing: Some(existing.id()) }),
            OnDuplicate::Return => None,
            OnDuplicate::MergeBlank => {
                context.authorize(permission::UPDATE)?;
                existing.clone().fill_blanks(details, context.now)
            }
        };
        let answer =
            Created::Existing(change.as_ref().map_or_else(|| existing.clone(), |change| change.state().clone()));
        if change.is_none() && once.is_none() {
            return Ok(answer);
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        if let Some(change) = change {
            tx.update_lead(change).await?;
        } else {
            // Held until the answer is remembered, so that nobody erases the lead meanwhile and leaves the answer behind.
            let held = tx.lead(context.tenant, existing.id()).await?.filter(Lead::holds_address);
            held.ok_or(ashlar_kernel::StoreError::Stale)?;
        }
        if let Some(once) = once {
            tx.remember(once.receipt(&answer)).await?;
        }
        tx.commit().await?;
        Ok(answer)
    }

    /// The note that a lead came.
    pub(super) fn came(&self, context: &Context, sight: Sight, lead: &Lead) -> StatusChange {
        StatusChange {
            id: Id::new(&*self.0.ports.ids),
            tenant: lead.tenant(),
            lead: lead.id(),
            from: None,
            to: lead.status(),
            reason: None,
            actor: Some(sight.who),
            at: context.now,
        }
    }
}
