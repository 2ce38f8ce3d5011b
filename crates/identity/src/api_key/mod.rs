//! API keys: programs that act on behalf of a person, for less than the person may.

mod event;
mod name;
mod network;
mod origin;
mod query;
mod row;
pub(crate) mod scope;
#[cfg(test)]
mod tests;
mod token;

use std::net::IpAddr;

use ashlar_kernel::{Change, FieldFault, Id, PermissionSet, TenantId, Timestamp};
use chrono::TimeDelta;

pub use event::ApiKeyEvent;
pub(crate) use event::api_key_event_specs;
pub use name::{ApiKeyName, InvalidApiKeyName, InvalidLifetime, Lifetime};
pub(crate) use network::MOST as MOST_NETWORKS;
pub use network::{InvalidNetwork, Networks, SourceNetwork, parse_network};
pub(crate) use origin::MOST as MOST_ORIGINS;
pub use origin::{InvalidOrigin, Origin};
pub use query::{ApiKeyPosition, ApiKeyQuery, ApiKeyWithOwner};
pub use row::ApiKeyRow;
pub use scope::{InvalidScope, PUBLISHABLE_SCOPES, Scope};
pub use token::{InvalidApiKey, KeyEnvironment, KeyHash, KeyId, KeySecret, PresentedApiKey};
pub(crate) use token::{beginning, render};

use crate::UserId;

/// Identifies an [`ApiKey`].
pub type ApiKeyId = Id<ApiKey>;

/// For how long the secret before is good after a rotation, so that programs can be told the new one in turn.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// What sort of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// For servers: as secret as a password.
    Secret,
    /// For web pages: everybody who looks sees it, so it can do next to nothing, and only from known pages.
    Publishable,
}

impl KeyKind {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Publishable => "publishable",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Secret, Self::Publishable].into_iter().find(|kind| kind.as_str() == text)
    }

    /// Accepts the name of a kind.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyKind> {
        Self::restore(text).ok_or(InvalidKeyKind)
    }
}

/// The text names no kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of secret, publishable")]
pub struct InvalidKeyKind;

impl FieldFault for InvalidKeyKind {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

/// How a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// Good.
    Active,
    /// It has run out.
    Expired,
    /// It was ended.
    Revoked,
}

/// A key that acts on behalf of its owner in one tenant. Of its secret the hash is known, and for a day after a
/// rotation that of the secret before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: ApiKeyId,
    tenant: TenantId,
    owner: UserId,
    key_id: KeyId,
    kind: KeyKind,
    name: ApiKeyName,
    scopes: Vec<Scope>,
    networks: Networks,
    origins: Vec<Origin>,
    hash: KeyHash,
    previous: Option<Previous>,
    created_at: Timestamp,
    issued_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    version: u32,
}

/// The secret before the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Previous {
    hash: KeyHash,
    valid_until: Timestamp,
}

/// What a new key is made of.
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The tenant it is for.
    pub tenant: TenantId,
    /// Whose.
    pub owner: UserId,
    /// By which it is found.
    pub key_id: KeyId,
    /// Of which kind.
    pub kind: KeyKind,
    /// What the owner calls it.
    pub name: ApiKeyName,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// From where it may be used.
    pub networks: Networks,
    /// On which web pages, if it is publishable.
    pub origins: Vec<Origin>,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// Of its secret.
    pub hash: KeyHash,
}

/// The key has run out or was ended, and nothing can be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key has expired or was revoked")]
pub struct InactiveApiKey;

impl ApiKey {
    /// Makes a key.
    pub fn create(new: NewApiKey, now: Timestamp) -> Change<Self, ApiKeyEvent> {
        let key = Self {
            id: new.id,
            tenant: new.tenant,
            owner: new.owner,
            key_id: new.key_id,
            kind: new.kind,
            name: new.name,
            scopes: new.scopes,
            networks: new.networks,
            origins: new.origins,
            hash: new.hash,
            previous: None,
            created_at: now,
            issued_at: now,
            expires_at: now + new.lifetime.delta(),
            last_used_at: None,
            revoked_at: None,
            version: 1,
        };
        let event = ApiKeyEvent::Created {
            api_key: key.id,
            user: key.owner,
            kind: key.kind.as_str(),
            scopes: key.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            expires_at: key.expires_at,
        };
        Change::new(key, event)
    }

    /// Gives the key a new secret and as long a life as before, but no longer than `longest`. The secret before is good
    /// for a day more, or to the end it would have had; one before that is dead.
    pub fn rotate(
        self,
        hash: KeyHash,
        longest: Lifetime,
        now: Timestamp,
    ) -> Result<Change<Self, ApiKeyEvent>, InactiveApiKey> {
        if self.status(now) != KeyStatus::Active {
            return Err(InactiveApiKey);
        }
        let valid_until = self.expires_at.min(now + OVERLAP);
        let expires_at = now + longest.delta().min(self.expires_at - self.issued_at);
        let event =
            ApiKeyEvent::Rotated { api_key: self.id, user: self.owner, previous_valid_until: valid_until, expires_at };
        let previous = Some(Previous { hash: self.hash, valid_until });
        Ok(Change::new(Self { hash, previous, issued_at: now, expires_at, version: self.version + 1, ..self }, event))
    }

