//! Erasing what is kept beside the log about a person.

use ashlar_kernel::{AccessError, Change, Class, Classified, Context, StoreError, TenantId};
use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use uuid::Uuid;

use super::{AuditEvent, AuditLog, ERASE_PII};

/// How recently whoever asks must have proved who they are: there is no way back.
const RECENT: TimeDelta = TimeDelta::minutes(10);

/// What is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// Whom it is about.
    pub subject: Uuid,
    /// Only what is kept beside the events of this tenant; of every tenant if none.
    pub tenant: Option<TenantId>,
}

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestErasureError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for RequestErasureError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl AuditLog {
    /// Asks that everything is erased that is kept beside the log of the caller's tenant about `subject`. The event that
    /// says so is what the erasure follows from; whether there is anything to erase is not told.
    pub async fn request_erasure(&self, context: &Context, subject: Uuid) -> Result<(), RequestErasureError> {
        context.require(ERASE_PII)?;
        context.require_recent_sign_in(RECENT)?;
        let mut tx = self.store.begin(context).await?;
        tx.note_request(Change::new((), AuditEvent::ErasureRequested { subject })).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Erases what is kept beside the log about somebody; how many values there were. For what follows from events: nobody
    /// is asked who they are. Doing it twice is no error, and the second time leaves no event.
    pub async fn erase(&self, context: &Context, erasure: Erasure) -> Result<u64, StoreError> {
        let subject = self.pseudonym(erasure.subject);
        let explained = |values| AuditEvent::Erased { subject: subject.clone(), values };
        let mut tx = self.store.begin(context).await?;
        let values = tx.erase_personal(erasure, &explained).await?;
        if values > 0 {
            tx.commit().await?;
        }
        Ok(values)
    }

    /// The same for the same person, and for nobody else who does not have the key.
    fn pseudonym(&self, subject: Uuid) -> String {
        let tag = self.pseudonyms.tag(&[subject.as_bytes()]);
        HEXLOWER.encode(&tag)
    }
}
