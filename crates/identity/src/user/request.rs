//! What people ask about their accounts, noted before anything changes.

use ashlar_kernel::{DomainEvent, EventSpec, Outcome, Target};
use serde::Serialize;

use crate::{ActionTokenId, UserId};

/// Something somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AccountRequest {
    /// A way back in.
    PasswordReset {
        /// Whose account, if there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
        /// Pseudonym of what was typed.
        identifier_hmac: String,
    },
    /// A password for an account that was imported without one; the import asks on behalf of its owner.
    PasswordSetup {
        /// Whose account.
        user: UserId,
    },
    /// Another letter to verify the address.
    EmailVerification {
        /// Whose account.
        user: UserId,
    },
    /// Another address.
    EmailChange {
        /// Whose account.
        user: UserId,
        /// The link to the new address.
        confirm: ActionTokenId,
        /// The link to the old address, by which the change is taken back.
        undo: ActionTokenId,
    },
    /// A change of the password, with a wrong present one.
    PasswordChangeRefused {
        /// Whose account.
        user: UserId,
    },
    /// Everything that is held about them.
    Export {
        /// Who.
        user: UserId,
    },
    /// Something they may not.
    Denied {
        /// Who.
        user: UserId,
        /// What they lack.
        permission: String,
        /// How many times it stands for.
        count: u32,
    },
    /// A proof of identity, which failed.
    ReauthenticationRefused {
        /// Whose account.
        user: UserId,
    },
}

const USER: (&str, &str) = ("user", "Id of the account.");

const PASSWORD_RESET: EventSpec = EventSpec {
    name: "identity.password.reset_requested",
    schema_version: 1,
    summary: "Somebody asked for a new password. The caller was told nothing; if there is an account, its owner gets a letter.",
    targets: &["user", "identifier"],
    data: &[
        ("user", "Id of the account, when the identifier belongs to one."),
        ("identifier_hmac", "Keyed pseudonym of the identifier, the same for every spelling within one tenant."),
    ],
};
const PASSWORD_SETUP: EventSpec = EventSpec {
    name: "identity.password.setup_requested",
    schema_version: 1,
    summary: "An account was imported whose password could not be taken over. Its owner gets a letter with a link to choose one.",
    targets: &["user"],
    data: &[USER],
};
const EMAIL_VERIFICATION: EventSpec = EventSpec {
    name: "identity.email.verification_requested",
    schema_version: 1,
    summary: "Somebody asked for another letter to verify the account's address.",
    targets: &["user"],
    data: &[USER],
};
const EMAIL_CHANGE: EventSpec = EventSpec {
    name: "identity.email.change_requested",
    schema_version: 1,
    summary: "The owner asked for another address. It changes when the link mailed to the new one is used; the old one gets a link to take it back.",
    targets: &["user"],
    data: &[USER, ("confirm", "Id of the link to the new address."), ("undo", "Id of the link to the old address.")],
};
const PASSWORD_CHANGE_REFUSED: EventSpec = EventSpec {
    name: "identity.password.change_failed",
    schema_version: 1,
    summary: "A change of the password was refused because the present one was wrong.",
    targets: &["user"],
    data: &[USER],
};
const EXPORT: EventSpec = EventSpec {
    name: "identity.user.exported",
    schema_version: 1,
    summary: "The owner took along everything that is held about them.",
    targets: &["user"],
    data: &[USER],
};
const DENIED: EventSpec = EventSpec {
    name: "identity.authz.denied",
    schema_version: 1,
    summary: "A person asked for something that none of their roles allows, or that is withheld until they have a second factor. The first time is noted at once, those of the minute after it together.",
    targets: &["user"],
    data: &[
        USER,
        ("permission", "What they lack."),
        ("count", "How many times it stands for; the circumstances are those of the last."),
    ],
};
const REAUTHENTICATION_REFUSED: EventSpec = EventSpec {
    name: "identity.reauth.failed",
    schema_version: 1,
    summary: "Somebody who is signed in did not prove again who they are.",
    targets: &["user"],
    data: &[USER],
};

impl DomainEvent for AccountRequest {
    fn name(&self) -> &'static str {
        match self {
            Self::PasswordReset { .. } => PASSWORD_RESET.name,
            Self::PasswordSetup { .. } => PASSWORD_SETUP.name,
            Self::EmailVerification { .. } => EMAIL_VERIFICATION.name,
            Self::EmailChange { .. } => EMAIL_CHANGE.name,
            Self::PasswordChangeRefused { .. } => PASSWORD_CHANGE_REFUSED.name,
            Self::Export { .. } => EXPORT.name,
            Self::Denied { .. } => DENIED.name,
            Self::ReauthenticationRefused { .. } => REAUTHENTICATION_REFUSED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        match self {
            Self::PasswordReset { user: None, identifier_hmac } => vec![Target::new("identifier", identifier_hmac)],
            Self::PasswordReset { user: Some(user), .. }
            | Self::PasswordSetup { user }
            | Self::EmailVerification { user }
            | Self::EmailChange { user, .. }
            | Self::PasswordChangeRefused { user }
            | Self::Export { user }
            | Self::Denied { user, .. }
            | Self::ReauthenticationRefused { user } => vec![Target::new("user", user)],
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::PasswordReset { .. }
            | Self::PasswordSetup { .. }
            | Self::EmailVerification { .. }
            | Self::EmailChange { .. }
            | Self::Export { .. } => Outcome::Ok,
            Self::Denied { .. } => Outcome::Denied,
            Self::PasswordChangeRefused { .. } | Self::ReauthenticationRefused { .. } => Outcome::Failed,
        }
    }
}

/// The catalogue entries of [`AccountRequest`].
pub(crate) const fn account_request_specs() -> &'static [EventSpec] {
    &[
        PASSWORD_RESET,
        PASSWORD_SETUP,
        EMAIL_VERIFICATION,
        EMAIL_CHANGE,
        PASSWORD_CHANGE_REFUSED,
        EXPORT,
        DENIED,
        REAUTHENTICATION_REFUSED,
    ]
}
