//! Why the product does not start.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ashlar_audit::InvalidOrigin;
use ashlar_blob::InvalidBlobUrl;
use ashlar_crypto::KeyFolderError;
use ashlar_identity::{port::KeyRingError, use_case::SigningKeysError};
use ashlar_kernel::{MailError, StoreError};
use ashlar_leads::port::FileError;
use ashlar_mail::InvalidMailUrl;
use ashlar_redis::InvalidRedisUrl;
use ashlar_sql::{ConnectError, InvalidDatabaseUrl};

use crate::work::WorkError;

/// Why the product does not start. Each is one clear sentence; causes follow.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key for sealed secrets cannot be made.
    #[error("the key for sealed secrets cannot be made")]
    Vault(#[source] ashlar_identity::port::VaultError),
    /// Another program listens there, or this one may not.
    #[error("cannot listen on {address}; choose another address with --listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The data folder cannot be made or written.
    #[error("the data folder {} cannot be written; choose another with --data-dir", .path.display())]
    DataFolder {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The keys are missing or broken.
    #[error(transparent)]
    Keys(#[from] KeyFolderError),
    /// There is no signing key to work with.
    #[error(transparent)]
    SigningKeys(#[from] SigningKeysError),
    /// The signing key of the key folder cannot be taken over.
    #[error("the signing key of the key folder cannot be taken over")]
    FirstKey(#[source] KeyRingError),
    /// The database does not tell which signing keys there are.
    #[error("the database does not tell which signing keys there are")]
    KnownKeys(#[source] StoreError),
    /// The database does not tell how passwords are hashed.
    #[error("the database does not tell how passwords are hashed")]
    PasswordClasses(#[source] StoreError),
    /// Passwords were hashed with a secret that is not configured.
    #[error("the passwords of {accounts} accounts were hashed with the pepper {id}, which password_pepper lacks")]
    Pepper {
        /// Which.
        id: String,
        /// Of how many accounts.
        accounts: u64,
    },
    /// The database URL is none.
    #[error(transparent)]
    DatabaseUrl(#[from] InvalidDatabaseUrl),
    /// The Redis URL is none.
    #[error("redis_url {0}")]
    RedisUrl(#[from] InvalidRedisUrl),
    /// The mail URL is none.
    #[error("mail_url {0}")]
    MailUrl(#[from] InvalidMailUrl),
    /// Mail cannot be sent that way.
    #[error(transparent)]
    Mail(MailError),
    /// The URL of the place for files is none.
    #[error("blob_url {0}")]
    BlobUrl(#[from] InvalidBlobUrl),
    /// The place for files cannot be used that way.
    #[error("the place for files in blob_url cannot be used")]
    Blobs(#[source] FileError),
    /// The database does not answer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The schema could not be brought up to date.
    #[error("the database schema cannot be changed")]
    Migrate(#[source] StoreError),
    /// A command that is for an installation was called where there is none.
    #[error(
        "there is no installation here: {0}; start one with `ashlar`, or name another with --data-dir or --database-url"
    )]
    NoInstallation(String),
    /// Production has no database yet.
    #[error("there is no database at {}; make it with: ashlar migrate up", .path.display())]
    NoDatabase {
        /// Where.
        path: PathBuf,
    },
    /// Production does not change the schema by itself.
    #[error("the database lacks {missing} migrations of this version; run: ashlar migrate up")]
    Behind {
        /// How many.
        missing: usize,
    },
    /// The demonstration data could not be loaded.
    #[error("the demonstration data cannot be loaded")]
    Demo(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A schedule is none; a defect.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The API description cannot be rendered; a defect.
    #[error("the API description cannot be rendered")]
    Description(#[source] serde_json::Error),
    /// The public URL makes no name for checkpoints.
    #[error("checkpoints of the audit trail cannot be named after public_url")]
    Origin(#[from] InvalidOrigin),
    /// The folder of checkpoints cannot be read.
    #[error("the folder of checkpoints cannot be read")]
    Checkpoints(#[source] io::Error),
    /// The HTTP server broke.
    #[error("the HTTP server stopped")]
    Server(#[source] io::Error),
}

impl StartError {
    /// The SQLite file that is not there yet, if that is all.
    pub fn missing_database(&self) -> Option<&Path> {
        match self {
            Self::Connect(ConnectError::Missing { path }) => Some(path),
            _ => None,
        }
    }
}
