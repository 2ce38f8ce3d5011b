//! Laws of mergers.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Patch, StoreError, TenantId};

use super::{
    Fixture, Runner, StartRace,
    office::Office,
    scene::{elsewhere, everything, little, noon},
};
use crate::{
    Activity, ActivityKind, ClientError, ClientForm, ConvertLead, EditLead, EditLeadInput, Lead, LeadError, LeadStatus,
    client::{Client, ClientDetails},
    lead::{Preferences, ShortLine},
    port::SaveLeadError,
};

const RUNNERS: usize = 10;

async fn qualified(office: &Office, email: &str) -> Lead {
    let lead = office.scene.take_in(little(email)).await;
    office.scene.try_move(lead, LeadStatus::Qualified).await.unwrap()
}

/// Makes a client of a lead by hand.
async fn convert(office: &Office, lead: Lead) -> (Lead, Client) {
    let details = ClientDetails {
        company_name: ShortLine::parse("Engines").unwrap(),
        legal_name: None,
        tax_id: None,
        billing_email: None,
        address: None,
        notes: None,
    };
    let client = Client::create(office.scene.id(), lead.tenant(), Some(lead.id()), details, noon());
    let won = office.scene.moved(&lead, Some(lead.status()), LeadStatus::Won);
    let change = lead.convert(client.state().id(), noon()).unwrap();
    let made = (change.state().clone(), client.state().clone());
    let mut tx = office.scene.begin().await;
    tx.move_lead(change, won).await.unwrap();
    tx.insert_client(client).await.unwrap();
    tx.commit().await.unwrap();
    made
}

fn plain() -> ConvertLead {
    ConvertLead { client: ClientForm::default(), contract: None, once: None }
}

/// What was done about the others, how they were moved and which client one of them was is the one's that stays; the others
/// are gone, and every lead stands where its newest note says.
pub async fn what_was_noted_goes_along(fixture: Fixture) {
    let office = Office::over(fixture);
    let (scene, store) = (&office.scene, &office.scene.fixture.store);
    let primary = scene.take_in(everything("ada@example.org")).await;
    let second = scene.take_in(little("ada+2@example.org")).await;
    let (third, client) = convert(&office, qualified(&office, "ada+3@example.org").await).await;
    let mut tx = scene.begin().await;
    tx.insert_activity(super::notes::call(scene, &second, noon()).note()).await.unwrap();
    tx.commit().await.unwrap();
    let message = super::contacts::linked(scene, &third).await;

    let told = office.merge(&primary, &[&second, &third], &[("email", &third)]).await.unwrap();
    let merged = scene.stored(&primary).await.unwrap();
    assert_eq!(merged, told.merged.primary);
    assert_eq!((merged.status(), merged.converted_at()), (LeadStatus::Won, Some(noon())));
    assert_eq!((merged.version(), merged.last_contacted_at()), (2, Some(noon())), "spoken to when the second was");
    assert_eq!(scene.whose("ada+3@example.org").await, Some(merged.clone()));
    for address in ["ada@example.org", "ada+2@example.org"] {
        scene.take_in(little(address)).await;
    }
    for away in [&second, &third] {
        assert_eq!(scene.stored(away).await, None);
        let at_rest = office.at_rest(away).await.unwrap();
        assert_eq!((at_rest.merged_into(), at_rest.converted_at()), (Some(primary.id()), None));
        assert!(store.activities(super::notes::all_of(away)).await.unwrap().is_empty());
        let moves = store.status_changes(super::notes::all_of(away)).await.unwrap();
        assert_eq!(moves.iter().map(|moved| moved.to).collect::<Vec<_>>(), [at_rest.status()]);
    }
    let kinds = |notes: Vec<Activity>| notes.iter().map(|note| note.kind).collect::<Vec<_>>();
    let notes = store.activities(super::notes::all_of(&primary)).await.unwrap();
    assert_eq!(kinds(notes), [ActivityKind::Merge, ActivityKind::Merge, ActivityKind::Call]);
    let history = store.status_changes(super::notes::all_of(&primary)).await.unwrap();
    assert_eq!(
        (history.len(), history[0].to),
        (1 + 1 + 3 + 1, LeadStatus::Won),
        "its own, theirs, and that they were merged"
    );
    assert_eq!(store.client_of(TenantId::MAIN, third.id()).await.unwrap(), None);
    let theirs = store.client_of(TenantId::MAIN, primary.id()).await.unwrap().unwrap();
    assert_eq!((theirs.id(), theirs.version()), (client.id(), client.version() + 1));
    let message = store.contact(TenantId::MAIN, message.id()).await.unwrap().unwrap();
    assert_eq!(message.lead(), Some(primary.id()));
    let events = scene.event_names().await;
    assert!(events.contains(&"leads.lead.merged".to_owned()), "{events:?}");
}

