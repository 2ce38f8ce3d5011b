//! Between rows and the domain's types.

use ashlar_kernel::StoreError;
use ashlar_leads::export::{ExportJob, ExportJobRow};
use sea_orm::ActiveValue::{NotSet, Set};

use super::entity::{ActiveModel, Model};

/// Every column but those that never change.
pub(super) fn changed(row: ExportJobRow) -> ActiveModel {
    ActiveModel {
        id: NotSet,
        tenant_id: NotSet,
        requested_by: NotSet,
        seen_by: NotSet,
        format: NotSet,
        created_at: NotSet,
        ..new(row)
    }
}

pub(super) fn new(row: ExportJobRow) -> ActiveModel {
    ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        requested_by: Set(row.requested_by),
        seen_by: Set(row.seen_by),
        state: Set(row.state),
        format: Set(row.format),
        wish: Set(row.wish),
        leads: Set(row.leads),
        bytes: Set(row.bytes),
        file: Set(row.file),
        sha256: Set(row.sha256),
        error: Set(row.error),
        held_until: Set(row.held_until),
        created_at: Set(row.created_at),
        started_at: Set(row.started_at),
        finished_at: Set(row.finished_at),
        expires_at: Set(row.expires_at),
        version: Set(row.version),
    }
}

pub(super) fn restore(row: Model) -> Result<ExportJob, StoreError> {
    ExportJob::restore(ExportJobRow {
        id: row.id,
        tenant_id: row.tenant_id,
        requested_by: row.requested_by,
        seen_by: row.seen_by,
        state: row.state,
        format: row.format,
        wish: row.wish,
        leads: row.leads,
        bytes: row.bytes,
        file: row.file,
        sha256: row.sha256,
        error: row.error,
        held_until: row.held_until,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        expires_at: row.expires_at,
        version: row.version,
    })
}
