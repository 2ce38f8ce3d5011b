//! The newsletter: mailing lists, and who has asked to be on them.
//!
//! Nobody is written to who has not asked for it twice: by typing in an address, and by pressing a button in a letter that
//! only the owner of the address reads. Every letter says how to stop them, by one request (RFC 8058).

mod event;
mod list;
mod mailbox;
mod row;
mod service;
mod store;
mod subscription;
#[cfg(test)]
mod tests;
mod token;
mod wish;

pub(crate) use event::subscription_event_specs;
pub use event::{LetterKind, SubscriptionEvent};
pub(crate) use list::mailing_list_event_specs;
pub use list::{
    InvalidListSlug, ListName, ListSlug, MailingList, MailingListEvent, MailingListId, MailingListRow, OptIn,
    Visibility,
};
pub use mailbox::{AddressHash, LetterWish, NotNow, SentLetter, SubscriberMailbox, Suppression, SuppressionReason};
pub use row::SubscriptionRow;
pub use service::{
    AddSubscriber, ListSubscribers, MailingListInput, Newsletter, NewsletterError, NewsletterPorts, NewsletterSettings,
    RemoveSubscriber, Subscribe, SubscribeInput, SubscriberLetter, Unsubscribed, codes,
};
pub use store::{InsertListError, Letter, NewsletterStore, NewsletterTx, SubscriptionPosition, SubscriptionQuery};
pub use subscription::{
    Bounce, Evidence, Name, NewSubscription, Subscription, SubscriptionId, SubscriptionStatus, TextVersion,
    UnsubscribeReason,
};
pub use token::{ConfirmSecret, ConfirmToken, InvalidUnsubscribeToken, TokenHash, UnsubscribeKeys, UnsubscribeToken};
pub use wish::Wish;
