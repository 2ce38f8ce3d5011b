//! The token with which the first administrator of a production installation is made.

use ashlar_kernel::{Change, DomainEvent, Entropy, EventSpec, ExposeSecret, MacKey, Secret, Target, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde::Serialize;

const PREFIX: &str = "asb1_";
/// How long a token is good.
const GOOD_FOR: TimeDelta = TimeDelta::hours(24);

/// What whoever operates the installation is shown, once: 256 random bits.
#[derive(Clone)]
pub struct BootstrapSecret([u8; 32]);

/// A token to be the first administrator, as it is kept: by a digest under a key outside the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootstrapToken {
    digest: [u8; 32],
    issued_at: Timestamp,
    expires_at: Timestamp,
}

/// What the database knows about the first administrator of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Whether there was one.
    pub is_claimed: bool,
    /// Until when the token is good that was issued last; none if none is there.
    pub token_until: Option<Timestamp>,
}

/// A fact about the first administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum BootstrapEvent {
    /// A token was shown to whoever operates the installation.
    TokenIssued {
        /// Until when it is good.
        expires_at: Timestamp,
    },
}

impl BootstrapSecret {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// Reads the shown form; none if it cannot be one.
    pub fn parse(text: &Secret) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.expose_secret().strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The shown form.
    pub fn shown(&self) -> Secret {
        Secret::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0)))
    }

    /// What is kept of it.
    pub fn digest(&self, key: &MacKey) -> [u8; 32] {
        key.tag(&[b"asb1", &self.0])
    }
}

impl BootstrapToken {
    /// A token for whoever operates the installation.
    pub fn issue(secret: &BootstrapSecret, key: &MacKey, now: Timestamp) -> Change<Self, BootstrapEvent> {
        let token = Self { digest: secret.digest(key), issued_at: now, expires_at: now + GOOD_FOR };
        Change::new(token, BootstrapEvent::TokenIssued { expires_at: token.expires_at })
    }

    /// By which it is found.
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
    /// When it was issued.
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }
    /// Until when it is good.
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

const TOKEN_ISSUED: EventSpec = EventSpec {
    name: "identity.bootstrap.token_issued",
    schema_version: 1,
    summary: "A token to register the first administrator was shown to whoever operates the installation. One issued before is good no more.",
    targets: &["bootstrap"],
    data: &[("expires_at", "Until when it is good.")],
};

impl DomainEvent for BootstrapEvent {
    fn name(&self) -> &'static str {
        TOKEN_ISSUED.name
    }

    fn targets(&self) -> Vec<Target> {
        vec![Target::new("bootstrap", 1)]
    }
}

/// The catalogue entries of [`BootstrapEvent`].
pub(crate) const fn bootstrap_event_specs() -> &'static [EventSpec] {
    &[TOKEN_ISSUED]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_is_shown_and_nothing_else_is_one() {
        let secret = BootstrapSecret([7; 32]);
        let key = MacKey::from_bytes([1; 32]);
        let read = BootstrapSecret::parse(&secret.shown()).unwrap();
        assert_eq!(read.digest(&key), secret.digest(&key));
        assert_ne!(read.digest(&MacKey::from_bytes([2; 32])), secret.digest(&key));
        for bad in ["", "asb1_", "asb1_AAAA", "asa1_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"] {
            assert!(BootstrapSecret::parse(&Secret::from(bad)).is_none(), "{bad}");
        }
    }
}
