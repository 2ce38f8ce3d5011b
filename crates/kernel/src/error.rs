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

/// An error that a client will see: it has a code, and perhaps fields and further facts.
pub trait Classified: std::error::Error {
    /// The error's stable name.
    fn code(&self) -> &'static ErrorCode;

    /// What sort of failure it is.
    fn kind(&self) -> ErrorKind {
        self.code().kind
    }

    /// The refused fields of a request, if that is what is wrong.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// In how many seconds the same request may succeed.
    fn retry_after(&self) -> Option<u32> {
        None
    }

    /// Further members of the problem document.
    fn extensions(&self) -> serde_json::Map<String, serde_json::Value> {
        serde_json::Map::new()
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
