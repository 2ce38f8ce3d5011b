//! Laws of letting bodies expire.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Change, Context, LogReader, PersonalValue, RequestId, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{Fixture, LOOKS, noon, other_tenant, races::Runner};
use crate::{
    Report,
    log::{EventFilter, EventOrder, EventQuery},
    port::SignedCheckpoint,
    retention::{Applied, Candidate, Class, Due, EVENT, Expirable, Expiry, Periods, Retention},
};

const PERIODS: Periods =
    Periods { security: TimeDelta::days(10), billing: TimeDelta::days(30), content: TimeDelta::days(2) };

/// So long after noon; everything that the laws put into the log happens within the minute after it.
fn later(days: i64) -> Timestamp {
    noon() + TimeDelta::days(days) + TimeDelta::minutes(1)
}

fn context(now: Timestamp) -> Context {
    Context::system("retention", TenantId::MAIN, RequestId::parse("retention").unwrap(), now)
}

fn search(class: Class, now: Timestamp) -> Expirable {
    Expirable { tenant: TenantId::MAIN, class, before: now - PERIODS.of(class), after: None, limit: 100 }
}

impl Fixture {
    fn periodic(&self) -> Retention {
        Retention::new(Arc::clone(&self.retention), PERIODS)
    }

    async fn apply(&self, now: Timestamp) -> (u64, u64) {
        let Applied { recorded, deleted } = self.periodic().apply(&context(now)).await.unwrap();
        (recorded, deleted)
    }

    /// The same after a turn that was dropped, which may be taken for a while yet.
    async fn apply_when_free(&self, now: Timestamp) -> (u64, u64) {
        for _look in 0..LOOKS {
            let done = self.apply(now).await;
            if done != (0, 0) {
                return done;
            }
        }
        unreachable!("nothing expires");
    }

    /// The relay has handled everything.
    async fn dispatch(&self) {
        let waiting = self.readers.pending(LogReader::Dispatch, 10_000).await.unwrap();
        let ids: Vec<Uuid> = waiting.iter().map(|event| event.id).collect();
        self.readers.handled(LogReader::Dispatch, &ids).await.unwrap();
    }

    /// Everything is sealed, and signed as far as that is; what was signed.
    async fn sign(&self) -> Vec<SignedCheckpoint> {
        self.seal_all().await;
        let heads = self.checkpoints.uncovered(100).await.unwrap();
        let signed = |head: &crate::Head| SignedCheckpoint {
            tenant: head.tenant(),
            size: head.size(),
            note: format!("note {}", head.size()),
        };
        let signed: Vec<_> = heads.iter().map(signed).collect();
        self.checkpoints.save_checkpoints(&signed, noon()).await.unwrap();
        signed
    }

    /// Everything is sealed, signed and elsewhere, and was handled by the relay.
    async fn settle(&self) {
        let signed = self.sign().await;
        self.checkpoints.mark_published(&signed, noon()).await.unwrap();
        self.dispatch().await;
    }

    /// The names of the events that are there.
    async fn names(&self, tenant: TenantId) -> Vec<String> {
        let query = EventQuery {
            tenant,
            filter: EventFilter::default(),
            order: EventOrder::OldestFirst,
            after: None,
            rows: 1_000,
            with_personal: true,
        };
        let entries = self.log.events(&query).await.unwrap();
        for entry in &entries {
            assert_eq!(self.log.event(tenant, entry.event.id, true).await.unwrap().as_ref(), Some(entry));
        }
        entries.into_iter().map(|entry| entry.event.name).collect()
    }

    /// What stands beside the log of what was sealed.
    async fn beside(&self, tenant: TenantId) -> BTreeMap<Uuid, Vec<PersonalValue>> {
        let mut snapshot = self.trail.snapshot().await.unwrap();
        let rows = snapshot.rows(tenant, 0, 1_000).await.unwrap();
        snapshot.personal(&rows.iter().map(|row| row.link.event).collect::<Vec<_>>()).await.unwrap()
    }

    async fn sound(&self, tenant: TenantId) -> (u64, u64) {
        let Report { verified, expired, breach, .. } = self.report(tenant).await;
        assert_eq!(breach, None);
        (verified, expired)
    }
}

