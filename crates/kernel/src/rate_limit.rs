//! Rate limits as a port.

use std::time::Duration;

use async_trait::async_trait;

use crate::{StoreError, Timestamp};

/// A named limit: at most `limit` within `window`, regained evenly.
///
/// It is the generic cell rate algorithm (ITU-T I.371): a caller who was quiet may spend the whole limit at once, and
/// regains one request each `window / limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RatePolicy {
    name: &'static str,
    limit: u32,
    window_seconds: u32,
}

impl RatePolicy {
    /// A policy; none if the limit or the window is zero, or a request would come back more than once a millisecond.
    pub const fn new(name: &'static str, limit: u32, window: Duration) -> Option<Self> {
        let seconds = window.as_secs();
        if limit == 0 || seconds == 0 || seconds > 31 * 86_400 || limit as u64 > seconds * 1_000 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a month of seconds fits")]
        Some(Self { name, limit, window_seconds: seconds as u32 })
    }

    /// Its name, which clients see.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// How many requests.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Within how many seconds.
    pub const fn window_seconds(&self) -> u32 {
        self.window_seconds
    }

    /// The window in microseconds, the unit of the algorithm.
    pub const fn window_micros(&self) -> i64 {
        self.window_seconds as i64 * 1_000_000
    }

    /// Microseconds until one request is regained.
    pub const fn interval_micros(&self) -> i64 {
        self.window_micros() / self.limit as i64
    }

    /// What one more request at `now` means to somebody whose requests are paid for until `paid_until` (microseconds
    /// since 1970; zero for a stranger): until when they are paid for then, or how long to wait.
    pub fn spend(&self, paid_until: i64, now: i64) -> Result<i64, i64> {
        let next = paid_until.max(now) + self.interval_micros();
        let wait = next - self.window_micros() - now;
        if wait > 0 { Err(wait) } else { Ok(next) }
    }

    /// The standing of somebody whose requests are paid for until `paid_until`.
    pub fn standing(self, paid_until: i64, now: i64) -> Standing {
        let owed = (paid_until - now).max(0);
        let remaining = (self.window_micros() - owed).max(0) / self.interval_micros();
        let one_more = (owed + self.interval_micros() - self.window_micros()).max(0);
        // With something left the interesting moment is when all is regained; with nothing left, when one is.
        let reset = if remaining > 0 { owed } else { one_more };
        Standing { policy: self, remaining: u32::try_from(remaining).unwrap_or(self.limit), reset_after: micros(reset) }
    }
}

fn micros(count: i64) -> Duration {
    Duration::from_micros(u64::try_from(count).unwrap_or_default())
}

/// One limit that a request counts against: the policy, and who is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// The limit.
    pub policy: RatePolicy,
    /// Who: an address, a user, an address with an account. Free of personal data that the store need not know.
    pub key: String,
}

/// How somebody stands with one policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub policy: RatePolicy,
    /// How many requests are left at once.
    pub remaining: u32,
    /// When all of them are regained; with none left, when the next one is.
    pub reset_after: Duration,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How the caller stands with each policy, in the order of the charges.
    pub standings: Vec<Standing>,
    /// The policies that refused it; empty when it may go on.
    pub violated: Vec<Standing>,
}

impl Verdict {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        self.violated.is_empty()
    }

    /// The policy closest to its end, which is the one worth telling. A refusal tells the one with the longest wait.
    pub fn tightest(&self) -> Option<&Standing> {
        let refused = self.violated.iter().max_by_key(|standing| standing.reset_after);
        refused.or_else(|| self.standings.iter().min_by_key(|standing| standing.remaining))
    }
}

/// Counts requests.
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one request against every charge, in one step that no other request can come between. If any policy
    /// refuses, none is charged: who knocks at a closed door does not close it for longer.
    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError>;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn impossible_policies_do_not_exist() {
        assert!(RatePolicy::new("x", 0, Duration::from_secs(1)).is_none());
        assert!(RatePolicy::new("x", 1, Duration::from_millis(999)).is_none());
        assert!(RatePolicy::new("x", 1_001, Duration::from_secs(1)).is_none());
        assert!(RatePolicy::new("x", 1, Duration::from_hours(24 * 40)).is_none());
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_twice_the_limit_and_any_burst_at_most_the_limit(
            limit in 1_u32..50, seconds in 1_u64..100, gaps in prop::collection::vec(0_i64..2_000_000, 1..300),
        ) {
            let policy = RatePolicy::new("p", limit, Duration::from_secs(seconds)).unwrap();
            let (mut paid, mut now, mut granted) = (0, 1_000_000_000_000_000_i64, Vec::new());
            for gap in gaps {
                now += gap;
                match policy.spend(paid, now) {
                    Ok(next) => { paid = next; granted.push(now); }
                    Err(wait) => {
                        prop_assert!(wait <= policy.interval_micros());
                        prop_assert!(policy.spend(paid, now + wait).is_ok(), "the wait suffices");
                    }
                }
                let standing = policy.standing(paid, now);
                prop_assert!(standing.remaining <= limit);
                prop_assert_eq!(standing.remaining > 0, policy.spend(paid, now).is_ok());
            }
            for (index, start) in granted.iter().enumerate() {
                let within = granted[index..].iter().take_while(|at| **at < start + policy.window_micros()).count();
                prop_assert!(within <= 2 * limit as usize);
            }
        }
    }
}
