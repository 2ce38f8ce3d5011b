//! Every port in process: the doubles that tests of embedding programs run on, and the server's own session cache.
//!
//! The crate promises that its doubles obey the laws of the ports they stand in for, which the contract suites of
//! `ashlar-identity` and `ashlar-kernel` prove; that they need no particular async runtime; and that a program that
//! uses them runs the same way each time. [`Embedded`] puts a whole service together.
//!
//! It deliberately lacks durability and, but for [`MemorySessionCache`], anything fit for production: the randomness
//! is [predictable](SeededEntropy), the password hashes are [fast](PlainHasher), and nobody else can verify the
//! [tokens](LocalSigner).
//!
//! ```
//! use ashlar_identity::{LogIn, Register};
//! use ashlar_memory::{Embedded, anonymous};
//! use chrono::TimeDelta;
//! use futures::executor::block_on;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let Embedded { identity, clock, store, .. } = Embedded::new("2030-01-01T00:00:00Z");
//! let ada = Register::parse("ada@example.org", Some("ada"), "tuba-mint-quarrel-9")?;
//! block_on(identity.register(&anonymous(&*clock), ada))?;
//! let login = LogIn::parse("ada", "tuba-mint-quarrel-9")?;
//! let signed_in = block_on(identity.log_in(&anonymous(&*clock), login))?.signed_in().expect("no second factor");
//!
//! clock.advance(TimeDelta::days(8)); // a week without a sign of life ends a session
//! let refused = block_on(identity.refresh(&anonymous(&*clock), &signed_in.refresh_token, None));
//! assert!(refused.is_err());
//! assert_eq!(store.events()[0].name, "identity.user.registered");
//! # Ok(())
//! # }
//! ```

mod admin;
mod brake;
mod cache;
mod clock;
mod embedded;
mod entropy;
mod files;
mod job_store;
mod leads;
mod mailer;
mod numbers;
mod password_hasher;
mod pause;
mod rate_limiter;
mod revocations;
mod session_cache;
mod sign_in_counters;
mod store;
mod token_signer;
mod vault;

pub use admin::MemoryAdmin;
pub use brake::MemoryBrake;
pub use cache::MemoryCache;
pub use clock::ManualClock;
pub use embedded::{Embedded, anonymous};
pub use entropy::SeededEntropy;
pub use files::MemoryFiles;
pub use job_store::MemoryJobs;
pub use leads::{EmbeddedLeads, Everybody};
pub use mailer::MemoryMailer;
pub use numbers::MemoryNumbers;
pub use password_hasher::PlainHasher;
pub use pause::LetOthersGo;
pub use rate_limiter::MemoryRateLimiter;
pub use revocations::MemoryRevocations;
pub use session_cache::MemorySessionCache;
pub use sign_in_counters::MemorySignInCounters;
pub use store::MemoryStore;
pub use token_signer::LocalSigner;
pub use vault::LocalVault;
