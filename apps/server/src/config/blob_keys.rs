//! The rows of [`KEYS`](super::KEYS) about files, and what they become.

use ashlar_kernel::Secret;

use super::{
    key::{Key, Kind},
    reader::Reader,
};

pub(super) const BLOB_URL: Key = Key::new(
    "blob_url",
    "ASHLAR_BLOB_URL",
    "blob-url",
    Kind::Other {
        placeholder: "URL",
        accepts: "file:<folder>, or s3://<bucket>/<prefix>?endpoint=<url>&region=<name>",
    },
    "Where files are kept, such as those of contracts: in a folder, or in a bucket of an S3-compatible store.",
)
.default("file:<data_dir>/blobs")
.under("Data");

pub(super) const BLOB_ACCESS_KEY: Key = Key::new(
    "blob_access_key",
    "ASHLAR_BLOB_ACCESS_KEY",
    "blob-access-key",
    Kind::Other { placeholder: "TEXT", accepts: "an access key" },
    "The access key of the bucket in `blob_url`.",
)
.default("")
.under("Data");

pub(super) const BLOB_SECRET_KEY: Key = Key::new(
    "blob_secret_key",
    "ASHLAR_BLOB_SECRET_KEY",
    "blob-secret-key",
    Kind::Other { placeholder: "TEXT", accepts: "a secret key" },
    "The secret of the access key. Flags show in the process list: give it by environment or by file.",
)
.default("")
.secret()
.under("Data");

/// Where files are kept.
#[derive(Debug, Clone)]
pub struct BlobConfig {
    /// `blob_url`.
    pub url: String,
    /// `blob_access_key` and `blob_secret_key`: there for a bucket, and only there.
    pub credentials: Option<(String, Secret)>,
}

impl BlobConfig {
    /// Whether files stay in a folder.
    pub fn is_folder(&self) -> bool {
        self.url.starts_with("file:")
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Option<BlobConfig> {
    let url = reader.get("blob_url", place);
    let access = reader.get("blob_access_key", |text| Ok(text.to_owned()));
    let secret = reader.get("blob_secret_key", |text| Ok(text.to_owned()));
    let (url, access, secret) = (url?, access?, secret?);
    let is_folder = url.starts_with("file:");
    for (key, text) in [("blob_access_key", &access), ("blob_secret_key", &secret)] {
        if is_folder && !text.is_empty() {
            reader.refuse(key, "is for a bucket, and blob_url is a folder");
        } else if !is_folder && text.is_empty() {
            reader.refuse(key, "is not set, and the bucket of blob_url needs it");
        }
    }
    let credentials = (!is_folder).then(|| (access, Secret::from(secret)));
    Some(BlobConfig { url, credentials })
}

/// The adapter that takes it reads the rest.
fn place(text: &str) -> Result<String, String> {
    if text.starts_with("file:") || text.starts_with("s3://") {
        Ok(text.to_owned())
    } else {
        Err("is neither file: nor s3://".to_owned())
    }
}
