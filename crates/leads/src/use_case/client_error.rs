//! Why a wish about clients and contracts is not carried out.

use ashlar_kernel::{Class, Classified};
use serde_json::{Map, Value};

use super::{LeadError, codes};
use crate::{
    client::ContractStatus,
    port::{FileError, InsertClientError},
};

/// Why a wish about clients and contracts is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// For a reason that wishes about leads have too.
    #[error(transparent)]
    Lead(LeadError),
    /// The contract was signed.
    #[error("the contract was signed, and says what it says")]
    Settled,
    /// The contract cannot go there.
    #[error("the contract cannot go there from where it stands")]
    IllegalMove {
        /// Where it can go.
        allowed: &'static [ContractStatus],
    },
    /// The contract has as many files as it may have.
    #[error("the contract has as many files as it may have")]
    TooManyFiles,
    /// The link was not made here, or not for this, or too long ago.
    #[error("the link is not good, or not any more")]
    LinkInvalid,
    /// The place for files failed.
    #[error(transparent)]
    Files(#[from] FileError),
}

impl<E: Into<LeadError>> From<E> for ClientError {
    fn from(error: E) -> Self {
        Self::Lead(error.into())
    }
}

impl From<InsertClientError> for LeadError {
    fn from(error: InsertClientError) -> Self {
        match error {
            // Somebody was faster: what to do then shows when one looks again.
            InsertClientError::Converted => Self::Store(ashlar_kernel::StoreError::Stale),
            InsertClientError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for ClientError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Lead(error) => Class::Inner(error),
            Self::Settled => Class::Code(&codes::CONTRACT_SIGNED),
            Self::IllegalMove { .. } => Class::Code(&codes::ILLEGAL_TRANSITION),
            Self::TooManyFiles => Class::Code(&codes::TOO_MANY_FILES),
            Self::LinkInvalid => Class::Code(&codes::DOWNLOAD_LINK_INVALID),
            Self::Files(error) => Class::Inner(error),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        match self {
            Self::Lead(error) => error.extensions(),
            Self::IllegalMove { allowed } => {
                let allowed: Vec<_> = allowed.iter().map(|status| status.as_str()).collect();
                Map::from_iter([("allowed".to_owned(), allowed.into())])
            }
            _ => Map::new(),
        }
    }
}
