//! Checkpoints (C2SP tlog-checkpoint): how large a tree was and what its root was, signed.

use std::fmt;

use ashlar_kernel::TenantId;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use crate::{
    Digest32, Head, Note, PublicKey,
    note::{NoteSigner, SignatureCheck, SigningFailed, is_name},
};

/// Where a trail is kept: the name in front of its checkpoints, a URL without its scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Not a name for a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a name without spaces and plus signs")]
pub struct InvalidOrigin;

impl Origin {
    /// The trails of the installation at `host`.
    pub fn parse(host: &str) -> Result<Self, InvalidOrigin> {
        if is_name(host) { Ok(Self(host.to_owned())) } else { Err(InvalidOrigin) }
    }

    /// The name of the trail of one tenant: the first line of its checkpoints, and the name of their key.
    pub fn of(&self, tenant: TenantId) -> String {
        format!("{}/audit/{}", self.0, tenant.as_uuid())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a tree was at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which trail.
    pub origin: String,
    /// How many leaves it had.
    pub size: u64,
    /// Its root.
    pub root: Digest32,
}

/// Why a checkpoint proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCheckpoint {
    /// It is not in the format.
    #[error("not a checkpoint")]
    Malformed,
    /// The key did not sign it.
    #[error("not signed by the key")]
    Unsigned,
}

impl Checkpoint {
    /// What `head` is now.
    pub fn of(origin: &Origin, head: &Head) -> Self {
        Self { origin: origin.of(head.tenant()), size: head.size(), root: head.root() }
    }

    /// Whose trail it is about, if the origin says so.
    pub fn tenant(&self) -> Option<TenantId> {
        let (_host, tenant) = self.origin.rsplit_once("/audit/")?;
        tenant.parse::<Uuid>().ok().map(TenantId::from_uuid)
    }

    /// Its text.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// Signs it, in the name of its origin.
    pub fn sign(&self, signer: &dyn NoteSigner) -> Result<Note, SigningFailed> {
        Note::sign(self.text(), &self.origin, signer)
    }

    /// Reads the text of a note. Lines after the third are extensions, which say nothing here.
    pub fn parse(text: &str) -> Result<Self, InvalidCheckpoint> {
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(InvalidCheckpoint::Malformed);
        };
        let root = STANDARD.decode(root).ok().and_then(|root| Digest32::restore(&root));
        match (size.parse::<u64>(), root) {
            // Digits only, and no zeros in front.
            (Ok(number), Some(root)) if number.to_string() == size && !origin.is_empty() => {
                Ok(Self { origin: origin.to_owned(), size: number, root })
            }
            _ => Err(InvalidCheckpoint::Malformed),
        }
    }

    /// Reads a note that `key` has signed in the name of the origin it is about.
    pub fn open(note: &str, key: &PublicKey, check: &dyn SignatureCheck) -> Result<Self, InvalidCheckpoint> {
        let note = Note::parse(note).map_err(|_no_note| InvalidCheckpoint::Malformed)?;
        let checkpoint = Self::parse(note.text())?;
        if note.is_signed_by(&checkpoint.origin, key, check) {
            Ok(checkpoint)
        } else {
            Err(InvalidCheckpoint::Unsigned)
        }
    }
}
