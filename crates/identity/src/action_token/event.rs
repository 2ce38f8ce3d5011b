//! What happens to mailed links.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::{Serialize, Serializer};

use super::{ActionPurpose, ActionTokenId};
use crate::UserId;

/// A fact about a mailed link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ActionTokenEvent {
    /// It was made, to be mailed.
    Issued {
        /// Which.
        token: ActionTokenId,
        /// Whose account.
        user: UserId,
        /// What for.
        #[serde(serialize_with = "name")]
        purpose: ActionPurpose,
    },
    /// It was used.
    Used {
        /// Which.
        token: ActionTokenId,
        /// Whose account.
        user: UserId,
        /// What for.
        #[serde(serialize_with = "name")]
        purpose: ActionPurpose,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn name<S: Serializer>(purpose: &ActionPurpose, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(purpose.as_str())
}

const DATA: &[(&str, &str)] = &[
    ("token", "Id of the link, which says nothing about its secret."),
    ("user", "Id of the account."),
    ("purpose", "reset_password, set_password, verify_email, change_email or undo_email_change."),
];
const ISSUED: EventSpec = EventSpec {
    name: "identity.action_token.issued",
    schema_version: 1,
    summary: "A link was made, to be mailed. One of the same purpose from before is worthless now.",
    targets: &["user"],
    data: DATA,
};
const USED: EventSpec = EventSpec {
    name: "identity.action_token.used",
    schema_version: 1,
    summary: "A mailed link was used. It cannot be used again.",
    targets: &["user"],
    data: DATA,
};

impl DomainEvent for ActionTokenEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Issued { .. } => ISSUED.name,
            Self::Used { .. } => USED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Issued { user, .. } | Self::Used { user, .. }) = self;
        vec![Target::new("user", user)]
    }
}

/// The catalogue entries of [`ActionTokenEvent`].
pub(crate) const fn action_token_event_specs() -> &'static [EventSpec] {
    &[ISSUED, USED]
}
