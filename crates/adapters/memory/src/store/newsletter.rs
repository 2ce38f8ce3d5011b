//! Mailing lists and subscriptions, in process.

use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Change, Context, Journal, StoreError, TenantId, Timestamp};
use ashlar_leads::newsletter::{
    AddressHash, ConfirmToken, InsertListError, Letter, MailingList, MailingListEvent, MailingListId, NewsletterStore,
    NewsletterTx, SubscriberMailbox, Subscription, SubscriptionEvent, SubscriptionId, SubscriptionQuery,
    SubscriptionStatus, TokenHash,
};
use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

/// The tables of the newsletter: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct NewsletterTables {
    lists: Arc<BTreeMap<MailingListId, MailingList>>,
    subscriptions: Arc<BTreeMap<SubscriptionId, Subscription>>,
    mailboxes: Arc<BTreeMap<(TenantId, AddressHash), SubscriberMailbox>>,
    tokens: Arc<BTreeMap<TokenHash, ConfirmToken>>,
}

impl NewsletterTables {
    fn insert_list(&mut self, list: MailingList) -> Result<(), InsertListError> {
        if self.lists.values().any(|other| other.tenant == list.tenant && other.slug == list.slug) {
            return Err(InsertListError::Taken);
        }
        Arc::make_mut(&mut self.lists).insert(list.id, list);
        Ok(())
    }

    fn at(&self, list: MailingListId, email_key: &str) -> Option<&Subscription> {
        self.subscriptions.values().find(|one| one.list() == list && one.email().key() == email_key)
    }

    pub(super) fn of_addresses(&self, tenant: TenantId, email_keys: &[String]) -> Vec<Subscription> {
        let all = self.subscriptions.values().filter(|one| one.tenant() == tenant);
        all.filter(|one| email_keys.iter().any(|key| key == one.email().key())).cloned().collect()
    }

    /// The status of each subscription of a tenant, and that it is one.
    pub(super) fn by_status(&self, tenant: TenantId) -> impl Iterator<Item = (&'static str, i64)> {
        let all = self.subscriptions.values().filter(move |one| one.tenant() == tenant);
        all.map(|one| (one.status().as_str(), 1))
    }

    pub(super) fn mailbox(&self, tenant: TenantId, address: AddressHash) -> Option<&SubscriberMailbox> {
        self.mailboxes.get(&(tenant, address))
    }

    fn insert(&mut self, subscription: Subscription) -> Result<(), StoreError> {
        if !self.lists.contains_key(&subscription.list()) {
            return Err(broken("foreign key to mailing_list"));
        }
        if self.at(subscription.list(), subscription.email().key()).is_some() {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.subscriptions).insert(subscription.id(), subscription);
        Ok(())
    }

    fn update(&mut self, subscription: Subscription) -> Result<(), StoreError> {
        let stored = self.subscriptions.get(&subscription.id()).map(Subscription::version);
        if stored.is_none() || stored != subscription.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.subscriptions).insert(subscription.id(), subscription);
        Ok(())
    }

    fn confirm(&mut self, subscription: Subscription, by: TokenHash) -> Result<(), StoreError> {
        let token = Arc::make_mut(&mut self.tokens).get_mut(&by).filter(|token| token.used_at.is_none());
        let token = token.filter(|token| token.subscription == subscription.id()).ok_or(StoreError::Stale)?;
        token.used_at = Some(subscription.updated_at());
        self.update(subscription)
    }

    fn erase(&mut self, subscription: &Subscription) -> Result<(), StoreError> {
        if self.subscriptions.get(&subscription.id()).map(Subscription::version) != Some(subscription.version()) {
            return Err(StoreError::Stale);
        }
        self.forget(subscription.id());
        Ok(())
    }

    fn forget(&mut self, id: SubscriptionId) {
        Arc::make_mut(&mut self.subscriptions).remove(&id);
        Arc::make_mut(&mut self.tokens).retain(|_, token| token.subscription != id);
    }

    fn put_mailbox(&mut self, mailbox: SubscriberMailbox) -> Result<(), StoreError> {
        let key = (mailbox.tenant, mailbox.address);
        let stored = self.mailboxes.get(&key).map_or(0, |stored| stored.version);
        if Some(stored) != mailbox.version.checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.mailboxes).insert(key, mailbox);
        Ok(())
    }

    fn write(&mut self, letter: Letter) -> Result<(), StoreError> {
        self.put_mailbox(letter.mailbox)?;
        if let Some(token) = letter.token {
            if !self.subscriptions.contains_key(&token.subscription) {
                return Err(broken("foreign key to subscription"));
            }
            Arc::make_mut(&mut self.tokens).insert(token.hash, token);
        }
        Ok(())
    }

    fn purge(&mut self, expired_by: Timestamp, rows: usize) -> u64 {
        let is_over =
            |one: &&Subscription| one.status() == SubscriptionStatus::Expired && one.updated_at() <= expired_by;
        let over: Vec<_> = self.subscriptions.values().filter(is_over).map(Subscription::id).take(rows).collect();
        for id in &over {
            self.forget(*id);
        }
        u64::try_from(over.len()).unwrap_or(u64::MAX)
    }

    fn purge_mailboxes(&mut self, quiet_since: Timestamp, rows: usize) -> u64 {
        let is_quiet = |one: &&SubscriberMailbox| one.suppressed.is_none() && one.updated_at <= quiet_since;
        let quiet = self.mailboxes.values().filter(is_quiet).map(|one| (one.tenant, one.address));
        let quiet: Vec<_> = quiet.take(rows).collect();
        for key in &quiet {
            Arc::make_mut(&mut self.mailboxes).remove(key);
        }
        u64::try_from(quiet.len()).unwrap_or(u64::MAX)
    }
}

