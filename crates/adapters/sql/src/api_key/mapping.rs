//! Between rows and the domain's types.

use ashlar_identity::api_key::{ApiKey, ApiKeyRow, ApiKeySource};
use ashlar_kernel::{StoreError, Timestamp};
use sea_orm::ActiveValue::Set;

use super::entity::{api_key, api_key_source};

/// Every column that its owner changes.
pub(super) fn changed_key(row: ApiKeyRow, now: Timestamp) -> api_key::ActiveModel {
    api_key::ActiveModel {
        secret_hash: Set(row.secret_hash),
        previous_hash: Set(row.previous_hash),
        previous_valid_until: Set(row.previous_valid_until),
        issued_at: Set(row.issued_at),
        expires_at: Set(row.expires_at),
        revoked_at: Set(row.revoked_at),
        updated_at: Set(now),
        version: Set(row.version),
        ..Default::default()
    }
}

pub(super) fn new_key(row: ApiKeyRow, now: Timestamp) -> api_key::ActiveModel {
    api_key::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        user_id: Set(row.user_id),
        key_id: Set(row.key_id.clone()),
        kind: Set(row.kind.clone()),
        name: Set(row.name.clone()),
        scopes: Set(row.scopes.clone()),
        networks: Set(row.networks.clone()),
        origins: Set(row.origins.clone()),
        last_used_at: Set(row.last_used_at),
        denied_at: Set(None),
        created_at: Set(row.created_at),
        ..changed_key(row, now)
    }
}

pub(super) fn restore_key(row: api_key::Model) -> Result<ApiKey, StoreError> {
    ApiKey::restore(&ApiKeyRow {
        id: row.id,
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        key_id: row.key_id,
        kind: row.kind,
        name: row.name,
        scopes: row.scopes,
        networks: row.networks,
        origins: row.origins,
        secret_hash: row.secret_hash,
        previous_hash: row.previous_hash,
        previous_valid_until: row.previous_valid_until,
        created_at: row.created_at,
        issued_at: row.issued_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
        version: row.version,
    })
}

pub(super) fn new_source(source: &ApiKeySource) -> api_key_source::ActiveModel {
    api_key_source::ActiveModel {
        api_key_id: Set(source.key.as_uuid()),
        network: Set(source.network.to_string()),
        tenant_id: Set(source.tenant.as_uuid()),
        created_at: Set(source.at),
    }
}
