//! What every store has in common: failures, and all-or-nothing work.

use std::error::Error;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{Class, Classified, Receipt, TenantId, error_codes};

type BoxError = Box<dyn Error + Send + Sync>;

/// How a store fails, whatever it is made of. Closed: callers decide by the kind, never by a message.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row changed since it was read. Read again and decide again.
    #[error("the row changed since it was read")]
    Stale,
    /// The transaction lost a race (deadlock, serialisation failure, lock timeout). The same work may be repeated.
    #[error("the transaction lost a race and may be repeated")]
    Contended(#[source] BoxError),
    /// The store cannot work at present: gone, locked, full or read-only. Nothing was saved.
    #[error("the store cannot work at present")]
    Unavailable(#[source] BoxError),
    /// What is stored breaks an invariant of the domain.
    #[error("stored {what} breaks an invariant")]
    Corrupt {
        /// Which column.
        what: &'static str,
    },
    /// Anything else; a defect.
    #[error("unexpected store failure")]
    Internal(#[source] BoxError),
}

impl StoreError {
    /// A failure nobody expected.
    pub fn internal(error: impl Into<BoxError>) -> Self {
        Self::Internal(error.into())
    }

    /// Whether repeating the whole unit of work may succeed at once.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Stale | Self::Contended(_))
    }
}

error_codes! {
    /// Codes of [`StoreError`].
    pub mod store_codes {
        STORE_UNAVAILABLE = "store_unavailable", Unavailable, "Storage unavailable",
            "The database does not answer, is locked, full or read-only. Nothing was saved; repeat the request after `Retry-After` seconds.";
        INTERNAL = "internal_error", Internal, "Internal error",
            "Something unexpected happened on our side. Nothing of it is your fault; quote `request_id` when you report it.";
    }
}

impl Classified for StoreError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Stale | Self::Contended(_) | Self::Unavailable(_) => Class::Code(&store_codes::STORE_UNAVAILABLE),
            Self::Corrupt { .. } | Self::Internal(_) => Class::Code(&store_codes::INTERNAL),
        }
    }

    fn retry_after(&self) -> Option<u32> {
        matches!(self, Self::Stale | Self::Contended(_) | Self::Unavailable(_)).then_some(1)
    }
}

/// One all-or-nothing piece of work on one domain. Dropping it without [`commit`](Self::commit) takes everything back.
#[async_trait]
pub trait UnitOfWork: Send {
    /// Remembers how the request behind this work is answered, with the work or not at all.
    /// [`Stale`](StoreError::Stale) when somebody else has taken the request over; then the work can only be dropped.
    async fn remember(&mut self, receipt: Receipt) -> Result<(), StoreError>;

    /// Erases the answers of a tenant that name one of these ids, with the work or not at all, and counts them: whoever
    /// erases something erases what was told of it. Their keys stay taken, so that nothing is done twice; what is answered
    /// then is [`StoredAnswer::erased`](crate::StoredAnswer::erased). Reads every answer that is kept: things are rarely
    /// erased, and answers are not kept for long. To be called last: what was answered before the thing went is seen then.
    async fn forget_answers(&mut self, tenant: TenantId, about: &[Uuid]) -> Result<u64, StoreError>;

    /// Makes every change of this work, with its events, durable at once.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn only_lost_races_are_repeated() {
        assert!(StoreError::Stale.is_retryable());
        assert!(StoreError::Contended("deadlock".into()).is_retryable());
        assert!(!StoreError::Unavailable("gone".into()).is_retryable());
        assert!(!StoreError::internal("bug").is_retryable());
    }

    #[test]
    fn causes_are_kept_and_not_shown() {
        let error = StoreError::Unavailable("secret host name".into());
        assert!(!error.to_string().contains("secret"));
        assert!(error.source().unwrap().to_string().contains("secret"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
