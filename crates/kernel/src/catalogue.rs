//! The kernel's part of the error catalogue.

use crate::{ErrorCode, access_codes, field_codes, page_codes, resource_codes, store_codes};

/// Every error code of the kernel, for `openapi/problems.json`.
pub fn error_catalogue() -> Vec<ErrorCode> {
    [access_codes::ALL, field_codes::ALL, page_codes::ALL, resource_codes::ALL, store_codes::ALL].concat()
}
