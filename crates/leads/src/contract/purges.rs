//! Laws of what is erased with a lead.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Email, MacKey, StoreError, TenantId};

use super::{
    Fixture,
    office::Office,
    scene::{everything, little, noon},
};
use crate::newsletter::{
    AddressHash, Evidence, ListName, ListSlug, MailingList, MailingListId, NewSubscription, OptIn, Subscription,
    SubscriptionStatus, UnsubscribeReason, Visibility,
};

/// The leads that became a part of it, and parts of those.
pub async fn parts_go_with_the_lead(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    let first = scene.take_in(everything("a@example.org")).await;
    let second = scene.take_in(everything("b@example.org")).await;
    let third = scene.take_in(everything("c@example.org")).await;
    let bystander = scene.take_in(little("d@example.org")).await;
    office.merge(&second, &[&third], &[]).await.unwrap();
    office.merge(&first, &[&second], &[]).await.unwrap();
    let parts = scene.begin().await.parts_of(TenantId::MAIN, first.id()).await.unwrap();
    assert_eq!(
        parts.iter().map(crate::Lead::id).collect::<std::collections::BTreeSet<_>>(),
        [second.id(), third.id()].into()
    );

    office.leads.purge(&office.boss(), first.id(), None).await.unwrap();
    for gone in [&first, &second, &third] {
        assert_eq!(office.at_rest(gone).await, None);
    }
    assert_eq!(office.at_rest(&bystander).await, Some(bystander));
    super::stats::are_those_of_a_recount(scene).await;
}

async fn list(office: &Office) -> MailingListId {
    let list = MailingList {
        id: office.scene.id(),
        tenant: TenantId::MAIN,
        slug: ListSlug::parse("news").unwrap(),
        name: ListName::parse("News").unwrap(),
        opt_in: OptIn::Double,
        visibility: Visibility::Public,
        created_at: noon(),
    };
    let mut tx = office.scene.begin().await;
    tx.insert_mailing_list(list.clone().create()).await.unwrap();
    tx.commit().await.unwrap();
    list.id
}

/// A subscription to a list; it has ended if it says so.
async fn subscribe(office: &Office, list: MailingListId, email: &str, has_ended: bool) -> Subscription {
    let new = NewSubscription {
        id: office.scene.id(),
        tenant: TenantId::MAIN,
        list,
        email: Email::parse(email).unwrap(),
        name: None,
        evidence: Evidence { text_version: "1".to_owned(), at: noon(), ip: None, user_agent: None, entered_by: None },
    };
    let asked = Subscription::at_once(Subscription::request(new, noon()), None);
    let mut one = asked.state().clone();
    let mut tx = office.scene.begin().await;
    tx.insert_subscription(asked).await.unwrap();
    if has_ended {
        let ended = one.unsubscribe(UnsubscribeReason::Admin, noon()).unwrap();
        one = ended.state().clone();
        tx.update_subscription(ended).await.unwrap();
    }
    tx.commit().await.unwrap();
    one
}

/// Nothing tells any more who they were, and they are not written to; who gets letters still does.
pub async fn who_unsubscribed_is_not_written_to_again(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    let list = list(&office).await;
    let gone = scene.take_in(little("gone@example.org")).await;
    let reader = scene.take_in(little("reader@example.org")).await;
    subscribe(&office, list, "Gone@example.org", true).await;
    let stays = subscribe(&office, list, "reader@example.org", false).await;
    for lead in [&gone, &reader] {
        office.leads.purge(&office.boss(), lead.id(), None).await.unwrap();
    }

    let keys = ["gone@example.org", "reader@example.org"];
    let mut tx = scene.begin().await;
    let left = tx.subscriptions_of(TenantId::MAIN, &keys.map(str::to_owned)).await.unwrap();
    assert_eq!(left, [stays]);
    assert_eq!(left[0].status(), SubscriptionStatus::Confirmed);
    let key = AddressHash::key(&MacKey::from_bytes(Office::ROOT));
    let mut suppressed = Vec::new();
    for address in keys {
        let hash = AddressHash::of(&key, TenantId::MAIN, &Email::parse(address).unwrap());
        let mailbox = tx.mailbox_of(TenantId::MAIN, hash).await.unwrap();
        suppressed.push(mailbox.is_some_and(|mailbox| mailbox.suppressed.is_some()));
    }
    assert_eq!(suppressed, [true, false]);
}

/// A message goes, whosever it is; a stale copy erases nothing.
pub async fn a_message_is_erased(fixture: Fixture) {
    let office = Office::over(fixture);
    let (scene, store) = (&office.scene, &office.scene.fixture.store);
    let lead = scene.take_in(little("ada@example.org")).await;
    let message = super::contacts::linked(scene, &lead).await;
    let mut tx = scene.begin().await;
    let stale = crate::ContactMessage::restore(crate::ContactRow { version: 1, ..message.to_row() }).unwrap();
    assert!(matches!(tx.erase_contact(stale.erase()).await, Err(StoreError::Stale)));
    drop(tx);
    office.leads.erase_contact(&office.boss(), message.id(), None).await.unwrap();
    assert_eq!(store.contact(TenantId::MAIN, message.id()).await.unwrap(), None);
    assert_eq!(scene.event_names().await.last().unwrap(), "leads.contact.erased");
}
