//! Files that are forgotten.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ashlar_kernel::{Entropy, Timestamp};
use ashlar_leads::port::{
    FileBytes, FileError, FileKey, FileKeys, Files, NewFile, Sha256Sum, StoredFile, WriteFileError,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

type Kept = Arc<Mutex<BTreeMap<FileKey, Bytes>>>;

/// **Not for production.** Keeps files in memory. Clones share them.
#[derive(Clone)]
pub struct MemoryFiles {
    kept: Kept,
    entropy: Arc<dyn Entropy>,
}

/// What is read at a time.
const PART: usize = 64 * 1024;

impl MemoryFiles {
    /// No files, and names that follow from `entropy`.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { kept: Kept::default(), entropy }
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<FileKey> {
        locked(&self.kept).keys().cloned().collect()
    }
}

fn locked(kept: &Kept) -> MutexGuard<'_, BTreeMap<FileKey, Bytes>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl Files for MemoryFiles {
    async fn begin(&self, limit: u64) -> Result<Box<dyn NewFile>, FileError> {
        let key = FileKey::random(&*self.entropy);
        Ok(Box::new(Draft { kept: Arc::clone(&self.kept), key, limit, bytes: BytesMut::new() }))
    }

    async fn read(&self, key: &FileKey, range: Option<Range<u64>>) -> Result<Option<FileBytes>, FileError> {
        let Some(bytes) = locked(&self.kept).get(key).cloned() else { return Ok(None) };
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let part = match range {
            None => bytes,
            Some(range) => bytes.slice(place(range.start)..place(range.end).max(place(range.start))),
        };
        let starts = (0..part.len()).step_by(PART);
        let parts: Vec<_> = starts.map(|from| Ok(part.slice(from..(from + PART).min(part.len())))).collect();
        Ok(Some(stream::iter(parts).boxed()))
    }

    async fn size(&self, key: &FileKey) -> Result<Option<u64>, FileError> {
        Ok(locked(&self.kept).get(key).map(|bytes| bytes.len() as u64))
    }

    async fn delete(&self, key: &FileKey) -> Result<(), FileError> {
        locked(&self.kept).remove(key);
        Ok(())
    }

    /// Nobody keeps the time here: files are as old as this version of the world.
    async fn kept_before(&self, moment: Timestamp) -> Result<FileKeys, FileError> {
        let is_over = moment > Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(365 * 50);
        let names = if is_over { self.names() } else { Vec::new() };
        Ok(stream::iter(names.into_iter().map(Ok)).boxed())
    }
}

struct Draft {
    kept: Kept,
    key: FileKey,
    limit: u64,
    bytes: BytesMut,
}

#[async_trait]
impl NewFile for Draft {
    async fn write(&mut self, bytes: Bytes) -> Result<(), WriteFileError> {
        if (self.bytes.len() + bytes.len()) as u64 > self.limit {
            return Err(WriteFileError::TooLarge);
        }
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    async fn keep(self: Box<Self>) -> Result<StoredFile, FileError> {
        let bytes = self.bytes.freeze();
        let (size, sha256) = (bytes.len() as u64, Sha256Sum(Sha256::digest(&bytes).into()));
        locked(&self.kept).insert(self.key.clone(), bytes);
        Ok(StoredFile { key: self.key, size, sha256 })
    }
}
