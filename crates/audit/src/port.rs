//! What the trail needs from outside: the log, a place for what is sealed, and one for checkpoints that is elsewhere.

use std::{collections::BTreeMap, error::Error};

use ashlar_kernel::{Change, Context, EventRecord, PersonalValue, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    Digest32, Extension, Head,
    log::AuditEvent,
    retention::{Candidate, Expirable, Expiry},
    verify::{Page, SealedRow},
};

/// What has happened and is not sealed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsealed {
    /// How many events.
    pub events: u64,
    /// When the oldest of them happened.
    pub oldest: Option<Timestamp>,
}

/// Where events wait and where chains are kept.
#[async_trait]
pub trait SealStore: Send + Sync {
    /// A turn at sealing. There is one at a time; none if somebody else has it or nothing waits.
    async fn begin_seal(&self) -> Result<Option<Box<dyn SealTx>>, StoreError>;

    /// What waits.
    async fn unsealed(&self) -> Result<Unsealed, StoreError>;
}

/// One turn at sealing: all of it is saved or nothing. Dropping it saves nothing.
#[async_trait]
pub trait SealTx: Send {
    /// Events that wait and that no transaction under way began before, in the order they were written. At most `limit`.
    async fn pending(&mut self, limit: u32) -> Result<Vec<EventRecord>, StoreError>;

    /// The ends of the chains of `tenants`, of those that have one.
    async fn heads(&mut self, tenants: &[TenantId]) -> Result<Vec<Head>, StoreError>;

    /// Saves what makes chains longer, and takes the events off the list of those that wait.
    async fn append(&mut self, extensions: &[Extension], sealed_at: Timestamp) -> Result<(), StoreError>;

    /// Saves it.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// A checkpoint as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// Whose trail.
    pub tenant: TenantId,
    /// How long it was.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// The database's own copies of checkpoints, and which of them are elsewhere too.
#[async_trait]
pub trait CheckpointStore: Send + Sync {
    /// The ends of chains that no checkpoint is about. At most `limit`.
    async fn uncovered(&self, limit: u32) -> Result<Vec<Head>, StoreError>;

    /// Keeps checkpoints. One that is there already stays as it is.
    async fn save_checkpoints(&self, checkpoints: &[SignedCheckpoint], now: Timestamp) -> Result<(), StoreError>;

    /// Those that are not elsewhere yet, the oldest first. At most `limit`.
    async fn unpublished(&self, limit: u32) -> Result<Vec<SignedCheckpoint>, StoreError>;

    /// These are elsewhere now.
    async fn mark_published(&self, checkpoints: &[SignedCheckpoint], now: Timestamp) -> Result<(), StoreError>;
}

/// A place for checkpoints that whoever owns the database cannot rewrite.
#[async_trait]
pub trait CheckpointArchive: Send + Sync {
    /// Puts a checkpoint there. Doing it twice is no error, replacing one by another is.
    async fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), ArchiveError>;
}

/// The place for checkpoints does not take one.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint was not put away: {0}")]
pub struct ArchiveError(#[source] pub Box<dyn Error + Send + Sync>);

/// The trail as those who verify it see it.
#[async_trait]
pub trait TrailStore: Send + Sync {
    /// The trail at one moment, whatever is written meanwhile.
    async fn snapshot(&self) -> Result<Box<dyn TrailSnapshot>, StoreError>;
}

/// The trail at one moment.
#[async_trait]
pub trait TrailSnapshot: Send {
    /// Every tenant of which there is an event, a link, an end or a checkpoint.
    async fn tenants(&mut self) -> Result<Vec<TenantId>, StoreError>;

    /// The links of `tenant` after number `after`, with their events, in the order of their numbers. At most `limit`.
    async fn rows(&mut self, tenant: TenantId, after: u64, limit: u32) -> Result<Vec<SealedRow>, StoreError>;

    /// The same rows with their events as they are stored, for whoever verifies them.
    async fn page(&mut self, tenant: TenantId, after: u64, limit: u32) -> Result<Page, StoreError> {
        Ok(self.rows(tenant, after, limit).await?.into_iter().collect())
    }

    /// The hashes of complete subtrees above the leaves, by level and number, of those that are there.
    async fn subtrees(
        &mut self,
        tenant: TenantId,
        places: &[(u8, u64)],
    ) -> Result<BTreeMap<(u8, u64), Digest32>, StoreError>;

    /// The personal values that these events are committed to, of those that are still there.
    async fn personal(&mut self, events: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<PersonalValue>>, StoreError>;

    /// The end of the chain, as it is kept beside it.
    async fn head(&mut self, tenant: TenantId) -> Result<Option<Head>, StoreError>;

    /// Events of `tenant` that are neither sealed nor waiting for it. At most `limit`.
    async fn strays(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<Uuid>, StoreError>;

    /// The database's own copies of the checkpoints of `tenant`.
    async fn notes(&mut self, tenant: TenantId) -> Result<Vec<String>, StoreError>;

    /// What of `tenant` waits.
    async fn unsealed(&mut self, tenant: TenantId) -> Result<Unsealed, StoreError>;
}

/// Where the bodies of events are, and what is written down before they go.
#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// The tenants of which there is a checkpoint that is elsewhere too.
    async fn covered_tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// Bodies that may expire, in the order of time. However far apart they are, no statement takes long.
    async fn expirable(&self, search: &Expirable) -> Result<Vec<Candidate>, StoreError>;

    /// Makes the places for events of the time to come, where the store keeps each class and time in a place of its own; how
    /// many were missing. An event without a place has one among the rest of its class, and is as good there.
    async fn make_places(&self) -> Result<u32, StoreError> {
        Ok(0)
    }

    /// Gives up the places whose time is over and in which there is nothing but bodies that
    /// [`delete_recorded`](RetentionTx::delete_recorded) would delete; how many bodies that were. What is kept beside them
    /// goes with the expiry that means them. Nobody waits for it for long: what somebody is looking at stays for another time.
    async fn drop_places(&self) -> Result<u64, StoreError> {
        Ok(0)
    }

    /// A turn in the name of the context. There is one at a time; none if somebody else has it.
    async fn begin_retention(&self, context: &Context) -> Result<Option<Box<dyn RetentionTx>>, StoreError>;
}

/// One turn at letting bodies expire: all of it is saved or nothing.
#[async_trait]
pub trait RetentionTx: UnitOfWork {
    /// Those of `found` in `tenant` for which nobody has written anything down meanwhile, in their order. What may expire
    /// once may do so for ever, but for that.
    async fn unrecorded(&mut self, tenant: TenantId, found: Vec<Candidate>) -> Result<Vec<Candidate>, StoreError>;

    /// Writes down that bodies expire. They are still there afterwards.
    async fn record(&mut self, change: Change<Expiry, AuditEvent>) -> Result<(), StoreError>;

    /// Deletes the bodies of one expiry, with everything that is kept beside them, and answers how many there were. None if
    /// there is no expiry left whose event is sealed and covered by a checkpoint that is elsewhere too. The store itself
    /// refuses to delete any other body.
    async fn delete_recorded(&mut self) -> Result<Option<u64>, StoreError>;
}
