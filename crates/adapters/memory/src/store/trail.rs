//! The audit trail, in process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use ashlar_audit::{
    Digest32, Extension, Head, Link, Node,
    port::{CheckpointStore, SealStore, SealTx, SignedCheckpoint, TrailSnapshot, TrailStore, Unsealed},
    verify::{Body, SealedRow},
};
use ashlar_kernel::{EventRecord, LogReader, PersonalValue, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use futures::lock::OwnedMutexGuard;
use uuid::Uuid;

use super::{Committed, MemoryStore, Shared};

/// Chains, trees, ends and checkpoints.
#[derive(Clone, Default)]
pub(super) struct Trail {
    pub(super) links: BTreeMap<(TenantId, u64), Link>,
    nodes: Vec<(TenantId, Node)>,
    heads: BTreeMap<TenantId, Head>,
    /// By tenant and size.
    checkpoints: BTreeMap<(TenantId, u64), Copied>,
    /// Which event accounts for the links whose bodies expire.
    pub(super) expired: BTreeMap<(TenantId, u64), Uuid>,
    /// Such events whose bodies are still there, with their tenants.
    pub(super) expiring: BTreeMap<Uuid, TenantId>,
}

/// The copy of a checkpoint.
#[derive(Clone)]
struct Copied {
    note: String,
    at: Timestamp,
    is_elsewhere: bool,
}

impl Trail {
    fn append(&mut self, Extension { head, links, nodes }: Extension) {
        let tenant = head.tenant();
        self.links.extend(links.into_iter().map(|link| ((tenant, link.seq), link)));
        self.nodes.extend(nodes.into_iter().map(|node| (tenant, node)));
        self.heads.insert(tenant, head);
    }

    /// The size of the newest checkpoint of each tenant that is elsewhere too.
    pub(super) fn covered(&self) -> BTreeMap<TenantId, u64> {
        let elsewhere = self.checkpoints.iter().filter(|(_, copy)| copy.is_elsewhere);
        elsewhere.map(|((tenant, size), _)| (*tenant, *size)).collect()
    }

    pub(super) fn newest_note(&self, tenant: TenantId) -> Option<String> {
        self.newest(tenant).map(|copy| copy.note.clone())
    }

    /// When the newest checkpoint was signed.
    pub(super) fn newest_checkpoint(&self, tenant: TenantId) -> Option<Timestamp> {
        self.newest(tenant).map(|copy| copy.at)
    }

    fn newest(&self, tenant: TenantId) -> Option<&Copied> {
        self.checkpoints.range((tenant, 0)..=(tenant, u64::MAX)).next_back().map(|(_, copy)| copy)
    }
}

fn waiting(committed: &Committed, tenant: Option<TenantId>) -> impl Iterator<Item = &EventRecord> {
    let of_tenant = move |event: &&EventRecord| tenant.is_none_or(|tenant| event.tenant == tenant);
    committed.log.pending(LogReader::Seal).filter(of_tenant)
}

fn unsealed(committed: &Committed, tenant: Option<TenantId>) -> Unsealed {
    let events = u64::try_from(waiting(committed, tenant).count()).unwrap_or(u64::MAX);
    Unsealed { events, oldest: waiting(committed, tenant).map(|event| event.occurred_at).min() }
}

#[async_trait]
impl SealStore for MemoryStore {
    async fn begin_seal(&self) -> Result<Option<Box<dyn SealTx>>, StoreError> {
        if waiting(&self.shared.lock(), None).next().is_none() {
            return Ok(None);
        }
        let turn = self.seal_turn.try_lock_owned();
        let shared = Arc::clone(&self.shared);
        Ok(turn.map(|turn| Box::new(Turn { _held: turn, shared, appended: Vec::new() }) as Box<dyn SealTx>))
    }

    async fn unsealed(&self) -> Result<Unsealed, StoreError> {
        Ok(unsealed(&self.shared.lock(), None))
    }
}

struct Turn {
    _held: OwnedMutexGuard<()>,
    shared: Arc<Shared>,
    appended: Vec<Extension>,
}

#[async_trait]
impl SealTx for Turn {
    async fn pending(&mut self, limit: u32) -> Result<Vec<EventRecord>, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(waiting(&self.shared.lock(), None).take(limit).cloned().collect())
    }

    async fn heads(&mut self, tenants: &[TenantId]) -> Result<Vec<Head>, StoreError> {
        let heads = &self.shared.lock().trail.heads;
        Ok(tenants.iter().filter_map(|tenant| heads.get(tenant).cloned()).collect())
    }

    async fn append(&mut self, extensions: &[Extension], _sealed_at: Timestamp) -> Result<(), StoreError> {
        self.appended.extend_from_slice(extensions);
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let mut committed = self.shared.lock();
        for extension in self.appended {
            let events: Vec<Uuid> = extension.links.iter().map(|link| link.event).collect();
            committed.log.handled(LogReader::Seal, &events);
            committed.trail.append(extension);
        }
        Ok(())
    }
}

#[async_trait]
impl CheckpointStore for MemoryStore {
    async fn uncovered(&self, limit: u32) -> Result<Vec<Head>, StoreError> {
        let trail = &self.shared.lock().trail;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let is_uncovered = |head: &&Head| !trail.checkpoints.contains_key(&(head.tenant(), head.size()));
        Ok(trail.heads.values().filter(is_uncovered).take(limit).cloned().collect())
    }

