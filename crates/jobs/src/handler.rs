//! Who does the work.

use std::{collections::BTreeMap, ops::RangeInclusive};

use async_trait::async_trait;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Backoff, Failure, Job};

/// How a handler makes sure that an attempt which is repeated has its effect once. Jobs are run at least once: a worker
/// may stop after the effect and before it could say so. There is no variant for "not at all".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotence {
    /// The other side is told the job's id and drops repetitions: an idempotency key, a message id.
    RemoteKey,
    /// A row with a unique key, saved in the transaction of the effect; names the key.
    UniqueKey(&'static str),
    /// The effect is a guarded update that finds nothing to do the second time; names the guard.
    CompareAndSet(&'static str),
    /// The same input leads to the same result in the same place: recomputing, overwriting, deleting.
    SameResult,
}

/// Does the work of one kind of job.
///
/// ```
/// use ashlar_jobs::{Failure, Handler, Idempotence, Job};
/// use async_trait::async_trait;
/// use serde::Deserialize;
///
/// struct CloseSession;
///
/// #[derive(Deserialize)]
/// struct Which { session: u64 }
///
/// #[async_trait]
/// impl Handler for CloseSession {
///     const KIND: &'static str = "session.close";
///     const IDEMPOTENCE: Idempotence = Idempotence::CompareAndSet("session.closed_at is null");
///     type Payload = Which;
///
///     async fn handle(&self, which: Which, _job: &Job) -> Result<(), Failure> {
///         if which.session == 0 { Err(Failure::Permanent("no such session".to_owned())) } else { Ok(()) }
///     }
/// }
/// ```
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind of job it does.
    const KIND: &'static str;
    /// The versions of the payload it understands. Jobs of other versions are parked, not failed.
    const VERSIONS: RangeInclusive<u16> = 1..=1;
    /// What makes repetitions harmless.
    const IDEMPOTENCE: Idempotence;
    /// How long it waits between attempts.
    const BACKOFF: Backoff = Backoff::STANDARD;
    /// What a payload says. One that does not say it fails for good.
    type Payload: DeserializeOwned + Send;

    /// Makes one attempt. It is dropped half way when the job is cancelled or the worker loses its lease.
    async fn handle(&self, payload: Self::Payload, job: &Job) -> Result<(), Failure>;
}

/// A [`Handler`] whose types are forgotten.
#[async_trait]
pub(crate) trait AnyHandler: Send + Sync {
    fn card(&self) -> HandlerCard;
    async fn attempt(&self, job: &Job) -> Result<(), Failure>;
}

#[async_trait]
impl<H: Handler> AnyHandler for H {
    fn card(&self) -> HandlerCard {
        HandlerCard { kind: H::KIND, versions: H::VERSIONS, idempotence: H::IDEMPOTENCE, backoff: H::BACKOFF }
    }

    async fn attempt(&self, job: &Job) -> Result<(), Failure> {
        let payload = H::Payload::deserialize(job.payload());
        // Serde's message repeats the value, the position says enough.
        let payload = payload.map_err(|_shape| Failure::Permanent("the payload has another shape".to_owned()))?;
        self.handle(payload, job).await
    }
}

/// What a handler says about itself, for lists of jobs and their documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerCard {
    /// The kind of job it does.
    pub kind: &'static str,
    /// The versions it understands.
    pub versions: RangeInclusive<u16>,
    /// What makes repetitions harmless.
    pub idempotence: Idempotence,
    /// How long it waits between attempts.
    pub backoff: Backoff,
}

/// Every handler of a worker, one for each kind.
#[derive(Default)]
pub struct Handlers(BTreeMap<&'static str, Box<dyn AnyHandler>>);

impl Handlers {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more. A kind has one handler; the last one given has it.
    #[must_use]
    pub fn with<H: Handler>(mut self, handler: H) -> Self {
        self.0.insert(H::KIND, Box::new(handler));
        self
    }

    /// What each says about itself, by kind.
    pub fn cards(&self) -> impl Iterator<Item = HandlerCard> {
        self.0.values().map(|handler| handler.card())
    }

    /// Who understands the job.
    pub(crate) fn of(&self, job: &Job) -> Option<&dyn AnyHandler> {
        let handler = self.0.get(job.kind())?;
        handler.card().versions.contains(&job.version()).then_some(&**handler)
    }

    /// How long jobs of a kind wait between attempts.
    pub(crate) fn backoff(&self, kind: &str) -> Backoff {
        self.0.get(kind).map_or(Backoff::STANDARD, |handler| handler.card().backoff)
    }
}
