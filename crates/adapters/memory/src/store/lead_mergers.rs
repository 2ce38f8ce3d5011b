//! Leads that are one person, and what is erased with a lead, in process.

use std::{cmp::Reverse, sync::Arc};

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    Activity, ContactEvent, ContactMessage, ContactRow, DuplicatePair, DuplicatePosition, DuplicateQuery,
    DuplicateRows, Lead, LeadEvent, LeadId, LeadStatus, NotePosition, StatusChange,
    import::{ImportId, RowFault},
    lead::{Likeness, Merged, Merger},
    newsletter::{AddressHash, SubscriberMailbox, Subscription},
    port::{BETWEEN_DIGITS, DuplicateReads, MergeWrites, PurgeWrites, RefusedRow, SaveLeadError, Traces},
};
use async_trait::async_trait;

use super::{
    MemoryStore,
    leads::{LeadTables, Notes},
    tables::Tables,
    transaction::MemoryTx,
};

fn rows(most: u64) -> usize {
    usize::try_from(most).unwrap_or(usize::MAX)
}

impl LeadTables {
    fn duplicates(&self, query: &DuplicateQuery) -> DuplicateRows {
        let after = query.after.unwrap_or_else(DuplicatePosition::first);
        let is_meant = |lead: &&Lead| {
            lead.tenant() == query.tenant && lead.deleted_at().is_none() && lead.status() != LeadStatus::Spam
        };
        let mut all: Vec<_> = self.leads.values().filter(is_meant).collect();
        all.sort_by_key(|lead| Reverse(lead.id()));
        let mut looked_at: Vec<_> = all.clone();
        looked_at.sort_by_key(|lead| Reverse((lead.created_at(), lead.id())));
        let position = |lead: &Lead| (lead.created_at(), lead.id().as_uuid());
        let from = (after.at, after.newer);
        looked_at.retain(|lead| position(lead) < from || (position(lead) == from && !after.is_past_its_lead()));
        looked_at.truncate(rows(query.leads));
        let looked_up_to = looked_at.last().filter(|_| looked_at.len() == rows(query.leads)).map(|last| {
            DuplicatePosition { at: last.created_at(), newer: last.id().as_uuid(), older: uuid::Uuid::nil() }
        });
        let pairs = looked_at.into_iter().flat_map(|newer| nearest(newer, &all));
        let pairs = pairs.filter(|pair| pair.position() < after).take(rows(query.pairs)).collect();
        DuplicateRows { pairs, looked_up_to }
    }

    /// What was noted about some leads is noted about another.
    fn pass_on(&mut self, away: &[LeadId], into: LeadId) -> Result<(), StoreError> {
        each(&mut self.activities, |note: &mut Activity| away.contains(&note.lead).then(|| note.lead = into));
        each(&mut self.changes, |note: &mut StatusChange| away.contains(&note.lead).then(|| note.lead = into));
        let written = self.contacts.values().filter(|message| message.lead().is_some_and(|lead| away.contains(&lead)));
        for message in written.cloned().collect::<Vec<_>>() {
            let row = message.to_row();
            let row = ContactRow { lead_id: Some(into.as_uuid()), version: row.version + 1, ..row };
            let message = ContactMessage::restore(row)?;
            Arc::make_mut(&mut self.contacts).insert(Reverse(NotePosition::of_contact(&message)), message);
        }
        Ok(())
    }

    fn merge(&mut self, merger: Merger) -> Result<(), SaveLeadError> {
        let Merger { merged: Merged { primary, away, before }, moves, notes, .. } = merger;
        if self.leads.get(&primary.id()).map(Lead::version) != Some(before.version()) {
            return Err(StoreError::Stale.into());
        }
        let ids: Vec<_> = away.iter().map(Lead::id).collect();
        for lead in away.into_iter().chain([primary.clone()]) {
            self.update(&lead)?;
        }
        self.pass_on(&ids, primary.id())?;
        for note in notes {
            self.note(note)?;
        }
        for moved in moves {
            self.note_move(moved);
        }
        Ok(())
    }

