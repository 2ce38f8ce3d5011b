//! Requests that clients gave a name, and how they were answered.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{
    ClaimedRequest, Fingerprint, Receipt, RequestClaim, RequestLedger, RequestName, RequestState, StoreError,
    StoredAnswer, TenantId, Timestamp,
};
use async_trait::async_trait;
use uuid::Uuid;

use super::MemoryStore;

#[derive(Clone)]
struct Entry {
    token: Uuid,
    fingerprint: Fingerprint,
    held_until: Timestamp,
    kept_until: Timestamp,
    answer: Option<StoredAnswer>,
}

/// The ledger as a table: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct Ledger(Arc<BTreeMap<RequestName, Entry>>);

impl Ledger {
    fn claim(&mut self, claim: &RequestClaim) -> RequestState {
        let entries = Arc::make_mut(&mut self.0);
        if let Some(entry) = entries.get(&claim.claimed.name) {
            let is_abandoned = entry.answer.is_none() && entry.held_until <= claim.now;
            if entry.kept_until > claim.now && !is_abandoned {
                return match &entry.answer {
                    None => RequestState::Running(entry.fingerprint),
                    Some(answer) => RequestState::Answered(entry.fingerprint, answer.clone()),
                };
            }
        }
        let RequestClaim { claimed, fingerprint, held_until, kept_until, .. } = claim.clone();
        let entry = Entry { token: claimed.token, fingerprint, held_until, kept_until, answer: None };
        entries.insert(claimed.name, entry);
        RequestState::Claimed
    }

    /// Whether the claim still held.
    pub(super) fn answer(&mut self, receipt: &Receipt) -> bool {
        let entries = Arc::make_mut(&mut self.0);
        match entries.get_mut(&receipt.claimed.name) {
            Some(entry) if entry.token == receipt.claimed.token && entry.answer.is_none() => {
                entry.answer = Some(receipt.answer.clone());
                true
            }
            _ => false,
        }
    }

    /// Erases what was answered about these.
    pub(super) fn forget(&mut self, tenant: TenantId, about: &[Uuid]) -> u64 {
        let about: Vec<_> = about.iter().map(Uuid::to_string).collect();
        let mut forgotten = 0;
        for (name, entry) in Arc::make_mut(&mut self.0) {
            let names_one = |answer: &&mut StoredAnswer| about.iter().any(|id| answer.body.contains(id));
            if let Some(answer) = entry.answer.as_mut().filter(names_one).filter(|_| name.tenant == tenant) {
                *answer = StoredAnswer::erased();
                forgotten += 1;
            }
        }
        forgotten
    }

    fn release(&mut self, claimed: &ClaimedRequest) {
        let is_ours = |entry: &Entry| entry.token == claimed.token && entry.answer.is_none();
        if self.0.get(&claimed.name).is_some_and(is_ours) {
            Arc::make_mut(&mut self.0).remove(&claimed.name);
        }
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> u64 {
        let free = self.0.iter().filter(|(_, entry)| entry.kept_until < before);
        let mut free: Vec<_> = free.map(|(name, entry)| (entry.kept_until, name.clone())).collect();
        free.sort_unstable();
        free.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        for (_, name) in &free {
            Arc::make_mut(&mut self.0).remove(name);
        }
        u64::try_from(free.len()).unwrap_or(u64::MAX)
    }
}

#[async_trait]
impl RequestLedger for MemoryStore {
    async fn claim(&self, claim: &RequestClaim) -> Result<RequestState, StoreError> {
        // Writes take turns with units of work, whose commit would take them back otherwise.
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.ledger.claim(claim))
    }

    async fn conclude(&self, receipt: &Receipt) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.ledger.answer(receipt))
    }

    async fn release(&self, claimed: &ClaimedRequest) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.shared.lock().tables.ledger.release(claimed);
        Ok(())
    }

    async fn purge_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.ledger.purge(before, limit))
    }
}
