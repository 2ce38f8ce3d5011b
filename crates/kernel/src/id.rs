//! Typed identifiers.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Builder, Uuid};

use crate::{Clock, Entropy};

/// The identifier of one `T`: a UUID that cannot be mistaken for the identifier of something else.
///
/// New ones are `UUIDv7` (RFC 9562), so that ids sort by the time they were made and b-tree inserts stay local.
/// Rendered everywhere in the plain hyphenated form.
pub struct Id<T>(Uuid, PhantomData<fn() -> T>);

impl<T> Id<T> {
    /// Wraps a UUID that is known to identify a `T`.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Takes the next id of `source`.
    pub fn new(source: &dyn IdSource) -> Self {
        Self::from_uuid(source.next())
    }

    /// The bare UUID.
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

/// The text is not a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID")]
pub struct InvalidId(#[source] uuid::Error);

impl<T> FromStr for Id<T> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::parse_str(text).map(Self::from_uuid).map_err(InvalidId)
    }
}

// Written by hand because a derive would ask the same of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
impl<T> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, T> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(Self::from_uuid)
    }
}

/// Where new identifiers come from, and the other thing that every entry of the log needs a new one of.
pub trait IdSource: Send + Sync {
    /// An identifier that was never given out before.
    fn next(&self) -> Uuid;

    /// 32 bytes that nobody can guess: the key of one [`Commitment`](crate::Commitment).
    fn salt(&self) -> [u8; 32];
}

/// `UUIDv7` identifiers that never go backwards within a process, even when the clock does.
///
/// Method 1 of RFC 9562 section 6.2: the 12 bits after the milliseconds count within one millisecond, starting at a
/// random value below 2048; a full counter borrows from the next millisecond. The other 62 bits are random.
pub struct TimeOrderedIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Mutex<Tick>,
}

#[derive(Clone, Copy)]
struct Tick {
    millis: u64,
    counter: u16,
}

const COUNTER_MAX: u16 = 0x0FFF;
const COUNTER_START_MASK: u16 = 0x07FF;

impl TimeOrderedIds {
    /// Ids that carry the time of `clock` and the randomness of `entropy`.
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Mutex::new(Tick { millis: 0, counter: 0 }) }
    }

    fn tick(&self, seed: u16) -> Tick {
        let now = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if now > last.millis {
            Tick { millis: now, counter: seed & COUNTER_START_MASK }
        } else if last.counter < COUNTER_MAX {
            Tick { counter: last.counter + 1, ..*last }
        } else {
            Tick { millis: last.millis + 1, counter: seed & COUNTER_START_MASK }
        };
        *last
    }
}

impl IdSource for TimeOrderedIds {
    fn next(&self) -> Uuid {
        let mut fill: [u8; 10] = self.entropy.bytes();
        let [high, low, ..] = &mut fill;
        let tick = self.tick(u16::from_be_bytes([*high, *low]));
        [*high, *low] = tick.counter.to_be_bytes();
        Builder::from_unix_timestamp_millis(tick.millis, &fill).into_uuid()
    }

    fn salt(&self) -> [u8; 32] {
        self.entropy.bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::atomic::AtomicI64};

    use chrono::DateTime;

    use super::*;
    use crate::Timestamp;

    struct Hand(AtomicI64);
    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            DateTime::from_timestamp_millis(self.0.load(std::sync::atomic::Ordering::SeqCst)).unwrap()
        }
    }
    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    fn source(at: i64) -> (Arc<Hand>, TimeOrderedIds) {
        let clock = Arc::new(Hand(AtomicI64::new(at)));
        (Arc::clone(&clock), TimeOrderedIds::new(clock, Arc::new(Zeros)))
    }

    #[test]
    fn ids_are_version_seven_of_the_rfc_variant() {
        let id = source(1_645_557_742_000).1.next();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert!(id.to_string().starts_with("017f22e2-79b0-7"), "the RFC's example time: {id}");
    }

    #[test]
    fn ids_rise_within_one_millisecond_and_past_a_full_counter() {
        let (_, ids) = source(1_700_000_000_000);
        let many: Vec<_> = (0..10_000).map(|_| ids.next()).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn ids_rise_when_the_clock_steps_back() {
        let (clock, ids) = source(1_700_000_000_000);
        let before = ids.next();
        clock.0.store(1_600_000_000_000, std::sync::atomic::Ordering::SeqCst);
        assert!(ids.next() > before);
    }

    #[test]
    fn threads_never_share_an_id() {
        let (_, ids) = source(1_700_000_000_000);
        let all: Vec<Uuid> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..8).map(|_| scope.spawn(|| (0..2_000).map(|_| ids.next()).collect::<Vec<_>>())).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        });
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 16_000);
    }

    #[test]
    fn an_id_survives_text_and_json() {
        let id: Id<Tick> = Id::new(&source(5).1);
        assert_eq!(id.to_string().parse::<Id<Tick>>().unwrap(), id);
        assert_eq!(serde_json::from_str::<Id<Tick>>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        assert!("no".parse::<Id<Tick>>().is_err());
    }
}
