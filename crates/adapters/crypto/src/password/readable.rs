//! Every stored form a password is compared with.

use ashlar_identity::port::HashStanding;

use super::{
    foreign::{self, ForeignHash, Unreadable},
    stored::{StoredHash, UnreadableHash},
};

/// A stored hash, taken apart and within bounds.
pub(super) enum ReadableHash {
    /// Ours, or another's Argon2.
    Argon2(StoredHash),
    /// Of another algorithm.
    Foreign(ForeignHash),
    /// No password is behind it.
    Unusable,
}

/// Why a stored hash is not one we read. Never shows the hash.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnreadableStored {
    #[error("the stored password hash is of no known algorithm")]
    Unknown,
    #[error(transparent)]
    Argon2(#[from] UnreadableHash),
    #[error(transparent)]
    Foreign(#[from] Unreadable),
}

impl ReadableHash {
    /// Takes a hash apart, without computing anything.
    pub(super) fn parse(text: &str) -> Result<Self, UnreadableStored> {
        if text.starts_with('!') {
            return Ok(Self::Unusable);
        }
        if let Some(phc) = foreign::argon2::phc(text) {
            return Ok(Self::Argon2(StoredHash::parse(phc)?));
        }
        match ForeignHash::parse(text) {
            Some(foreign) => Ok(Self::Foreign(foreign?)),
            None => Err(UnreadableStored::Unknown),
        }
    }
}

impl UnreadableStored {
    /// The same, as callers are told.
    pub(super) const fn standing(&self) -> HashStanding {
        match self {
            Self::Unknown => HashStanding::Unknown,
            Self::Argon2(UnreadableHash::Form(_) | UnreadableHash::Kind) | Self::Foreign(Unreadable::Malformed) => {
                HashStanding::Malformed
            }
            Self::Argon2(UnreadableHash::Params(_)) | Self::Foreign(Unreadable::TooExpensive) => {
                HashStanding::TooExpensive
            }
        }
    }
}

/// A hash of a class that no password is behind: its salt and output are constants.
pub(super) fn decoy(class: &str) -> Option<String> {
    let phc = |bytes: usize| foreign::decoy_output(bytes).trim_end_matches('=').to_owned();
    let text = match class.split('$').collect::<Vec<_>>().as_slice() {
        ["", "argon2id" | "argon2i" | "scrypt", ..] | ["argon2", ..] => format!("{class}${}${}", phc(16), phc(32)),
        _ => foreign::decoy(class)?,
    };
    ReadableHash::parse(&text).is_ok().then_some(text)
}
