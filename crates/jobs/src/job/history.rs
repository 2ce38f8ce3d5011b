//! What is remembered of attempts that failed.

use ashlar_kernel::Timestamp;
use serde::{Deserialize, Serialize};

/// How many failed attempts a job remembers.
pub const FAILURES_KEPT: usize = 10;

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAttempt {
    /// Which, counted from 1, and anew after each second chance.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// Why, [scrubbed](crate::scrub).
    pub note: String,
}

/// The chain with one more, as far as it is kept.
pub(super) fn remember(mut chain: Vec<FailedAttempt>, attempt: FailedAttempt) -> Vec<FailedAttempt> {
    chain.push(attempt);
    let surplus = chain.len().saturating_sub(FAILURES_KEPT);
    chain.drain(..surplus);
    chain
}