/// A stale copy, a lead that is not there and a second client leave everything as it is.
pub async fn a_merger_is_whole_or_not_at_all(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    let (first, second) = (qualified(&office, "a@example.org").await, qualified(&office, "b@example.org").await);
    let (first, _) = convert(&office, first).await;
    let (second, _) = convert(&office, second).await;
    let gone = scene.take_in(little("c@example.org")).await;
    let gone = scene.save(gone.delete(noon())).await;
    let before = scene.event_names().await.len();

    let both = office.merge(&first, &[&second], &[]).await;
    assert!(matches!(both, Err(LeadError::TwoClients)), "{both:?}");
    for (primary, others) in [(&first, [&gone]), (&gone, [&first])] {
        assert!(matches!(office.merge(primary, &others, &[]).await, Err(LeadError::NotFound(_))));
    }
    let theirs = scene.begin().await.leads_to_merge(elsewhere(), &[first.id(), second.id()]).await.unwrap();
    assert!(theirs.is_empty(), "nobody merges leads of another tenant");
    assert_eq!(scene.event_names().await.len(), before);
    assert_eq!(scene.stored(&first).await, Some(first));

    let (copy, other) = (scene.take_in(little("d@example.org")).await, scene.take_in(little("e@example.org")).await);
    let edit = crate::LeadPatch { source: Some(crate::Source::Phone), ..crate::LeadPatch::default() };
    scene.save(copy.clone().edit(edit, noon()).unwrap().unwrap()).await;
    let outcome = copy.merge(vec![other.clone()], &Preferences::new(), noon()).unwrap();
    let merger = crate::lead::Merger {
        id: scene.id(),
        by: uuid::Uuid::nil(),
        at: noon(),
        merged: outcome,
        moves: vec![],
        notes: vec![],
    };
    let mut tx = scene.begin().await;
    let stale = tx.merge_leads(merger.conclude()).await;
    assert!(matches!(stale, Err(SaveLeadError::Store(StoreError::Stale))), "{stale:?}");
    drop(tx);
    assert_eq!(scene.stored(&other).await, Some(other));
}

/// The address of a part is free for the one that stays, and not if somebody else holds it.
pub async fn the_address_of_a_part_may_be_taken(fixture: Fixture) {
    let office = Office::over(fixture);
    let scene = &office.scene;
    let primary = scene.take_in(little("a@example.org")).await;
    let spam = scene.take_in(little("b@example.org")).await;
    let spam = scene.try_move(spam, LeadStatus::Spam).await.unwrap();
    let holder = scene.take_in(little("b@example.org")).await;

    let refused = office.merge(&primary, &[&spam], &[("email", &spam)]).await;
    assert!(matches!(refused, Err(LeadError::Duplicate { .. })), "{refused:?}");
    assert_eq!(scene.stored(&spam).await, Some(spam.clone()));
    office.merge(&primary, &[&spam, &holder], &[("email", &holder)]).await.unwrap();
    assert_eq!(scene.whose("b@example.org").await.map(|lead| lead.id()), Some(primary.id()));
}

/// The numbers are those of a recount.
pub async fn numbers_follow_mergers(fixture: Fixture) {
    let office = Office::over(fixture);
    let primary = office.scene.take_in(little("a@example.org")).await;
    let second = office.scene.take_in(everything("b@example.org")).await;
    let (third, _) = convert(&office, qualified(&office, "c@example.org").await).await;
    office.scene.take_in(everything("d@example.org")).await;
    office.merge(&primary, &[&second, &third], &[("source", &second)]).await.unwrap();
    super::stats::are_those_of_a_recount(&office.scene).await;
}

