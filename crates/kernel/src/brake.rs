//! Slowing down who fails with many names, as a port.

use std::time::Duration;

use async_trait::async_trait;

use crate::{StoreError, Timestamp};

/// When a source is slowed down: after failures with so many different subjects within so long, for so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrakeRule {
    /// So many different subjects.
    pub subjects: u32,
    /// Whose last failure is not longer ago than this.
    pub within: Duration,
    /// How long the source is slowed down.
    pub lasts: Duration,
}

impl BrakeRule {
    /// Credential stuffing: somebody tries a list of names and passwords that were stolen elsewhere. One person who
    /// forgets a password is one subject, however often they try.
    pub const STUFFING: Self = Self { subjects: 20, within: Duration::from_mins(10), lasts: Duration::from_hours(1) };
}

/// Knows which sources have failed with many different subjects lately. What is to be done about them is for others to
/// say.
#[async_trait]
pub trait Brake: Send + Sync {
    /// Whether the source is slowed down.
    async fn is_on(&self, source: &str, now: Timestamp) -> Result<bool, StoreError>;

    /// Notes that `source` has failed with `subject`. True if that slows it down from now on: once, however many fail at
    /// the same time. Nothing is noted while it is slowed down.
    async fn note_failure(&self, source: &str, subject: &str, now: Timestamp) -> Result<bool, StoreError>;
}
