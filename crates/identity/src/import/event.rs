//! What happens to imported accounts.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::Serialize;

use crate::UserId;

/// A fact about an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ImportEvent {
    /// An account was taken over.
    Imported {
        /// Whose.
        user: UserId,
        /// From which system.
        source: String,
        /// As what.
        role: &'static str,
        /// Whether it can be used.
        status: &'static str,
        /// What its password's hash is of.
        password: String,
    },
}

const IMPORTED: EventSpec = EventSpec {
    name: "identity.user.imported",
    schema_version: 1,
    summary: "An account of another system was taken over, with its place in the tenant. Stands for `identity.user.registered` and `identity.membership.created`.",
    targets: &["user"],
    data: &[
        ("user", "Id of the account."),
        ("source", "The system it comes from, as in `django:auth.user`."),
        ("role", "What they are in the tenant: admin, staff or member."),
        ("status", "active or disabled."),
        (
            "password",
            "Algorithm and parameters of the password's hash, as in `pbkdf2_sha256$1000000`; `unusable` when the account has none.",
        ),
    ],
};

impl DomainEvent for ImportEvent {
    fn name(&self) -> &'static str {
        let Self::Imported { .. } = self;
        IMPORTED.name
    }

    fn targets(&self) -> Vec<Target> {
        let Self::Imported { user, .. } = self;
        vec![Target::new("user", user)]
    }
}

/// The catalogue entries of [`ImportEvent`].
pub(crate) const fn import_event_specs() -> &'static [EventSpec] {
    &[IMPORTED]
}
