//! Reading, and the door to writing.

use std::{fs, io, ops::Range, path::Path as FsPath, sync::Arc, time::Duration};

use ashlar_kernel::{Entropy, ExposeSecret as _, Timestamp};
use ashlar_leads::port::{FileBytes, FileError, FileKey, FileKeys, Files, NewFile};
use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future, stream};
use object_store::{
    ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    local::LocalFileSystem,
    path::Path,
};
use tokio::sync::OnceCell;

use crate::{
    draft::Draft,
    url::{BlobUrl, Bucket, Credentials},
};

/// How long a store may take to let us in, and to say the next thing.
const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(30);

/// Files in a folder or a bucket. Clones share what is open.
#[derive(Clone)]
pub struct BlobFiles {
    place: BlobUrl,
    prefix: Path,
    opened: Arc<OnceCell<Arc<dyn ObjectStore>>>,
    entropy: Arc<dyn Entropy>,
}

impl BlobFiles {
    /// Files at a place. A bucket needs credentials, a folder has none. Nothing is asked of the place before there is
    /// something to read or write.
    pub fn new(place: BlobUrl, credentials: Option<Credentials>, entropy: Arc<dyn Entropy>) -> Result<Self, FileError> {
        let mut prefix = Path::default();
        let mut opened: OnceCell<Arc<dyn ObjectStore>> = OnceCell::new();
        if let BlobUrl::S3(bucket) = &place {
            prefix = Path::parse(&bucket.prefix).map_err(FileError::internal)?;
            let store = open_bucket(bucket, credentials).map_err(FileError::internal)?;
            opened = OnceCell::new_with(Some(Arc::new(store)));
        }
        Ok(Self { place, prefix, opened: Arc::new(opened), entropy })
    }

    async fn store(&self) -> Result<&Arc<dyn ObjectStore>, FileError> {
        let open = || async {
            let BlobUrl::Folder(folder) = self.place.clone() else {
                return Err(FileError::internal("the bucket was not opened"));
            };
            let opened = tokio::task::spawn_blocking(move || open_folder(&folder)).await;
            let store = opened.map_err(FileError::internal)?.map_err(|error| FileError::Unavailable(error.into()))?;
            Ok(Arc::new(store) as Arc<dyn ObjectStore>)
        };
        self.opened.get_or_try_init(open).await
    }

    /// Files of one folder would be too many for people who look at it.
    fn path(&self, key: &FileKey) -> Path {
        let first: String = key.as_str().chars().take(2).collect();
        self.prefix.clone().join(first).join(key.as_str())
    }

    /// Whether the place answers, for an operator: it is asked for a file that is not there.
    pub async fn probe(&self) -> Result<(), FileError> {
        let found = self.size(&FileKey::random(&*self.entropy)).await;
        found.map(|_nothing| ())
    }
}

fn open_folder(folder: &FsPath) -> io::Result<LocalFileSystem> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    // Contracts are nobody's business but the owner's.
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(io::Error::other)?;
    Ok(store.with_fsync(true))
}

fn open_bucket(bucket: &Bucket, credentials: Option<Credentials>) -> Result<AmazonS3, Error> {
    let is_clear = bucket.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
    let client = ClientOptions::new()
        .with_allow_http(is_clear)
        .with_connect_timeout(CONNECT)
        .with_read_timeout(READ)
        // A large file takes as long as whoever reads it.
        .with_timeout_disabled();
    let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(10), ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_client_options(client)
        .with_retry(retry)
        // Not every compatible store can delete many at once, and nobody here does.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
    }
    if let Some(Credentials { access_key, secret_key }) = credentials {
        builder = builder.with_access_key_id(access_key).with_secret_access_key(secret_key.expose_secret());
    }
    builder.build()
}

/// What a store's failure means to us. Neither wrong credentials nor a missing bucket mend themselves.
pub(crate) fn failure(error: Error) -> FileError {
    match error {
        Error::Generic { .. } | Error::JoinError { .. } => FileError::Unavailable(error.into()),
        _ => FileError::internal(error),
    }
}

#[async_trait]
impl Files for BlobFiles {
    async fn begin(&self, limit: u64) -> Result<Box<dyn NewFile>, FileError> {
        let store = Arc::clone(self.store().await?);
        let key = FileKey::random(&*self.entropy);
        let path = self.path(&key);
        Ok(Box::new(Draft::new(store, path, key, limit)))
    }

    async fn read(&self, key: &FileKey, range: Option<Range<u64>>) -> Result<Option<FileBytes>, FileError> {
        let nothing = || Some(stream::empty().boxed());
        if range.as_ref().is_some_and(Range::is_empty) {
            return Ok(self.size(key).await?.and_then(|_size| nothing()));
        }
        let (store, path) = (self.store().await?, self.path(key));
        let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
        match store.get_opts(&path, options).await {
            Ok(found) => Ok(Some(found.into_stream().map(|part| part.map_err(failure)).boxed())),
            Err(Error::NotFound { .. }) => Ok(None),
            // Stores refuse to read from behind the end.
            Err(error) => match (range, self.size(key).await?) {
                (_, None) => Ok(None),
                (Some(range), Some(size)) if range.start >= size => Ok(nothing()),
                _ => Err(failure(error)),
            },
        }
    }

    async fn size(&self, key: &FileKey) -> Result<Option<u64>, FileError> {
        match self.store().await?.head(&self.path(key)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }

    async fn delete(&self, key: &FileKey) -> Result<(), FileError> {
        match self.store().await?.delete(&self.path(key)).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failure(error)),
        }
    }

    async fn kept_before(&self, moment: Timestamp) -> Result<FileKeys, FileError> {
        let files = self.clone();
        let listed = self.store().await?.list(Some(&self.prefix)).map_err(failure);
        let ours = move |found: ObjectMeta| {
            let key = found.location.filename().and_then(FileKey::restore);
            key.filter(|key| files.path(key) == found.location && found.last_modified < moment)
        };
        Ok(listed.try_filter_map(move |found| future::ready(Ok(ours(found)))).boxed())
    }
}
