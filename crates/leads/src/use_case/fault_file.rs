//! What is wrong with the rows of an import, as a file.

use ashlar_kernel::{Context, StoreError};
use csv::{Terminator, WriterBuilder};

use super::{TransferError, Transfers};
use crate::import::{ImportId, ImportJob, RowFault, guard};

/// What is wrong with the rows of an import, as comma-separated values: what and where, and the row as it came, so that the
/// file can be put right and imported. In constant memory.
pub struct FaultFile {
    transfers: Transfers,
    job: ImportJob,
    after: Option<u64>,
    is_over: bool,
}

const OWN_COLUMNS: [&str; 4] = ["row_number", "field", "code", "message"];
/// Faults that are read at a time.
const PAGE: u64 = 1_000;

impl Transfers {
    /// What is wrong with the rows of an import so far.
    pub async fn fault_file(&self, context: &Context, id: ImportId) -> Result<FaultFile, TransferError> {
        Ok(self.faults_of(&self.import(context, id).await?))
    }

    /// The same, for whoever has the import already.
    pub fn faults_of(&self, job: &ImportJob) -> FaultFile {
        FaultFile { transfers: self.clone(), job: job.clone(), after: None, is_over: false }
    }
}

impl FaultFile {
    /// The next part of the file; none if it is whole.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_over {
            return Ok(None);
        }
        let after = self.after.unwrap_or(0);
        let import = (self.job.tenant(), self.job.id());
        let faults = self.transfers.store().import_faults(import, after, PAGE).await?;
        let part = self.part(&faults)?;
        self.after = Some(faults.last().map_or(after, |fault| fault.number));
        self.is_over = (faults.len() as u64) < PAGE;
        Ok(Some(part))
    }

    fn part(&self, faults: &[RowFault]) -> Result<Vec<u8>, StoreError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).flexible(true).from_writer(Vec::new());
        if self.after.is_none() {
            let names = self.job.plan().map(|plan| plan.columns.as_slice()).unwrap_or_default();
            let columns = names.iter().map(|column| guard(column).into_owned());
            let header = OWN_COLUMNS.into_iter().map(str::to_owned).chain(columns);
            writer.write_record(header).map_err(StoreError::internal)?;
        }
        for fault in faults {
            let own = [fault.row.to_string(), fault.field.clone(), fault.code.clone(), fault.message.clone()];
            // What came guarded is not guarded twice.
            let cells = fault.cells.iter().map(|cell| guard(crate::import::unguard(cell)).into_owned());
            writer.write_record(own.into_iter().chain(cells)).map_err(StoreError::internal)?;
        }
        writer.into_inner().map_err(|error| StoreError::internal(error.to_string()))
    }
}
