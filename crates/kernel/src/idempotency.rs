//! Requests that have their effect once, however often a client sends them: `Idempotency-Key`
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! Before anything is done, a request is claimed under the name its client gave it. The answer is remembered in the
//! transaction of the change it tells of, so that there is no moment in which one is there without the other. Whoever
//! sends the request again gets that answer.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use uuid::Uuid;

use crate::{Actor, Context, StoreError, TenantId, Timestamp};

/// The name a client gives a request: 1 to 255 visible ASCII characters. What sends it again is the same request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Box<str>);

/// This cannot be an [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The longest key, in characters.
    pub const MAX: usize = 255;

    /// Reads a header. The draft puts the key in quotes, many clients do not; both mean the same key.
    pub fn parse(text: &str) -> Result<Self, InvalidIdempotencyKey> {
        let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let fits = (1..=Self::MAX).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(bare.into())) } else { Err(InvalidIdempotencyKey) }
    }

    /// The key, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which request: keys are told apart by tenant and caller. Callers without a name are told apart by where they ask from,
/// so that nobody meets the keys of strangers elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestName {
    /// Whose data it is about.
    pub tenant: TenantId,
    /// Who asks: `user:<id>`, `api_key:<id>`, `system:<name>` or `anonymous:<where from>`.
    pub caller: String,
    /// What they call it.
    pub key: IdempotencyKey,
}

impl RequestName {
    /// The request that the caller of `context` calls `key`. `stranger` says where a caller without a name asks from, in a
    /// form that may be kept.
    pub fn new(context: &Context, key: IdempotencyKey, stranger: impl FnOnce() -> String) -> Self {
        let caller = match &context.actor {
            Actor::Anonymous => format!("anonymous:{}", stranger()),
            Actor::User(principal) => format!("user:{}", principal.user),
            Actor::ApiKey(key) => format!("api_key:{}", key.key),
            Actor::System(name) => format!("system:{name}"),
        };
        Self { tenant: context.tenant, caller, key }
    }
}

/// What a request asks for, as a keyed hash: bodies hold passwords, and a bare hash of one could be guessed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

/// An answer that can be given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers that belong to it, such as `location`.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl StoredAnswer {
    /// What stands for an answer that was [erased](crate::UnitOfWork::forget_answers): no answer is like it, as every one
    /// has a body.
    pub const fn erased() -> Self {
        Self { status: 410, headers: Vec::new(), body: String::new() }
    }

    /// Whether it was erased.
    pub fn is_erased(&self) -> bool {
        *self == Self::erased()
    }
}

/// The right to carry out a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedRequest {
    /// Which.
    pub name: RequestName,
    /// Tells this claim from others on the same request.
    pub token: Uuid,
}

/// Somebody wants to carry out a request.
#[derive(Debug, Clone)]
pub struct RequestClaim {
    /// Which, and by which token.
    pub claimed: ClaimedRequest,
    /// What it asks for.
    pub fingerprint: Fingerprint,
    /// The present moment.
    pub now: Timestamp,
    /// From then on the claim is taken for that of a process that died.
    pub held_until: Timestamp,
    /// From then on the key is free again.
    pub kept_until: Timestamp,
}

/// What is known of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestState {
    /// Nothing, and it is now the claimant's to carry out.
    Claimed,
    /// Somebody is carrying out what has this fingerprint.
    Running(Fingerprint),
    /// What has this fingerprint was answered so.
    Answered(Fingerprint, StoredAnswer),
}

/// An answer to be remembered with the change it tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The request.
    pub claimed: ClaimedRequest,
    /// Its answer.
    pub answer: StoredAnswer,
}

/// Where claims and answers are kept. It is the store that the changes go to: anything else could remember an answer
/// without its change, or forget it and do the change twice. See also [`UnitOfWork::remember`](crate::UnitOfWork).
#[async_trait]
pub trait RequestLedger: Send + Sync {
    /// Claims a request, unless somebody has it or had it.
    async fn claim(&self, claim: &RequestClaim) -> Result<RequestState, StoreError>;

    /// Remembers the answer to a request that changed nothing. False when the claim is not ours any more.
    async fn conclude(&self, receipt: &Receipt) -> Result<bool, StoreError>;

    /// Gives a claim back: nothing was done. Nothing happens when it is not ours any more, or answered.
    async fn release(&self, claimed: &ClaimedRequest) -> Result<(), StoreError>;

    /// Deletes at most `limit` entries whose keys were free before `before`, and counts them.
    async fn purge_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError>;
}

type Answer<T> = Arc<dyn Fn(&T) -> StoredAnswer + Send + Sync>;

/// What a use case needs to leave a [`Receipt`]: the claim, and how its outcome is answered.
pub struct Once<T> {
    claimed: ClaimedRequest,
    answer: Answer<T>,
}

impl<T> Once<T> {
    /// The receipt of `claimed` says what `answer` makes of the outcome.
    pub fn new(claimed: ClaimedRequest, answer: impl Fn(&T) -> StoredAnswer + Send + Sync + 'static) -> Self {
        Self { claimed, answer: Arc::new(answer) }
    }

    /// The receipt for this outcome.
    pub fn receipt(&self, outcome: &T) -> Receipt {
        Receipt { claimed: self.claimed.clone(), answer: (self.answer)(outcome) }
    }
}

impl<T> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self { claimed: self.claimed.clone(), answer: Arc::clone(&self.answer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_and_quotes_do_not_count() {
        let key = |text: &str| IdempotencyKey::parse(text).map(|key| key.as_str().to_owned());
        assert_eq!(key("8e03978e-40d5"), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(key("\"8e03978e-40d5\""), Ok("8e03978e-40d5".to_owned()));
        assert_eq!(key("\"half"), Ok("\"half".to_owned()));
        assert!(key(&"k".repeat(255)).is_ok());
        for bad in ["", "\"\"", "two words", "tab\t", "é", &"k".repeat(256)] {
            assert_eq!(key(bad), Err(InvalidIdempotencyKey), "{bad:?}");
        }
    }
}
