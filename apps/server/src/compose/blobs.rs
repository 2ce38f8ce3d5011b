//! The place for files.

use std::sync::Arc;

use ashlar_blob::{BlobFiles, BlobUrl, Credentials};
use ashlar_kernel::Entropy;

use super::{Parts, StartError, store_options};
use crate::{
    config::{Config, Profile},
    work::Storage,
};

/// Where files are kept, as configured.
pub(super) fn open(config: &Config, entropy: &Arc<dyn Entropy>) -> Result<BlobFiles, StartError> {
    let place = BlobUrl::parse(&config.blobs.url)?;
    let credentials = config.blobs.credentials.clone();
    let credentials = credentials.map(|(access_key, secret_key)| Credentials { access_key, secret_key });
    BlobFiles::new(place, credentials, Arc::clone(entropy)).map_err(StartError::Blobs)
}

/// Whether a bucket lets us in; a folder is made when there is something to put in. Answers with its name.
pub async fn look_at_files(config: &Config) -> Result<String, StartError> {
    let place = BlobUrl::parse(&config.blobs.url)?;
    if matches!(place, BlobUrl::S3(_)) {
        let entropy: Arc<dyn Entropy> = Arc::new(ashlar_crypto::OsEntropy);
        open(config, &entropy)?.probe().await.map_err(StartError::Blobs)?;
    }
    Ok(place.to_string())
}

impl Parts {
    /// Where this process keeps things, as configured.
    pub(super) fn storage(&self, config: &Config) -> Result<Storage, StartError> {
        let database = store_options(config)?.file().map(|file| ("database", file.to_owned()));
        let files = match BlobUrl::parse(&config.blobs.url)? {
            BlobUrl::Folder(folder) => Some(("files", folder)),
            BlobUrl::S3(_) => None,
        };
        let data = (config.profile == Profile::Embedded).then(|| ("data", config.data_dir.clone()));
        let folders = [database, files, data].into_iter().flatten().collect();
        Ok(Storage { files: Arc::clone(&self.files), folders, least_free: config.blobs.disk_free_min })
    }
}
