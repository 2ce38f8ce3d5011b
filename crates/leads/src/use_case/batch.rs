//! Enter many leads at once.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{Actor, Context, FieldErrors, FieldFault, Id, Once, StoreError};
use uuid::Uuid;

use super::{Attempts, LeadError, LeadForm, Leads, OnDuplicate};
use crate::{
    Details, Lead, LeadId,
    lead::Source,
    permission::{self, Sight},
    port::{LeadTx, Newcomer},
};

/// The most leads of a batch.
const MOST: usize = 500;

/// Enters many leads.
pub struct CreateLeads {
    /// What was typed in.
    pub items: Vec<LeadForm>,
    /// What to do with those whose address another lead has.
    pub on_duplicate: OnDuplicate,
    /// Whether to enter all of them or none.
    pub is_atomic: bool,
    /// How the answer is remembered.
    pub once: Option<Once<Batch>>,
}

/// What became of one lead of a batch.
#[derive(Debug)]
pub enum BatchItem {
    /// It was entered.
    Created(LeadId),
    /// There was one, which is answered instead, or has what it lacked.
    Existing(LeadId),
    /// It was not, and why.
    Refused(LeadError),
    /// It would have been, but for the others.
    LeftOut,
}

/// What became of a batch, item by item.
#[derive(Debug)]
pub struct Batch(pub Vec<BatchItem>);

/// There are too many leads, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a batch has 1 to 500 leads")]
struct InvalidCount;

impl FieldFault for InvalidCount {
    fn code(&self) -> &'static str {
        "out_of_range"
    }
}

/// What is to become of one.
enum Plan {
    /// It cannot be entered.
    Refuse(LeadError),
    /// It has an address that this one before it has.
    SameAs(usize),
    /// It may be entered.
    Enter(Box<Details>),
}