/// However many make a lead a part of theirs at once, one does.
pub async fn racing_mergers_of_one_lead_have_one_winner(fixture: Fixture, start: StartRace) {
    let office = Arc::new(Office::over(fixture));
    let wanted = office.scene.take_in(everything("wanted@example.org")).await;
    let mut runners: Vec<Runner> = Vec::new();
    for number in 0..RUNNERS {
        let primary = office.scene.take_in(little(&format!("n{number}@example.org"))).await;
        let (office, wanted) = (Arc::clone(&office), wanted.clone());
        runners.push(Box::pin(async move {
            match office.merge(&primary, &[&wanted], &[]).await {
                Ok(_) => true,
                Err(LeadError::NotFound(_)) => false,
                Err(other) => panic!("neither merged nor too late: {other:?}"),
            }
        }));
    }

    let winners = start(runners).await.into_iter().filter(|has_won| *has_won).count();
    assert_eq!(winners, 1);
    let merged = office.scene.event_names().await.into_iter().filter(|name| name == "leads.lead.merged").count();
    assert_eq!(merged, 1);
    super::stats::are_those_of_a_recount(&office.scene).await;
}

/// Neither is lost: the edit is made on top of the merger, or the merger on top of the edit.
pub async fn a_merger_and_an_edit_are_one_after_the_other(fixture: Fixture, start: StartRace) {
    let office = Arc::new(Office::over(fixture));
    for round in 0..5 {
        let primary = office.scene.take_in(little(&format!("p{round}@example.org"))).await;
        let other = office.scene.take_in(everything(&format!("o{round}@example.org"))).await;
        let (one, two) = (Arc::clone(&office), Arc::clone(&office));
        let (id, lead) = (primary.id(), primary.clone());
        let runners: Vec<Runner> = vec![
            Box::pin(async move { one.merge(&lead, &[&other], &[]).await.is_ok() }),
            Box::pin(async move {
                let input = EditLeadInput { notes: Patch::Set("edited".to_owned()), ..EditLeadInput::default() };
                two.leads.edit(&two.boss(), id, EditLead { input, if_version: None }).await.is_ok()
            }),
        ];
        assert_eq!(start(runners).await, [true, true]);
        let both = office.scene.stored(&primary).await.unwrap();
        let notes = both.details().notes.as_ref().map(|notes| notes.as_str().to_owned());
        assert_eq!((notes.as_deref(), both.version()), (Some("edited"), 3));
        assert!(both.details().company_name.is_some(), "of the other");
    }
}

/// Who converts a lead while it becomes a part of another is too late, or the client is the other's.
pub async fn a_merger_and_a_conversion_leave_one_client(fixture: Fixture, start: StartRace) {
    let office = Arc::new(Office::over(fixture));
    for round in 0..5 {
        let primary = office.scene.take_in(little(&format!("p{round}@example.org"))).await;
        let other = qualified(&office, &format!("o{round}@example.org")).await;
        let (one, two) = (Arc::clone(&office), Arc::clone(&office));
        let (id, lead, part) = (other.id(), primary.clone(), other.clone());
        let runners: Vec<Runner> = vec![
            Box::pin(async move { one.merge(&lead, &[&part], &[]).await.is_ok() }),
            Box::pin(async move {
                match two.leads.convert(&two.boss(), id, plain()).await {
                    Ok(_) => true,
                    Err(ClientError::Lead(LeadError::NotFound(_))) => false,
                    Err(other) => panic!("neither converted nor too late: {other:?}"),
                }
            }),
        ];
        let outcomes = start(runners).await;
        assert!(outcomes[0], "nothing stands against the merger");
        let merged = office.scene.stored(&primary).await.unwrap();
        let store = &office.scene.fixture.store;
        let client = store.client_of(TenantId::MAIN, primary.id()).await.unwrap();
        assert_eq!((client.is_some(), merged.converted_at().is_some()), (outcomes[1], outcomes[1]));
        assert_eq!(store.client_of(TenantId::MAIN, other.id()).await.unwrap(), None);
    }
}
