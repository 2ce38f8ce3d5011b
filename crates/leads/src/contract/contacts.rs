//! Laws of messages.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Email, StoreError, TenantId};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, elsewhere, little, noon},
};
use crate::{
    ContactMessage, ContactQuery, ContactStatus, NotePosition,
    contact::{Letter, Message, Origin, Subject},
    lead::{FullName, Phone},
};

fn letter() -> Letter {
    Letter {
        name: FullName::parse("J\u{f6}rg \u{674e}").unwrap(),
        email: Email::parse("Joerg@b\u{fc}cher.example").unwrap(),
        phone: Phone::parse("+49 30 123456", None).ok(),
        subject: Subject::parse("'; VACUUM; --").unwrap(),
        message: Message::parse("ten \u{1f4de} or\nmore").unwrap(),
    }
}

async fn receive(scene: &Scene, seconds: i64) -> ContactMessage {
    let text = |text: &str| Some(text.to_owned());
    let ip = "2001:db8::1".parse().ok();
    let origin = Origin { ip, user_agent: text("curl/8"), referrer: text("https://example.org/\u{e4}") };
    let at = noon() + TimeDelta::seconds(seconds);
    let change = ContactMessage::receive(scene.id(), TenantId::MAIN, (letter(), origin), at);
    let message = change.state().clone();
    let mut tx = scene.begin().await;
    tx.insert_contact(change).await.unwrap();
    tx.commit().await.unwrap();
    message
}

async fn mark(scene: &Scene, message: ContactMessage, status: ContactStatus) -> ContactMessage {
    let change = message.mark(status, noon()).unwrap();
    let marked = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_contact(change).await.unwrap();
    tx.commit().await.unwrap();
    marked
}

/// A message of somebody who is this lead.
pub(super) async fn linked(scene: &Scene, lead: &crate::Lead) -> ContactMessage {
    let change = receive(scene, 0).await.link(lead.id(), noon());
    let message = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_contact(change).await.unwrap();
    tx.commit().await.unwrap();
    message
}

fn all() -> ContactQuery {
    ContactQuery { tenant: TenantId::MAIN, status: Vec::new(), after: None, rows: 100 }
}

/// What is read is what was written, by the tenant that it was written to and by no other; and a stale copy is refused.
pub async fn a_message_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let message = receive(&scene, 0).await;
    let store = &scene.fixture.store;
    assert_eq!(store.contact(TenantId::MAIN, message.id()).await.unwrap(), Some(message.clone()));
    assert_eq!(store.contact(elsewhere(), message.id()).await.unwrap(), None);
    assert_eq!(store.contacts(&ContactQuery { tenant: elsewhere(), ..all() }).await.unwrap(), []);

    let marked = mark(&scene, message.clone(), ContactStatus::Read).await;
    assert_eq!(store.contact(TenantId::MAIN, message.id()).await.unwrap(), Some(marked));
    let mut tx = scene.begin().await;
    let stale = tx.update_contact(message.mark(ContactStatus::Spam, noon()).unwrap()).await;
    assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    drop(tx);
    assert_eq!(scene.event_names().await, ["leads.contact.received", "leads.contact.status_changed"]);
}

/// Page by page, everything is shown once, newest first, also where a page ends among messages of one moment.
pub async fn pages_of_messages_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for number in 0..7 {
        let message = receive(&scene, number / 3).await;
        if number % 2 == 0 {
            mark(&scene, message, ContactStatus::Closed).await;
        }
    }
    let store = &scene.fixture.store;
    for (status, count) in
        [(vec![], 7), (vec![ContactStatus::Closed], 4), (vec![ContactStatus::Closed, ContactStatus::New], 7)]
    {
        let query = ContactQuery { status, ..all() };
        let all = store.contacts(&query).await.unwrap();
        assert_eq!(all.len(), count);
        assert!(all.is_sorted_by(|one, other| NotePosition::of_contact(one) > NotePosition::of_contact(other)));
        let mut paged = Vec::new();
        let mut page = ContactQuery { rows: 2, ..query };
        // Bounded: a store that repeats itself must fail here and not page for ever.
        while paged.len() <= all.len() {
            let rows = store.contacts(&page).await.unwrap();
            let Some(last) = rows.last() else { break };
            page.after = Some(NotePosition::of_contact(last));
            paged.extend(rows);
        }
        assert_eq!(paged, all);
    }
}

/// Whoever erases a lead erases what it wrote, and nothing else.
pub async fn messages_go_with_their_lead(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;
    let (hers, other) = (receive(&scene, 0).await, receive(&scene, 1).await);
    let mut tx = scene.begin().await;
    tx.update_contact(hers.clone().link(lead.id(), noon())).await.unwrap();
    tx.commit().await.unwrap();
    let linked = scene.fixture.store.contact(TenantId::MAIN, hers.id()).await.unwrap();
    assert_eq!(linked.unwrap().lead(), Some(lead.id()));

    let mut tx = scene.begin().await;
    tx.purge_lead(lead.purge()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.fixture.store.contacts(&all()).await.unwrap(), [other]);
}
