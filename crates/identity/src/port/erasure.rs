//! What people take with them and leave behind. Parts of [`IdentityStore`](super::IdentityStore) and
//! [`IdentityTx`](super::IdentityTx), in a file of their own.

use ashlar_kernel::{Change, StoreError, Timestamp, UnitOfWork};
use async_trait::async_trait;

use super::KeepAdminError;
use crate::{Erasure, Holdings, SessionId, User, UserEvent, UserId};

/// Reads of the whole installation.
#[async_trait]
pub trait Estates: Send + Sync {
    /// What is held about a person; nothing if there is no such account. Five statements.
    async fn holdings(&self, user: UserId) -> Result<Holdings, StoreError>;

    /// Deleted accounts whose address and handle are to be forgotten by `now`: at most `limit`. One statement.
    async fn due_releases(&self, now: Timestamp, limit: u32) -> Result<Vec<UserId>, StoreError>;
}

/// Writes.
#[async_trait]
pub trait ErasureTx: UnitOfWork {
    /// Saves what remains of a deleted account; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    /// Its sessions, API keys, second factor, links, sign-ins that wait, registrations of its address, memberships and
    /// attempts to sign in are gone. Answers which sessions there were. The last administrator of any tenant stays.
    async fn erase_user(&mut self, change: Change<Erasure, UserEvent>) -> Result<Vec<SessionId>, KeepAdminError>;

    /// Saves a deleted account without address and handle; [`Stale`](StoreError::Stale) unless the stored version is the
    /// one before.
    async fn release_identifiers(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError>;
}
