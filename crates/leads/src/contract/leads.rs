//! Laws of leads.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Patch, StoreError};
use chrono::TimeDelta;

use super::{
    Fixture,
    scene::{Scene, elsewhere, everything, little, noon},
};
use crate::{
    LeadPatch, LeadStatus,
    lead::{FullName, Tags},
    port::SaveLeadError,
};

/// What is read is what was written, whether much is known or little, and by every way to it.
pub async fn a_lead_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    for (email, details) in [
        ("ada@example.org", little("Ada@Example.org")),
        ("joerg@xn--bcher-kva.example", everything("joerg@b\u{fc}cher.example")),
    ] {
        let lead = scene.take_in(details).await;
        assert_eq!(scene.stored(&lead).await, Some(lead.clone()));
        assert_eq!(scene.whose(email).await, Some(lead.clone()));
        let mut tx = scene.begin().await;
        assert_eq!(tx.lead(lead.tenant(), lead.id()).await.unwrap(), Some(lead.clone()));
        drop(tx);

        let odd_moment = noon() + TimeDelta::milliseconds(12_345);
        let patch = LeadPatch { notes: Patch::Clear, tags: Tags::parse(["new"]).ok(), ..LeadPatch::default() };
        let edited = scene.save(lead.edit(patch, odd_moment).unwrap().unwrap()).await;
        assert_eq!(scene.stored(&edited).await, Some(edited));
    }
    assert_eq!(
        scene.event_names().await,
        ["created", "updated", "created", "updated"].map(|what| format!("leads.lead.{what}"))
    );
}

/// Nobody sees a lead of another tenant.
pub async fn a_lead_is_of_one_tenant(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;

    assert_eq!(scene.fixture.store.lead(elsewhere(), lead.id()).await.unwrap(), None);
    assert_eq!(scene.fixture.store.lead_at(elsewhere(), "ada@example.org").await.unwrap(), None);
    assert_eq!(scene.begin().await.lead(elsewhere(), lead.id()).await.unwrap(), None);
}

/// What is not committed was never there.
pub async fn a_dropped_unit_of_work_leaves_neither_lead_nor_event(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (change, came) = scene.newcomer(little("ada@example.org"));
    let lead = change.state().clone();
    let mut tx = scene.begin().await;
    tx.insert_lead(change, came).await.unwrap();
    drop(tx);

    assert_eq!(scene.stored(&lead).await, None);
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// Two leads of a tenant never have one address; leads without any are many.
pub async fn a_taken_address_is_reported_by_name(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let first = scene.take_in(little("ada@example.org")).await;

    let refused = scene.try_take_in(little("ADA@EXAMPLE.org")).await;
    assert!(matches!(refused, Err(SaveLeadError::Duplicate)), "{refused:?}");
    let other = scene.take_in(little("bob@example.org")).await;
    let email = first.details().email.clone().map_or(Patch::Keep, Patch::Set);
    let change = other.edit(LeadPatch { email, ..LeadPatch::default() }, noon()).unwrap().unwrap();
    let mut tx = scene.begin().await;
    assert!(matches!(tx.update_lead(change).await, Err(SaveLeadError::Duplicate)));
    drop(tx);

    for _ in 0..2 {
        let phone = everything("x@example.org").phone;
        scene.take_in(crate::Details { email: None, phone, ..little("x@example.org") }).await;
    }
}

/// Who was put away, or was none, does not stand in anybody's way.
pub async fn an_address_is_free_when_its_lead_is_put_away_or_spam(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let first = scene.take_in(little("ada@example.org")).await;
    scene.save(first.delete(noon())).await;
    assert_eq!(scene.whose("ada@example.org").await, None);
    let second = scene.take_in(little("ada@example.org")).await;
    scene.try_move(second, LeadStatus::Spam).await.unwrap();
    assert_eq!(scene.whose("ada@example.org").await, None);
    let third = scene.take_in(little("ada@example.org")).await;
    assert_eq!(scene.whose("ada@example.org").await, Some(third));
}

/// What was no spam comes back only while nobody else has its address.
pub async fn an_address_that_was_taken_meanwhile_is_not_given_back(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;
    let spam = scene.try_move(lead, LeadStatus::Spam).await.unwrap();
    scene.take_in(little("ada@example.org")).await;

    let refused = scene.try_move(spam.clone(), LeadStatus::New).await;
    assert!(matches!(refused, Err(SaveLeadError::Duplicate)), "{refused:?}");
    assert_eq!(scene.stored(&spam).await.unwrap().status(), LeadStatus::Spam);
}

/// Of two writers that began with the same copy, the second is refused and changes nothing.
pub async fn a_stale_copy_of_a_lead_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.take_in(little("ada@example.org")).await;
    let named = |name: &str| LeadPatch { full_name: FullName::parse(name).ok(), ..LeadPatch::default() };
    let saved = scene.save(copy.clone().edit(named("First"), noon()).unwrap().unwrap()).await;

    let mut tx = scene.begin().await;
    let refused = tx.update_lead(copy.clone().edit(named("Second"), noon()).unwrap().unwrap()).await;
    assert!(matches!(refused, Err(SaveLeadError::Store(StoreError::Stale))), "{refused:?}");
    drop(tx);
    let mut tx = scene.begin().await;
    assert!(matches!(tx.purge_lead(copy.purge()).await, Err(StoreError::Stale)));
    drop(tx);
    assert_eq!(scene.stored(&saved).await, Some(saved));
}

/// It is gone for those who look, and still there for those who erase.
pub async fn a_lead_that_was_put_away_is_seen_by_nobody(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;
    let away = scene.save(lead.delete(noon())).await;

    assert_eq!(scene.stored(&away).await, None);
    assert_eq!(scene.begin().await.lead(away.tenant(), away.id()).await.unwrap(), Some(away));
}

/// Nothing that was noted about it outlives it.
pub async fn an_erased_lead_leaves_nothing_but_events(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(everything("ada@example.org")).await;
    let bystander = scene.take_in(little("bob@example.org")).await;
    for lead in [&lead, &bystander] {
        let mut tx = scene.begin().await;
        tx.insert_activity(super::notes::call(&scene, lead, noon()).note()).await.unwrap();
        tx.commit().await.unwrap();
    }
    let lead = scene.stored(&lead).await.unwrap();
    let mut tx = scene.begin().await;
    tx.purge_lead(lead.clone().purge()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.begin().await.lead(lead.tenant(), lead.id()).await.unwrap(), None);
    let all = super::notes::all_of;
    let store = &scene.fixture.store;
    assert!(store.activities(all(&lead)).await.unwrap().is_empty());
    assert!(store.status_changes(all(&lead)).await.unwrap().is_empty());
    assert_eq!(store.activities(all(&bystander)).await.unwrap().len(), 1);
    assert_eq!(scene.event_names().await.last().unwrap(), "leads.lead.purged");
}