/// First it is written down, then it goes, and the trail is as sound as before.
pub async fn what_was_kept_for_long_enough_goes_and_the_trail_is_whole(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.emit(other_tenant(), 2).await;
    fixture.read_all().await;
    fixture.settle().await;
    assert!(!fixture.beside(TenantId::MAIN).await.is_empty());
    assert_eq!(fixture.apply(noon() + PERIODS.security).await, (0, 0), "not a moment earlier");

    assert_eq!(fixture.apply(later(10)).await, (11, 0));
    assert_eq!(fixture.sound(TenantId::MAIN).await, (8, 0), "it is only written down");
    assert_eq!(fixture.names(TenantId::MAIN).await.len(), 9);
    assert_eq!(fixture.apply(later(10)).await, (0, 0), "what says so is neither sealed nor signed");
    fixture.settle().await;
    assert_eq!(fixture.apply(later(10)).await, (0, 11));

    assert_eq!(fixture.names(TenantId::MAIN).await, [EVENT]);
    assert_eq!(fixture.names(other_tenant()).await, [EVENT]);
    assert_eq!(fixture.sound(TenantId::MAIN).await, (9, 8));
    assert_eq!(fixture.sound(other_tenant()).await, (4, 3));
    assert!(fixture.beside(TenantId::MAIN).await.is_empty(), "nothing stands beside the log any more");
    fixture.emit(TenantId::MAIN, 1).await;
    fixture.seal_all().await;
    assert_eq!(fixture.sound(TenantId::MAIN).await, (10, 8), "the chain goes on");
}

/// What says that others expired stays for good.
pub async fn events_of_retention_stay(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 2).await;
    for days in [10, 2_000, 4_000] {
        fixture.settle().await;
        fixture.apply(later(days)).await;
    }
    assert_eq!(fixture.names(TenantId::MAIN).await, [EVENT]);
    assert_eq!(fixture.sound(TenantId::MAIN).await.1, 2);
}

/// Not sealed, not signed, signed but nowhere else, not handled by the relay: none of that goes.
pub async fn what_is_not_settled_stays(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 2).await;
    assert_eq!(fixture.apply(later(10)).await, (0, 0), "not sealed");
    fixture.seal_all().await;
    assert_eq!(fixture.apply(later(10)).await, (0, 0), "not signed");
    fixture.dispatch().await;
    let signed = fixture.sign().await;
    assert_eq!(fixture.apply(later(10)).await, (0, 0), "nowhere else");
    fixture.checkpoints.mark_published(&signed, noon()).await.unwrap();
    fixture.emit(TenantId::MAIN, 1).await;
    let signed = fixture.sign().await;
    fixture.checkpoints.mark_published(&signed, noon()).await.unwrap();
    fixture.emit(TenantId::MAIN, 1).await;
    fixture.seal_all().await;
    let unheard = fixture.readers.pending(LogReader::Dispatch, 10).await.unwrap();
    assert_eq!(unheard.len(), 2);
    fixture.readers.handled(LogReader::Dispatch, &[unheard[1].id]).await.unwrap();

    let due = fixture.periodic().due(later(10)).await.unwrap();

    let before = later(10) - PERIODS.security;
    assert_eq!(
        due,
        [Due { tenant: TenantId::MAIN, class: Class::Security, before, bodies: 2 }],
        "neither what the relay has not seen nor what is not signed"
    );
    assert_eq!(fixture.apply(later(10)).await, (2, 0));
    assert_eq!(fixture.periodic().due(later(10)).await.unwrap(), [], "it is written down already");
}

