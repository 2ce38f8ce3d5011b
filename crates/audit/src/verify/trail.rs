//! A whole trail, read from where it is kept.

use ashlar_kernel::{StoreError, TenantId};

use super::{Report, Verifier};
use crate::{Checkpoint, port::TrailSnapshot};

/// Rows that are read at a time.
const PAGE: u32 = 1_000;

/// Verifies the trail of `tenant` against `checkpoints` (with good signatures), in constant memory. `on_progress` is told
/// how many more rows were read.
pub async fn verify_trail(
    snapshot: &mut dyn TrailSnapshot,
    tenant: TenantId,
    checkpoints: Vec<Checkpoint>,
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Report, StoreError> {
    let mut verifier = Verifier::new(tenant, checkpoints);
    let mut after = 0;
    while !verifier.is_decided() {
        let rows = snapshot.rows(tenant, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = last.link.seq;
        for row in &rows {
            verifier.push(row);
        }
        on_progress(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    }
    let (stored, strays) = (snapshot.head(tenant).await?, snapshot.strays(tenant, 1).await?);
    Ok(verifier.finish(stored.as_ref(), &strays))
}
