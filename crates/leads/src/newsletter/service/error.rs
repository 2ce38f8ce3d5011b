//! Why a wish about the newsletter is not carried out.

use ashlar_kernel::{AccessError, Class, Classified, Invalid, InvalidCursor, NotFound, StoreError};
use serde_json::{Map, Value};

use super::{super::InsertListError, codes};

/// Why a wish about the newsletter is not carried out.
#[derive(Debug, thiserror::Error)]
pub enum NewsletterError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such list, subscription or link.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// Some fields are not acceptable.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The link was used, or is too old.
    #[error("the link was used or is too old")]
    TokenGone,
    /// The address is not to be written to.
    #[error("the address is not to be written to")]
    Suppressed,
    /// The owner of the address wants no letters.
    #[error("the owner of the address has unsubscribed")]
    Unsubscribed,
    /// Another list has the short name.
    #[error("another list has the short name")]
    ListTaken,
    /// There are lists enough.
    #[error("a tenant has at most 100 lists")]
    TooManyLists,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<InsertListError> for NewsletterError {
    fn from(error: InsertListError) -> Self {
        match error {
            InsertListError::Taken => Self::ListTaken,
            InsertListError::Store(error) => Self::Store(error),
        }
    }
}

impl Classified for NewsletterError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound(error) => Class::Inner(error),
            Self::Invalid(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::TokenGone => Class::Code(&codes::CONFIRM_TOKEN_GONE),
            Self::Suppressed => Class::Code(&codes::SUPPRESSED),
            Self::Unsubscribed => Class::Code(&codes::UNSUBSCRIBED),
            Self::ListTaken => Class::Code(&codes::LIST_TAKEN),
            Self::TooManyLists => Class::Code(&codes::TOO_MANY_LISTS),
            Self::Store(error) => Class::Inner(error),
        }
    }

    fn extensions(&self) -> Map<String, Value> {
        match self {
            Self::TokenGone => Map::from_iter([("resend".to_owned(), "/api/v1/newsletter/resend".into())]),
            Self::Access(error) => error.extensions(),
            _ => Map::new(),
        }
    }
}
