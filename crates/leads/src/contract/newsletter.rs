//! The laws every [`NewsletterStore`] obeys, together with the [`EventLog`] it writes.
//! [`newsletter_store_contract!`](crate::newsletter_store_contract) makes one test of each.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{
    Change, Email, EventLog, Id, LogReader, StoreError, TenantId, Timestamp,
    contract::scene::{RisingIds, nobody_asks, noon},
};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Runner, StartRace};
use crate::newsletter::{
    AddressHash, ConfirmToken, Evidence, InsertListError, Letter, LetterKind, LetterWish, ListName, ListSlug,
    MailingList, Name, NewSubscription, NewsletterStore, NewsletterTx, OptIn, SubscriberMailbox, Subscription,
    SubscriptionEvent, SubscriptionPosition, SubscriptionQuery, SubscriptionStatus, SuppressionReason, TokenHash,
    UnsubscribeReason, Visibility,
};

/// A store to try a law on: empty but for the tenant `main`.
pub struct NewsletterFixture {
    /// The store on trial.
    pub store: Arc<dyn NewsletterStore>,
    /// The log it writes.
    pub log: Arc<dyn EventLog>,
}

struct Scene {
    store: Arc<dyn NewsletterStore>,
    log: Arc<dyn EventLog>,
    ids: RisingIds,
}

impl Scene {
    fn new(fixture: NewsletterFixture) -> Self {
        Self { store: fixture.store, log: fixture.log, ids: RisingIds::default() }
    }

    async fn begin(&self) -> Box<dyn NewsletterTx> {
        self.store.begin(&nobody_asks(&self.ids)).await.unwrap()
    }

    async fn list(&self, slug: &str) -> MailingList {
        self.try_list(slug).await.unwrap()
    }

    async fn try_list(&self, slug: &str) -> Result<MailingList, InsertListError> {
        let list = MailingList {
            id: Id::new(&self.ids),
            tenant: TenantId::MAIN,
            slug: ListSlug::parse(slug).unwrap(),
            name: ListName::parse("N\u{e4}ws").unwrap(),
            opt_in: OptIn::Double,
            visibility: Visibility::Private,
            created_at: noon(),
        };
        let mut tx = self.begin().await;
        tx.insert_mailing_list(list.clone().create()).await?;
        tx.commit().await?;
        Ok(list)
    }

    fn asked(&self, list: &MailingList, email: &str, now: Timestamp) -> Change<Subscription, SubscriptionEvent> {
        let evidence = Evidence {
            text_version: "2026-01".to_owned(),
            at: now,
            ip: "2001:db8::7".parse().ok(),
            user_agent: Some("Mozilla/5.0 \"x\"".to_owned()),
            entered_by: None,
        };
        let new = NewSubscription {
            id: Id::new(&self.ids),
            tenant: TenantId::MAIN,
            list: list.id,
            email: Email::parse(email).unwrap(),
            name: Name::parse("J\u{f6}rg").ok(),
            evidence,
        };
        Subscription::request(new, now)
    }

    async fn try_subscribe(&self, list: &MailingList, email: &str) -> Result<Subscription, StoreError> {
        let asked = self.asked(list, email, noon());
        let subscription = asked.state().clone();
        let mut tx = self.begin().await;
        tx.insert_subscription(asked).await?;
        tx.commit().await?;
        Ok(subscription)
    }

    async fn subscribe(&self, list: &MailingList, email: &str) -> Subscription {
        self.try_subscribe(list, email).await.unwrap()
    }

    async fn update(&self, change: Change<Subscription, SubscriptionEvent>) -> Result<Subscription, StoreError> {
        let subscription = change.state().clone();
        let mut tx = self.begin().await;
        tx.update_subscription(change).await?;
        tx.commit().await?;
        Ok(subscription)
    }

    async fn stored(&self, one: &Subscription) -> Option<Subscription> {
        self.store.subscription(one.id()).await.unwrap().map(|(found, _)| found)
    }

    /// Writes a letter to confirm by; its link.
    async fn letter(&self, one: &Subscription, number: u8) -> ConfirmToken {
        let token = ConfirmToken {
            hash: TokenHash([number; 32]),
            tenant: one.tenant(),
            subscription: one.id(),
            list: one.list(),
            wish: one.open_wish(),
            created_at: noon(),
            expires_at: noon() + TimeDelta::hours(72),
            used_at: None,
        };
        let letter = Letter { mailbox: Self::mailbox(number, 1), token: Some(token.clone()) };
        let mut tx = self.begin().await;
        tx.write_letter(Change::new(letter, written(one))).await.unwrap();
        tx.commit().await.unwrap();
        token
    }

