//! The audit trail: the event log, sealed so that nobody can quietly edit it.
//!
//! The crate promises: each event has one canonical form (RFC 8785) and becomes one leaf; each tenant has one chain of
//! links, numbered without a gap, of which each stands for everything before it; the same leaves form a Merkle tree (RFC
//! 6962), whose root and size are signed as checkpoints (C2SP tlog-checkpoint); and [`verify`] finds whether what is
//! stored is what was sealed, and names the first event that is not and what was done to it.
//!
//! Beside that, [`log`] looks up what happened in a tenant, and writes down who looked; and [`retention`] lets go of what was
//! kept for long enough, so that the rest still verifies.
//!
//! It is pure: it computes, on [ports](port). It deliberately has no database, no clock and no cipher: signatures are made
//! and checked behind [`NoteSigner`] and [`SignatureCheck`]. Inclusion proofs for single events are absent for now.
//!
//! ```
//! use ashlar_audit::{
//!     Checkpoint, Head, NoteSigner, Origin,
//!     verify::{SealedRow, Tampering, Verifier},
//! };
//! use ashlar_crypto::{AuditKey, Ed25519Check};
//! # use ashlar_kernel::{ActorRef, EventFormat, EventRecord, Outcome, Source, Target, TenantId, Timestamp};
//! # fn happened(number: u128) -> EventRecord {
//! #     EventRecord {
//! #         format: EventFormat::LATEST,
//! #         id: uuid::Uuid::from_u128(number),
//! #         tenant: TenantId::MAIN,
//! #         name: "demo.thing.renamed".to_owned(),
//! #         schema_version: 1,
//! #         occurred_at: Timestamp::UNIX_EPOCH,
//! #         actor: ActorRef { kind: "system".to_owned(), id: Some("demo".to_owned()), session: None },
//! #         targets: vec![Target::new("thing", number)],
//! #         outcome: Outcome::Ok,
//! #         diff: Vec::new(),
//! #         data: serde_json::json!({}),
//! #         source: Source::default(),
//! #         request_id: "request".to_owned(),
//! #         trace: None,
//! #     }
//! # }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let events: Vec<EventRecord> = (1..=3).map(happened).collect();
//! let sealed = Head::new(TenantId::MAIN).extend(&events)?;
//! let key = AuditKey::generate()?;
//! let note = Checkpoint::of(&Origin::parse("example.org")?, &sealed.head).sign(&key)?.to_string();
//!
//! // Later, somebody with the database, the note and the public key:
//! let checkpoint = Checkpoint::open(&note, &key.public_key(), &Ed25519Check)?;
//! let mut verifier = Verifier::new(TenantId::MAIN, [checkpoint]);
//! for (link, mut event) in sealed.links.into_iter().zip(events) {
//!     if link.seq == 2 {
//!         event.actor.id = Some("nobody".to_owned());
//!     }
//!     verifier.push(&SealedRow { link, body: event.into(), expired_by: None });
//! }
//! let breach = verifier.finish(Some(&sealed.head), &[]).breach.ok_or("not found")?;
//! assert_eq!((breach.kind, breach.seq), (Tampering::Modified, Some(2)));
//! # Ok(())
//! # }
//! ```

mod canonical;
mod chain;
mod checkpoint;
#[cfg(feature = "contract")]
pub mod contract;
mod hash;
pub mod log;
mod note;
pub mod port;
pub mod retention;
mod sealer;
mod stored;
mod tree;
pub mod verify;

pub use canonical::{NotCanonical, canonical, leaf_of};
pub use chain::{Extension, Head, Link};
pub use checkpoint::{Checkpoint, InvalidCheckpoint, InvalidOrigin, Origin};
pub use hash::Digest32;
pub use note::{InvalidKey, InvalidNote, Note, NoteSigner, PublicKey, SignatureCheck, SigningFailed};
pub use sealer::{CheckpointError, Checkpointer, CheckpointerPorts, Sealer};
pub use stored::{Scratch, StoredEvent};
pub use tree::{Frontier, Node};
pub use verify::{Breach, Report, Tampering};
