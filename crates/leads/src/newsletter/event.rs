//! What happens to subscriptions.

use ashlar_kernel::{DomainEvent, EventSpec, Target};
use serde::{Deserialize, Serialize};

use super::{MailingListId, SubscriptionId};

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterKind {
    /// Whether they meant it.
    Confirm,
    /// Where they unsubscribe.
    Unsubscribe,
}

/// A fact about a subscription. It names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are described in the catalogue below")]
pub enum SubscriptionEvent {
    /// Somebody asked for it.
    Requested { subscription: SubscriptionId, list: MailingListId, status: &'static str },
    /// They confirmed it, or need not.
    Confirmed { subscription: SubscriptionId, list: MailingListId },
    /// They did not confirm it in time.
    Expired { subscription: SubscriptionId, list: MailingListId },
    /// They want no more letters.
    Unsubscribed { subscription: SubscriptionId, list: MailingListId, reason: &'static str },
    /// Somebody asked how to unsubscribe.
    LinkRequested { subscription: SubscriptionId, list: MailingListId },
    /// A letter was written.
    LetterWritten { subscription: SubscriptionId, list: MailingListId, kind: LetterKind },
    /// A letter came back.
    Bounced { subscription: SubscriptionId, list: MailingListId, status: &'static str },
    /// The address is not to be written to at all.
    Suppressed { subscription: SubscriptionId, list: MailingListId, reason: &'static str },
    /// An administrator lets the owner of a suppressed address ask for letters again. No subscription has to be left.
    LiftAllowed { reason: &'static str },
    /// They asked for letters again and confirmed it: the address may be written to.
    Lifted { subscription: SubscriptionId, list: MailingListId },
    /// Somebody typed in an address for which there is nothing to do. It names nobody, and costs what other wishes cost.
    InVain {},
    /// It was erased.
    Erased { subscription: SubscriptionId, list: MailingListId },
}

impl SubscriptionEvent {
    fn subject(&self) -> Option<(SubscriptionId, MailingListId)> {
        let (Self::Requested { subscription, list, .. }
        | Self::Confirmed { subscription, list }
        | Self::Expired { subscription, list }
        | Self::Unsubscribed { subscription, list, .. }
        | Self::LinkRequested { subscription, list }
        | Self::LetterWritten { subscription, list, .. }
        | Self::Bounced { subscription, list, .. }
        | Self::Suppressed { subscription, list, .. }
        | Self::Lifted { subscription, list }
        | Self::Erased { subscription, list }) = self
        else {
            return None;
        };
        Some((*subscription, *list))
    }
}

impl DomainEvent for SubscriptionEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Requested { .. } => REQUESTED.name,
            Self::Confirmed { .. } => CONFIRMED.name,
            Self::Expired { .. } => EXPIRED.name,
            Self::Unsubscribed { .. } => UNSUBSCRIBED.name,
            Self::LinkRequested { .. } => LINK_REQUESTED.name,
            Self::LetterWritten { .. } => LETTER_WRITTEN.name,
            Self::Bounced { .. } => BOUNCED.name,
            Self::Suppressed { .. } => SUPPRESSED.name,
            Self::LiftAllowed { .. } => LIFT_ALLOWED.name,
            Self::Lifted { .. } => LIFTED.name,
            Self::InVain {} => IN_VAIN.name,
            Self::Erased { .. } => ERASED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let subject = self.subject();
        let targets =
            |(subscription, list)| vec![Target::new("subscription", subscription), Target::new("mailing_list", list)];
        subject.map(targets).unwrap_or_default()
    }
}

const TARGETS: &[&str] = &["subscription", "mailing_list"];
const SUBSCRIPTION: (&str, &str) = ("subscription", "Id of the subscription.");
const LIST: (&str, &str) = ("list", "Id of the list.");

const REQUESTED: EventSpec = EventSpec {
    name: "leads.subscription.requested",
    schema_version: 1,
    summary: "Somebody asked to be on a list, for the first time or again. The address is not in the log.",
    targets: TARGETS,
    data: &[
        SUBSCRIPTION,
        LIST,
        (
            "status",
            "pending if there is something to confirm, also for who has unsubscribed; else where the subscription stands.",
        ),
    ],
};
const CONFIRMED: EventSpec = EventSpec {
    name: "leads.subscription.confirmed",
    schema_version: 1,
    summary: "A subscription is in force: its owner confirmed it, or the list does not ask for that.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST],
};
const EXPIRED: EventSpec = EventSpec {
    name: "leads.subscription.expired",
    schema_version: 1,
    summary: "A wish to be on a list was not confirmed within 72 hours. Who had unsubscribed before is still unsubscribed.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST],
};
const UNSUBSCRIBED: EventSpec = EventSpec {
    name: "leads.subscription.unsubscribed",
    schema_version: 1,
    summary: "A subscription ended.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST, ("reason", "How: one_click or admin.")],
};
const LINK_REQUESTED: EventSpec = EventSpec {
    name: "leads.subscription.link_requested",
    schema_version: 1,
    summary: "Somebody who typed in an address wants to be sent the link that unsubscribes it.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST],
};
const LETTER_WRITTEN: EventSpec = EventSpec {
    name: "leads.subscription.letter_written",
    schema_version: 1,
    summary: "A letter to a subscriber was written, and is about to be handed over.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST, ("kind", "What it is about: confirm or unsubscribe.")],
};
const BOUNCED: EventSpec = EventSpec {
    name: "leads.subscription.bounced",
    schema_version: 1,
    summary: "A letter to a subscriber came back. Letters end with the first that does so for good, or the fifth in a month.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST, ("status", "bounced if no more letters are sent, else confirmed.")],
};
const SUPPRESSED: EventSpec = EventSpec {
    name: "leads.subscription.suppressed",
    schema_version: 1,
    summary: "The address of a subscription is not to be written to any more, whatever list it is on.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST, ("reason", "Why: complaint or erasure.")],
};
const LIFT_ALLOWED: EventSpec = EventSpec {
    name: "leads.subscription.lift_allowed",
    schema_version: 1,
    summary: "An administrator lets the owner of a suppressed address ask for letters again. The address is not in the log.",
    targets: &[],
    data: &[("reason", "Why it was suppressed: complaint or erasure.")],
};
const LIFTED: EventSpec = EventSpec {
    name: "leads.subscription.lifted",
    schema_version: 1,
    summary: "The owner of a suppressed address has asked for letters again, and confirmed it.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST],
};
const IN_VAIN: EventSpec = EventSpec {
    name: "leads.subscription.asked_in_vain",
    schema_version: 1,
    summary: "Somebody typed in an address for which there is nothing to confirm, to stop or to begin. The address is not in the log.",
    targets: &[],
    data: &[],
};
const ERASED: EventSpec = EventSpec {
    name: "leads.subscription.erased",
    schema_version: 1,
    summary: "A subscription was erased, with everything that was known of its owner.",
    targets: TARGETS,
    data: &[SUBSCRIPTION, LIST],
};

/// The catalogue entries of [`SubscriptionEvent`].
pub(crate) const fn subscription_event_specs() -> &'static [EventSpec] {
    &[
        REQUESTED,
        CONFIRMED,
        EXPIRED,
        UNSUBSCRIBED,
        LINK_REQUESTED,
        LETTER_WRITTEN,
        BOUNCED,
        SUPPRESSED,
        LIFT_ALLOWED,
        LIFTED,
        IN_VAIN,
        ERASED,
    ]
}
