//! What is remembered for a while instead of being asked for again.

mod key;
mod read_through;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;

pub use key::{CacheKey, CacheTag};
pub use read_through::{CacheOutcome, CacheWatch, ReadThrough, SpawnTask, Wanted};

use crate::{StoreError, Timestamp};

/// How long a value is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// For so long it is the answer.
    pub fresh_for: Duration,
    /// For so long after that it is better than waiting.
    pub stale_for: Duration,
}

impl Lifetime {
    /// From the moment a value is stored to the moment it is gone.
    pub fn whole(&self) -> Duration {
        self.fresh_for.saturating_add(self.stale_for)
    }

    /// How a value is that was stored at `stored`; none if it is gone. A value from the future is gone too: the clock
    /// has stepped back since, by who knows how much.
    pub fn freshness(&self, stored: Timestamp, now: Timestamp) -> Option<Freshness> {
        let age = (now - stored).to_std().ok()?;
        if age < self.fresh_for {
            Some(Freshness::Fresh)
        } else if age < self.whole() {
            Some(Freshness::Stale)
        } else {
            None
        }
    }
}

/// Whether a remembered value is as good as a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is.
    Fresh,
    /// It is better than waiting, but should be replaced.
    Stale,
}

/// A remembered value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// The value.
    pub value: Arc<[u8]>,
    /// How good it is.
    pub freshness: Freshness,
}

/// The version of a tag at one moment. Says nothing but whether it is the same as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TagVersion(pub u128);

/// Tags as they were at one moment: before the value they are to go with was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagVersions(pub Vec<(CacheTag, TagVersion)>);

/// What became of a value that was to be remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is remembered.
    Stored,
    /// One of its tags was invalidated since its versions were taken: the value may be one from before.
    Outdated,
    /// It is larger than this cache takes.
    TooLarge,
}

/// Remembers values for a while, in bounded room. It may forget any of them at any time.
///
/// An entry is good as long as all its tags have the versions it was stored with, so that one step invalidates all
/// entries of a tag, wherever they are and however many.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is remembered and still good at `now`.
    async fn get(&self, key: &CacheKey, now: Timestamp) -> Result<Option<Cached>, StoreError>;

    /// The present versions of `tags`. To be taken *before* the value is asked for: an invalidation between the two
    /// then makes the value [outdated](Kept::Outdated).
    async fn versions(&self, tags: &[CacheTag]) -> Result<TagVersions, StoreError>;

    /// Remembers a value from `now` on, unless a tag has another version by now.
    async fn put(&self, key: &CacheKey, entry: NewEntry, now: Timestamp) -> Result<Kept, StoreError>;

    /// Forgets every entry that carries `tag`, and every value that is on its way under the versions so far.
    async fn invalidate(&self, tag: &CacheTag) -> Result<(), StoreError>;
}

/// A value to be remembered.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The value.
    pub value: Arc<[u8]>,
    /// How long it is good.
    pub lifetime: Lifetime,
    /// What it depends on, as it was before the value was asked for.
    pub tags: TagVersions,
}

/// The largest value any cache remembers, in bytes. Larger ones are for other places.
pub const MAX_CACHED_VALUE: usize = 1024 * 1024;