    async fn save_checkpoints(&self, checkpoints: &[SignedCheckpoint], now: Timestamp) -> Result<(), StoreError> {
        let copies = &mut self.shared.lock().trail.checkpoints;
        for SignedCheckpoint { tenant, size, note } in checkpoints {
            let copy = || Copied { note: note.clone(), at: now, is_elsewhere: false };
            copies.entry((*tenant, *size)).or_insert_with(copy);
        }
        Ok(())
    }

    async fn unpublished(&self, limit: u32) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let copies = &self.shared.lock().trail.checkpoints;
        let waiting = copies.iter().filter(|(_, copy)| !copy.is_elsewhere);
        let signed = waiting
            .map(|(&(tenant, size), copy)| SignedCheckpoint { tenant, size, note: copy.note.clone() })
            .take(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(signed.collect())
    }

    async fn mark_published(&self, checkpoints: &[SignedCheckpoint], _now: Timestamp) -> Result<(), StoreError> {
        let copies = &mut self.shared.lock().trail.checkpoints;
        for signed in checkpoints {
            if let Some(copy) = copies.get_mut(&(signed.tenant, signed.size)) {
                copy.is_elsewhere = true;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl TrailStore for MemoryStore {
    async fn snapshot(&self) -> Result<Box<dyn TrailSnapshot>, StoreError> {
        let committed = self.shared.lock();
        let waits: HashMap<TenantId, Unsealed> =
            tenants_of(&committed).into_iter().map(|tenant| (tenant, unsealed(&committed, Some(tenant)))).collect();
        let waiting = waiting(&committed, None).map(|event| event.id).collect();
        let events = committed.log.all().map(|event| (event.id, event.clone())).collect();
        let personal = committed.log.entries().filter(|entry| !entry.personal.is_empty());
        let personal = personal.map(|entry| (entry.event.id, entry.personal)).collect();
        Ok(Box::new(Snapshot { trail: committed.trail.clone(), events, personal, waiting, waits }))
    }
}

fn tenants_of(committed: &Committed) -> BTreeSet<TenantId> {
    let trail = &committed.trail;
    let of_events = committed.log.all().map(|event| event.tenant);
    of_events.chain(trail.heads.keys().copied()).chain(trail.checkpoints.keys().map(|(tenant, _)| *tenant)).collect()
}

struct Snapshot {
    trail: Trail,
    events: BTreeMap<Uuid, EventRecord>,
    personal: BTreeMap<Uuid, Vec<PersonalValue>>,
    waiting: BTreeSet<Uuid>,
    waits: HashMap<TenantId, Unsealed>,
}

#[async_trait]
impl TrailSnapshot for Snapshot {
    async fn tenants(&mut self) -> Result<Vec<TenantId>, StoreError> {
        Ok(self.waits.keys().copied().collect())
    }

    async fn rows(&mut self, tenant: TenantId, after: u64, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        let links = self.trail.links.range((tenant, after + 1)..=(tenant, u64::MAX));
        let body = |link: &Link| self.events.get(&link.event).cloned().map_or(Body::Gone, Body::from);
        let by = |link: &Link| self.trail.expired.get(&(tenant, link.seq)).copied();
        let rows = links.map(|(_, link)| SealedRow { link: *link, body: body(link), expired_by: by(link) });
        Ok(rows.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn subtrees(
        &mut self,
        tenant: TenantId,
        places: &[(u8, u64)],
    ) -> Result<BTreeMap<(u8, u64), Digest32>, StoreError> {
        let of_tenant = self.trail.nodes.iter().filter(|(owner, _)| *owner == tenant);
        let nodes = of_tenant.map(|(_, node)| ((node.level, node.index), node.hash));
        Ok(nodes.filter(|(place, _)| places.contains(place)).collect())
    }

    async fn personal(&mut self, events: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<PersonalValue>>, StoreError> {
        Ok(events.iter().filter_map(|event| Some((*event, self.personal.get(event)?.clone()))).collect())
    }

    async fn head(&mut self, tenant: TenantId) -> Result<Option<Head>, StoreError> {
        Ok(self.trail.heads.get(&tenant).cloned())
    }

    async fn strays(&mut self, tenant: TenantId, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        let sealed: BTreeSet<Uuid> = self.trail.links.values().map(|link| link.event).collect();
        let of_tenant = self.events.values().filter(|event| event.tenant == tenant).map(|event| event.id);
        let strays = of_tenant.filter(|event| !sealed.contains(event) && !self.waiting.contains(event));
        Ok(strays.take(usize::try_from(limit).unwrap_or(usize::MAX)).collect())
    }

    async fn notes(&mut self, tenant: TenantId) -> Result<Vec<String>, StoreError> {
        let copies = self.trail.checkpoints.range((tenant, 0)..=(tenant, u64::MAX));
        Ok(copies.map(|(_, copy)| copy.note.clone()).collect())
    }

    async fn unsealed(&mut self, tenant: TenantId) -> Result<Unsealed, StoreError> {
        Ok(self.waits.get(&tenant).copied().unwrap_or_default())
    }
}
