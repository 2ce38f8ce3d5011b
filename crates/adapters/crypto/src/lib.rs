//! The cryptography behind Ashlar's ports: password hashing, access tokens, keys, randomness.
//!
//! * [`Argon2Pool`] is a [`PasswordHasher`](ashlar_identity::port::PasswordHasher): Argon2id on a bounded number of
//!   threads, so that a flood of logins costs a bounded share of processor and memory and the rest of the server goes on.
//! * [`JwtSigner`] is a [`TokenSigner`](ashlar_identity::port::TokenSigner): RS256 or `EdDSA`, under the keys of a
//!   [`KeyRing`], which can be exchanged while it is in use.
//! * [`KeyFolder`] keeps the keys: made on first start, or put there by the operator.
//! * [`AuditKey`] signs the checkpoints of the audit trail.
//! * [`OsEntropy`] is the operating system's randomness.
//!
//! The primitives are those of aws-lc-rs and of the `argon2` crate; nothing here invents any. Encrypted key files and keys
//! in hardware are deliberately absent for now.
//!
//! ```
//! use ashlar_crypto::{JwtSigner, KeyAlgorithm, KeyFolder, OsEntropy};
//! use ashlar_identity::port::TokenSigner;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let data = tempfile::tempdir()?;
//! let folder = KeyFolder::new(data.path().join("keys"));
//! let made = folder.load_or_generate(KeyAlgorithm::EdDsa, &OsEntropy)?;
//! let found = folder.load_only(KeyAlgorithm::EdDsa)?;
//! assert_eq!(JwtSigner::new(made.ring).public_keys(), JwtSigner::new(found.ring).public_keys());
//! # Ok(())
//! # }
//! ```

mod audit_key;
mod entropy;
mod key;
mod password;
mod token;
mod vault;

pub use audit_key::{AuditKey, Ed25519Check};
pub use entropy::OsEntropy;
pub use key::{
    KeyAlgorithm, KeyError, KeyFolder, KeyFolderError, KeyRing, Keys, SigningKey, UnknownKeyAlgorithm, VerifyingKey,
};
pub use password::{Argon2Options, Argon2Params, Argon2Pool, HashObserver, InvalidArgon2Params, Peppers};
pub use token::JwtSigner;
pub use vault::AesVault;
