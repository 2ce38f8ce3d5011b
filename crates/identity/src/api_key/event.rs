//! What happens to API keys.

use ashlar_kernel::{DomainEvent, EventSpec, Outcome, Target, Timestamp};
use serde::Serialize;

use super::ApiKeyId;
use crate::UserId;

/// A fact about an API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ApiKeyEvent {
    /// A key was made.
    Created {
        /// Which.
        api_key: ApiKeyId,
        /// Whose.
        user: UserId,
        /// Of which kind.
        kind: &'static str,
        /// What it is good for.
        scopes: Vec<String>,
        /// Until when.
        expires_at: Timestamp,
    },
    /// A key got a new secret.
    Rotated {
        /// Which.
        api_key: ApiKeyId,
        /// Whose.
        user: UserId,
        /// Until when the secret before is good.
        previous_valid_until: Timestamp,
        /// Until when the new one is.
        expires_at: Timestamp,
    },
    /// A key was ended.
    Revoked {
        /// Which.
        api_key: ApiKeyId,
        /// Whose.
        user: UserId,
    },
    /// A key was used from where it had not been used before.
    UsedFromNewIp {
        /// Which.
        api_key: ApiKeyId,
        /// Whose.
        user: UserId,
    },
    /// A key was used for what it is not good for.
    ScopeDenied {
        /// Which.
        api_key: ApiKeyId,
        /// Whose.
        user: UserId,
        /// The scope it lacks.
        required: String,
    },
}

impl ApiKeyEvent {
    const fn spec(&self) -> &'static EventSpec {
        match self {
            Self::Created { .. } => &CREATED,
            Self::Rotated { .. } => &ROTATED,
            Self::Revoked { .. } => &REVOKED,
            Self::UsedFromNewIp { .. } => &USED_FROM_NEW_IP,
            Self::ScopeDenied { .. } => &SCOPE_DENIED,
        }
    }
}

impl DomainEvent for ApiKeyEvent {
    fn name(&self) -> &'static str {
        self.spec().name
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { api_key, user, .. }
        | Self::Rotated { api_key, user, .. }
        | Self::Revoked { api_key, user }
        | Self::UsedFromNewIp { api_key, user }
        | Self::ScopeDenied { api_key, user, .. }) = self;
        vec![Target::new("api_key", api_key), Target::new("user", user)]
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::ScopeDenied { .. } => Outcome::Denied,
            Self::Created { .. } | Self::Rotated { .. } | Self::Revoked { .. } | Self::UsedFromNewIp { .. } => {
                Outcome::Ok
            }
        }
    }
}

const TARGETS: &[&str] = &["api_key", "user"];
const API_KEY: (&str, &str) = ("api_key", "Id of the key.");
const USER: (&str, &str) = ("user", "Id of the account that owns it.");
const EXPIRES_AT: (&str, &str) = ("expires_at", "Until when the key is good.");

const CREATED: EventSpec = EventSpec {
    name: "identity.api_key.created",
    schema_version: 1,
    summary: "An API key was made.",
    targets: TARGETS,
    data: &[API_KEY, USER, ("kind", "secret or publishable."), ("scopes", "What it is good for."), EXPIRES_AT],
};
const ROTATED: EventSpec = EventSpec {
    name: "identity.api_key.rotated",
    schema_version: 1,
    summary: "An API key got a new secret. The one before stays good for a day; one before that is dead.",
    targets: TARGETS,
    data: &[API_KEY, USER, ("previous_valid_until", "Until when the secret before is good."), EXPIRES_AT],
};
const REVOKED: EventSpec = EventSpec {
    name: "identity.api_key.revoked",
    schema_version: 1,
    summary: "An API key was ended, by its owner or by itself; the actor says which.",
    targets: TARGETS,
    data: &[API_KEY, USER],
};
const USED_FROM_NEW_IP: EventSpec = EventSpec {
    name: "identity.api_key.used_from_new_ip",
    schema_version: 1,
    summary: "An API key was used from an address, or an IPv6 network of 64 bits, from which it had not been used before. The source of the event names it.",
    targets: TARGETS,
    data: &[API_KEY, USER],
};
const SCOPE_DENIED: EventSpec = EventSpec {
    name: "identity.api_key.scope_denied",
    schema_version: 1,
    summary: "An API key was used for what it is not good for. Noted at most once a minute for each key.",
    targets: TARGETS,
    data: &[API_KEY, USER, ("required", "The scope that the key lacks, or its owner.")],
};

/// The catalogue entries of [`ApiKeyEvent`].
pub(crate) const fn api_key_event_specs() -> &'static [EventSpec] {
    &[CREATED, ROTATED, REVOKED, USED_FROM_NEW_IP, SCOPE_DENIED]
}
