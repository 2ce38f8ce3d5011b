//! What many do at once.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::StoreError;

use super::{
    Fixture, Runner, StartRace,
    scene::{Scene, little},
};
use crate::{LeadStatus, port::SaveLeadError};

const RUNNERS: usize = 20;

fn runner(run: impl Future<Output = bool> + Send + 'static) -> Runner {
    Box::pin(run)
}

fn winners(outcomes: &[bool]) -> usize {
    outcomes.iter().filter(|has_won| **has_won).count()
}

/// However many come with one address at once, one lead is made of them.
pub async fn racing_leads_of_one_address_leave_one(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        let email = if number % 2 == 0 { "ada@example.org" } else { " ADA@EXAMPLE.ORG" };
        runner(async move {
            match scene.try_take_in(little(email)).await {
                Ok(_) => true,
                Err(SaveLeadError::Duplicate) => false,
                Err(other) => panic!("neither saved nor refused: {other:?}"),
            }
        })
    });

    assert_eq!(winners(&start(runners.collect()).await), 1);
    assert_eq!(scene.event_names().await, ["leads.lead.created"]);
}

/// However many move one lead at once, one does.
pub async fn racing_moves_of_one_lead_have_one_winner(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let copy = scene.take_in(little("ada@example.org")).await;
    let runners = (0..RUNNERS).map(|number| {
        let (scene, copy) = (Arc::clone(&scene), copy.clone());
        let to = if number % 2 == 0 { LeadStatus::Contacted } else { LeadStatus::Qualified };
        runner(async move {
            match scene.try_move(copy, to).await {
                Ok(_) => true,
                Err(SaveLeadError::Store(StoreError::Stale)) => false,
                Err(other) => panic!("neither moved nor stale: {other:?}"),
            }
        })
    });

    assert_eq!(winners(&start(runners.collect()).await), 1);
    assert_eq!(scene.stored(&copy).await.unwrap().version(), 2);
    let changes = scene.fixture.store.status_changes(super::notes::all_of(&copy)).await.unwrap();
    assert_eq!(changes.len(), 2);
}
