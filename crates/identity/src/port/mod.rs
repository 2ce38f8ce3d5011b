//! What this domain needs from the outside.

mod password_hasher;
mod revocations;
mod session_cache;
mod store;
mod token_signer;

pub use password_hasher::{HashStanding, HasherError, PasswordHasher, hasher_codes};
pub use revocations::{RevocationFeed, Revocations, SessionEnded};
pub use session_cache::{CachedSession, SessionCache, Standing};
pub use store::{FirstAdmin, IdentityStore, IdentityTx, InsertUserError};
pub use token_signer::{Jwk, JwkSet, SignError, TokenSigner};
