//! How passwords become hashes.

use std::error::Error;

use ashlar_kernel::{Class, Classified, error_codes, store_codes};
use async_trait::async_trait;

use crate::{Password, PasswordHash, password::HashClass};

/// Turns passwords into hashes and compares them, at a cost that is bounded and always the same.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a new password, with a salt of its own.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HasherError>;

    /// Hashes another secret with the salt and at the cost of `like`, so that many can be compared with one that is typed
    /// for the price of one hash.
    async fn hash_like(&self, password: &Password, like: &PasswordHash) -> Result<PasswordHash, HasherError>;

    /// Runs work that costs about as much as a hash, like judging how easily a password is guessed: in its turn, within
    /// the same bounds, and not on the thread that serves requests.
    async fn run(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), HasherError>;

    /// Whether `password` is the one behind `hash`. Without a hash the answer is no, at the cost of a yes: an unknown
    /// account must not answer faster than a known one. The same goes for a hash no password is behind.
    async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<bool, HasherError>;

    /// What can be said of a stored hash without a password, and at no cost.
    fn examine(&self, hash: &PasswordHash) -> HashStanding;

    /// A hash of `class` that no password is behind, to compare with where there is none; none if this hasher does not
    /// read hashes of the class.
    fn decoy(&self, class: &HashClass) -> Option<PasswordHash>;
}

/// What a hasher says of a stored hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashStanding {
    /// As this hasher makes them.
    Current,
    /// It is read, and made by other means or at another cost than new ones: to be replaced when its password is known.
    Outdated,
    /// No password is behind it.
    Unusable,
    /// Of no algorithm this hasher reads.
    Unknown,
    /// Of a known algorithm, and damaged.
    Malformed,
    /// Comparing with it would cost more than anybody is given; it is never done.
    TooExpensive,
}

/// Why hashing failed.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too many passwords are waiting; nothing was evaluated.
    #[error("too many passwords are waiting to be hashed")]
    Overloaded,
    /// The hasher broke, or the stored hash is not one it reads.
    #[error("hashing failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

error_codes! {
    /// Codes of [`HasherError`].
    pub mod hasher_codes {
        OVERLOADED = "overloaded", Unavailable, "Too busy",
            "More requests are in progress than the server can work on. Nothing was evaluated; repeat the request after `Retry-After` seconds.";
    }
}

impl Classified for HasherError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Overloaded => Class::Code(&hasher_codes::OVERLOADED),
            Self::Failed(_) => Class::Code(&store_codes::INTERNAL),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        matches!(self, Self::Overloaded).then_some(1)
    }
}
