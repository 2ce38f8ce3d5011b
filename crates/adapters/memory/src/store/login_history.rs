//! Attempts to sign in, as they follow from events.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use ashlar_identity::{LoginLine, LoginPosition, LoginQuery, UserId, port::LoginHistory};
use ashlar_kernel::{LogEntry, StoreError, Timestamp};
use async_trait::async_trait;

use super::MemoryStore;

/// The table. A copy is cheap.
#[derive(Clone, Default)]
pub(super) struct Attempts(Arc<BTreeMap<Reverse<LoginPosition>, LoginLine>>);

impl Attempts {
    /// Keeps the attempts that these events tell of.
    pub(super) fn note(&mut self, events: &[LogEntry]) {
        for line in events.iter().filter_map(LoginLine::of) {
            Arc::make_mut(&mut self.0).insert(Reverse(line.position()), line);
        }
    }

    fn page(&self, query: &LoginQuery) -> Vec<LoginLine> {
        let rows = usize::try_from(query.rows).unwrap_or(usize::MAX);
        self.0.values().filter(|line| query.lets_through(line)).take(rows).cloned().collect()
    }

    pub(super) fn forget(&mut self, user: UserId) {
        Arc::make_mut(&mut self.0).retain(|_, line| line.user != Some(user));
    }

    fn purge(&mut self, before: Timestamp, limit: u32) -> u64 {
        let over = self.0.iter().rev().filter(|(_, line)| line.at < before).map(|(position, _)| *position);
        let over: Vec<_> = over.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect();
        let attempts = Arc::make_mut(&mut self.0);
        for position in &over {
            attempts.remove(position);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }
}

#[async_trait]
impl LoginHistory for MemoryStore {
    async fn logins(&self, query: &LoginQuery) -> Result<Vec<LoginLine>, StoreError> {
        Ok(self.shared.lock().tables.attempts.page(query))
    }

    async fn purge_logins(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let _turn = self.turn.lock().await;
        Ok(self.shared.lock().tables.attempts.purge(before, limit))
    }
}
