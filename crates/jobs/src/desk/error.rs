//! Why a job stays as it is.

use ashlar_kernel::{AccessError, Class, Classified, InvalidCursor, NotFound, StoreError, error_codes};

use crate::WrongState;

/// Why a job is not shown, or stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The tenant has no such job; or there is no such schedule.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// That cannot be done to a job in its state.
    #[error(transparent)]
    WrongState(#[from] WrongState),
    /// Another live job has its dedupe key.
    #[error("a job with the same key is waiting or running already")]
    Duplicate,
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

error_codes! {
    /// Codes of [`DeskError`].
    pub mod desk_codes {
        JOB_WRONG_STATE = "job_wrong_state", Conflict, "Not in this state",
            "What you ask for cannot be done to a job in its present state: only dead, cancelled and parked ones can be retried, only those that have not ended can be cancelled, only ready ones can be run at once. Read the job again.";
        JOB_DUPLICATE = "job_duplicate", Conflict, "Waits already",
            "Another job for the same thing waits or runs already, and there is never more than one.";
    }
}

impl Classified for DeskError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::WrongState(_) => Class::Code(&desk_codes::JOB_WRONG_STATE),
            Self::Duplicate => Class::Code(&desk_codes::JOB_DUPLICATE),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}
