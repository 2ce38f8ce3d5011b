//! The vocabulary every Ashlar crate shares, and the rules that keep it honest.
//!
//! The kernel promises three things to a domain crate that builds on it:
//!
//! * **Nothing happens unexplained.** An aggregate answers with a [`Change`]: its new state *and* the events that
//!   explain it. Write ports accept nothing less, so "saved but not announced" does not compile.
//! * **Nothing is ambient.** Time, ids and randomness come from [`Clock`], [`IdSource`] and [`Entropy`]; who asks, from
//!   where and for which tenant comes in a [`Context`].
//! * **Every error has a name.** [`Classified`] gives it a stable code and a kind; transports decide what a kind looks like.
//!
//! It deliberately knows nothing of SQL, HTTP, async runtimes or any domain.
//!
//! ```
//! use ashlar_kernel::{Change, DomainEvent, Target};
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct LampLit { room: &'static str }
//!
//! impl DomainEvent for LampLit {
//!     fn name(&self) -> &'static str { "demo.lamp.lit" }
//!     fn targets(&self) -> Vec<Target> { vec![Target::new("room", self.room)] }
//! }
//!
//! let change = Change::new("lit", LampLit { room: "hall" });
//! assert_eq!(*change.state(), "lit");
//! assert_eq!(change.events().len(), 1);
//! ```

mod actor;
mod brake;
mod cache;
pub mod canonical;
mod catalogue;
mod change;
mod context;
#[cfg(feature = "contract")]
pub mod contract;
mod email;
mod entropy;
mod error;
mod event;
mod event_log;
mod field;
mod id;
mod idempotency;
mod journal;
mod mac;
mod mail;
mod page;
mod permission;
mod personal;
mod rate_limit;
mod request_id;
mod resource;
mod secret;
mod store;
mod tenant;
mod time;

pub use actor::{Actor, KeyPrincipal, Principal};
pub use brake::{Brake, BrakeRule};
pub use cache::{
    Cache, CacheKey, CacheOutcome, CacheTag, CacheWatch, Cached, Freshness, Kept, Lifetime, MAX_CACHED_VALUE, NewEntry,
    ReadThrough, SpawnTask, TagVersion, TagVersions, Wanted,
};
pub use catalogue::error_catalogue;
pub use change::Change;
pub use context::{AccessError, Context, access_codes};
pub use email::{Email, InvalidEmail};
pub use entropy::Entropy;
pub use error::{Class, Classified, ErrorCode, ErrorKind};
pub use event::{
    ActorRef, DiffEntry, DiffValue, DomainEvent, EventFormat, EventRecord, EventSpec, LogEntry, Outcome, Source,
    Target, UnknownEventFormat,
};
pub use event_log::{EventLog, LogReader};
pub use field::{FieldError, FieldErrors, FieldFault, Invalid, Patch, field_codes};
pub use id::{Id, IdSource, InvalidId, TimeOrderedIds};
pub use idempotency::{
    ClaimedRequest, Fingerprint, IdempotencyKey, InvalidIdempotencyKey, Once, Receipt, RequestClaim, RequestLedger,
    RequestName, RequestState, StoredAnswer,
};
pub use journal::Journal;
pub use mac::MacKey;
pub use mail::{InvalidMail, MailAddress, MailDraft, MailError, Mailbox, Mailer, OneClick, OutgoingMail};
pub use page::{CursorSigner, InvalidCursor, InvalidLimit, Limit, Page, Total, page_codes};
pub use permission::{Permission, PermissionSet};
pub use personal::{Commitment, Personal, PersonalValue};
pub use rate_limit::{Charge, RateLimiter, RatePolicy, Standing, Verdict};
pub use request_id::{InvalidRequestId, RequestId};
pub use resource::{NotFound, VersionConflict, resource_codes};
pub use secret::{ExposeSecret, Secret};
pub use store::{StoreError, UnitOfWork, store_codes};
pub use tenant::{InvalidTenantSlug, Tenant, TenantId, TenantSlug};
pub use time::{Clock, SystemClock, Timestamp, parse_moment};
