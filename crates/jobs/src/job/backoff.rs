//! How long to wait before another attempt.

use ashlar_kernel::Entropy;
use chrono::TimeDelta;

/// Exponential waiting with full jitter: anything between nothing and `base` x 2^n, at most `cap`.
///
/// Full jitter spreads jobs that failed together over the whole interval, so that a remote that has just come back is
/// not knocked over by all of them at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub base: TimeDelta,
    /// The longest wait of all.
    pub cap: TimeDelta,
}

impl Backoff {
    /// 2 s, doubling up to an hour.
    pub const STANDARD: Self = Self { base: TimeDelta::seconds(2), cap: TimeDelta::hours(1) };

    /// The longest wait after `failures` failures, counted from 1.
    pub fn ceiling(&self, failures: u32) -> TimeDelta {
        let doublings = failures.saturating_sub(1).min(62);
        let millis = self.base.num_milliseconds().max(0).saturating_mul(1_i64 << doublings);
        TimeDelta::milliseconds(millis.min(self.cap.num_milliseconds().max(0)))
    }

    /// A wait after `failures` failures, in whole milliseconds.
    pub fn delay(&self, failures: u32, entropy: &dyn Entropy) -> TimeDelta {
        let span = u64::try_from(self.ceiling(failures).num_milliseconds()).unwrap_or(0) + 1;
        // The remainder favours small waits by less than one in 10^12.
        let millis = u64::from_le_bytes(entropy.bytes()) % span;
        TimeDelta::milliseconds(i64::try_from(millis).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use ashlar_memory::SeededEntropy;

    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap() {
        let ceilings: Vec<i64> = (1..=14).map(|n| Backoff::STANDARD.ceiling(n).num_seconds()).collect();
        assert_eq!(ceilings, [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]);
        assert_eq!(Backoff::STANDARD.ceiling(u32::MAX).num_seconds(), 3600);
        assert_eq!(Backoff::STANDARD.ceiling(0).num_seconds(), 2);
    }

    #[test]
    fn delays_fill_the_interval_and_stay_in_it() {
        let entropy = SeededEntropy::new(7);
        for failures in 1..=20 {
            let ceiling = Backoff::STANDARD.ceiling(failures);
            let delays: Vec<_> = (0..500).map(|_| Backoff::STANDARD.delay(failures, &entropy)).collect();
            assert!(delays.iter().all(|delay| *delay >= TimeDelta::zero() && *delay <= ceiling), "{failures}");
            let is_low = |delay: &&TimeDelta| **delay < ceiling / 4;
            let is_high = |delay: &&TimeDelta| **delay > ceiling * 3 / 4;
            let (low, high) = (delays.iter().filter(is_low).count(), delays.iter().filter(is_high).count());
            assert!(low > 80 && high > 80, "after {failures}: {low} low, {high} high of 500; seed 7");
        }
    }
}