/// A period is that of a class, and bodies are found in the order of time, page by page.
pub async fn bodies_are_found_by_class_in_the_order_of_time(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 5).await;
    fixture.emit(other_tenant(), 1).await;
    fixture.settle().await;
    let now = later(5_000);
    for class in [Class::Billing, Class::Content, Class::Other] {
        assert_eq!(fixture.retention.expirable(&search(class, now)).await.unwrap(), []);
    }
    let all = fixture.retention.expirable(&search(Class::Security, now)).await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by_key(|candidate| candidate.at));
    let mut read = Vec::new();
    for _page in 0..=all.len() {
        let after = read.last().map(|candidate: &Candidate| candidate.at);
        let page = Expirable { after, limit: 1, ..search(Class::Security, now) };
        read.extend(fixture.retention.expirable(&page).await.unwrap());
    }
    assert_eq!(read, all);
    let mut tenants = fixture.retention.covered_tenants().await.unwrap();
    tenants.sort_unstable();
    let mut expected = [TenantId::MAIN, other_tenant()];
    expected.sort_unstable();
    assert_eq!(tenants, expected);
}

/// Dropping a turn is as if it had not been, before either step.
pub async fn a_dropped_turn_lets_nothing_expire(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.settle().await;
    let now = later(10);
    let by = search(Class::Security, now);
    let found = fixture.retention.expirable(&by).await.unwrap();
    let expiry = Expiry::of(TenantId::MAIN, (by.class, by.before), &found).unwrap();
    let event = expiry.event();
    let mut tx = fixture.retention.begin_retention(&context(now)).await.unwrap().unwrap();
    assert_eq!(tx.unrecorded(TenantId::MAIN, found.clone()).await.unwrap(), found);
    tx.record(Change::new(expiry, event)).await.unwrap();
    assert_eq!(tx.unrecorded(TenantId::MAIN, found.clone()).await.unwrap(), []);
    drop(tx);
    assert_eq!(fixture.names(TenantId::MAIN).await.len(), 3);

    assert_eq!(fixture.apply_when_free(now).await, (3, 0));
    fixture.settle().await;
    let mut tx = fixture.retention.begin_retention(&context(now)).await.unwrap().unwrap();
    assert_eq!(tx.delete_recorded().await.unwrap(), Some(3));
    assert_eq!(tx.delete_recorded().await.unwrap(), None);
    drop(tx);
    assert_eq!(fixture.names(TenantId::MAIN).await.len(), 4);
    assert_eq!(fixture.apply_when_free(now).await, (0, 3));
    assert_eq!(fixture.sound(TenantId::MAIN).await, (4, 3));
}

/// A store that has places makes those that are missing, and gives none up in which there is something to keep.
pub async fn places_are_made_once_and_no_event_goes_with_one(fixture: Fixture) {
    let periodic = fixture.periodic();
    periodic.make_places().await.unwrap();
    assert_eq!(periodic.make_places().await.unwrap(), 0, "they are there");
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.settle().await;

    assert_eq!(fixture.retention.drop_places().await.unwrap(), 0);

    assert_eq!(fixture.names(TenantId::MAIN).await.len(), 3);
    assert_eq!(periodic.make_places().await.unwrap(), 0, "still");
}

async fn apply_again_and_again(retention: &Retention) {
    for _try in 0..5 {
        let outcome = retention.apply(&context(later(10))).await;
        // Losing a race is no failure.
        let lost = matches!(outcome, Err(StoreError::Contended(_)));
        assert!(lost || outcome.is_ok(), "{outcome:?}");
    }
}

/// Several at once write each body down once, and delete it once.
pub async fn racing_runs_let_each_body_expire_once<F>(fixture: Fixture, start: impl Fn(Vec<Runner>) -> F)
where
    F: Future<Output = ()>,
{
    fixture.emit(TenantId::MAIN, 7).await;
    fixture.emit(other_tenant(), 4).await;
    for _night in 0..2 {
        fixture.settle().await;
        let run = |_number| {
            let retention = fixture.periodic();
            Box::pin(async move { apply_again_and_again(&retention).await }) as Runner
        };
        start((0..4).map(run).collect()).await;
    }
    fixture.settle().await;
    fixture.apply(later(10)).await;

    assert_eq!(fixture.names(TenantId::MAIN).await, [EVENT], "once, and together");
    assert_eq!(fixture.names(other_tenant()).await, [EVENT]);
    assert_eq!(fixture.sound(TenantId::MAIN).await, (8, 7));
    assert_eq!(fixture.sound(other_tenant()).await, (5, 4));
}
