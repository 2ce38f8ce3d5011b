//! A file on its way: small ones go in one piece, others in parts.

use std::sync::Arc;

use ashlar_leads::port::{FileError, FileKey, NewFile, Sha256Sum, StoredFile, WriteFileError};
use async_trait::async_trait;
use bytes::Bytes;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt as _, PutPayload, PutPayloadMut, path::Path};
use sha2::{Digest as _, Sha256};

use crate::files::failure;

/// How large the parts of a file are, in bytes: the least that S3 takes, and all the same, which some stores insist on.
pub const PART: usize = 5 * 1024 * 1024;

pub(crate) struct Draft {
    store: Arc<dyn ObjectStore>,
    path: Path,
    key: FileKey,
    limit: u64,
    size: u64,
    hash: Sha256,
    waiting: PutPayloadMut,
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Draft {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, path: Path, key: FileKey, limit: u64) -> Self {
        let (hash, waiting) = (Sha256::new(), PutPayloadMut::new());
        Self { store, path, key, limit, size: 0, hash, waiting, parts: None }
    }

    async fn send(&mut self, part: PutPayload) -> Result<(), FileError> {
        let upload = match &mut self.parts {
            Some(upload) => upload,
            none => none.insert(self.store.put_multipart(&self.path).await.map_err(failure)?),
        };
        upload.put_part(part).await.map_err(failure)
    }
}

#[async_trait]
impl NewFile for Draft {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), WriteFileError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(WriteFileError::TooLarge);
        }
        self.hash.update(&bytes);
        while self.waiting.content_length() + bytes.len() >= PART {
            let rest = bytes.split_off(PART - self.waiting.content_length());
            self.waiting.push(std::mem::replace(&mut bytes, rest));
            let part = std::mem::take(&mut self.waiting).freeze();
            self.send(part).await?;
        }
        self.waiting.push(bytes);
        Ok(())
    }

    async fn keep(mut self: Box<Self>) -> Result<StoredFile, FileError> {
        let last = std::mem::take(&mut self.waiting).freeze();
        if self.parts.is_some() && last.content_length() > 0 {
            self.send(last).await?;
        } else if self.parts.is_none() {
            self.store.put(&self.path, last).await.map_err(failure)?;
        }
        if let Some(upload) = &mut self.parts {
            upload.complete().await.map_err(failure)?;
            self.parts = None;
        }
        let sha256 = Sha256Sum(std::mem::take(&mut self.hash).finalize().into());
        Ok(StoredFile { key: self.key.clone(), size: self.size, sha256 })
    }
}

impl Drop for Draft {
    /// A bucket keeps, and charges for, the parts of what was given up.
    fn drop(&mut self) {
        let Some(mut upload) = self.parts.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { upload.abort().await });
        }
    }
}