    /// Ends the key, with all its secrets; none if it was ended before.
    pub fn revoke(self, now: Timestamp) -> Option<Change<Self, ApiKeyEvent>> {
        if self.revoked_at.is_some() {
            return None;
        }
        let event = ApiKeyEvent::Revoked { api_key: self.id, user: self.owner };
        Some(Change::new(Self { revoked_at: Some(now), version: self.version + 1, ..self }, event))
    }

    /// How it is.
    pub fn status(&self, now: Timestamp) -> KeyStatus {
        if self.revoked_at.is_some() {
            KeyStatus::Revoked
        } else if self.expires_at <= now {
            KeyStatus::Expired
        } else {
            KeyStatus::Active
        }
    }

    /// Whether a secret is the present one, or the one before in its last day. Compares with both, whatever comes of it.
    pub fn is_proved_by(&self, presented: &KeyHash, now: Timestamp) -> bool {
        let is_present = self.hash.is(presented);
        let previous = self.previous.filter(|previous| now < previous.valid_until);
        let is_previous = previous.map_or(KeyHash::NOBODYS, |previous| previous.hash).is(presented);
        is_present || (is_previous && previous.is_some())
    }

    /// Whether it may be used from an address.
    pub fn admits(&self, client: Option<IpAddr>) -> bool {
        self.networks.admit(client)
    }

    /// Whether a web page may use it. What needs no page is served without one.
    pub fn serves(&self, origin: Option<&str>) -> bool {
        match self.kind {
            KeyKind::Secret => true,
            KeyKind::Publishable => self.origins.iter().any(|known| origin == Some(known.as_str())),
        }
    }

    /// What it is good for now, if its owner holds `permissions`.
    pub fn permissions(&self, permissions: &PermissionSet) -> PermissionSet {
        scope::effective(self.kind, &self.scopes, permissions)
    }

    /// It was used from `network`.
    pub fn seen_at(&self, network: SourceNetwork, at: Timestamp) -> Change<ApiKeySource, ApiKeyEvent> {
        let source = ApiKeySource { key: self.id, tenant: self.tenant, network, at };
        Change::new(source, ApiKeyEvent::UsedFromNewIp { api_key: self.id, user: self.owner })
    }

    /// Its id.
    pub const fn id(&self) -> ApiKeyId {
        self.id
    }
    /// The tenant it is for.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Whose.
    pub const fn owner(&self) -> UserId {
        self.owner
    }
    /// By which it is found.
    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }
    /// Of which kind.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }
    /// What the owner calls it.
    pub const fn name(&self) -> &ApiKeyName {
        &self.name
    }
    /// What it is good for.
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }
    /// From where it may be used.
    pub const fn networks(&self) -> &Networks {
        &self.networks
    }
    /// On which web pages.
    pub fn origins(&self) -> &[Origin] {
        &self.origins
    }
    /// When it was made.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When its present secret was made, if that is not the first one.
    pub fn rotated_at(&self) -> Option<Timestamp> {
        Some(self.issued_at).filter(|_| self.previous.is_some())
    }
    /// Until when the secret before is good, if it still is.
    pub fn previous_valid_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.previous.map(|previous| previous.valid_until).filter(|until| now < *until)
    }
    /// When it runs out.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
    /// When it was last used, to the hour.
    pub const fn last_used_at(&self) -> Option<Timestamp> {
        self.last_used_at
    }
    /// When it was ended.
    pub const fn revoked_at(&self) -> Option<Timestamp> {
        self.revoked_at
    }
    /// Counts writes, from 1: the guard of every update.
    pub const fn version(&self) -> u32 {
        self.version
    }
}

/// A place from which a key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeySource {
    /// Which key.
    pub key: ApiKeyId,
    /// The tenant it is for.
    pub tenant: TenantId,
    /// From where.
    pub network: SourceNetwork,
    /// When for the first time.
    pub at: Timestamp,
}

/// A use of a key for what it is not good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyDenial {
    /// Which key.
    pub key: ApiKeyId,
    /// When.
    pub at: Timestamp,
}

impl ApiKeyDenial {
    /// The key of `owner` lacks `required`.
    pub fn new(key: ApiKeyId, owner: UserId, required: String, at: Timestamp) -> Change<Self, ApiKeyEvent> {
        Change::new(Self { key, at }, ApiKeyEvent::ScopeDenied { api_key: key, user: owner, required })
    }
}
