//! What the tables refuse, by name, whoever writes.

mod postgres;
mod sqlite;

use ashlar_identity::port::{ApiKeyStore, IdentityStore};
use ashlar_sql::SqlStore;
use sqlx::Executor;

use crate::support::{context, key_of, member, noon, sign_in, store_on};

/// A statement that breaks one constraint of a database in which one person has one session and one API key.
const BREACHES: [(&str, &str); 41] = [
    ("tenant_slug_check", "UPDATE tenant SET slug = 'Main'"),
    ("tenant_slug_check", "UPDATE tenant SET slug = ''"),
    ("tenant_name_check", "UPDATE tenant SET name = ''"),
    ("tenant_version_check", "UPDATE tenant SET version = 0"),
    ("user_status_check", "UPDATE \"user\" SET status = 'gone'"),
    ("user_version_check", "UPDATE \"user\" SET version = 0"),
    ("user_username_pair_check", "UPDATE \"user\" SET username_key = 'ada'"),
    ("user_username_pair_check", "UPDATE \"user\" SET username = 'Ada'"),
    ("membership_role_check", "UPDATE membership SET role = 'root'"),
    ("membership_version_check", "UPDATE membership SET version = 0"),
    ("session_salt_check", "UPDATE session SET salt = substr(salt, 1, 31)"),
    ("session_generation_check", "UPDATE session SET generation = -1"),
    ("session_generation_check", "UPDATE session SET generation = 4294967296"),
    ("session_version_check", "UPDATE session SET version = 0"),
    ("session_device_platform_check", "UPDATE session SET device_platform = 'beos'"),
    ("session_device_check", "UPDATE session SET device_name = 'Ada''s'"),
    ("session_expiry_check", "UPDATE session SET idle_expires_at = '2031-01-01T00:00:00+00:00'"),
    ("session_revoked_pair_check", "UPDATE session SET revoked_at = created_at"),
    ("session_revoked_pair_check", "UPDATE session SET revoked_reason = 'logout'"),
    ("session_revoked_reason_check", "UPDATE session SET revoked_at = created_at, revoked_reason = 'whim'"),
    ("session_tenant_id_fkey", "UPDATE session SET tenant_id = user_id"),
    ("session_user_id_fkey", "UPDATE session SET user_id = tenant_id"),
    ("membership_user_id_fkey", "UPDATE membership SET user_id = tenant_id"),
    ("user_tenant_id_fkey", "UPDATE \"user\" SET tenant_id = id"),
    (
        "bootstrap_one_row_check",
        "INSERT INTO bootstrap (id, user_id, claimed_at) SELECT 2, id, created_at FROM \"user\"",
    ),
    (
        "bootstrap_user_id_fkey",
        "INSERT INTO bootstrap (id, user_id, claimed_at) SELECT 1, tenant_id, created_at FROM \"user\"",
    ),
    (
        "bootstrap_token_one_row_check",
        "INSERT INTO bootstrap_token (id, digest, issued_at, expires_at) SELECT 2, salt, created_at, idle_expires_at FROM session",
    ),
    (
        "bootstrap_token_expires_at_check",
        "INSERT INTO bootstrap_token (id, digest, issued_at, expires_at) SELECT 1, salt, created_at, created_at FROM session",
    ),
    ("api_key_key_id_check", "UPDATE api_key SET key_id = 'short'"),
    ("api_key_key_id_check", "UPDATE api_key SET key_id = upper(key_id)"),
    ("api_key_kind_check", "UPDATE api_key SET kind = 'root'"),
    ("api_key_name_check", "UPDATE api_key SET name = ''"),
    ("api_key_scopes_check", "UPDATE api_key SET scopes = ''"),
    ("api_key_origins_check", "UPDATE api_key SET origins = 'https://example.org'"),
    ("api_key_secret_hash_check", "UPDATE api_key SET secret_hash = substr(secret_hash, 1, 31)"),
    ("api_key_previous_pair_check", "UPDATE api_key SET previous_hash = secret_hash"),
    ("api_key_expiry_check", "UPDATE api_key SET expires_at = issued_at"),
    ("api_key_version_check", "UPDATE api_key SET version = 0"),
    ("api_key_tenant_id_fkey", "UPDATE api_key SET tenant_id = user_id"),
    ("api_key_user_id_fkey", "UPDATE api_key SET user_id = tenant_id"),
    (
        "api_key_source_api_key_id_fkey",
        "INSERT INTO api_key_source (api_key_id, network, tenant_id, created_at) SELECT user_id, 'x', tenant_id, created_at FROM api_key",
    ),
];

async fn one_session(store: &SqlStore) {
    let ada = member(store, "ada@example.org").await;
    let mut tx = IdentityStore::begin(store, &context()).await.unwrap();
    tx.insert_session(sign_in(ada, noon())).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = ApiKeyStore::begin(store, &context()).await.unwrap();
    tx.insert_api_key(key_of(ada, 1, noon())).await.unwrap();
    tx.commit().await.unwrap();
}
