//! Rate limits counted in this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ashlar_kernel::{Charge, RateLimiter, StoreError, Timestamp, Verdict};
use async_trait::async_trait;

/// Callers that are remembered at once. Beyond them, those who have regained most are forgotten first.
const MAX_CALLERS: usize = 200_000;

/// Counts in this process. The limiter of the embedded profile, and the one that stands in for a Redis that is gone.
///
/// One lock: a charge of several policies is one step, and the step takes well under a microsecond.
#[derive(Default)]
pub struct MemoryRateLimiter(Mutex<Callers>);

/// Until when, in microseconds since 1970, the requests of each caller are paid for.
#[derive(Default)]
struct Callers {
    paid_until: HashMap<(&'static str, String), i64>,
    sweep_at: usize,
}

impl MemoryRateLimiter {
    /// A limiter that has counted nobody.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(callers.charge(charges, now.timestamp_micros()))
    }
}

impl Callers {
    fn charge(&mut self, charges: &[Charge], now: i64) -> Verdict {
        self.make_room(now);
        let spent: Vec<_> = charges.iter().map(|charge| (charge, self.paid(charge))).collect();
        let violated: Vec<_> = spent
            .iter()
            .filter(|(charge, paid)| charge.policy.spend(*paid, now).is_err())
            .map(|(charge, paid)| charge.policy.standing(*paid, now))
            .collect();
        let mut standings = Vec::with_capacity(spent.len());
        for (charge, paid) in spent {
            let paid = match charge.policy.spend(paid, now) {
                Ok(next) if violated.is_empty() => next,
                _ => paid,
            };
            if violated.is_empty() {
                self.paid_until.insert((charge.policy.name(), charge.key.clone()), paid);
            }
            standings.push(charge.policy.standing(paid, now));
        }
        Verdict { standings, violated }
    }

    fn paid(&self, charge: &Charge) -> i64 {
        self.paid_until.get(&(charge.policy.name(), charge.key.clone())).copied().unwrap_or_default()
    }

    /// Forgets who has regained everything, each time the map has doubled since the last time. A crowd of callers that
    /// is too large even so is cut to the half that owes most: a flood of addresses must not take all memory, nor set
    /// free those who are at their limit.
    fn make_room(&mut self, now: i64) {
        if self.paid_until.len() < self.sweep_at.max(1_024) {
            return;
        }
        self.paid_until.retain(|_, paid| *paid > now);
        if self.paid_until.len() >= MAX_CALLERS {
            let mut debts: Vec<i64> = self.paid_until.values().copied().collect();
            let (_, median, _) = debts.select_nth_unstable(MAX_CALLERS / 2);
            let median = *median;
            self.paid_until.retain(|_, paid| *paid > median);
        }
        self.sweep_at = (self.paid_until.len() * 2).min(MAX_CALLERS);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ashlar_kernel::RatePolicy;

    use super::*;

    fn charge(key: usize) -> [Charge; 1] {
        let policy = RatePolicy::new("test", 10, Duration::from_mins(1)).unwrap();
        [Charge { policy, key: key.to_string() }]
    }

    #[test]
    fn flood_of_callers_is_bounded_and_sets_nobody_free_who_is_at_the_limit() {
        let mut callers = Callers::default();
        for _ in 0..10 {
            assert!(callers.charge(&charge(usize::MAX), 0).is_allowed());
        }
        for key in 0..MAX_CALLERS + 50_000 {
            assert!(callers.charge(&charge(key), 0).is_allowed());
        }
        assert!(callers.paid_until.len() <= MAX_CALLERS);
        assert!(!callers.charge(&charge(usize::MAX), 0).is_allowed());
    }

    #[test]
    fn callers_who_have_regained_everything_are_forgotten() {
        let mut callers = Callers::default();
        for key in 0..10_000 {
            callers.charge(&charge(key), i64::try_from(key).unwrap() * 6_000_000);
        }
        assert!(callers.paid_until.len() <= 1_024, "{}", callers.paid_until.len());
    }
}
