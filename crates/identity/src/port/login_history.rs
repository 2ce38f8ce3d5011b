//! What is kept of attempts to sign in. A part of [`IdentityStore`](super::IdentityStore), in a file of its own.

use ashlar_kernel::{StoreError, Timestamp};
use async_trait::async_trait;

use crate::{LoginLine, LoginQuery};

/// Attempts to sign in, in a form in which they are found again. Nobody writes them: they follow from the events of the
/// same unit of work, as [`LoginLine::of`] says, so that an attempt costs no statement more.
#[async_trait]
pub trait LoginHistory: Send + Sync {
    /// Some of the attempts, newest first. One statement.
    async fn logins(&self, query: &LoginQuery) -> Result<Vec<LoginLine>, StoreError>;

    /// Deletes at most `limit` attempts that were made before `before`, and counts them. Their events stay.
    async fn purge_logins(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}