    /// The leads that became a part of one, and of those.
    pub(super) fn parts(&self, tenant: TenantId, id: LeadId) -> Vec<Lead> {
        let mut found: Vec<Lead> = Vec::new();
        let mut whole = vec![id];
        while let Some(id) = whole.pop() {
            let parts = self.leads.values().filter(|lead| lead.tenant() == tenant && lead.merged_into() == Some(id));
            for part in parts {
                whole.push(part.id());
                found.push(part.clone());
            }
        }
        found
    }
}

/// Those before a lead that are like it, the latest first, and of each likeness no more than so many.
fn nearest<'l>(newer: &'l Lead, all: &'l [&'l Lead]) -> impl Iterator<Item = DuplicatePair> + 'l {
    let mut seen = Likeness::ALL.iter().map(|likeness| (*likeness, 0)).collect::<Vec<_>>();
    let before = all.iter().filter(|older| older.id() < newer.id());
    before.filter_map(move |older| {
        let common = newer.likenesses(older);
        let mut is_near = false;
        for (_, count) in seen.iter_mut().filter(|(likeness, _)| common.contains(likeness)) {
            *count += 1;
            is_near |= *count <= DuplicateQuery::NEAREST;
        }
        is_near.then(|| DuplicatePair { newer: newer.clone(), older: (*older).clone() })
    })
}

fn each<T: Clone>(notes: &mut Notes<T>, change: impl Fn(&mut T) -> Option<()>) {
    for note in Arc::make_mut(notes).values_mut() {
        change(note);
    }
}

#[async_trait]
impl DuplicateReads for MemoryStore {
    async fn duplicates(&self, query: &DuplicateQuery) -> Result<DuplicateRows, StoreError> {
        Ok(self.shared.lock().tables.leads.duplicates(query))
    }
}

#[async_trait]
impl MergeWrites for MemoryTx {
    async fn leads_to_merge(&mut self, tenant: TenantId, ids: &[LeadId]) -> Result<Vec<Lead>, StoreError> {
        let is_meant =
            |lead: &&Lead| lead.tenant() == tenant && lead.deleted_at().is_none() && ids.contains(&lead.id());
        Ok(self.draft.leads.leads.values().filter(is_meant).cloned().collect())
    }

    async fn merge_leads(&mut self, change: Change<Merger, LeadEvent>) -> Result<(), SaveLeadError> {
        self.write(change, |tables: &mut Tables, merger| {
            let (into, away) = (merger.merged.primary.id(), merger.away());
            tables.clients.pass_on(&away, into)?;
            tables.leads.merge(merger)
        })
    }
}

#[async_trait]
impl PurgeWrites for MemoryTx {
    async fn parts_of(&mut self, tenant: TenantId, id: LeadId) -> Result<Vec<Lead>, StoreError> {
        Ok(self.draft.leads.parts(tenant, id))
    }

    async fn subscriptions_of(
        &mut self,
        tenant: TenantId,
        email_keys: &[String],
    ) -> Result<Vec<Subscription>, StoreError> {
        Ok(self.draft.newsletter.of_addresses(tenant, email_keys))
    }

    async fn mailbox_of(
        &mut self,
        tenant: TenantId,
        address: AddressHash,
    ) -> Result<Option<SubscriberMailbox>, StoreError> {
        Ok(self.draft.newsletter.mailbox(tenant, address).cloned())
    }

    async fn refused_rows(
        &mut self,
        tenant: TenantId,
        traces: &Traces,
    ) -> Result<Vec<(ImportId, RowFault)>, StoreError> {
        let has_trace = |cell: &String| {
            let lower = cell.to_lowercase();
            let digits = cell.replace(BETWEEN_DIGITS, "");
            traces.addresses.iter().any(|trace| lower.contains(trace))
                || traces.numbers.iter().any(|trace| digits.contains(trace))
        };
        Ok(self.draft.transfers.refused(tenant, |row| row.cells.iter().any(has_trace)))
    }

    async fn empty_rows(&mut self, change: Change<Vec<RefusedRow>, LeadEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, rows| {
            tables.transfers.empty(&rows);
            Ok(())
        })
    }

    async fn erase_contact(&mut self, change: Change<ContactMessage, ContactEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, message| tables.leads.erase_contact(&message))
    }
}
