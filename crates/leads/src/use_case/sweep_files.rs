//! Forget files that nobody needs.

use ashlar_kernel::{StoreError, Timestamp};
use chrono::TimeDelta;
use futures::StreamExt as _;

use super::Leads;
use crate::port::{FileError, FileKey};

/// How old a file is that is looked at: far older than the longest request, so that what nobody needs yet is not
/// mistaken for what nobody needs any more.
const AGE: TimeDelta = TimeDelta::days(1);
/// Files of one statement.
const AT_ONCE: usize = 500;

/// Why files were not swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Leads {
    /// Forgets the files that neither a contract nor an import has, a day after they came; how many there were. They are
    /// left behind by processes that died between a file and its row, and where a file could not be deleted in time.
    pub async fn sweep_files(&self, now: Timestamp) -> Result<u64, SweepError> {
        let files = &self.0.ports.files;
        let mut old = files.kept_before(now - AGE).await?.ready_chunks(AT_ONCE);
        let mut swept = 0;
        while let Some(keys) = old.next().await {
            let keys = keys.into_iter().collect::<Result<Vec<FileKey>, _>>()?;
            let needed = self.0.ports.store.needed_files(&keys).await?;
            for key in keys.iter().filter(|key| !needed.contains(key)) {
                files.delete(key).await?;
                swept += 1;
            }
        }
        Ok(swept)
    }
}
