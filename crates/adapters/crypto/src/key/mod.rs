//! The keys tokens are signed with.

mod file;
mod folder;
mod public;
mod ring;
mod signing;

pub use folder::{KeyFolder, KeyFolderError, Keys};
pub use public::VerifyingKey;
pub use ring::KeyRing;
pub use signing::{KeyAlgorithm, KeyError, SigningKey, UnknownKeyAlgorithm};
