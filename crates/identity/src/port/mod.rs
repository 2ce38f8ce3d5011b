//! What this domain needs from the outside.

mod api_key_store;
mod devices;
mod directory;
mod erasure;
mod login_history;
mod password_hasher;
mod pause;
mod revocations;
mod session_cache;
mod sign_in_counters;
mod signing_key_store;
mod store;
mod token_signer;
mod vault;

pub use api_key_store::{ApiKeyStore, ApiKeyTx};
pub use devices::{DeviceTx, Devices};
pub use directory::{AdministrationTx, AdmitError, Directory, InsertTenancyError, KeepAdminError};
pub use erasure::{ErasureTx, Estates};
pub use login_history::LoginHistory;
pub use password_hasher::{HashStanding, HasherError, PasswordHasher, hasher_codes};
pub use pause::Pause;
pub use revocations::{RevocationFeed, Revocations, SessionEnded};
pub use session_cache::{CachedSession, SessionCache, Standing};
pub use sign_in_counters::{CounterWrite, SignInCounters, StoredCounter};
pub use signing_key_store::{KeyMaterial, KeyRing, KeyRingError, RingKey, SigningKeyStore, SigningKeyTx};
pub use store::{FirstAdmin, IdentityStore, IdentityTx, InsertUserError};
pub use token_signer::{Jwk, JwkSet, SignError, TokenSigner};
pub use vault::{Vault, VaultError};
