//! Between rows and the domain's types.

use ashlar_identity::signing_key::{SigningKey, SigningKeyRow};
use ashlar_kernel::{StoreError, Timestamp};
use sea_orm::ActiveValue::Set;

use super::entity::{ActiveModel, Model};

/// Every column that changes.
pub(super) fn changed(row: SigningKeyRow, now: Timestamp) -> ActiveModel {
    ActiveModel {
        sealed: Set(row.sealed),
        state: Set(row.state),
        activated_at: Set(row.activated_at),
        retired_at: Set(row.retired_at),
        removed_at: Set(row.removed_at),
        updated_at: Set(now),
        version: Set(row.version),
        ..Default::default()
    }
}

pub(super) fn new(row: SigningKeyRow, now: Timestamp) -> ActiveModel {
    ActiveModel {
        kid: Set(row.kid.clone()),
        algorithm: Set(row.algorithm.clone()),
        created_at: Set(row.created_at),
        ..changed(row, now)
    }
}

pub(super) fn restore(row: Model) -> Result<SigningKey, StoreError> {
    SigningKey::restore(SigningKeyRow {
        kid: row.kid,
        algorithm: row.algorithm,
        sealed: row.sealed,
        state: row.state,
        created_at: row.created_at,
        activated_at: row.activated_at,
        retired_at: row.retired_at,
        removed_at: row.removed_at,
        version: row.version,
    })
}
