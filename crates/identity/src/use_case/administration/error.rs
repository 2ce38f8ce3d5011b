//! Why administrators are refused.

use ashlar_kernel::{
    AccessError, Class, Classified, InvalidCursor, NotFound, StoreError, VersionConflict, resource_codes,
};

use super::super::codes;
use crate::port::{AdmitError, KeepAdminError};

/// Why an administrator's wish was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// The caller may not, or has to sign in again first.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Nobody in this tenant is called so, or they have no such session.
    #[error("not found")]
    NotFound,
    /// The caller's copy is out of date.
    #[error(transparent)]
    Conflict(#[from] VersionConflict),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// It is the caller's own role or membership.
    #[error("nobody changes their own role")]
    OwnRole,
    /// It is the caller's own account.
    #[error("nobody suspends themselves")]
    OwnAccount,
    /// It is the caller's own account, in which they help themselves by its own means.
    #[error("nobody helps themselves into their own account as an administrator")]
    Oneself,
    /// Nobody else administers the tenant.
    #[error("the last administrator of a tenant stays")]
    LastAdmin,
    /// The account was opened in another tenant.
    #[error("the account belongs to another tenant, whose administrators look after it")]
    Guest,
    /// The person operates the installation.
    #[error("the person operates the installation, which is not for a tenant to touch")]
    Operator,
    /// The person is a member.
    #[error("the person is a member already")]
    AlreadyMember,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<KeepAdminError> for AdministrationError {
    fn from(error: KeepAdminError) -> Self {
        match error {
            KeepAdminError::LastAdmin => Self::LastAdmin,
            KeepAdminError::Store(error) => Self::Store(error),
        }
    }
}

impl From<AdmitError> for AdministrationError {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::AlreadyMember => Self::AlreadyMember,
            AdmitError::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotFound> for AdministrationError {
    fn from(_: NotFound) -> Self {
        Self::NotFound
    }
}

impl Classified for AdministrationError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::NotFound => Class::Code(&resource_codes::NOT_FOUND),
            Self::Conflict(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::OwnRole => Class::Code(&codes::SELF_ROLE_CHANGE),
            Self::OwnAccount => Class::Code(&codes::SELF_SUSPENSION),
            Self::Oneself => Class::Code(&codes::SELF_ADMINISTRATION),
            Self::LastAdmin => Class::Code(&codes::LAST_ADMIN),
            Self::Guest => Class::Code(&codes::GUEST_ACCOUNT),
            Self::Operator => Class::Code(&codes::OPERATOR_ACCOUNT),
            Self::AlreadyMember => Class::Code(&codes::ALREADY_MEMBER),
            Self::Store(error) => Class::Inner(error),
        }
    }
}
