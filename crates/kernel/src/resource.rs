//! The two failures every resource shares.

use crate::{Class, Classified, error_codes};

/// There is no such thing, or the caller may not know that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not found")]
pub struct NotFound;

/// The caller's copy is out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the resource has changed since you read it")]
pub struct VersionConflict;

error_codes! {
    /// Codes of [`NotFound`] and [`VersionConflict`].
    pub mod resource_codes {
        NOT_FOUND = "not_found", NotFound, "Not found",
            "There is nothing here that you may see: the path or the id does not exist, or it belongs to somebody else.";
        VERSION_CONFLICT = "version_conflict", PreconditionFailed, "Changed in the meantime",
            "`If-Match` names another version than the present one. Read the resource again, and repeat the change on top of it.";
    }
}

impl Classified for NotFound {
    fn class(&self) -> Class<'_> {
        Class::Code(&resource_codes::NOT_FOUND)
    }
}

impl Classified for VersionConflict {
    fn class(&self) -> Class<'_> {
        Class::Code(&resource_codes::VERSION_CONFLICT)
    }
}
