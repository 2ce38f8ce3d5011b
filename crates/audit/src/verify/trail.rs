//! A whole trail, or what follows a checkpoint, read from where it is kept.

use super::{Report, Verifier, team::Team};
use crate::{Checkpoint, Frontier, Head, Link, port::TrailSnapshot};
use ashlar_kernel::{StoreError, TenantId};

/// Rows that are read at a time.
const PAGE: u32 = 4_000;

/// Verifies the trail of `tenant` against `checkpoints` (with good signatures), in constant memory. `on_progress` is told
/// how many more rows were read.
pub async fn verify_trail(
    snapshot: &mut dyn TrailSnapshot,
    tenant: TenantId,
    checkpoints: Vec<Checkpoint>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Report, StoreError> {
    let verifier = Verifier::new(tenant, checkpoints);
    let verifier = go_through(snapshot, verifier, (tenant, 0), on_progress).await?;
    finish(snapshot, verifier, tenant).await
}

/// The same for what was sealed after `since`, one of the checkpoints: events before it are not read. Where the database
/// does not have the tree that was signed, something before it was changed, and the whole trail is gone through; also where
/// an event of retention accounts for bodies from before it and from after it at once.
pub async fn verify_trail_since(
    snapshot: &mut dyn TrailSnapshot,
    (tenant, since): (TenantId, &Checkpoint),
    checkpoints: Vec<Checkpoint>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Report, StoreError> {
    if let Some((head, last)) = end_at(snapshot, tenant, since).await? {
        let after = head.size();
        let verifier = Verifier::resume(head, &last, checkpoints.clone());
        let verifier = go_through(snapshot, verifier, (tenant, after), on_progress).await?;
        if !verifier.reaches_back() {
            return finish(snapshot, verifier, tenant).await;
        }
    }
    verify_trail(snapshot, tenant, checkpoints, on_progress).await
}

/// The end of the trail as it was when a checkpoint was signed, and the last link of then; none if the database says
/// otherwise.
async fn end_at(
    snapshot: &mut dyn TrailSnapshot,
    tenant: TenantId,
    since: &Checkpoint,
) -> Result<Option<(Head, Link)>, StoreError> {
    let Some(before) = since.size.checked_sub(1) else { return Ok(None) };
    let row = snapshot.rows(tenant, before, 1).await?.pop();
    let Some(last) = row.map(|row| row.link).filter(|link| link.seq == since.size) else { return Ok(None) };
    let places: Vec<_> = Frontier::places(since.size).collect();
    let found = snapshot.subtrees(tenant, &places).await?;
    let peak = |place: &(u8, u64)| if place.0 == 0 { Some(last.leaf) } else { found.get(place).copied() };
    let Some(peaks) = places.iter().map(peak).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let frontier = Frontier::restore(since.size, peaks).filter(|frontier| frontier.root() == since.root);
    Ok(frontier.map(|frontier| (Head::restore(tenant, last.hash, frontier), last)))
}

/// Pages are read one after the other, and weighed beside that.
async fn go_through(
    snapshot: &mut dyn TrailSnapshot,
    mut verifier: Verifier,
    (tenant, mut after): (TenantId, u64),
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Verifier, StoreError> {
    let mut team = Team::new();
    while !verifier.is_decided() {
        let page = snapshot.page(tenant, after, PAGE).await?;
        let Some(last) = page.last_seq() else { break };
        after = last;
        on_progress(u64::try_from(page.len()).unwrap_or(u64::MAX));
        team.weigh(page);
        if team.is_busy() {
            take(&mut verifier, &mut team).await;
        }
    }
    while take(&mut verifier, &mut team).await {}
    Ok(verifier)
}

/// Lets the verifier have the next page; whether there was one.
async fn take(verifier: &mut Verifier, team: &mut Team) -> bool {
    let rows = team.next().await;
    for row in rows.iter().flatten() {
        verifier.take(row);
    }
    rows.is_some()
}

async fn finish(snapshot: &mut dyn TrailSnapshot, verifier: Verifier, tenant: TenantId) -> Result<Report, StoreError> {
    let (stored, strays) = (snapshot.head(tenant).await?, snapshot.strays(tenant, 1).await?);
    Ok(verifier.finish(stored.as_ref(), &strays))
}