    /// A mailbox of this number with so many letters.
    fn mailbox(number: u8, letters: u32) -> SubscriberMailbox {
        let empty = SubscriberMailbox::unknown(TenantId::MAIN, AddressHash([number; 32]), noon());
        (0..letters).fold(empty, |mailbox, letter| {
            let now = noon() + TimeDelta::minutes(10) * i32::try_from(letter).unwrap();
            mailbox.take((Uuid::from_u128(u128::from(letter)), LetterWish::Other), now).unwrap()
        })
    }

    async fn put(&self, one: &Subscription, mailbox: SubscriberMailbox) -> Result<(), StoreError> {
        let mut tx = self.begin().await;
        tx.put_mailbox(Change::new(mailbox, written(one))).await?;
        tx.commit().await
    }

    async fn known(&self, number: u8) -> Option<SubscriberMailbox> {
        self.store.mailbox(TenantId::MAIN, AddressHash([number; 32])).await.unwrap()
    }

    async fn event_names(&self) -> Vec<String> {
        let events = self.log.pending(LogReader::Dispatch, 1_000).await.unwrap();
        events.into_iter().map(|event| event.name).collect()
    }
}

fn written(one: &Subscription) -> SubscriptionEvent {
    SubscriptionEvent::LetterWritten { subscription: one.id(), list: one.list(), kind: LetterKind::Confirm }
}

fn all() -> SubscriptionQuery {
    SubscriptionQuery { tenant: TenantId::MAIN, list: None, email_key: None, status: None, after: None, rows: 100 }
}

/// What is read is what was written, with the events that explain it.
pub async fn lists_and_subscriptions_survive_storage(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let list = scene.list("news").await;
    let asked = scene.subscribe(&list, "J\u{f6}rg@example.org".replace('\u{f6}', "oe").as_str()).await;

    assert_eq!(scene.store.mailing_list(TenantId::MAIN, "news").await.unwrap(), Some(list.clone()));
    assert_eq!(scene.store.mailing_list(TenantId::MAIN, "other").await.unwrap(), None);
    assert_eq!(scene.store.subscription(asked.id()).await.unwrap(), Some((asked.clone(), list.clone())));
    assert_eq!(scene.store.subscription_at(list.id, "joerg@example.org").await.unwrap(), Some(asked.clone()));

    let confirmed = asked.confirm("203.0.113.9".parse().ok(), noon()).unwrap();
    let confirmed = scene.update(confirmed).await.unwrap();
    assert_eq!(scene.stored(&confirmed).await, Some(confirmed.clone()));
    let ended = confirmed.unsubscribe(UnsubscribeReason::Admin, noon()).unwrap();
    let ended = scene.update(ended).await.unwrap();
    assert_eq!(scene.stored(&ended).await, Some(ended));
    assert_eq!(
        scene.event_names().await,
        [
            "leads.mailing_list.created",
            "leads.subscription.requested",
            "leads.subscription.confirmed",
            "leads.subscription.unsubscribed"
        ]
    );
}

/// Lists are told apart by their short names, and sorted by them.
pub async fn a_taken_short_name_is_reported(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    for slug in ["b", "a"] {
        scene.list(slug).await;
    }
    let taken = scene.try_list("a").await;
    assert!(matches!(taken, Err(InsertListError::Taken)), "{taken:?}");
    let lists = scene.store.mailing_lists(TenantId::MAIN, 10).await.unwrap();
    let slugs: Vec<_> = lists.iter().map(|list| list.slug.as_str()).collect();
    assert_eq!(slugs, ["a", "b"]);
    assert_eq!(scene.store.mailing_lists(TenantId::MAIN, 1).await.unwrap().len(), 1);
}

/// An address has one subscription to a list, and whoever was slower is told to look again.
pub async fn an_address_is_on_a_list_once(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let (one, other) = (scene.list("one").await, scene.list("other").await);
    let first = scene.subscribe(&one, "ada@example.org").await;
    let again = scene.try_subscribe(&one, "ADA@example.org").await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");
    scene.subscribe(&other, "ada@example.org").await;

    let change = first.clone().ask_for_letter(noon()).unwrap();
    scene.update(change.clone()).await.unwrap();
    let stale = scene.update(change).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
}

