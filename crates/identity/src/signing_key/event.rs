//! What happens to the keys that sign access tokens.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;

/// A fact about a signing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SigningKeyEvent {
    /// A key was made and published.
    Staged {
        /// Which.
        key: String,
        /// What it will sign with.
        algorithm: String,
    },
    /// A key signs from now on.
    Rotated {
        /// Which.
        key: String,
        /// The one that signed before.
        #[serde(skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
    },
    /// A key signs no more, and verifies for a while.
    Retiring {
        /// Which.
        key: String,
    },
    /// A key is believed no more.
    Removed {
        /// Which.
        key: String,
        /// Whether tokens it has signed may still have been about.
        emergency: bool,
    },
}

const KEY: (&str, &str) = ("key", "Name of the key: `kid`.");

const STAGED: EventSpec = EventSpec {
    name: "identity.key.staged",
    schema_version: 1,
    summary: "A signing key was made and published. It signs nothing yet.",
    targets: &["signing_key"],
    data: &[KEY, ("algorithm", "What it will sign with: `RS256`, `PS256`, `ES256` or `EdDSA`.")],
};
const ROTATED: EventSpec = EventSpec {
    name: "identity.key.rotated",
    schema_version: 1,
    summary: "Access tokens are signed with this key from now on.",
    targets: &["signing_key"],
    data: &[KEY, ("previous", "Name of the key that signed before; absent of the first key, and after an emergency.")],
};
const RETIRING: EventSpec = EventSpec {
    name: "identity.key.retiring",
    schema_version: 1,
    summary: "The key signs no more. It verifies until every token it has signed has run out.",
    targets: &["signing_key"],
    data: &[KEY],
};
const REMOVED: EventSpec = EventSpec {
    name: "identity.key.removed",
    schema_version: 1,
    summary: "The key is believed no more, and its private half is gone.",
    targets: &["signing_key"],
    data: &[KEY, ("emergency", "Whether it was removed before its tokens had run out, so that they died with it.")],
};

impl DomainEvent for SigningKeyEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Staged { .. } => STAGED.name,
            Self::Rotated { .. } => ROTATED.name,
            Self::Retiring { .. } => RETIRING.name,
            Self::Removed { .. } => REMOVED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Staged { key, .. } | Self::Rotated { key, .. } | Self::Retiring { key } | Self::Removed { key, .. }) =
            self;
        vec![Target::new("signing_key", key)]
    }
}

/// The catalogue entries of [`SigningKeyEvent`].
pub(crate) const fn signing_key_event_specs() -> &'static [EventSpec] {
    &[STAGED, ROTATED, RETIRING, REMOVED]
}
