//! Bodies that expire, in process.

use std::{collections::HashSet, sync::Arc};

use ashlar_audit::{
    log::{AuditEvent, EventPosition},
    port::{RetentionStore, RetentionTx},
    retention::{Candidate, Class, EVENT, Expirable, Expiry},
};
use ashlar_kernel::{Change, Context, Journal, LogReader, StoreError, TenantId};
use async_trait::async_trait;
use uuid::Uuid;

use super::{Committed, MemoryStore, trail::Trail, transaction::MemoryTx};

impl Trail {
    /// Writes down that bodies expire.
    pub(super) fn expire(&mut self, by: Uuid, expiry: &Expiry) {
        let meant = expiry.runs.iter().flat_map(|run| run.from_seq..=run.to_seq);
        self.expired.extend(meant.map(|seq| ((expiry.tenant, seq), by)));
        self.expiring.insert(by, expiry.tenant);
    }

    /// The oldest expiry whose event is sealed and covered by a checkpoint that is elsewhere too, but for those in `done`.
    fn next_expiry(&self, done: &[(Uuid, HashSet<Uuid>)]) -> Option<Uuid> {
        let covered = self.covered();
        let is_proved = |by: &Uuid, tenant: &TenantId| {
            let mut theirs = self.links.range((*tenant, 0)..=(*tenant, covered.get(tenant).copied().unwrap_or(0)));
            theirs.any(|(_, link)| link.event == *by)
        };
        let waiting = self.expiring.iter().filter(|(by, _)| !done.iter().any(|(other, _)| other == *by));
        waiting.filter(|(by, tenant)| is_proved(by, tenant)).map(|(by, _)| *by).next()
    }
}

impl Committed {
    fn expirable(&self, search: &Expirable) -> Vec<Candidate> {
        let covered = self.trail.covered().get(&search.tenant).copied().unwrap_or(0);
        let unheard: HashSet<Uuid> = self.log.pending(LogReader::Dispatch).map(|event| event.id).collect();
        let links = self.trail.links.range((search.tenant, 0)..=(search.tenant, covered));
        let free = links.filter(|(place, _)| !self.trail.expired.contains_key(place));
        let mut found: Vec<_> = free
            .filter(|(_, link)| !unheard.contains(&link.event))
            .filter_map(|(_, link)| {
                let event = self.log.all().find(|event| event.id == link.event)?;
                let is_meant = event.name != EVENT
                    && Class::of(&event.name) == search.class
                    && event.occurred_at < search.before
                    && search.after.is_none_or(|after| EventPosition::of(event) > after);
                is_meant.then(|| Candidate { at: EventPosition::of(event), seq: link.seq, leaf: link.leaf })
            })
            .collect();
        found.sort_unstable_by_key(|candidate| candidate.at);
        found.truncate(usize::try_from(search.limit).unwrap_or(usize::MAX));
        found
    }
}

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn covered_tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        Ok(self.shared.lock().trail.covered().into_keys().collect())
    }

    async fn expirable(&self, search: &Expirable) -> Result<Vec<Candidate>, StoreError> {
        Ok(self.shared.lock().expirable(search))
    }

    async fn begin_retention(&self, context: &Context) -> Result<Option<Box<dyn RetentionTx>>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Some(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal))))
    }
}

#[async_trait]
impl RetentionTx for MemoryTx {
    async fn unrecorded(&mut self, tenant: TenantId, found: Vec<Candidate>) -> Result<Vec<Candidate>, StoreError> {
        let mine = self.expiring.iter().filter(|(_, expiry)| expiry.tenant == tenant);
        let mine: Vec<_> = mine.flat_map(|(_, expiry)| expiry.runs.clone()).collect();
        let committed = self.committed();
        let is_free = |candidate: &Candidate| {
            let seq = candidate.seq;
            let is_mine = mine.iter().any(|run| (run.from_seq..=run.to_seq).contains(&seq));
            !is_mine && !committed.trail.expired.contains_key(&(tenant, seq))
        };
        Ok(found.into_iter().filter(is_free).collect())
    }

    async fn record(&mut self, change: Change<Expiry, AuditEvent>) -> Result<(), StoreError> {
        let expiry = self.write(change, |_, expiry| Ok::<_, StoreError>(expiry))?;
        let by = self.written.last().map(|entry| entry.event.id);
        self.expiring.push((by.ok_or_else(|| StoreError::internal("nothing accounts for what expires"))?, expiry));
        Ok(())
    }

    async fn delete_recorded(&mut self) -> Result<Option<u64>, StoreError> {
        let found = {
            let committed = self.committed();
            committed.trail.next_expiry(&self.expired).map(|by| {
                let meant = committed.trail.expired.iter().filter(|(_, of)| **of == by);
                let links = meant.filter_map(|(place, _)| committed.trail.links.get(place));
                (by, links.map(|link| link.event).collect::<HashSet<_>>())
            })
        };
        let Some((by, bodies)) = found else { return Ok(None) };
        let count = u64::try_from(bodies.len()).unwrap_or(u64::MAX);
        self.expired.push((by, bodies));
        Ok(Some(count))
    }
}
