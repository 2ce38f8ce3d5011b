//! Between rows and the domain's types.

use ashlar_kernel::StoreError;
use ashlar_leads::import::{ImportId, ImportJob, ImportJobRow, RowFault};
use sea_orm::ActiveValue::{NotSet, Set};

use super::entity::{fault, import};

/// Every column but those that never change.
pub(super) fn changed_import(row: ImportJobRow) -> import::ActiveModel {
    import::ActiveModel {
        id: NotSet,
        tenant_id: NotSet,
        requested_by: NotSet,
        options: NotSet,
        created_at: NotSet,
        ..new_import(row)
    }
}

pub(super) fn new_import(row: ImportJobRow) -> import::ActiveModel {
    import::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        requested_by: Set(row.requested_by),
        state: Set(row.state),
        options: Set(row.options),
        plan: Set(row.plan),
        file: Set(row.file),
        file_name: Set(row.file_name),
        bytes_total: Set(row.bytes_total),
        bytes_read: Set(row.bytes_read),
        text_offset: Set(row.text_offset),
        rows_read: Set(row.rows_read),
        created: Set(row.created),
        updated: Set(row.updated),
        skipped: Set(row.skipped),
        duplicates: Set(row.duplicates),
        failed: Set(row.failed),
        faults: Set(row.faults),
        error: Set(row.error),
        holder: Set(row.holder),
        held_until: Set(row.held_until),
        created_at: Set(row.created_at),
        started_at: Set(row.started_at),
        finished_at: Set(row.finished_at),
        version: Set(row.version),
    }
}

pub(super) fn restore_import(row: import::Model) -> Result<ImportJob, StoreError> {
    ImportJob::restore(ImportJobRow {
        id: row.id,
        tenant_id: row.tenant_id,
        requested_by: row.requested_by,
        state: row.state,
        options: row.options,
        plan: row.plan,
        file: row.file,
        file_name: row.file_name,
        bytes_total: row.bytes_total,
        bytes_read: row.bytes_read,
        text_offset: row.text_offset,
        rows_read: row.rows_read,
        created: row.created,
        updated: row.updated,
        skipped: row.skipped,
        duplicates: row.duplicates,
        failed: row.failed,
        faults: row.faults,
        error: row.error,
        holder: row.holder,
        held_until: row.held_until,
        created_at: row.created_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        version: row.version,
    })
}

pub(super) fn new_fault(import: ImportId, fault: RowFault) -> Result<fault::ActiveModel, StoreError> {
    let number = |number: u64| i64::try_from(number).map_err(StoreError::internal);
    Ok(fault::ActiveModel {
        import_id: Set(import.as_uuid()),
        number: Set(number(fault.number)?),
        row_number: Set(number(fault.row)?),
        field: Set(fault.field),
        code: Set(fault.code),
        message: Set(fault.message),
        cells: Set(fault.cells.into()),
    })
}

pub(super) fn restore_fault(row: fault::Model) -> Result<RowFault, StoreError> {
    let corrupt = || StoreError::Corrupt { what: "lead_import_fault" };
    let number = |number: i64| u64::try_from(number).map_err(|_negative| corrupt());
    Ok(RowFault {
        number: number(row.number)?,
        row: number(row.row_number)?,
        field: row.field,
        code: row.code,
        message: row.message,
        cells: serde_json::from_value(row.cells).map_err(|_shape| corrupt())?,
    })
}
