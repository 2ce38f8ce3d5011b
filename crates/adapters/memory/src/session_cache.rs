//! What this process remembers about sessions.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use ashlar_identity::{
    SessionId,
    port::{CachedSession, SessionCache, Standing},
};
use ashlar_kernel::Timestamp;
use moka::{
    Entry,
    ops::compute::{CompResult, Op},
    policy::EvictionPolicy,
    sync::Cache,
};

const MAX_SESSIONS: u64 = 100_000;
const MAX_IDLE: Duration = Duration::from_mins(10);

/// The sessions this process has seen lately: at most 100,000, each until nobody asked for it during ten minutes.
///
/// Also the server's own cache in every profile.
pub struct MemorySessionCache {
    sessions: Cache<SessionId, CachedSession>,
    /// Readings of living sessions up to this moment are not returned; milliseconds since 1970.
    doubted_until: AtomicI64,
}

impl MemorySessionCache {
    /// An empty cache.
    pub fn new() -> Self {
        Self::of_size(MAX_SESSIONS)
    }

    fn of_size(sessions: u64) -> Self {
        // Least recently used, and not moka's default: that one may decline a newcomer when the cache is full, and an
        // end that is declined is an end that a reading already on its way would undo.
        let policy = EvictionPolicy::lru();
        let cache = Cache::builder().max_capacity(sessions).time_to_idle(MAX_IDLE).eviction_policy(policy);
        Self { sessions: cache.build(), doubted_until: AtomicI64::new(i64::MIN) }
    }

    // Every write is such a closure: moka runs those of one key one after the other, but lets a plain insert or
    // invalidation slip in between.
    fn change(
        &self,
        id: SessionId,
        decide: impl FnOnce(bool) -> Op<CachedSession>,
    ) -> CompResult<SessionId, CachedSession> {
        let has_ended = |known: Entry<_, CachedSession>| matches!(known.value().standing, Standing::Ended);
        self.sessions.entry(id).and_compute_with(|known| decide(known.is_some_and(has_ended)))
    }
}

impl Default for MemorySessionCache {
    fn default() -> Self {
        Self::new()
    }
}

impl SessionCache for MemorySessionCache {
    fn get(&self, id: SessionId) -> Option<CachedSession> {
        let is_doubted = |seen_at: Timestamp| seen_at.timestamp_millis() <= self.doubted_until.load(Ordering::SeqCst);
        let known = self.sessions.get(&id);
        known.filter(|known| matches!(known.standing, Standing::Ended) || !is_doubted(known.seen_at))
    }

    fn remember(&self, id: SessionId, seen: CachedSession) -> CachedSession {
        let result = self.change(id, |has_ended| if has_ended { Op::Nop } else { Op::Put(seen.clone()) });
        match result {
            CompResult::Unchanged(ended) => ended.into_value(),
            _written => seen,
        }
    }

    fn end(&self, id: SessionId, at: Timestamp) {
        self.change(id, |_| Op::Put(CachedSession { standing: Standing::Ended, seen_at: at }));
    }

    fn forget(&self, id: SessionId) {
        self.change(id, |has_ended| if has_ended { Op::Nop } else { Op::Remove });
    }

    fn forget_readings_until(&self, moment: Timestamp) {
        // A moment and not a sweep: a sweep would miss the reading that is about to be written.
        self.doubted_until.fetch_max(moment.timestamp_millis(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u64) -> SessionId {
        SessionId::from_uuid(Uuid::from_u128(number.into()))
    }

    #[test]
    fn a_full_cache_still_takes_the_end_of_a_session_it_never_saw() {
        let cache = MemorySessionCache::of_size(100);
        for number in 0..100 {
            cache.end(id(number), Timestamp::UNIX_EPOCH);
        }
        cache.sessions.run_pending_tasks();
        // Sessions in use, which a policy that goes by frequency would prefer to a newcomer.
        for _ in 0..10 {
            assert!((0..100).all(|number| cache.get(id(number)).is_some()));
            cache.sessions.run_pending_tasks();
        }

        cache.end(id(100), Timestamp::UNIX_EPOCH);
        cache.sessions.run_pending_tasks();

        assert!(cache.get(id(100)).is_some());
        assert_eq!(cache.sessions.entry_count(), 100);
        assert!(cache.get(id(0)).is_none(), "the one not asked for longest makes room");
    }
}
