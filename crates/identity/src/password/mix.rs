//! What the hashes of all accounts are of, so that an unknown identifier is not told by its time.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

use ashlar_kernel::Timestamp;
use chrono::TimeDelta;

use super::PasswordHash;

/// For how long the shares are believed. They move when people sign in, and when many are imported.
const BELIEVED: TimeDelta = TimeDelta::minutes(10);

/// Hashes no password is behind, one of each class there is in the store, and how many accounts have each.
///
/// Someone who asks for an unknown identifier is compared with one of them. Which one follows from a keyed hash of the
/// identifier, weighted by the shares: the same identifier always costs the same, and so do as many unknown ones as
/// known ones.
#[derive(Default)]
pub(crate) struct HashMix {
    decoys: RwLock<Arc<[Decoy]>>,
    due_at: AtomicI64,
}

/// A hash, none standing for one as new ones are; and the number of accounts up to and including its class.
type Decoy = (u64, Option<PasswordHash>);

impl HashMix {
    /// Whether the shares have to be read again; true for one caller at a time.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let (due_at, next) = (self.due_at.load(Ordering::Acquire), (now + BELIEVED).timestamp_millis());
        // A clock that has stepped back far must not leave the shares as they are for long.
        let is_due = due_at <= now.timestamp_millis() || due_at > next;
        is_due && self.due_at.compare_exchange(due_at, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Replaces the shares: a decoy of each class, and how many accounts are of it.
    pub(crate) fn set(&self, shares: Vec<(Option<PasswordHash>, u64)>) {
        let mut total = 0_u64;
        let up_to = |(decoy, accounts): (Option<PasswordHash>, u64)| {
            total = total.saturating_add(accounts);
            (total, decoy)
        };
        *self.decoys.write().unwrap_or_else(PoisonError::into_inner) = shares.into_iter().map(up_to).collect();
    }

    /// The decoy that `tag` falls on; none stands for a hash as new ones are.
    pub(crate) fn draw(&self, tag: [u8; 32]) -> Option<PasswordHash> {
        let decoys = Arc::clone(&self.decoys.read().unwrap_or_else(PoisonError::into_inner));
        let total = decoys.last().map(|(up_to, _)| *up_to).filter(|total| *total > 0)?;
        // Of 128 bits: the remainder favours nobody by more than 2^-64.
        let (number, _) = tag.split_at(16);
        let number = number.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        let place = u64::try_from(number % u128::from(total)).unwrap_or(0);
        decoys.get(decoys.partition_point(|(up_to, _)| *up_to <= place)).and_then(|(_, decoy)| decoy.clone())
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::MacKey;

    use super::*;

    fn shares() -> Vec<(Option<PasswordHash>, u64)> {
        let share = |(name, accounts): (&str, u64)| (Some(PasswordHash::restore(name.to_owned())), accounts);
        let known = [("a", 500), ("nobody", 0), ("b", 300), ("c", 100)].map(share);
        known.into_iter().chain([(None, 100)]).collect()
    }

    #[test]
    fn decoys_are_drawn_by_their_shares_and_the_same_for_one_name() {
        let mix = HashMix::default();
        let key = MacKey::from_bytes([7; 32]);
        assert!(mix.draw(key.tag(&[b"nobody"])).is_none());

        mix.set(shares());

        let draw = |name: u32| {
            mix.draw(key.tag(&[&name.to_be_bytes()])).map_or("new".to_owned(), |hash| hash.as_str().to_owned())
        };
        let drawn: Vec<String> = (0..10_000).map(draw).collect();
        for (decoy, share) in [("a", 5_000), ("b", 3_000), ("c", 1_000), ("new", 1_000), ("nobody", 0)] {
            let count = drawn.iter().filter(|drawn| *drawn == decoy).count();
            assert!(count.abs_diff(share) < 200, "{decoy}: {count}");
        }
        assert_eq!((0..10_000).map(draw).collect::<Vec<_>>(), drawn);
    }

    #[test]
    fn shares_are_due_once_and_then_not_for_a_while() {
        let mix = HashMix::default();
        let noon = Timestamp::UNIX_EPOCH + TimeDelta::hours(12);
        assert!(mix.is_due(noon));
        assert!(!mix.is_due(noon));
        assert!(!mix.is_due(noon + BELIEVED - TimeDelta::milliseconds(1)));
        assert!(mix.is_due(noon + BELIEVED));
        assert!(!mix.is_due(noon + BELIEVED));
        assert!(mix.is_due(noon - TimeDelta::hours(1)), "the clock has stepped back");
        assert!(!mix.is_due(noon - TimeDelta::hours(1)));
    }
}
