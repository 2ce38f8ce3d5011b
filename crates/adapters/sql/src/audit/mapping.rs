//! Between rows and the domain.

use ashlar_audit::{Digest32, Extension, Frontier, Head, Link, Node};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use sea_orm::ActiveValue::Set;

use super::entity::{chain, head, tree};

/// A number of links; beyond 2⁶³ there is no row.
pub(super) fn stored(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(StoreError::internal)
}

pub(super) fn links_of(extension: &Extension, at: Timestamp) -> Result<Vec<chain::ActiveModel>, StoreError> {
    let row = |link: &Link| {
        Ok(chain::ActiveModel {
            tenant_id: Set(link.tenant.as_uuid()),
            seq: Set(stored(link.seq)?),
            event_id: Set(link.event),
            leaf: Set(link.leaf.as_bytes().to_vec()),
            prev: Set(link.prev.as_bytes().to_vec()),
            hash: Set(link.hash.as_bytes().to_vec()),
            sealed_at: Set(at),
        })
    };
    extension.links.iter().map(row).collect()
}

pub(super) fn nodes_of(extension: &Extension) -> Result<Vec<tree::ActiveModel>, StoreError> {
    let tenant = extension.head.tenant().as_uuid();
    let row = |node: &Node| {
        Ok(tree::ActiveModel {
            tenant_id: Set(tenant),
            level: Set(i32::from(node.level)),
            idx: Set(stored(node.index)?),
            hash: Set(node.hash.as_bytes().to_vec()),
        })
    };
    extension.nodes.iter().map(row).collect()
}

pub(super) fn head_of(extension: &Extension) -> Result<head::ActiveModel, StoreError> {
    let head = &extension.head;
    Ok(head::ActiveModel {
        tenant_id: Set(head.tenant().as_uuid()),
        size: Set(stored(head.size())?),
        hash: Set(head.hash().as_bytes().to_vec()),
        peaks: Set(head.frontier().peaks().iter().flat_map(|peak| *peak.as_bytes()).collect()),
    })
}

/// The end of a chain; none if the row is not one.
pub(super) fn restore_head(row: &head::Model) -> Option<Head> {
    let peaks = row.peaks.chunks(32).map(Digest32::restore).collect::<Option<Vec<_>>>()?;
    let frontier = Frontier::restore(u64::try_from(row.size).ok()?, peaks)?;
    Some(Head::restore(TenantId::from_uuid(row.tenant_id), Digest32::restore(&row.hash)?, frontier))
}
