//! Ashlar's place for files, as a folder or as a bucket of an S3-compatible store.
//!
//! The crate promises: a file that is kept outlives a power cut, and is read back as it was written; one that was given up
//! leaves nothing; a file of any size needs the memory of one [part](PART). It deliberately has no names but the random
//! ones it chooses itself, and no links for strangers: who may read what is decided by those who keep the names. Its list
//! of files is for those who look for what nobody needs any more.
//!
//! ```
//! use ashlar_blob::BlobUrl;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = BlobUrl::parse("s3://files/ashlar?endpoint=https://minio.example.org&region=eu-1")?;
//! assert_eq!(url.to_string(), "s3://files/ashlar");
//! assert!(BlobUrl::parse("s3://files?acl=public").is_err());
//! # Ok(())
//! # }
//! ```

mod draft;
mod files;
mod url;

pub use self::{
    draft::PART,
    files::BlobFiles,
    url::{BlobUrl, Bucket, Credentials, InvalidBlobUrl},
};