impl Leads {
    /// Enters many leads, each for itself unless all or none are to be. Five hundred cost as many statements as one, but
    /// for those that add to another what it lacks.
    pub async fn create_many(&self, context: &Context, command: CreateLeads) -> Result<Batch, LeadError> {
        let sight = Sight::of(context, permission::CREATE)?;
        if command.on_duplicate == OnDuplicate::MergeBlank {
            context.authorize(permission::UPDATE)?;
        }
        let CreateLeads { items, on_duplicate, is_atomic, once } = command;
        if !(1..=MOST).contains(&items.len()) {
            let mut errors = FieldErrors::default();
            errors.refuse("/items", &InvalidCount);
            return Err(errors.into_invalid().into());
        }
        let details = self.judge(context, sight, items).await?;
        let mut attempts = Attempts::default();
        loop {
            let plans = plan(&details, on_duplicate);
            match self.try_create_many(context, (sight, on_duplicate, is_atomic), plans, once.as_ref()).await {
                Err(LeadError::Store(error)) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    /// Which are acceptable as they are. Each owner is judged once.
    async fn judge(
        &self,
        context: &Context,
        sight: Sight,
        items: Vec<LeadForm>,
    ) -> Result<Vec<Result<Details, ashlar_kernel::Invalid>>, LeadError> {
        let source = if matches!(context.actor, Actor::ApiKey(_)) { Source::Api } else { Source::Other };
        let (mut judged, mut owners) = (Vec::with_capacity(items.len()), BTreeMap::<Uuid, bool>::new());
        for form in items {
            let mut errors = FieldErrors::default();
            let details = self.details(form, source, context.now, &mut errors);
            let owner = details.as_ref().and_then(|details| details.owner);
            if let Some(owner) = owner.filter(|owner| !owners.contains_key(owner)) {
                owners.insert(owner, self.may_look_after(context, sight, owner).await?);
            }
            if owner.is_some_and(|owner| owners.get(&owner) != Some(&true)) {
                errors.refuse("/owner_id", &super::NoOwner);
            }
            judged.push(match details {
                Some(details) => errors.finish().map(|()| details),
                None => Err(errors.into_invalid()),
            });
        }
        Ok(judged)
    }

    async fn try_create_many(
        &self,
        context: &Context,
        (sight, on_duplicate, is_atomic): (Sight, OnDuplicate, bool),
        plans: Vec<Plan>,
        once: Option<&Once<Batch>>,
    ) -> Result<Batch, LeadError> {
        let (mut newcomers, mut ids, mut keys) = (Vec::<Newcomer>::new(), BTreeMap::new(), Vec::new());
        for (index, plan) in plans.iter().enumerate() {
            if let Plan::Enter(details) = plan {
                let id = Id::new(&*self.0.ports.ids);
                let change = Lead::create(id, context.tenant, (**details).clone(), context.now);
                let came = self.came(context, sight, change.state());
                newcomers.push((change, came));
                ids.insert(index, id);
            }
        }
        let mut tx = self.0.ports.store.begin(context).await?;
        let entered = if newcomers.is_empty() { BTreeSet::new() } else { tx.insert_leads(newcomers).await? };
        for (index, plan) in plans.iter().enumerate() {
            if let (Plan::Enter(details), false) = (plan, ids.get(&index).is_some_and(|id| entered.contains(id))) {
                keys.extend(details.email.as_ref().map(|email| email.key().to_owned()));
            }
        }
        let holders = if keys.is_empty() { Vec::new() } else { tx.leads_at(context.tenant, &keys).await? };
        let holders: BTreeMap<_, _> =
            holders.into_iter().filter_map(|lead| Some((key(lead.details())?, lead))).collect();
        let mut items = Vec::<BatchItem>::with_capacity(plans.len());
        for (index, plan) in plans.into_iter().enumerate() {
            let item = match (plan, ids.get(&index).filter(|id| entered.contains(id))) {
                (Plan::Refuse(error), _) => BatchItem::Refused(error),
                (Plan::SameAs(first), _) => same(items.get(first), on_duplicate),
                (Plan::Enter(_), Some(id)) => BatchItem::Created(*id),
                (Plan::Enter(details), None) => {
                    // Whoever held the address may have let go of it meanwhile.
                    let holder = key(&details).and_then(|key| holders.get(&key)).ok_or(StoreError::Stale)?;
                    meet(context, &mut *tx, (sight, on_duplicate), (holder, *details)).await?
                }
            };
            items.push(item);
        }
        let is_spoilt = is_atomic && items.iter().any(|item| matches!(item, BatchItem::Refused(_)));
        if is_spoilt {
            drop(tx);
            items = items.into_iter().map(left_out).collect();
            tx = self.0.ports.store.begin(context).await?;
        }
        let batch = Batch(items);
        if let Some(once) = once {
            tx.remember(once.receipt(&batch)).await?;
        }
        tx.commit().await?;
        Ok(batch)
    }
}

/// What is to become of each: of several with one address the first is entered, with what it lacks and the others have if
/// that is wished for.
fn plan(judged: &[Result<Details, ashlar_kernel::Invalid>], on_duplicate: OnDuplicate) -> Vec<Plan> {
    let (mut plans, mut firsts) = (Vec::<Plan>::with_capacity(judged.len()), BTreeMap::new());
    for (index, details) in judged.iter().enumerate() {
        let plan = match details {
            Err(invalid) => Plan::Refuse(invalid.clone().into()),
            Ok(details) => match key(details).map(|key| *firsts.entry(key).or_insert(index)) {
                Some(first) if first != index => {
                    if let (OnDuplicate::MergeBlank, Some(Plan::Enter(known))) = (on_duplicate, plans.get_mut(first)) {
                        **known = (**known).clone().filled_from(details.clone());
                    }
                    Plan::SameAs(first)
                }
                _ => Plan::Enter(Box::new(details.clone())),
            },
        };
        plans.push(plan);
    }
    plans
}

fn key(details: &Details) -> Option<String> {
    details.email.as_ref().map(|email| email.key().to_owned())
}

/// What becomes of one whose address one before it has.
fn same(first: Option<&BatchItem>, on_duplicate: OnDuplicate) -> BatchItem {
    match (first, on_duplicate) {
        (Some(BatchItem::Created(id) | BatchItem::Existing(id)), OnDuplicate::Return | OnDuplicate::MergeBlank) => {
            BatchItem::Existing(*id)
        }
        (Some(BatchItem::Created(id) | BatchItem::Existing(id)), OnDuplicate::Refuse) => {
            BatchItem::Refused(LeadError::Duplicate { existing: Some(*id) })
        }
        (Some(BatchItem::Refused(LeadError::Duplicate { existing })), _) => {
            BatchItem::Refused(LeadError::Duplicate { existing: *existing })
        }
        _ => BatchItem::Refused(LeadError::Duplicate { existing: None }),
    }
}

/// What becomes of one whose address another lead has.
async fn meet(
    context: &Context,
    tx: &mut dyn LeadTx,
    (sight, on_duplicate): (Sight, OnDuplicate),
    (holder, details): (&Lead, Details),
) -> Result<BatchItem, LeadError> {
    if !sight.takes_in(holder.owner()) {
        return Ok(BatchItem::Refused(LeadError::Duplicate { existing: None }));
    }
    match on_duplicate {
        OnDuplicate::Refuse => Ok(BatchItem::Refused(LeadError::Duplicate { existing: Some(holder.id()) })),
        OnDuplicate::Return => Ok(BatchItem::Existing(holder.id())),
        OnDuplicate::MergeBlank => {
            if let Some(change) = holder.clone().fill_blanks(details, context.now) {
                tx.update_lead(change).await?;
            }
            Ok(BatchItem::Existing(holder.id()))
        }
    }
}

fn left_out(item: BatchItem) -> BatchItem {
    match item {
        BatchItem::Refused(error) => BatchItem::Refused(error),
        _ => BatchItem::LeftOut,
    }
}