/// A link is known by its hash, and goes with its subscription.
pub async fn a_link_confirms_once(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let list = scene.list("news").await;
    let asked = scene.subscribe(&list, "ada@example.org").await;
    let token = scene.letter(&asked, 1).await;
    assert_eq!(scene.store.confirm_token(token.hash).await.unwrap(), Some(token.clone()));
    assert_eq!(scene.store.confirm_token(TokenHash([9; 32])).await.unwrap(), None);

    let confirmed = asked.clone().confirm(None, noon()).unwrap();
    let mut tx = scene.begin().await;
    tx.confirm_subscription(confirmed.clone(), token.hash).await.unwrap();
    tx.commit().await.unwrap();
    assert!(scene.store.confirm_token(token.hash).await.unwrap().unwrap().used_at.is_some());
    let mut tx = scene.begin().await;
    let again = tx.confirm_subscription(confirmed, token.hash).await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");
    drop(tx);

    // The right version does not make up for a link that was used. What they ask again is kept beside, and survives.
    let stored = scene.stored(&asked).await.unwrap();
    let back = stored.unsubscribe(UnsubscribeReason::OneClick, noon()).unwrap();
    let back = scene.update(back).await.unwrap();
    let evidence = back.evidence().clone();
    let asked_again = scene.update(back.request_again(None, evidence, noon())).await.unwrap();
    assert!(asked_again.waits() && asked_again.status() == SubscriptionStatus::Unsubscribed);
    assert_eq!(scene.stored(&asked_again).await, Some(asked_again.clone()));
    let waiting = scene.store.waiting_subscriptions(noon(), 10).await.unwrap();
    assert_eq!(waiting, std::slice::from_ref(&asked_again));
    let mut tx = scene.begin().await;
    let used = tx.confirm_subscription(asked_again.clone().confirm(None, noon()).unwrap(), token.hash).await;
    assert!(matches!(used, Err(StoreError::Stale)), "{used:?}");
    drop(tx);

    let mut tx = scene.begin().await;
    tx.erase_subscription(asked_again.clone().erase()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.stored(&asked_again).await, None);
    assert_eq!(scene.store.confirm_token(token.hash).await.unwrap(), None);
    let mut tx = scene.begin().await;
    let gone = tx.erase_subscription(asked_again.erase()).await;
    assert!(matches!(gone, Err(StoreError::Stale)), "{gone:?}");
}

/// What is known of a mailbox survives, and two who note something at once do not undo each other.
pub async fn a_mailbox_is_noted_on_top_of_what_is_known(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let list = scene.list("news").await;
    let asked = scene.subscribe(&list, "ada@example.org").await;
    assert_eq!(scene.known(1).await, None);

    let one = Scene::mailbox(1, 1);
    scene.put(&asked, one.clone()).await.unwrap();
    assert_eq!(scene.known(1).await, Some(one.clone()));
    let late = scene.put(&asked, one.clone()).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");

    let suppressed = one.suppress(SuppressionReason::Erasure, written(&asked), noon()).into_parts().0;
    scene.put(&asked, suppressed.clone()).await.unwrap();
    assert_eq!(scene.known(1).await, Some(suppressed.clone()));
    let late = scene.put(&asked, suppressed.clone()).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");

    let allowed = suppressed.allow_lift(noon() + TimeDelta::milliseconds(1)).unwrap().into_parts().0;
    scene.put(&asked, allowed.clone()).await.unwrap();
    assert_eq!(scene.known(1).await, Some(allowed.clone()));
    let lifted = allowed.lift(written(&asked), noon()).unwrap().into_parts().0;
    scene.put(&asked, lifted.clone()).await.unwrap();
    assert_eq!(scene.known(1).await, Some(lifted));
}

/// Page by page, everything is shown once, newest first.
pub async fn pages_of_subscriptions_neither_skip_nor_repeat(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let (one, other) = (scene.list("one").await, scene.list("other").await);
    for number in 0..7 {
        let list = if number % 3 == 0 { &other } else { &one };
        let asked = scene.asked(list, &format!("a{number}@example.org"), noon() + TimeDelta::seconds(number / 2));
        let mut tx = scene.begin().await;
        tx.insert_subscription(asked).await.unwrap();
        tx.commit().await.unwrap();
    }
    let whole = scene.store.subscriptions(&all()).await.unwrap();
    assert_eq!(whole.len(), 7);
    let positions: Vec<_> =
        whole.iter().map(|one| SubscriptionPosition { at: one.created_at(), id: one.id().as_uuid() }).collect();
    assert!(positions.is_sorted_by(|a, b| a > b), "{positions:?}");
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..4 {
        let page = scene.store.subscriptions(&SubscriptionQuery { after, rows: 2, ..all() }).await.unwrap();
        after = page.last().map(|one| SubscriptionPosition { at: one.created_at(), id: one.id().as_uuid() });
        seen.extend(page);
    }
    assert_eq!(seen, whole);

    let of_other = SubscriptionQuery { list: Some(other.id), ..all() };
    assert_eq!(scene.store.subscriptions(&of_other).await.unwrap().len(), 3);
    let by_address = SubscriptionQuery { email_key: Some("a3@example.org".to_owned()), ..all() };
    assert_eq!(scene.store.subscriptions(&by_address).await.unwrap().len(), 1);
    let confirmed = SubscriptionQuery { status: Some(SubscriptionStatus::Confirmed), ..all() };
    assert!(scene.store.subscriptions(&confirmed).await.unwrap().is_empty());
    let elsewhere = SubscriptionQuery { tenant: TenantId::from_uuid(Uuid::from_u128(2)), ..all() };
    assert!(scene.store.subscriptions(&elsewhere).await.unwrap().is_empty());
}

