//! Laws of what is noted about leads.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{Patch, StoreError, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, elsewhere, little, noon},
};
use crate::{
    Activity, ActivityKind, Lead, LeadPatch, LeadStatus, NotePosition, NoteQuery,
    lead::{MovePower, Notes},
    port::SaveLeadError,
};

/// They spoke at `at`.
pub(super) fn call(scene: &Scene, lead: &Lead, at: Timestamp) -> Activity {
    Activity {
        id: scene.id(),
        tenant: lead.tenant(),
        lead: lead.id(),
        kind: ActivityKind::Call,
        body: Notes::parse("said \"yes\" \u{1f44d}").ok(),
        actor: Some(Uuid::from_u128(5)),
        at,
    }
}

pub(super) const fn all_of(lead: &Lead) -> NoteQuery {
    NoteQuery { tenant: lead.tenant(), lead: lead.id(), after: None, rows: 100 }
}

/// The newest move says where a lead stands.
pub async fn a_lead_stands_where_its_history_says(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let mut lead = scene.take_in(little("ada@example.org")).await;
    scene.take_in(little("bob@example.org")).await;
    for to in [LeadStatus::Contacted, LeadStatus::Proposal, LeadStatus::Lost, LeadStatus::Contacted] {
        lead = scene.try_move(lead, to).await.unwrap();
        assert_eq!(scene.stored(&lead).await, Some(lead.clone()));
        let newest = scene.fixture.store.status_changes(NoteQuery { rows: 1, ..all_of(&lead) }).await.unwrap();
        assert_eq!(newest[0].to, to);
    }
    let history = scene.fixture.store.status_changes(all_of(&lead)).await.unwrap();
    let moves: Vec<_> = history.iter().rev().map(|change| (change.from, change.to)).collect();
    assert_eq!(moves[0], (None, LeadStatus::New));
    assert!(moves.windows(2).all(|pair| Some(pair[0].1) == pair[1].0), "{moves:?}");
    assert_eq!(history[0].reason.as_ref().unwrap().as_str(), "because \u{e4}");
    assert_eq!(history[0].actor, Some(Uuid::from_u128(9)));
    assert!(
        scene
            .fixture
            .store
            .status_changes(NoteQuery { tenant: elsewhere(), ..all_of(&lead) })
            .await
            .unwrap()
            .is_empty()
    );
}

/// Who was faster has moved it.
pub async fn a_move_from_elsewhere_is_stale(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let copy = scene.take_in(little("ada@example.org")).await;
    scene.try_move(copy.clone(), LeadStatus::Contacted).await.unwrap();

    let late = scene.try_move(copy.clone(), LeadStatus::Spam).await;
    assert!(matches!(late, Err(SaveLeadError::Store(StoreError::Stale))), "{late:?}");
    // The right version does not make up for the wrong place.
    let stored = scene.stored(&copy).await.unwrap();
    let moved = scene.moved(&stored, Some(LeadStatus::New), LeadStatus::Qualified);
    let change = stored.move_to(LeadStatus::Qualified, None, MovePower::default(), noon()).unwrap();
    let mut tx = scene.begin().await;
    let wrong = tx.move_lead(change, moved).await;
    assert!(matches!(wrong, Err(SaveLeadError::Store(StoreError::Stale))), "{wrong:?}");
}

/// What is read is what was written, and speaking to a lead is noted on it without making a copy stale.
pub async fn what_was_done_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;
    let late = noon() + TimeDelta::milliseconds(1_001);
    let touch = Activity { kind: ActivityKind::FormTouch, body: None, actor: None, ..call(&scene, &lead, noon()) };
    let calls = [call(&scene, &lead, late), call(&scene, &lead, noon())];
    for activity in [&touch, &calls[0], &calls[1]] {
        let mut tx = scene.begin().await;
        tx.insert_activity(activity.clone().note()).await.unwrap();
        tx.commit().await.unwrap();
    }

    let found = scene.fixture.store.activities(all_of(&lead)).await.unwrap();
    let [first, second] = calls;
    assert_eq!(found, [first, second, touch]);
    let stored = scene.stored(&lead).await.unwrap();
    assert_eq!((stored.last_contacted_at(), stored.version()), (Some(late), 1), "the latest counts");
    let patch = LeadPatch { notes: Patch::Set(Notes::parse("old copy").unwrap()), ..LeadPatch::default() };
    scene.save(lead.clone().edit(patch, late).unwrap().unwrap()).await;
    assert_eq!(scene.stored(&lead).await.unwrap().last_contacted_at(), Some(late), "an old copy does not undo it");
    let other = NoteQuery { tenant: elsewhere(), ..all_of(&lead) };
    assert!(scene.fixture.store.activities(other).await.unwrap().is_empty());
}

/// Page by page, everything is shown once, newest first, also where a page ends among notes of one moment.
pub async fn pages_of_notes_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let lead = scene.take_in(little("ada@example.org")).await;
    let mut tx = scene.begin().await;
    for number in 0..13_i64 {
        let at = noon() + TimeDelta::milliseconds(number / 4);
        tx.insert_activity(call(&scene, &lead, at).note()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let all = scene.fixture.store.activities(all_of(&lead)).await.unwrap();
    let place = |entry: &Activity| NotePosition { at: entry.at, id: entry.id.as_uuid() };
    assert!(all.len() == 13 && all.is_sorted_by(|newer, older| place(newer) > place(older)));

    for size in [1, 3, 5, 13] {
        let mut paged = Vec::new();
        let mut page = NoteQuery { rows: size, ..all_of(&lead) };
        // Bounded: a store that repeats itself must fail here and not page for ever.
        while paged.len() <= all.len() {
            let entries = scene.fixture.store.activities(page).await.unwrap();
            let Some(last) = entries.last() else { break };
            page.after = Some(place(last));
            paged.extend(entries);
        }
        assert_eq!(paged, all, "pages of {size}");
    }
}
