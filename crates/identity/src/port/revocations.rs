//! How processes tell each other which sessions have ended.

use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;

use crate::SessionId;

/// A session that was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionEnded {
    /// Which.
    pub session: SessionId,
    /// When.
    pub at: Timestamp,
}

/// News of ended sessions, from any process to all that listen.
///
/// News, and not the truth: the store alone knows whether a session has ended. What is announced while a listener is
/// cut off is lost to it, and it is for the listener to doubt everything it believed until then.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Tells everybody who listens, this process included.
    async fn announce(&self, ended: SessionEnded) -> Result<(), StoreError>;

    /// Listens. Whatever is announced after this has returned is heard, for as long as the feed does not fail.
    async fn listen(&self) -> Result<Box<dyn RevocationFeed>, StoreError>;
}

/// What one listener hears.
#[async_trait]
pub trait RevocationFeed: Send {
    /// Waits for the next announcement. After an error something may have been missed: listen anew.
    async fn next(&mut self) -> Result<SessionEnded, StoreError>;
}
