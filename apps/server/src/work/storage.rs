//! Whether things can be kept: files where files are kept, and room where folders are.

use std::{error::Error, io, path::Path, path::PathBuf, sync::Arc, time::Duration};

use ashlar_admin::Places;
use ashlar_leads::port::{FileError, FileKey, Files, WriteFileError};
use bytes::Bytes;
use futures::TryStreamExt as _;

/// Whether a place answers is known after this time.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is kept and read back.
const SAMPLE: &[u8] = b"Ashlar looks whether files can be kept here.\n";

/// The places where this process keeps things.
#[derive(Clone)]
pub struct Storage {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Folders and files on this machine, with what is kept there. None for what is kept elsewhere.
    pub folders: Vec<(&'static str, PathBuf)>,
    /// How much has to be free there, in percent; 0 asks for nothing.
    pub least_free: u8,
}

impl Storage {
    /// How they do, at this moment.
    pub async fn places(&self) -> Places {
        let files_fail = match tokio::time::timeout(PATIENCE, try_out(&*self.files)).await {
            Ok(Ok(())) => false,
            Ok(Err(error)) => {
                let cause = error.source().map(tracing::field::display);
                tracing::warn!(%error, cause, "files cannot be kept and read");
                true
            }
            Err(_elapsed) => {
                tracing::warn!("the place for files does not answer in time");
                true
            }
        };
        Places { files_fail, low: self.low().await, least_free: self.least_free }
    }

    async fn low(&self) -> Vec<&'static str> {
        let (folders, least) = (self.folders.clone(), self.least_free);
        let look = move || {
            let is_low = |(what, path): &(&'static str, PathBuf)| match free_and_all(path) {
                Ok(room) => is_less(room, least),
                Err(error) => {
                    tracing::warn!(%error, what, "nobody knows how much room there is");
                    false
                }
            };
            folders.iter().filter(|folder| is_low(folder)).map(|(what, _)| *what).collect()
        };
        // A file system that hangs, as one over the network can, is found out by the files.
        let looked = tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(look)).await;
        looked.ok().and_then(Result::ok).unwrap_or_default()
    }
}

/// Why something could not be kept.
#[derive(Debug, thiserror::Error)]
enum Untrue {
    #[error(transparent)]
    Files(#[from] FileError),
    #[error(transparent)]
    Write(#[from] WriteFileError),
    #[error("a file is not read back as it was kept")]
    Other,
}

/// Keeps a file, reads it back and deletes it.
async fn try_out(files: &dyn Files) -> Result<(), Untrue> {
    let mut sample = files.begin(SAMPLE.len() as u64).await?;
    sample.write(Bytes::from_static(SAMPLE)).await?;
    let key = sample.keep().await?.key;
    // What nobody deletes is swept a day later.
    let read = read_back(files, &key).await;
    files.delete(&key).await?;
    if read? == SAMPLE { Ok(()) } else { Err(Untrue::Other) }
}

async fn read_back(files: &dyn Files, key: &FileKey) -> Result<Vec<u8>, Untrue> {
    let parts = files.read(key, None).await?.ok_or(Untrue::Other)?;
    let parts: Vec<Bytes> = parts.try_collect().await?;
    Ok(parts.concat())
}

/// How many blocks of a file system anybody may still use, and how many there are for everybody, as `df` counts.
fn free_and_all(path: &Path) -> io::Result<(u64, u64)> {
    // A folder is made when there is something to put in; until then, what it will be in counts.
    let there = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let found = rustix::fs::statvfs(there)?;
    let used = found.f_blocks.saturating_sub(found.f_bfree);
    Ok((found.f_bavail, used.saturating_add(found.f_bavail)))
}

/// Whether less than so many percent are free.
fn is_less((free, all): (u64, u64), percent: u8) -> bool {
    u128::from(free) * 100 < u128::from(all) * u128::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_low_below_its_share_and_not_at_it() {
        assert!(is_less((49, 1_000), 5));
        assert!(!is_less((50, 1_000), 5));
        assert!(is_less((0, 1_000), 1) && !is_less((0, 1_000), 0));
        assert!(!is_less((0, 0), 5), "what has no size is not full");
        assert!(!is_less((u64::MAX, u64::MAX), 90));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_it_will_be_in() {
        let folder = tempfile::tempdir().unwrap();
        let (free, all) = free_and_all(&folder.path().join("not/yet")).unwrap();
        assert!(free <= all && all > 0, "{free} of {all}");
        assert_eq!(free_and_all(folder.path()).unwrap().1 > 0, all > 0);
    }
}
