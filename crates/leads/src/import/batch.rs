//! Some rows at once: what becomes of each, given what is there.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use ashlar_kernel::{FieldError, Patch, TenantId, Timestamp};
use uuid::Uuid;

use super::{
    RowFault,
    extras::{is_beginning, no_beginning},
    job::ImportCounts,
    options::{ImportKey, ImportMode, ImportOptions, OnConflict},
    row::Wish,
};
use crate::{Lead, LeadId, LeadStatus};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It becomes a lead.
    Created,
    /// It changes a lead.
    Updated,
    /// There is nothing to do.
    Skipped,
    /// It repeats a row before it.
    Duplicate,
    /// Something is wrong with it.
    Failed,
}

/// A row that was judged by itself.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    pub(crate) row: u64,
    /// How much of the text had been read when it ended.
    pub(crate) end: u64,
    pub(crate) cells: Vec<String>,
    pub(crate) wish: Result<Wish, Vec<FieldError>>,
}

/// By what leads are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadKeys {
    /// By their ids.
    pub ids: Vec<Uuid>,
    /// By the canonical forms of their addresses, if they hold them.
    pub emails: Vec<String>,
    /// By their numbers (E.164).
    pub phones: Vec<String>,
}

impl LeadKeys {
    /// What has to be known before these rows are decided on.
    pub(crate) fn of(rows: &[Checked], by: ImportKey) -> Self {
        let wishes = || rows.iter().filter_map(|row| row.wish.as_ref().ok());
        // The address is looked for in any case: no two leads have one.
        let emails: BTreeSet<_> = wishes().filter_map(|wish| wish.email_key().map(str::to_owned)).collect();
        let keys = |wanted| wishes().filter_map(|wish| wish.key(wanted)).collect::<BTreeSet<_>>();
        // So is the id: a lead that holds no address, such as one that is spam, is known by nothing else.
        let ids: BTreeSet<_> = wishes().filter_map(|wish| wish.id).collect();
        let phones = if by == ImportKey::Phone { keys(ImportKey::Phone) } else { BTreeSet::new() };
        Self {
            ids: ids.into_iter().map(|id| id.as_uuid()).collect(),
            emails: emails.into_iter().collect(),
            phones: phones.into_iter().collect(),
        }
    }
}

/// What a batch comes to.
pub(crate) struct Batch {
    pub(crate) counts: ImportCounts,
    pub(crate) created: Vec<Lead>,
    pub(crate) updated: Vec<Lead>,
    pub(crate) faults: Vec<RowFault>,
    /// The keys of its rows, to be remembered once it is saved.
    pub(crate) seen: HashSet<u64>,
}

/// How a key is remembered: a file has millions.
pub(crate) fn fingerprint(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// Where the rows go, and when.
pub(crate) struct Ground<'r> {
    pub(crate) tenant: TenantId,
    pub(crate) options: &'r ImportOptions,
    pub(crate) now: Timestamp,
    pub(crate) next_id: &'r (dyn Fn() -> LeadId + Sync),
    pub(crate) seen_before: &'r HashSet<u64>,
    pub(crate) first_fault: u64,
}

struct Slot {
    lead: Lead,
    is_new: bool,
    is_changed: bool,
}

struct Bench<'r> {
    ground: Ground<'r>,
    slots: Vec<Slot>,
    by_key: HashMap<String, usize>,
    by_id: HashMap<LeadId, usize>,
    by_email: HashMap<String, usize>,
    seen: HashSet<u64>,
}

/// Why a row that is good by itself comes to nothing.
enum Refused {
    /// Another lead has the address.
    Taken,
    /// No lead begins there.
    Beginning,
}

impl Refused {
    fn fault(&self) -> FieldError {
        match self {
            Self::Taken => FieldError::new("/email", "duplicate_lead", "another lead has the e-mail address"),
            Self::Beginning => no_beginning(),
        }
    }
}

impl Batch {
    /// Decides on every row, one after the other, given the leads that were found by their keys.
    pub(crate) fn decide(rows: &[Checked], found: Vec<Lead>, ground: Ground<'_>) -> Self {
        let first_fault = ground.first_fault;
        let mut bench = Bench::with(found, ground);
        let (mut counts, mut faults) = (ImportCounts::default(), Vec::new());
        for row in rows {
            let outcome = match &row.wish {
                Err(errors) => {
                    faults.extend(errors.iter().map(|error| fault(row, error)));
                    Outcome::Failed
                }
                Ok(wish) => bench.decide(wish.clone()).unwrap_or_else(|refused| {
                    faults.push(fault(row, &refused.fault()));
                    Outcome::Failed
                }),
            };
            counts.count(outcome);
        }
        for (fault, number) in faults.iter_mut().zip(first_fault + 1..) {
            fault.number = number;
        }
        let seen = bench.seen;
        let (created, old): (Vec<_>, Vec<_>) = bench.slots.into_iter().partition(|slot| slot.is_new);
        let updated = old.into_iter().filter(|slot| slot.is_changed).map(|slot| slot.lead).collect();
        Self { counts, created: created.into_iter().map(|slot| slot.lead).collect(), updated, faults, seen }
    }

    /// What is left of it if the columns are not what they were taken for: nothing is written, and every row that was
    /// good was left out.
    pub(crate) fn without_leads(self) -> Self {
        let ImportCounts { rows_read, failed, .. } = self.counts;
        let counts = ImportCounts { rows_read, failed, skipped: rows_read - failed, ..ImportCounts::default() };
        Self { counts, created: Vec::new(), updated: Vec::new(), ..self }
    }
}

