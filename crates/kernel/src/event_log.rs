//! The readers' side of the event log.

use async_trait::async_trait;
use uuid::Uuid;

use crate::{EventRecord, StoreError};

/// Who reads the log. Each has its own list of events it has not handled yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogReader {
    /// Seals events into the hash chain that makes the log an audit trail.
    Seal,
    /// Hands events to subscribers: jobs, mail, notifications, other domains.
    Dispatch,
}

/// The insert-only log as its readers see it. Writing happens inside units of work only.
///
/// An event enters both readers' lists in the transaction that writes it. A reader goes by its list, never by "newer
/// than the last I saw": transactions do not commit in the order they number their rows.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Events `reader` has not handled, events of one aggregate in the order they happened. At most `limit`.
    async fn pending(&self, reader: LogReader, limit: u32) -> Result<Vec<EventRecord>, StoreError>;

    /// Takes handled events off the list of `reader`. Ids that are not on it are ignored.
    async fn handled(&self, reader: LogReader, events: &[Uuid]) -> Result<(), StoreError>;
}
