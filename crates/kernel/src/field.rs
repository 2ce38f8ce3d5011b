//! Refused fields: how raw input becomes a command, with everything that is wrong named at once.

use std::fmt::Display;

use serde::Serialize;

use crate::{Class, Classified, error_codes};

/// One refused field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request body.
    pub pointer: String,
    /// Stable `snake_case` reason, e.g. `too_short`.
    pub code: &'static str,
    /// The reason for people. Never repeats the refused value.
    pub message: String,
}

impl FieldError {
    /// Says why the value at `pointer` is refused.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, message: message.into() }
    }
}

/// Why a newtype refuses a value: a reason with a stable code. `Display` explains it without repeating the value.
pub trait FieldFault: Display {
    /// Stable `snake_case` reason.
    fn code(&self) -> &'static str;
}

/// Collects refusals while a command is put together.
///
/// ```
/// # use ashlar_kernel::{FieldErrors, TenantSlug};
/// let mut errors = FieldErrors::default();
/// let slug = errors.check("/slug", TenantSlug::parse("Not A Slug"));
/// assert!(slug.is_none());
/// assert_eq!(errors.finish().unwrap_err().errors()[0].pointer, "/slug");
/// ```
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// The accepted value, or none and a note of what is wrong with it.
    pub fn check<T, F: FieldFault>(&mut self, pointer: &str, result: Result<T, F>) -> Option<T> {
        result.map_err(|fault| self.refuse(pointer, &fault)).ok()
    }

    /// Like [`check`](Self::check), for a field that may be absent.
    pub fn check_optional<T, F: FieldFault>(&mut self, pointer: &str, result: Option<Result<T, F>>) -> Option<T> {
        result.and_then(|result| self.check(pointer, result))
    }

    /// Notes that the value at `pointer` is refused.
    pub fn refuse(&mut self, pointer: &str, fault: &impl FieldFault) {
        self.0.push(FieldError::new(pointer, fault.code(), fault.to_string()));
    }

    /// Fails when anything was refused.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid(self.0)) }
    }

    /// The refusals so far, as the error that they are even when there are none: for the `None` branch of a command
    /// whose fields were checked.
    pub fn into_invalid(self) -> Invalid {
        Invalid(self.0)
    }
}

/// The content of a request is refused, field by field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("some fields are not acceptable")]
pub struct Invalid(Vec<FieldError>);

impl Invalid {
    /// The refused fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.0
    }
}

error_codes! {
    /// Codes of [`Invalid`].
    pub mod field_codes {
        VALIDATION = "validation", Invalid, "Some fields are not acceptable",
            "The request is well formed but some values break a rule. `errors` names each by JSON Pointer, with a stable code and an explanation.";
    }
}

impl Classified for Invalid {
    fn class(&self) -> Class<'_> {
        Class::Code(&field_codes::VALIDATION)
    }

    fn fields(&self) -> Vec<FieldError> {
        self.0.clone()
    }
}

/// What a partial update does to one field: absent leaves it alone, null clears it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The field was absent.
    #[default]
    Keep,
    /// The field was null.
    Clear,
    /// The field has a new value.
    Set(T),
}

impl<T> Patch<T> {
    /// What becomes of `current`.
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Keep => current,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The same for another type, through a conversion that may fail.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TenantSlug;

    #[test]
    fn everything_that_is_wrong_is_named_at_once() {
        let mut errors = FieldErrors::default();
        assert_eq!(errors.check("/a", TenantSlug::parse("fine")).unwrap().as_str(), "fine");
        errors.check("/b", TenantSlug::parse("Not"));
        errors.check_optional("/c", Some(TenantSlug::parse("")));
        let invalid = errors.finish().unwrap_err();
        let pointers: Vec<_> = invalid.errors().iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/b", "/c"]);
        assert!(invalid.errors().iter().all(|error| !error.message.contains("Not")));
    }

    #[test]
    fn absent_keeps_null_clears_a_value_sets() {
        assert_eq!(Patch::Keep.apply(Some(1)), Some(1));
        assert_eq!(Patch::Clear.apply(Some(1)), None);
        assert_eq!(Patch::Set(2).apply(Some(1)), Some(2));
        assert_eq!(Patch::Set("2").try_map(str::parse::<u8>), Ok(Patch::Set(2)));
    }
}
