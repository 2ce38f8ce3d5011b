//! Laws of leads that are added one by one, each with its own circumstances, and several at a time.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::{collections::BTreeSet, sync::Arc};

use ashlar_kernel::{
    ClaimedRequest, Context, IdempotencyKey, LogReader, Receipt, RequestName, StoreError, StoredAnswer, TenantId,
};
use uuid::Uuid;

use super::{
    Fixture, Runner, StartRace,
    scene::{Scene, everything, little, noon},
};
use crate::{LeadStatus, lead::FullName, port::SaveLeadError};

const RUNNERS: usize = 60;

/// The answer to a request that nobody has made.
fn receipt() -> Receipt {
    let key = IdempotencyKey::parse("unheard-of").unwrap();
    let name = RequestName { tenant: TenantId::MAIN, caller: "anonymous:7".to_owned(), key };
    let answer = StoredAnswer { status: 202, headers: Vec::new(), body: String::new() };
    Receipt { claimed: ClaimedRequest { name, token: Uuid::from_u128(7) }, answer }
}

/// A lead that was added is there with its history and its event, which tells of the circumstances.
pub async fn an_added_lead_is_whole(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let (change, came) = scene.newcomer(everything("ada@example.org"));
    let lead = change.state().clone();
    let context = Context { client_ip: "203.0.113.9".parse().ok(), ..scene.context() };
    scene.fixture.store.add_lead(&context, (change, came.clone()), None).await.unwrap();

    assert_eq!(scene.stored(&lead).await, Some(lead.clone()));
    let history = scene.fixture.store.status_changes(super::notes::all_of(&lead)).await.unwrap();
    assert_eq!(history, [came]);
    let events = scene.fixture.log.pending(LogReader::Seal, 10).await.unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.name.as_str(), event.tenant), ("leads.lead.created", TenantId::MAIN));
    assert_eq!((event.request_id.clone(), event.occurred_at), (context.request_id.to_string(), noon()));
    assert!(event.source.ip.is_some());
}

/// A lead that is refused, or whose answer cannot be remembered, leaves nothing.
pub async fn a_lead_that_is_not_added_leaves_nothing(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let first = scene.take_in(little("ada@example.org")).await;

    let taken = scene.newcomer(little(" ADA@example.org"));
    let refused = scene.fixture.store.add_lead(&scene.context(), taken, None).await;
    assert!(matches!(refused, Err(SaveLeadError::Duplicate)), "{refused:?}");
    let unheard_of = scene.newcomer(little("bob@example.org"));
    let refused = scene.fixture.store.add_lead(&scene.context(), unheard_of, Some(receipt())).await;
    assert!(matches!(refused, Err(SaveLeadError::Store(StoreError::Stale))), "{refused:?}");

    assert_eq!(scene.whose("ada@example.org").await, Some(first));
    assert_eq!(scene.whose("bob@example.org").await, None);
    assert_eq!(scene.event_names().await, ["leads.lead.created"]);
}

/// What becomes of one is nothing to the others: of those who come at once each is added, refused or fails by itself, and
/// has its own circumstances.
pub async fn racing_newcomers_have_each_their_own_outcome(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let taken = scene.take_in(little("taken@example.org")).await;
    let email = |number: usize| match number % 3 {
        0 => "taken@example.org".to_owned(),
        1 => format!("unheard-of{number}@example.org"),
        _ => format!("ada{number}@example.org"),
    };
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        Box::pin(async move {
            let newcomer = scene.newcomer(little(&email(number)));
            let answer = (number % 3 == 1).then(receipt);
            let outcome = scene.fixture.store.add_lead(&scene.context(), newcomer, answer).await;
            match (number % 3, outcome) {
                (0, Err(SaveLeadError::Duplicate)) | (1, Err(SaveLeadError::Store(StoreError::Stale))) => false,
                (2, Ok(())) => true,
                (_, other) => panic!("the outcome of another: {other:?}"),
            }
        }) as Runner
    });
    let added = start(runners.collect()).await.into_iter().filter(|is_in| *is_in).count();

    assert_eq!(added, RUNNERS / 3);
    for number in 0..RUNNERS {
        let is_there = scene.whose(&email(number)).await.is_some();
        assert_eq!(is_there, number % 3 != 1, "{}", email(number));
    }
    let events = scene.fixture.log.pending(LogReader::Seal, 1_000).await.unwrap();
    let requests: BTreeSet<_> = events.iter().map(|event| event.request_id.clone()).collect();
    assert_eq!((events.len(), requests.len()), (added + 1, added + 1), "each has its own event");
    assert_eq!(scene.stored(&taken).await.unwrap().status(), LeadStatus::New);
}

/// Of newcomers with one address that come at once one is added, whatever else they say.
pub async fn racing_newcomers_of_one_address_leave_one(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let runners = (0..RUNNERS).map(|number| {
        let scene = Arc::clone(&scene);
        Box::pin(async move {
            let mut details = little("ada@example.org");
            details.full_name = FullName::parse(&format!("Ada the {number}th")).unwrap();
            let newcomer = scene.newcomer(details);
            match scene.fixture.store.add_lead(&scene.context(), newcomer, None).await {
                Ok(()) => true,
                Err(SaveLeadError::Duplicate) => false,
                Err(other) => panic!("neither added nor refused: {other:?}"),
            }
        }) as Runner
    });

    let added = start(runners.collect()).await.into_iter().filter(|is_in| *is_in).count();
    assert_eq!(added, 1);
    assert_eq!(scene.event_names().await, ["leads.lead.created"]);
}
