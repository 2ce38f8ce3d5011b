//! Leads and what is noted about them, in process.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ashlar_kernel::{Change, Context, Journal, StoreError, TenantId, Timestamp};
use ashlar_leads::{
    Activity, ActivityEvent, ActivityKind, Category, ContactMessage, Details, Lead, LeadEvent, LeadId, LeadPosition,
    LeadQuery, LeadRow, LeadRows, LeadSort, NotePosition, NoteQuery, StatusChange,
    import::LeadKeys,
    port::{LeadStore, LeadTx, SaveLeadError},
};
use async_trait::async_trait;
use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

pub(super) type Notes<T> = Arc<BTreeMap<Reverse<NotePosition>, T>>;

/// What leads are counted by.
pub(super) type TallyKey = (TenantId, NaiveDate, &'static str, &'static str, &'static str);

/// The tables of leads: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct LeadTables {
    pub(super) leads: Arc<BTreeMap<LeadId, Lead>>,
    pub(super) activities: Notes<Activity>,
    pub(super) changes: Notes<StatusChange>,
    /// How many there are: day, status, source and category.
    pub(super) tallies: Arc<BTreeMap<TallyKey, i64>>,
    pub(super) contacts: Arc<BTreeMap<Reverse<NotePosition>, ContactMessage>>,
}

impl LeadTables {
    /// How many leads of a tenant there are, with their status; one status may come more than once.
    pub(super) fn by_status(&self, tenant: TenantId) -> impl Iterator<Item = (&'static str, i64)> {
        let ours = self.tallies.iter().filter(move |((of, ..), _)| *of == tenant);
        ours.map(|((_, _, status, ..), leads)| (*status, *leads))
    }
}

impl LeadTables {
    fn lead(&self, tenant: TenantId, id: LeadId) -> Option<&Lead> {
        self.leads.get(&id).filter(|lead| lead.tenant() == tenant)
    }

    fn count(&mut self, lead: &Lead, step: i64) {
        if lead.deleted_at().is_none() {
            let (details, day) = (lead.details(), lead.created_at().date_naive());
            let category = details.category.map(Category::as_str).unwrap_or_default();
            let key = (lead.tenant(), day, lead.status().as_str(), details.source.as_str(), category);
            *Arc::make_mut(&mut self.tallies).entry(key).or_default() += step;
        }
    }

    pub(super) fn has(&self, id: LeadId) -> bool {
        self.leads.contains_key(&id)
    }

    pub(super) fn holder(&self, tenant: TenantId, email_key: &str) -> Option<&Lead> {
        let has_it = |lead: &&Lead| lead.details().email.as_ref().is_some_and(|email| email.key() == email_key);
        self.leads.values().filter(|lead| lead.tenant() == tenant && lead.holds_address()).find(has_it)
    }

    /// Whether another lead holds the address of this one.
    pub(super) fn is_duplicate(&self, lead: &Lead) -> bool {
        let Some(email) = lead.details().email.as_ref().filter(|_| lead.holds_address()) else { return false };
        self.holder(lead.tenant(), email.key()).is_some_and(|other| other.id() != lead.id())
    }

    pub(super) fn insert(&mut self, lead: Lead, came: StatusChange) -> Result<(), SaveLeadError> {
        if self.leads.contains_key(&lead.id()) {
            return Err(broken("lead primary key").into());
        }
        if self.is_duplicate(&lead) {
            return Err(SaveLeadError::Duplicate);
        }
        self.count(&lead, 1);
        Arc::make_mut(&mut self.leads).insert(lead.id(), lead);
        self.note_move(came);
        Ok(())
    }

    /// Replaces a lead that was read in the same unit of work.
    pub(super) fn replace(&mut self, lead: Lead) -> Result<(), SaveLeadError> {
        if self.is_duplicate(&lead) {
            return Err(SaveLeadError::Duplicate);
        }
        Arc::make_mut(&mut self.leads).insert(lead.id(), lead);
        Ok(())
    }

    /// The leads that somebody looks after, of every tenant.
    pub(super) fn of_owner(&self, owner: Uuid) -> impl Iterator<Item = &Lead> {
        self.leads.values().filter(move |lead| lead.owner() == Some(owner) && lead.deleted_at().is_none())
    }

    /// Makes a lead nobody's, and changes nothing else of it.
    pub(super) fn release(&mut self, id: LeadId, at: Timestamp) -> Result<(), StoreError> {
        let stored = self.leads.get(&id).filter(|lead| lead.owner().is_some()).ok_or(StoreError::Stale)?;
        let row = stored.to_row()?;
        let row = LeadRow { owner_id: None, updated_at: at, version: row.version + 1, ..row };
        Arc::make_mut(&mut self.leads).insert(id, Lead::restore(row)?);
        Ok(())
    }

