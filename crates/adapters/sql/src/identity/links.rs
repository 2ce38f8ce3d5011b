//! Mailed links and registrations that wait, as rows.

use ashlar_identity::{ActionToken, ActionTokenRow, PendingRegistration, PendingRegistrationRow};
use ashlar_kernel::StoreError;
use sea_orm::ActiveValue::Set;

use super::entity::{action_token, pending_registration};

pub(super) fn action_token(token: &ActionToken) -> action_token::ActiveModel {
    let row = token.to_row();
    action_token::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        user_id: Set(row.user_id),
        purpose: Set(row.purpose),
        email: Set(row.email),
        credential_version: Set(row.credential_version),
        salt: Set(row.salt),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
    }
}

pub(super) fn restore_action_token(row: action_token::Model) -> Result<ActionToken, StoreError> {
    ActionToken::restore(ActionTokenRow {
        id: row.id,
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        purpose: row.purpose,
        email: row.email,
        credential_version: row.credential_version,
        salt: row.salt,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

pub(super) fn registration(registration: &PendingRegistration) -> pending_registration::ActiveModel {
    let row = registration.to_row();
    pending_registration::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        email: Set(row.email),
        email_key: Set(registration.email().key().to_owned()),
        username: Set(row.username),
        password_hash: Set(row.password),
        display_name: Set(row.display_name),
        salt: Set(row.salt),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
    }
}

pub(super) fn restore_registration(row: pending_registration::Model) -> Result<PendingRegistration, StoreError> {
    PendingRegistration::restore(PendingRegistrationRow {
        id: row.id,
        tenant_id: row.tenant_id,
        email: row.email,
        username: row.username,
        password: row.password_hash,
        display_name: row.display_name,
        salt: row.salt,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}
