//! Laws of leads whose owner leaves.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{StoreError, TenantId};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    office::Office,
    scene::{elsewhere, everything, little, noon},
};
use crate::Details;

/// Whoever looks after what [`everything`] tells of.
const LEAVER: Uuid = Uuid::from_u128(7);

/// Every one of them, in however many turns, with the events that tell; those of others, and what else is known, stay.
pub async fn leads_of_whoever_left_are_nobodys(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    let mut theirs = Vec::new();
    for number in 0..3 {
        theirs.push(scene.take_in(everything(&format!("a{number}@example.org"))).await);
    }
    let bystander = Details { owner: Some(Uuid::from_u128(8)), ..little("b@example.org") };
    let bystander = scene.take_in(bystander).await;
    let away = scene.take_in(everything("gone@example.org")).await;
    let away = scene.save(away.delete(noon())).await;
    let told_before = scene.event_names().await.len();
    assert_eq!(office.leads.tenants_of_owner(LEAVER).await.unwrap(), [TenantId::MAIN]);

    let later = noon() + TimeDelta::minutes(1);
    let context = ashlar_kernel::Context { now: later, ..scene.context() };
    assert_eq!(office.leads.release(&context, LEAVER).await.unwrap(), 3);
    assert_eq!(office.leads.release(&context, LEAVER).await.unwrap(), 0, "there is nothing left to do");
    for lead in theirs {
        let released = lead.release(later).unwrap().state().clone();
        assert_eq!((released.owner(), released.version()), (None, 2));
        assert_eq!(scene.stored(&released).await, Some(released));
    }
    assert_eq!(scene.stored(&bystander).await, Some(bystander));
    assert_eq!(office.at_rest(&away).await, Some(away));
    let told = scene.event_names().await.split_off(told_before);
    assert_eq!(told, ["leads.lead.updated", "leads.lead.assigned"].repeat(3));
    assert!(office.leads.tenants_of_owner(LEAVER).await.unwrap().is_empty());
    super::stats::are_those_of_a_recount(scene).await;
}

/// Some at a time, of one tenant; a lead that is nobody's already was somebody else's doing.
pub async fn leads_are_released_some_at_a_time(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    for number in 0..3 {
        scene.take_in(everything(&format!("a{number}@example.org"))).await;
    }
    let mut tx = scene.begin().await;
    assert!(tx.leads_of(elsewhere(), LEAVER, 10).await.unwrap().is_empty());
    let some = tx.leads_of(TenantId::MAIN, LEAVER, 2).await.unwrap();
    assert_eq!(some.len(), 2);
    let changes = || some.iter().filter_map(|lead| lead.clone().release(noon())).collect::<Vec<_>>();
    tx.release_leads(changes()).await.unwrap();
    assert!(matches!(tx.release_leads(changes()).await, Err(StoreError::Stale)));
    drop(tx);

    let mut tx = scene.begin().await;
    tx.release_leads(Vec::new()).await.unwrap();
    assert_eq!(
        tx.leads_of(TenantId::MAIN, LEAVER, 10).await.unwrap().len(),
        3,
        "what is not committed was never there"
    );
}