    /// Leads by their keys, oldest first.
    pub(super) fn found_by(&self, tenant: TenantId, keys: &LeadKeys) -> Vec<Lead> {
        let is_meant = |lead: &&Lead| {
            let Details { email, phone, .. } = lead.details();
            let has_email = email.as_ref().is_some_and(|email| keys.emails.iter().any(|key| key == email.key()));
            let has_phone = phone.as_ref().is_some_and(|phone| keys.phones.iter().any(|key| key == phone.e164()));
            keys.ids.contains(&lead.id().as_uuid()) || (has_email && lead.holds_address()) || has_phone
        };
        let here = self.leads.values().filter(|lead| lead.tenant() == tenant && lead.deleted_at().is_none());
        let mut found: Vec<_> = here.filter(is_meant).cloned().collect();
        found.sort_by_key(|lead| (lead.created_at(), lead.id()));
        found
    }

    pub(super) fn update(&mut self, lead: &Lead) -> Result<(), SaveLeadError> {
        let stored =
            self.leads.get(&lead.id()).filter(|stored| Some(stored.version()) == lead.version().checked_sub(1));
        // When somebody was last spoken to is an observation: an older copy does not undo it.
        let before = stored.ok_or(StoreError::Stale)?.clone();
        let last_contacted_at = before.last_contacted_at().max(lead.last_contacted_at());
        if self.is_duplicate(lead) {
            return Err(SaveLeadError::Duplicate);
        }
        let lead = Lead::restore(LeadRow { last_contacted_at, ..lead.to_row()? })?;
        self.count(&before, -1);
        self.count(&lead, 1);
        Arc::make_mut(&mut self.leads).insert(lead.id(), lead);
        Ok(())
    }

    fn move_lead(&mut self, lead: &Lead, moved: StatusChange) -> Result<(), SaveLeadError> {
        if self.leads.get(&lead.id()).map(Lead::status) != moved.from {
            return Err(StoreError::Stale.into());
        }
        self.update(lead)?;
        self.note_move(moved);
        Ok(())
    }

    pub(super) fn note_move(&mut self, change: StatusChange) {
        let position = NotePosition { at: change.at, id: change.id.as_uuid() };
        Arc::make_mut(&mut self.changes).insert(Reverse(position), change);
    }

    fn purge(&mut self, lead: &Lead) -> Result<(), StoreError> {
        if self.leads.get(&lead.id()).map(Lead::version) != Some(lead.version()) {
            return Err(StoreError::Stale);
        }
        self.count(lead, -1);
        Arc::make_mut(&mut self.leads).remove(&lead.id());
        Arc::make_mut(&mut self.activities).retain(|_, activity| activity.lead != lead.id());
        Arc::make_mut(&mut self.changes).retain(|_, change| change.lead != lead.id());
        Arc::make_mut(&mut self.contacts).retain(|_, message| message.lead() != Some(lead.id()));
        Ok(())
    }

    pub(super) fn list(&self, query: &LeadQuery) -> LeadRows {
        let is_listed = |lead: &&Lead| {
            let is_seen = query.seen_by.is_none_or(|who| lead.owner().is_none_or(|owner| owner == who));
            lead.tenant() == query.tenant && lead.deleted_at().is_none() && is_seen && query.filter.lets_through(lead)
        };
        let mut leads: Vec<_> = self.leads.values().filter(is_listed).cloned().collect();
        let counted = query.count_up_to.map(|most| most.min(u64::try_from(leads.len()).unwrap_or(u64::MAX)));
        let position = |lead: &Lead| LeadPosition::of(lead, (query.sort, &query.filter));
        leads.sort_by(|a, b| order(query.sort, &position(a), &position(b)));
        if let Some(after) = &query.after {
            leads.retain(|lead| order(query.sort, &position(lead), after).is_gt());
        }
        leads.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        LeadRows { leads, counted }
    }

    pub(super) fn note(&mut self, activity: Activity) -> Result<(), StoreError> {
        let lead = self.leads.get(&activity.lead).ok_or_else(|| broken("foreign key to lead"))?;
        let is_latest = lead.last_contacted_at().is_none_or(|last| last < activity.at);
        if is_latest && ActivityKind::is_contact(activity.kind) {
            let row = LeadRow { last_contacted_at: Some(activity.at), ..lead.to_row()? };
            let touched = Lead::restore(row)?;
            Arc::make_mut(&mut self.leads).insert(activity.lead, touched);
        }
        let position = NotePosition { at: activity.at, id: activity.id.as_uuid() };
        Arc::make_mut(&mut self.activities).insert(Reverse(position), activity);
        Ok(())
    }
}

