//! Sources that fail with many names, watched in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ashlar_kernel::{Brake, BrakeRule, StoreError, Timestamp};
use async_trait::async_trait;

/// Sources that are watched at once. Beyond them, those that have been quiet for longest are forgotten first.
const MAX_SOURCES: usize = 50_000;

/// Watches in this process. The brake of the embedded profile, and the one that stands in for a Redis that is gone.
pub struct MemoryBrake {
    rule: BrakeRule,
    sources: Mutex<HashMap<String, Source>>,
}

/// What is known of one source; moments in milliseconds since 1970.
#[derive(Default)]
struct Source {
    /// The last failure with each subject; never more of them than put the brake on.
    failed: HashMap<String, i64>,
    on_until: i64,
}

impl Source {
    /// When it was last heard of, or will be done with.
    fn newest(&self) -> i64 {
        self.failed.values().copied().max().unwrap_or_default().max(self.on_until)
    }
}

impl MemoryBrake {
    /// A brake that has seen nobody.
    pub fn new(rule: BrakeRule) -> Self {
        Self { rule, sources: Mutex::default() }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Brake for MemoryBrake {
    async fn is_on(&self, source: &str, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock().get(source).is_some_and(|source| now.timestamp_millis() < source.on_until))
    }

    async fn note_failure(&self, source: &str, subject: &str, now: Timestamp) -> Result<bool, StoreError> {
        let (now, within, lasts) = (now.timestamp_millis(), millis(self.rule.within), millis(self.rule.lasts));
        let mut sources = self.lock();
        if sources.len() >= MAX_SOURCES && !sources.contains_key(source) {
            make_room(&mut sources, now - within);
        }
        let source = sources.entry(source.to_owned()).or_default();
        if now < source.on_until {
            return Ok(false);
        }
        source.failed.retain(|_, at| now - *at < within);
        source.failed.insert(subject.to_owned(), now);
        if source.failed.len() < usize::try_from(self.rule.subjects).unwrap_or(usize::MAX) {
            return Ok(false);
        }
        *source = Source { failed: HashMap::new(), on_until: now + lasts };
        Ok(true)
    }
}

/// Forgets who has nothing left that counts; if that is not enough, the half that has been quiet for longest. A flood of
/// addresses must not take all memory, nor set those free that are slowed down.
fn make_room(sources: &mut HashMap<String, Source>, forgotten: i64) {
    sources.retain(|_, source| source.newest() > forgotten);
    if sources.len() >= MAX_SOURCES {
        let mut newest: Vec<i64> = sources.values().map(Source::newest).collect();
        let (_, median, _) = newest.select_nth_unstable(MAX_SOURCES / 2);
        let median = *median;
        sources.retain(|_, source| source.newest() > median);
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn flood_of_sources_is_bounded_and_sets_nobody_free() {
        let brake = MemoryBrake::new(BrakeRule::STUFFING);
        let note = |source: &str, subject: usize| {
            block_on(brake.note_failure(source, &subject.to_string(), Timestamp::UNIX_EPOCH)).unwrap()
        };
        for subject in 0..20 {
            note("somebody", subject);
        }
        for source in 0..MAX_SOURCES + 10_000 {
            note(&source.to_string(), 0);
        }
        assert!(brake.lock().len() <= MAX_SOURCES);
        assert!(block_on(brake.is_on("somebody", Timestamp::UNIX_EPOCH)).unwrap());
    }
}
