//! Where lists and subscriptions are kept.

use ashlar_kernel::{Change, Context, StoreError, TenantId, Timestamp, UnitOfWork};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AddressHash, ConfirmToken, MailingList, MailingListEvent, MailingListId, SubscriberMailbox, Subscription,
    SubscriptionEvent, SubscriptionId, SubscriptionStatus, TokenHash,
};

/// Why a list is not made.
#[derive(Debug, thiserror::Error)]
pub enum InsertListError {
    /// Another list of the tenant has the short name.
    #[error("another list has the short name")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The position of a subscription in a list of them, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriptionPosition {
    /// When they first asked.
    pub at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

/// Which subscriptions to read, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionQuery {
    /// Whose.
    pub tenant: TenantId,
    /// To this list, or to any.
    pub list: Option<MailingListId>,
    /// With this address, by its canonical form, or with any.
    pub email_key: Option<String>,
    /// That stand there, or anywhere.
    pub status: Option<SubscriptionStatus>,
    /// Older than this one.
    pub after: Option<SubscriptionPosition>,
    /// How many rows at most.
    pub rows: u64,
}

impl SubscriptionQuery {
    /// Whether it lets a subscription through. For stores without a query language.
    pub fn lets_through(&self, one: &Subscription) -> bool {
        let position = SubscriptionPosition { at: one.created_at(), id: one.id().as_uuid() };
        one.tenant() == self.tenant
            && self.list.is_none_or(|list| one.list() == list)
            && self.email_key.as_ref().is_none_or(|key| one.email().key() == key)
            && self.status.is_none_or(|status| one.status() == status)
            && self.after.is_none_or(|after| position < after)
    }
}

/// A letter that is about to be written: the mailbox it goes to with the letter in it, and what its link carries, if it has
/// one to confirm by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The mailbox.
    pub mailbox: SubscriberMailbox,
    /// The link.
    pub token: Option<ConfirmToken>,
}

/// Reads, and the door to units of work. Every read is one statement.
#[async_trait]
pub trait NewsletterStore: Send + Sync {
    /// Opens a unit of work; its events carry the circumstances in `context`.
    async fn begin(&self, context: &Context) -> Result<Box<dyn NewsletterTx>, StoreError>;

    /// A list by its short name.
    async fn mailing_list(&self, tenant: TenantId, slug: &str) -> Result<Option<MailingList>, StoreError>;

    /// The lists of a tenant by their short names, up to so many.
    async fn mailing_lists(&self, tenant: TenantId, rows: u64) -> Result<Vec<MailingList>, StoreError>;

    /// A subscription, whosever it is, with the list it is to: who has a link has nothing but its id.
    async fn subscription(&self, id: SubscriptionId) -> Result<Option<(Subscription, MailingList)>, StoreError>;

    /// The subscription to a list that an address has, by the canonical form of the address.
    async fn subscription_at(&self, list: MailingListId, email_key: &str) -> Result<Option<Subscription>, StoreError>;

    /// Some of the subscriptions of a tenant.
    async fn subscriptions(&self, query: &SubscriptionQuery) -> Result<Vec<Subscription>, StoreError>;

    /// What is known of a mailbox.
    async fn mailbox(&self, tenant: TenantId, address: AddressHash) -> Result<Option<SubscriberMailbox>, StoreError>;

    /// A link to confirm, whosever it is.
    async fn confirm_token(&self, hash: TokenHash) -> Result<Option<ConfirmToken>, StoreError>;

    /// Subscriptions of all tenants that wait for a confirmation since `asked_by` or longer.
    async fn waiting_subscriptions(&self, asked_by: Timestamp, rows: u64) -> Result<Vec<Subscription>, StoreError>;

    /// Deletes subscriptions that expired at `expired_by` or before, and how many.
    async fn purge_subscriptions(&self, expired_by: Timestamp, rows: u32) -> Result<u64, StoreError>;

    /// Forgets mailboxes that may be written to and have not been since `quiet_since`, and how many.
    async fn purge_mailboxes(&self, quiet_since: Timestamp, rows: u32) -> Result<u64, StoreError>;
}

/// Writes, all or nothing. Each takes a change with the events that explain it and saves both. Once one was refused, the
/// work can only be dropped.
///
/// [`Stale`](StoreError::Stale) means everywhere that somebody else was faster: the version stored is not the one before,
/// the address has a subscription to the list meanwhile, the link was used.
#[async_trait]
pub trait NewsletterTx: UnitOfWork {
    /// Makes a list.
    async fn insert_mailing_list(
        &mut self,
        change: Change<MailingList, MailingListEvent>,
    ) -> Result<(), InsertListError>;

    /// Adds a subscription.
    async fn insert_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError>;

    /// Saves a changed subscription.
    async fn update_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError>;

    /// Saves a subscription that was confirmed by a link, and uses the link up. Of many who use one at once, one does.
    async fn confirm_subscription(
        &mut self,
        change: Change<Subscription, SubscriptionEvent>,
        by: TokenHash,
    ) -> Result<(), StoreError>;

    /// Erases a subscription with its links.
    async fn erase_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError>;

    /// Saves that a letter is about to be written.
    async fn write_letter(&mut self, change: Change<Letter, SubscriptionEvent>) -> Result<(), StoreError>;

    /// Saves what is known of a mailbox.
    async fn put_mailbox(&mut self, change: Change<SubscriberMailbox, SubscriptionEvent>) -> Result<(), StoreError>;
}