fn most(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

#[async_trait]
impl NewsletterStore for MemoryStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn NewsletterTx>, StoreError> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let journal = Journal::new(context.clone(), Arc::clone(&self.ids));
        Ok(Box::new(MemoryTx::begin(turn, Arc::clone(&self.shared), journal)))
    }

    async fn mailing_list(&self, tenant: TenantId, slug: &str) -> Result<Option<MailingList>, StoreError> {
        let lists = Arc::clone(&self.shared.lock().tables.newsletter.lists);
        Ok(lists.values().find(|list| list.tenant == tenant && list.slug.as_str() == slug).cloned())
    }

    async fn mailing_lists(&self, tenant: TenantId, rows: u64) -> Result<Vec<MailingList>, StoreError> {
        let lists = Arc::clone(&self.shared.lock().tables.newsletter.lists);
        let mut found: Vec<_> = lists.values().filter(|list| list.tenant == tenant).cloned().collect();
        found.sort_by(|a, b| a.slug.as_str().cmp(b.slug.as_str()));
        found.truncate(most(rows));
        Ok(found)
    }

    async fn subscription(&self, id: SubscriptionId) -> Result<Option<(Subscription, MailingList)>, StoreError> {
        let shared = self.shared.lock();
        let tables = &shared.tables.newsletter;
        let found = tables.subscriptions.get(&id);
        Ok(found.and_then(|one| Some((one.clone(), tables.lists.get(&one.list())?.clone()))))
    }

    async fn subscription_at(&self, list: MailingListId, email_key: &str) -> Result<Option<Subscription>, StoreError> {
        Ok(self.shared.lock().tables.newsletter.at(list, email_key).cloned())
    }

    async fn subscriptions(&self, query: &SubscriptionQuery) -> Result<Vec<Subscription>, StoreError> {
        let subscriptions = Arc::clone(&self.shared.lock().tables.newsletter.subscriptions);
        let mut found: Vec<_> = subscriptions.values().filter(|one| query.lets_through(one)).cloned().collect();
        found.sort_by_key(|one| Reverse((one.created_at(), one.id().as_uuid())));
        found.truncate(most(query.rows));
        Ok(found)
    }

    async fn mailbox(&self, tenant: TenantId, address: AddressHash) -> Result<Option<SubscriberMailbox>, StoreError> {
        Ok(self.shared.lock().tables.newsletter.mailboxes.get(&(tenant, address)).cloned())
    }

    async fn confirm_token(&self, hash: TokenHash) -> Result<Option<ConfirmToken>, StoreError> {
        Ok(self.shared.lock().tables.newsletter.tokens.get(&hash).cloned())
    }

    async fn waiting_subscriptions(&self, asked_by: Timestamp, rows: u64) -> Result<Vec<Subscription>, StoreError> {
        let subscriptions = Arc::clone(&self.shared.lock().tables.newsletter.subscriptions);
        let waits = |one: &&Subscription| one.waits() && one.asked_at() <= asked_by;
        Ok(subscriptions.values().filter(waits).take(most(rows)).cloned().collect())
    }

    async fn purge_subscriptions(&self, expired_by: Timestamp, rows: u32) -> Result<u64, StoreError> {
        let _turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(self.shared.lock().tables.newsletter.purge(expired_by, most(rows.into())))
    }

    async fn purge_mailboxes(&self, quiet_since: Timestamp, rows: u32) -> Result<u64, StoreError> {
        let _turn = Arc::clone(&self.turn).lock_owned().await;
        Ok(self.shared.lock().tables.newsletter.purge_mailboxes(quiet_since, most(rows.into())))
    }
}

#[async_trait]
impl NewsletterTx for MemoryTx {
    async fn insert_mailing_list(
        &mut self,
        change: Change<MailingList, MailingListEvent>,
    ) -> Result<(), InsertListError> {
        let tenant = self.require_tenant(change.state().tenant);
        self.write(change, |tables: &mut Tables, list| {
            tenant?;
            tables.newsletter.insert_list(list)
        })
    }

    async fn insert_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, one| tables.newsletter.insert(one))
    }

    async fn update_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, one| tables.newsletter.update(one))
    }

    async fn confirm_subscription(
        &mut self,
        change: Change<Subscription, SubscriptionEvent>,
        by: TokenHash,
    ) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, one| tables.newsletter.confirm(one, by))
    }

    async fn erase_subscription(&mut self, change: Change<Subscription, SubscriptionEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, one| tables.newsletter.erase(&one))
    }

    async fn write_letter(&mut self, change: Change<Letter, SubscriptionEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, letter| tables.newsletter.write(letter))
    }

    async fn put_mailbox(&mut self, change: Change<SubscriberMailbox, SubscriptionEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, mailbox| tables.newsletter.put_mailbox(mailbox))
    }
}
