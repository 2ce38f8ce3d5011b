//! Attempts to sign in, and what became of them.

use ashlar_kernel::{Change, DomainEvent, EventSpec, Outcome, Target, Timestamp};
use serde::Serialize;

use crate::{UserId, device::DeviceRefusal};

/// One attempt to sign in with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginAttempt {
    user: Option<UserId>,
    at: Timestamp,
    /// Of a success: which state of password and address was looked at.
    credential_version: Option<u32>,
}

/// Why an attempt failed. Internal: every failure looks the same to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginFailure {
    /// Nobody has this identifier.
    UnknownIdentifier,
    /// The password is another.
    WrongPassword,
    /// The password is right and the account is shut.
    Disabled,
    /// The password is right and the person is no member of the tenant.
    NoMembership,
    /// The password is right and the address has not been verified, on which this installation insists.
    EmailUnverified,
    /// The password is right and the tenant is suspended. The one reason that is told.
    TenantSuspended,
}

impl LoginAttempt {
    /// The attempt failed.
    pub fn failed(
        user: Option<UserId>,
        pseudonym: String,
        reason: LoginFailure,
        at: Timestamp,
    ) -> Change<Self, LoginEvent> {
        let event = LoginEvent::Failed { user, reason, identifier_hmac: pseudonym };
        Change::new(Self { user, at, credential_version: None }, event)
    }

    /// Everything was right, and nobody signs in on the device.
    pub fn refused_on_device(user: UserId, refusal: DeviceRefusal, at: Timestamp) -> Change<Self, LoginEvent> {
        let event = LoginEvent::DeviceRefused { user, refusal: refusal.as_str() };
        Change::new(Self { user: Some(user), at, credential_version: None }, event)
    }

    /// The person signed in, with the password and address of `credential_version`.
    pub fn succeeded(
        user: UserId,
        credential_version: u32,
        methods: Vec<String>,
        at: Timestamp,
    ) -> Change<Self, LoginEvent> {
        let attempt = Self { user: Some(user), at, credential_version: Some(credential_version) };
        Change::new(attempt, LoginEvent::Succeeded { user, methods })
    }

    /// Whose account, if there is one.
    pub const fn user(&self) -> Option<UserId> {
        self.user
    }
    /// When.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
    /// Whether it succeeded.
    pub const fn has_succeeded(&self) -> bool {
        self.credential_version.is_some()
    }
    /// Of a success: which state of password and address was looked at.
    pub const fn credential_version(&self) -> Option<u32> {
        self.credential_version
    }
}

/// A fact about signing in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum LoginEvent {
    /// A person signed in.
    Succeeded {
        /// Who.
        user: UserId,
        /// By which authentication methods (RFC 8176).
        methods: Vec<String>,
    },
    /// An attempt failed.
    Failed {
        /// Whose account, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// Why; never told to the caller.
        reason: LoginFailure,
        /// Pseudonym of what was typed.
        identifier_hmac: String,
    },
    /// Everything was right, and there was no place for the device.
    DeviceRefused {
        /// Whose account.
        user: UserId,
        /// Why; told to the caller.
        refusal: &'static str,
    },
}

const SUCCEEDED: EventSpec = EventSpec {
    name: "identity.login.succeeded",
    schema_version: 1,
    summary: "A person signed in.",
    targets: &["user"],
    data: &[("user", "Id of the account."), ("methods", "Authentication methods, as in the `amr` claim (RFC 8176).")],
};
const FAILED: EventSpec = EventSpec {
    name: "identity.login.failed",
    schema_version: 1,
    summary: "An attempt to sign in failed. The caller was told only that the credentials are invalid.",
    targets: &["user", "identifier"],
    data: &[
        ("user", "Id of the account, when the identifier belongs to one."),
        (
            "reason",
            "unknown_identifier, wrong_password, disabled, no_membership, email_unverified or tenant_suspended.",
        ),
        ("identifier_hmac", "Keyed pseudonym of the identifier, the same for every spelling within one tenant."),
    ],
};

const DEVICE_REFUSED: EventSpec = EventSpec {
    name: "identity.login.device_refused",
    schema_version: 1,
    summary: "Somebody who knows the password, and the code if one is asked for, was not signed in, because the person has as many devices as there may be.",
    targets: &["user"],
    data: &[
        ("user", "Id of the account."),
        ("refusal", "device_limit or device_transfer_limit, as the caller was told."),
    ],
};

impl DomainEvent for LoginEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => SUCCEEDED.name,
            Self::Failed { .. } => FAILED.name,
            Self::DeviceRefused { .. } => DEVICE_REFUSED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::Succeeded { user, .. } | Self::DeviceRefused { user, .. } | Self::Failed { user: Some(user), .. } => {
                vec![Target::new("user", user)]
            }
            Self::Failed { identifier_hmac, .. } => vec![Target::new("identifier", identifier_hmac)],
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Succeeded { .. } => Outcome::Ok,
            Self::Failed { .. } => Outcome::Failed,
            Self::DeviceRefused { .. } => Outcome::Denied,
        }
    }
}

/// The catalogue entries of [`LoginEvent`].
pub(crate) const fn login_event_specs() -> &'static [EventSpec] {
    &[SUCCEEDED, FAILED, DEVICE_REFUSED]
}