fn fault(row: &Checked, error: &FieldError) -> RowFault {
    RowFault {
        number: 0,
        row: row.row,
        field: error.pointer.trim_start_matches('/').to_owned(),
        code: error.code.to_owned(),
        message: error.message.clone(),
        cells: row.cells.clone(),
    }
}

impl<'r> Bench<'r> {
    fn with(found: Vec<Lead>, ground: Ground<'r>) -> Self {
        let (by_key, by_email) = (HashMap::new(), HashMap::new());
        let (by_id, seen) = (HashMap::new(), HashSet::new());
        let mut bench = Self { ground, slots: Vec::new(), by_key, by_id, by_email, seen };
        for lead in found {
            bench.put(Slot { lead, is_new: false, is_changed: false });
        }
        bench
    }

    fn put(&mut self, slot: Slot) {
        let index = self.slots.len();
        let details = slot.lead.details();
        let key = match self.ground.options.key {
            ImportKey::Id => Some(slot.lead.id().to_string()),
            ImportKey::Email => None,
            ImportKey::Phone => details.phone.as_ref().map(|phone| phone.e164().to_owned()),
        };
        if let Some(email) = details.email.as_ref().filter(|_| slot.lead.holds_address()) {
            self.by_email.insert(email.key().to_owned(), index);
            if self.ground.options.key == ImportKey::Email {
                self.by_key.insert(email.key().to_owned(), index);
            }
        }
        self.by_id.insert(slot.lead.id(), index);
        // Of those with one number the first that came.
        key.map(|key| *self.by_key.entry(key).or_insert(index));
        self.slots.push(slot);
    }

    fn decide(&mut self, wish: Wish) -> Result<Outcome, Refused> {
        let ImportOptions { mode, key, .. } = *self.ground.options;
        // A row with the id of a lead means that lead, whatever else is said to be the key.
        let known = wish.id.and_then(|id| self.by_id.get(&id).copied());
        let key = if known.is_some() { wish.key(ImportKey::Id) } else { wish.key(key) };
        let is_first = key.as_deref().is_none_or(|key| {
            let print = fingerprint(key);
            !self.ground.seen_before.contains(&print) && self.seen.insert(print)
        });
        let found = known.or_else(|| key.as_ref().and_then(|key| self.by_key.get(key).copied()));
        let outcome = match (found, mode) {
            (Some(_), ImportMode::Create) | (None, ImportMode::Update) => Outcome::Skipped,
            (Some(index), _) => self.change(index, wish)?,
            (None, _) if is_first => self.create(key, wish)?,
            (None, _) => Outcome::Skipped,
        };
        Ok(if is_first { outcome } else { Outcome::Duplicate })
    }

    fn create(&mut self, key: Option<String>, wish: Wish) -> Result<Outcome, Refused> {
        if wish.email_key().is_some_and(|email| self.by_email.contains_key(email)) {
            return Err(Refused::Taken);
        }
        let status = wish.status.unwrap_or(LeadStatus::New);
        if !is_beginning(status) {
            return Err(Refused::Beginning);
        }
        // Whoever judged the row has seen to it that there is a name.
        let Some(details) = wish.details(None) else { return Ok(Outcome::Skipped) };
        let id = (self.ground.next_id)();
        let (lead, _came) = Lead::create(id, self.ground.tenant, details, self.ground.now).into_parts();
        let lead = lead.beginning_at(status);
        let index = self.slots.len();
        self.put(Slot { lead, is_new: true, is_changed: true });
        // Also under the id that the file gives it, which it does not get.
        key.map(|key| self.by_key.entry(key).or_insert(index));
        Ok(Outcome::Created)
    }

    fn change(&mut self, index: usize, mut wish: Wish) -> Result<Outcome, Refused> {
        let now = self.ground.now;
        let Some(slot) = self.slots.get(index) else { return Ok(Outcome::Skipped) };
        let is_taken = |email: &str| self.by_email.get(email).is_some_and(|holder| *holder != index);
        let had = slot.lead.details().email.as_ref().map(|email| email.key().to_owned());
        let lead = slot.lead.clone();
        // What somebody has said since then counts: above all that they do not agree any more.
        let known_at = lead.details().consent.as_ref().map(|consent| consent.at);
        if matches!(&wish.patch.consent, Patch::Set(consent) if known_at.is_some_and(|at| at >= consent.at)) {
            wish.patch.consent = Patch::Keep;
        }
        let change = match self.ground.options.on_conflict {
            OnConflict::Skip => None,
            OnConflict::Overwrite => lead.edit(wish.patch, now).unwrap_or_default(),
            OnConflict::FillBlank => {
                let name = lead.details().full_name.clone();
                wish.details(Some(name)).and_then(|details| lead.fill_blanks(details, now))
            }
        };
        let Some(change) = change else { return Ok(Outcome::Skipped) };
        let lead = change.into_parts().0;
        let has = lead.details().email.as_ref().map(|email| email.key().to_owned());
        if has != had && lead.holds_address() && has.as_deref().is_some_and(is_taken) {
            return Err(Refused::Taken);
        }
        // The address it had stays taken until the batch is saved: databases check row by row.
        has.filter(|_| lead.holds_address()).map(|email| self.by_email.insert(email, index));
        if let Some(slot) = self.slots.get_mut(index) {
            (slot.lead, slot.is_changed) = (lead, true);
        }
        Ok(Outcome::Updated)
    }
}
