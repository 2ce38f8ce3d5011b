//! Why a wish about leads is not carried out.

use ashlar_kernel::{AccessError, Class, Classified, Invalid, InvalidCursor, NotFound, StoreError, VersionConflict};
use serde_json::{Map, Value};

use super::codes;
use crate::{LeadId, LeadStatus, port::SaveLeadError};

/// Why a wish about leads is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum LeadError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such lead, or the caller does not see it.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// Some fields are not acceptable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The caller's copy is out of date.
    #[error(transparent)]
    Conflict(#[from] VersionConflict),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// Another lead has the address.
    #[error("another lead has the e-mail address")]
    Duplicate {
        /// Which, if the caller sees it.
        existing: Option<LeadId>,
    },
    /// The form was got too long ago.
    #[error("the form was got more than seven days ago; load the page anew")]
    FormExpired,
    /// The lead cannot go there.
    #[error("the lead cannot go there from where it stands")]
    IllegalMove {
        /// Where the caller may move it.
        allowed: Vec<LeadStatus>,
    },
    /// More than one of the leads is a client.
    #[error("more than one of the leads is a client")]
    TwoClients,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SaveLeadError> for LeadError {
    fn from(error: SaveLeadError) -> Self {
        match error {
            SaveLeadError::Duplicate => Self::Duplicate { existing: None },
            SaveLeadError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for LeadError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Invalid(error) => Class::Inner(error),
            Self::Conflict(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Duplicate { .. } => Class::Code(&codes::DUPLICATE_LEAD),
            Self::FormExpired => Class::Code(&codes::FORM_EXPIRED),
            Self::IllegalMove { .. } => Class::Code(&codes::ILLEGAL_TRANSITION),
            Self::TwoClients => Class::Code(&codes::TWO_CLIENTS),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        match self {
            Self::Duplicate { existing } => {
                existing.iter().map(|id| ("existing_id".to_owned(), id.to_string().into())).collect()
            }
            Self::IllegalMove { allowed } => {
                let allowed: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
                Map::from_iter([("allowed".to_owned(), allowed.into())])
            }
            Self::Access(error) => error.extensions(),
            _ => Map::new(),
        }
    }
}
