//! Errors with names that clients may rely on.

use serde::Serialize;

use crate::FieldError;

/// What sort of failure it is. Transports turn the kind into a status; nothing else may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request cannot be understood.
    Malformed,
    /// The caller did not prove who they are.
    Unauthenticated,
    /// The caller is known and may not.
    Forbidden,
    /// It does not exist, or the caller may not know that it does.
    NotFound,
    /// It was there, is used up or over, and does not come back.
    Gone,
    /// It contradicts the present state.
    Conflict,
    /// The caller's copy is out of date.
    PreconditionFailed,
    /// The request is understood and its content is refused.
    Invalid,
    /// Too much, too fast.
    TooMany,
    /// A part that is needed does not answer at present; the same request may succeed later.
    Unavailable,
    /// Our fault.
    Internal,
}

/// The stable name of one error and what it means to a client. Listed in `openapi/problems.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ErrorCode {
    /// `snake_case`, never changes.
    pub code: &'static str,
    /// What sort of failure it is.
    pub kind: ErrorKind,
    /// A short human title, the same for every occurrence.
    pub title: &'static str,
    /// What happened and what the client can do about it.
    pub meaning: &'static str,
}

/// Where an error's name comes from.
#[derive(Clone, Copy)]
pub enum Class<'e> {
    /// It has a code of its own.
    Code(&'static ErrorCode),
    /// It only passes on what another error says.
    Inner(&'e dyn Classified),
}

/// An error that a client will see: it has a code, and perhaps fields and further facts.
///
/// An enum of a use case says for each variant where its name comes from, and everything else follows:
///
/// ```
/// use ashlar_kernel::{Class, Classified, NotFound, StoreError};
///
/// #[derive(Debug, thiserror::Error)]
/// enum ReadError {
///     #[error(transparent)]
///     NotFound(NotFound),
///     #[error(transparent)]
///     Store(StoreError),
/// }
///
/// impl Classified for ReadError {
///     fn class(&self) -> Class<'_> {
///         match self {
///             Self::NotFound(error) => Class::Inner(error),
///             Self::Store(error) => Class::Inner(error),
///         }
///     }
/// }
///
/// assert_eq!(ReadError::NotFound(NotFound).code().code, "not_found");
/// assert_eq!(ReadError::Store(StoreError::Stale).retry_after(), Some(1));
/// ```
pub trait Classified: std::error::Error {
    /// Where the error's name comes from.
    fn class(&self) -> Class<'_>;

    /// The error's stable name.
    fn code(&self) -> &'static ErrorCode {
        match self.class() {
            Class::Code(code) => code,
            Class::Inner(error) => error.code(),
        }
    }

    /// What sort of failure it is.
    fn kind(&self) -> ErrorKind {
        self.code().kind
    }

    /// The refused fields of a request, if that is what is wrong.
    fn fields(&self) -> Vec<FieldError> {
        match self.class() {
            Class::Code(_) => Vec::new(),
            Class::Inner(error) => error.fields(),
        }
    }

    /// In how many seconds the same request may succeed.
    fn retry_after(&self) -> Option<u32> {
        match self.class() {
            Class::Code(_) => None,
            Class::Inner(error) => error.retry_after(),
        }
    }

    /// Further members of the problem document.
    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        match self.class() {
            Class::Code(_) => serde_json::Map::new(),
            Class::Inner(error) => error.extensions(),
        }
    }
}

/// Declares a module of [`ErrorCode`]s and its `ALL` list, so that no code can be missing from the catalogue.
#[macro_export]
macro_rules! error_codes {
    (
        $(#[$docs:meta])*
        $visibility:vis mod $module:ident {
            $($name:ident = $code:literal, $kind:ident, $title:literal, $meaning:literal;)+
        }
    ) => {
        $(#[$docs])*
        $visibility mod $module {
            use $crate::{ErrorCode, ErrorKind};
            $(
                #[doc = $meaning]
                pub const $name: ErrorCode =
                    ErrorCode { code: $code, kind: ErrorKind::$kind, title: $title, meaning: $meaning };
            )+
            /// Every code of this module.
            pub const ALL: &[ErrorCode] = &[$($name),+];
        }
    };
}
