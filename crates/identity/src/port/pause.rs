//! Waiting as a port: the domain knows no runtime.

use std::time::Duration;

use async_trait::async_trait;

/// Waits for a short while.
#[async_trait]
pub trait Pause: Send + Sync {
    /// Ends after about `duration`, or earlier.
    async fn pause(&self, duration: Duration);
}
