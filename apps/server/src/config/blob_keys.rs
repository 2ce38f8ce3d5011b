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

pub(super) const DISK_FREE_MIN: Key = Key::new(
    "disk_free_min",
    "ASHLAR_DISK_FREE_MIN",
    "disk-free-min",
    Kind::Count { min: 0, max: 90 },
    "How many percent have to be free of each disk of this machine on which the SQLite database, files or the data folder are. \
     With less, administrators are told. 0 asks for nothing.",
)
.default("5")
.under("Data");

/// Where files are kept, and how much room there is to be.
#[derive(Debug, Clone)]
pub struct BlobConfig {
    /// `blob_url`.
    pub url: String,
    /// `blob_access_key` and `blob_secret_key`: there for a bucket, and only there.
    pub credentials: Option<(String, Secret)>,
    /// `disk_free_min`: how many percent of each disk of this machine are to be free.
    pub disk_free_min: u8,
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
    let disk_free_min = reader.count("disk_free_min");
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
    Some(BlobConfig { url, credentials, disk_free_min: u8::try_from(disk_free_min?).ok()? })
}

/// The adapter that takes it reads the rest.
fn place(text: &str) -> Result<String, String> {
    if text.starts_with("file:") || text.starts_with("s3://") {
        Ok(text.to_owned())
    } else {
        Err("is neither file: nor s3://".to_owned())
    }
}