/// What waits too long is found, and what expired long ago is deleted; nothing else is.
pub async fn only_what_time_has_caught_up_with_is_swept(fixture: NewsletterFixture) {
    let scene = Scene::new(fixture);
    let list = scene.list("news").await;
    let (old, kept) = (scene.subscribe(&list, "old@example.org").await, scene.subscribe(&list, "b@example.org").await);
    scene.update(kept.clone().confirm(None, noon()).unwrap()).await.unwrap();

    let waiting = scene.store.waiting_subscriptions(noon() - TimeDelta::milliseconds(1), 10).await.unwrap();
    assert!(waiting.is_empty(), "{waiting:?}");
    assert_eq!(scene.store.waiting_subscriptions(noon(), 10).await.unwrap(), std::slice::from_ref(&old));
    let expired_at = noon() + TimeDelta::hours(72);
    scene.update(old.clone().expire(expired_at).unwrap()).await.unwrap();
    assert!(scene.store.waiting_subscriptions(expired_at, 10).await.unwrap().is_empty());

    let purge = async |by| scene.store.purge_subscriptions(by, 10).await.unwrap();
    assert_eq!(purge(expired_at - TimeDelta::milliseconds(1)).await, 0);
    assert_eq!(purge(expired_at).await, 1);
    assert_eq!((scene.stored(&old).await, scene.stored(&kept).await.is_some()), (None, true));

    let suppressed = Scene::mailbox(2, 0).suppress(SuppressionReason::Complaint, written(&kept), noon()).into_parts().0;
    scene.put(&kept, suppressed).await.unwrap();
    scene.put(&kept, Scene::mailbox(1, 1)).await.unwrap();
    assert_eq!(scene.store.purge_mailboxes(noon() - TimeDelta::milliseconds(1), 10).await.unwrap(), 0);
    assert_eq!(scene.store.purge_mailboxes(noon(), 10).await.unwrap(), 1);
    assert_eq!((scene.known(1).await, scene.known(2).await.is_some()), (None, true), "what is suppressed stays so");
}

/// Of many who use a link at once, one does.
pub async fn racing_confirmations_have_one_winner(fixture: NewsletterFixture, start: StartRace) {
    let scene = Scene::new(fixture);
    let list = scene.list("news").await;
    let asked = scene.subscribe(&list, "ada@example.org").await;
    let token = scene.letter(&asked, 1).await;
    let scene = Arc::new(scene);
    let runner = |_| -> Runner {
        let (scene, asked) = (Arc::clone(&scene), asked.clone());
        Box::pin(async move {
            let mut tx = scene.begin().await;
            match tx.confirm_subscription(asked.confirm(None, noon()).unwrap(), token.hash).await {
                Ok(()) => tx.commit().await.is_ok(),
                Err(error) => {
                    assert!(error.is_retryable(), "{error:?}");
                    false
                }
            }
        })
    };
    let won = start((0..8).map(runner).collect()).await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
    let confirmed = scene.event_names().await.into_iter().filter(|name| name == "leads.subscription.confirmed");
    assert_eq!(confirmed.count(), 1);
}

/// Makes one test of each law of [`NewsletterStore`]. The argument is the path of a function
/// `async fn() -> Option<NewsletterFixture>`. The crate that calls it needs tokio with a runtime of several threads.
#[macro_export]
macro_rules! newsletter_store_contract {
    ($fixture:path) => {
        $crate::newsletter_store_contract!(@laws $fixture,
            lists_and_subscriptions_survive_storage,
            a_taken_short_name_is_reported,
            an_address_is_on_a_list_once,
            a_link_confirms_once,
            a_mailbox_is_noted_on_top_of_what_is_known,
            pages_of_subscriptions_neither_skip_nor_repeat,
            only_what_time_has_caught_up_with_is_swept,
        );

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn racing_confirmations_have_one_winner() {
            fn start(
                runners: Vec<$crate::contract::Runner>,
            ) -> ::std::pin::Pin<Box<dyn Future<Output = Vec<bool>> + Send>> {
                let runners: Vec<_> = runners.into_iter().map(::tokio::spawn).collect();
                Box::pin(async move {
                    let mut won = Vec::new();
                    for runner in runners {
                        won.push(runner.await.expect("a runner neither won nor lost"));
                    }
                    won
                })
            }

            if let Some(fixture) = $fixture().await {
                $crate::contract::newsletter::racing_confirmations_have_one_winner(fixture, start).await;
            }
        }
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::newsletter::$law(fixture).await;
                }
            }
        )+
    };
}
