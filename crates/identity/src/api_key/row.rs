//! The stored form of an API key.

use ashlar_kernel::{StoreError, TenantId, Timestamp};

use super::{ApiKey, ApiKeyId, ApiKeyName, KeyHash, KeyId, KeyKind, Networks, Origin, Previous, Scope, parse_network};
use crate::UserId;

/// A stored key as plain data; [`ApiKey::restore`] checks it. Lists are joined by blanks, which no element holds.
#[expect(missing_docs, reason = "the fields are those of `ApiKey`, in their stored form")]
pub struct ApiKeyRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub key_id: String,
    pub kind: String,
    pub name: String,
    pub scopes: String,
    pub networks: String,
    pub origins: String,
    pub secret_hash: Vec<u8>,
    pub previous_hash: Option<Vec<u8>>,
    pub previous_valid_until: Option<Timestamp>,
    pub created_at: Timestamp,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub version: i32,
}

impl ApiKey {
    /// The stored form.
    pub fn to_row(&self) -> ApiKeyRow {
        ApiKeyRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            user_id: self.owner.as_uuid(),
            key_id: self.key_id.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            name: self.name.as_str().to_owned(),
            scopes: joined(self.scopes.iter().map(|scope| scope.as_str().to_owned())),
            networks: joined(self.networks.iter()),
            origins: joined(self.origins.iter().map(|origin| origin.as_str().to_owned())),
            secret_hash: self.hash.as_bytes().to_vec(),
            previous_hash: self.previous.map(|previous| previous.hash.as_bytes().to_vec()),
            previous_valid_until: self.previous.map(|previous| previous.valid_until),
            created_at: self.created_at,
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
            revoked_at: self.revoked_at,
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: &ApiKeyRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let scopes = row.scopes.split(' ').map(Scope::parse).collect::<Result<_, _>>();
        let networks = row.networks.split_whitespace().map(parse_network).collect::<Result<_, _>>();
        let origins = row.origins.split_whitespace().map(Origin::parse).collect::<Result<_, _>>();
        let hash = |bytes: &[u8]| KeyHash::restore(bytes).ok_or_else(|| corrupt("api_key.hash"));
        let previous = match (&row.previous_hash, row.previous_valid_until) {
            (None, None) => None,
            (Some(bytes), Some(valid_until)) => Some(Previous { hash: hash(bytes)?, valid_until }),
            _ => return Err(corrupt("api_key.previous_hash")),
        };
        Ok(Self {
            id: ApiKeyId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            owner: UserId::from_uuid(row.user_id),
            key_id: KeyId::parse(&row.key_id).ok_or_else(|| corrupt("api_key.key_id"))?,
            kind: KeyKind::restore(&row.kind).ok_or_else(|| corrupt("api_key.kind"))?,
            name: ApiKeyName::parse(&row.name).map_err(|_fault| corrupt("api_key.name"))?,
            scopes: scopes.map_err(|_fault| corrupt("api_key.scopes"))?,
            networks: Networks::new(networks.map_err(|_fault| corrupt("api_key.networks"))?),
            origins: origins.map_err(|_fault| corrupt("api_key.origins"))?,
            hash: hash(&row.secret_hash)?,
            previous,
            created_at: row.created_at,
            issued_at: row.issued_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            version: u32::try_from(row.version).map_err(|_range| corrupt("api_key.version"))?,
        })
    }
}

fn joined(elements: impl Iterator<Item = String>) -> String {
    elements.collect::<Vec<_>>().join(" ")
}
