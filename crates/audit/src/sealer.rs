//! Who seals, and who signs.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{EventRecord, StoreError, TenantId, Timestamp};

use crate::{
    Checkpoint, Head, NoteSigner, Origin, SigningFailed,
    port::{ArchiveError, CheckpointArchive, CheckpointStore, SealStore, SignedCheckpoint, Unsealed},
};

/// Moves events from the list of those that wait into the chains. Any number may work on one database; one at a time does.
#[derive(Clone)]
pub struct Sealer(Arc<dyn SealStore>);

impl Sealer {
    /// Events that one step seals at most.
    pub const BATCH: u32 = 1_000;

    /// A sealer on a store.
    pub fn new(store: Arc<dyn SealStore>) -> Self {
        Self(store)
    }

    /// What waits to be sealed.
    pub async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        self.0.unsealed().await
    }

    /// Seals some events and counts them. A full batch means that there may be more.
    pub async fn step(&self, now: Timestamp) -> Result<u32, StoreError> {
        let Some(mut turn) = self.0.begin_seal().await? else { return Ok(0) };
        let events = turn.pending(Self::BATCH).await?;
        if events.is_empty() {
            return Ok(0);
        }
        let mut of_tenants: BTreeMap<TenantId, Vec<&EventRecord>> = BTreeMap::new();
        for event in &events {
            of_tenants.entry(event.tenant).or_default().push(event);
        }
        let tenants: Vec<_> = of_tenants.keys().copied().collect();
        let mut heads: BTreeMap<_, _> =
            turn.heads(&tenants).await?.into_iter().map(|head| (head.tenant(), head)).collect();
        let mut extensions = Vec::with_capacity(tenants.len());
        for (tenant, events) in of_tenants {
            let head = heads.remove(&tenant).unwrap_or_else(|| Head::new(tenant));
            extensions.push(head.extend(events).map_err(StoreError::internal)?);
        }
        turn.append(&extensions, now).await?;
        turn.commit().await?;
        Ok(u32::try_from(events.len()).unwrap_or(u32::MAX))
    }
}

/// What checkpoints are made with.
#[derive(Clone)]
pub struct CheckpointerPorts {
    /// The chains, and the copies that the database keeps.
    pub store: Arc<dyn CheckpointStore>,
    /// The place that is elsewhere.
    pub archive: Arc<dyn CheckpointArchive>,
    /// The key.
    pub signer: Arc<dyn NoteSigner>,
}

/// Signs the ends of chains, and puts what was signed where the database's owner cannot rewrite it.
#[derive(Clone)]
pub struct Checkpointer {
    ports: CheckpointerPorts,
    origin: Origin,
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key failed.
    #[error(transparent)]
    Signer(#[from] SigningFailed),
    /// The other place failed. What was signed is put there next time.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

impl Checkpointer {
    /// Chains that are signed, and checkpoints that are put away, at a time.
    const AT_ONCE: u32 = 500;

    /// One that signs in the name of `origin`.
    pub const fn new(ports: CheckpointerPorts, origin: Origin) -> Self {
        Self { ports, origin }
    }

    /// In whose name it signs.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Signs each chain that has become longer, and puts away what is not yet elsewhere, including what an earlier process
    /// left behind. How many checkpoints were put away.
    pub async fn step(&self, now: Timestamp) -> Result<u64, CheckpointError> {
        loop {
            let heads = self.ports.store.uncovered(Self::AT_ONCE).await?;
            let signed = heads.iter().map(|head| self.sign(head)).collect::<Result<Vec<_>, _>>()?;
            self.ports.store.save_checkpoints(&signed, now).await?;
            if heads.len() < usize::try_from(Self::AT_ONCE).unwrap_or(usize::MAX) {
                break;
            }
        }
        let mut published = 0;
        loop {
            let waiting = self.ports.store.unpublished(Self::AT_ONCE).await?;
            if waiting.is_empty() {
                return Ok(published);
            }
            for checkpoint in &waiting {
                self.ports.archive.publish(checkpoint).await?;
            }
            self.ports.store.mark_published(&waiting, now).await?;
            published += u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        }
    }

    fn sign(&self, head: &Head) -> Result<SignedCheckpoint, SigningFailed> {
        let note = Checkpoint::of(&self.origin, head).sign(&*self.ports.signer)?.to_string();
        Ok(SignedCheckpoint { tenant: head.tenant(), size: head.size(), note })
    }
}