/// Which of two positions comes first.
fn order(sort: LeadSort, a: &LeadPosition, b: &LeadPosition) -> Ordering {
    let rising = match (a, b) {
        (LeadPosition::At(a, one), LeadPosition::At(b, other)) => (a, one).cmp(&(b, other)),
        (LeadPosition::Name(a, one), LeadPosition::Name(b, other)) => (a, one).cmp(&(b, other)),
        (LeadPosition::Score(a, one), LeadPosition::Score(b, other)) => (a, one).cmp(&(b, other)),
        (LeadPosition::Relevance(a, at, one), LeadPosition::Relevance(b, then, other)) => {
            (a, at, one).cmp(&(b, then, other))
        }
        // Of another list, which cursors do not let through.
        _ => Ordering::Equal,
    };
    match sort {
        LeadSort::OldestFirst | LeadSort::Name => rising,
        LeadSort::NewestFirst | LeadSort::LatestEdit | LeadSort::Score | LeadSort::Relevance => rising.reverse(),
    }
}

/// Those of the notes that the query lets through.
fn page<T: Clone>(notes: &Notes<T>, query: &NoteQuery, of: impl Fn(&T) -> (TenantId, LeadId)) -> Vec<T> {
    let rows = usize::try_from(query.rows).unwrap_or(usize::MAX);
    let passing = notes.iter().filter(|(position, note)| query.lets_through(of(note), position.0));
    passing.take(rows).map(|(_, note)| note.clone()).collect()
}

#[async_trait]
impl LeadStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn LeadTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn lead(&self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError> {
        let leads = &self.shared.lock().tables.leads;
        Ok(leads.lead(tenant, id).filter(|lead| lead.deleted_at().is_none()).cloned())
    }

    async fn lead_at(&self, tenant: TenantId, email_key: &str) -> Result<Option<Lead>, StoreError> {
        Ok(self.shared.lock().tables.leads.holder(tenant, email_key).cloned())
    }

    async fn tenants_of_owner(&self, owner: Uuid) -> Result<Vec<TenantId>, StoreError> {
        let tenants = self.shared.lock().tables.leads.of_owner(owner).map(Lead::tenant).collect::<BTreeSet<_>>();
        Ok(tenants.into_iter().collect())
    }

    async fn leads(&self, query: &LeadQuery) -> Result<LeadRows, StoreError> {
        Ok(self.shared.lock().tables.leads.list(query))
    }

    async fn activities(&self, query: NoteQuery) -> Result<Vec<Activity>, StoreError> {
        Ok(page(&self.shared.lock().tables.leads.activities, &query, |note| (note.tenant, note.lead)))
    }

    async fn status_changes(&self, query: NoteQuery) -> Result<Vec<StatusChange>, StoreError> {
        Ok(page(&self.shared.lock().tables.leads.changes, &query, |note| (note.tenant, note.lead)))
    }
}

#[async_trait]
impl LeadTx for MemoryTx {
    async fn lead(&mut self, tenant: TenantId, id: LeadId) -> Result<Option<Lead>, StoreError> {
        Ok(self.draft.leads.lead(tenant, id).cloned())
    }

    async fn insert_lead(&mut self, change: Change<Lead, LeadEvent>, came: StatusChange) -> Result<(), SaveLeadError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables: &mut Tables, lead| {
            tenant?;
            tables.leads.insert(lead, came)
        })
    }

    async fn update_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), SaveLeadError> {
        self.write(change, |tables: &mut Tables, lead| tables.leads.update(&lead))
    }

    async fn move_lead(&mut self, change: Change<Lead, LeadEvent>, moved: StatusChange) -> Result<(), SaveLeadError> {
        self.write(change, |tables: &mut Tables, lead| tables.leads.move_lead(&lead, moved))
    }

    async fn purge_lead(&mut self, change: Change<Lead, LeadEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, lead| {
            for part in tables.leads.parts(lead.tenant(), lead.id()) {
                tables.leads.purge(&part)?;
            }
            tables.leads.purge(&lead)?;
            tables.clients.forget_lead(lead.id())
        })
    }

    async fn insert_activity(&mut self, change: Change<Activity, ActivityEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, activity| tables.leads.note(activity))
    }
}
