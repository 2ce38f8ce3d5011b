//! Trails of which bodies have expired, by rights and otherwise.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{DomainEvent as _, PersonalValue, StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use futures::executor::block_on;
use proptest::prelude::*;
use uuid::Uuid;

use super::super::{
    Body, SealedRow, Tampering,
    tests::{Trail, event, seal},
    verify_trail_since,
};
use crate::{
    Checkpoint, Digest32, Head,
    log::EventPosition,
    port::{TrailSnapshot, Unsealed},
    retention::{Candidate, Class, Expiry},
};

/// How many events there are before anything expires, and behind that.
const EVENTS: u64 = 30;

/// A trail of which bodies have expired in two turns, the one between the others.
struct Expired {
    trail: Trail,
    /// The numbers of the bodies that are gone, by turn.
    gone: [BTreeSet<u64>; 2],
    /// The events that say so.
    by: [Uuid; 2],
}

fn place(seq: u64) -> usize {
    usize::try_from(seq).unwrap() - 1
}

/// The event that says that these expire.
fn retention(trail: &Trail, number: u64, seqs: &BTreeSet<u64>) -> ashlar_kernel::EventRecord {
    let candidate = |seq: &u64| {
        let link = trail.rows[place(*seq)].link;
        Candidate { at: EventPosition { at: Timestamp::UNIX_EPOCH, id: link.event }, seq: *seq, leaf: link.leaf }
    };
    let candidates: Vec<_> = seqs.iter().map(candidate).collect();
    let expiry = Expiry::of(TenantId::MAIN, (Class::Other, Timestamp::UNIX_EPOCH), &candidates).unwrap();
    let said = expiry.event();
    ashlar_kernel::EventRecord {
        name: said.name().to_owned(),
        data: serde_json::to_value(&said).unwrap(),
        ..event(number)
    }
}

/// Whoever of `turns` (the first, the second, or neither) each event expires in.
fn expired(turns: &[u8]) -> Expired {
    let plain: Vec<_> = (1..=EVENTS).map(event).collect();
    let before = seal(&plain);
    let of = |turn: u8| (1..).zip(turns).filter(|(_, of)| **of == turn).map(|(seq, _)| seq).collect::<BTreeSet<u64>>();
    let gone = [of(1), of(2)];
    let mut events = plain;
    for (number, seqs) in [(1_001, &gone[0]), (1_002, &gone[1])] {
        let said = if seqs.is_empty() { event(number) } else { retention(&before, number, seqs) };
        events.extend([said, event(number + 100)]);
    }
    let by = [1_001_u128, 1_002].map(Uuid::from_u128);
    let mut trail = seal(&events);
    for (seqs, by) in gone.iter().zip(by) {
        for seq in seqs {
            let row = &mut trail.rows[place(*seq)];
            (row.body, row.expired_by) = (Body::Gone, Some(by));
        }
    }
    Expired { trail, gone, by }
}

fn turns() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0_u8..3, place(EVENTS + 1))
}

/// The same where something expires and something stays.
fn busy_turns() -> impl Strategy<Value = Vec<u8>> {
    turns().prop_filter("all three", |turns| (0..3).all(|turn| turns.contains(&turn)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bodies_that_expired_are_counted_and_raise_no_alarm(turns in turns()) {
        let Expired { trail, gone, .. } = expired(&turns);
        let report = trail.report();
        prop_assert_eq!(report.breach, None);
        prop_assert_eq!(report.expired, u64::try_from(gone[0].len() + gone[1].len()).unwrap());
        prop_assert_eq!((report.verified, report.root), (trail.head.size(), trail.head.root()));
    }

    #[test]
    fn a_body_that_goes_along_with_them_is_missed(turns in busy_turns(), which: prop::sample::Index, second: bool) {
        let Expired { mut trail, gone, by } = expired(&turns);
        let others: Vec<u64> = (1..=EVENTS).filter(|seq| !gone.iter().any(|seqs| seqs.contains(seq))).collect();
        let seq = *which.get(&others);
        let row = &mut trail.rows[place(seq)];
        (row.body, row.expired_by) = (Body::Gone, Some(by[usize::from(second)]));
        let breach = trail.report().breach.unwrap();
        prop_assert_eq!(breach.kind, Tampering::Deleted);
        prop_assert!(breach.seq.unwrap() <= seq && seq <= breach.until.unwrap(), "{}", breach);
    }

    #[test]
    fn one_body_instead_of_another_is_missed(turns in busy_turns(), which: prop::sample::Index) {
        let Expired { mut trail, gone, by } = expired(&turns);
        let others: Vec<u64> = (1..=EVENTS).filter(|seq| !gone.iter().any(|seqs| seqs.contains(seq))).collect();
        let (seq, kept) = (*which.get(&others), *gone[0].first().unwrap());
        trail.rows[place(kept)].body = event(kept).into();
        trail.rows[place(kept)].expired_by = None;
        let row = &mut trail.rows[place(seq)];
        (row.body, row.expired_by) = (Body::Gone, Some(by[0]));
        prop_assert_eq!(trail.report().breach.map(|breach| breach.kind), Some(Tampering::Deleted));
    }

    #[test]
    fn a_body_that_nothing_accounts_for_is_missed_at_its_place(turns in busy_turns(), which: prop::sample::Index) {
        let Expired { mut trail, gone, .. } = expired(&turns);
        let seqs: Vec<u64> = gone.iter().flatten().copied().collect();
        let seq = *which.get(&seqs);
        trail.rows[place(seq)].expired_by = None;
        prop_assert_eq!(trail.found(), (Tampering::Deleted, Some(seq)));
    }

    #[test]
    fn events_that_are_not_there_account_for_nothing(turns in busy_turns(), known: bool) {
        let Expired { mut trail, gone, by } = expired(&turns);
        // An event that is no event of retention, or none at all.
        let other = if known { Uuid::from_u128(1_102) } else { Uuid::from_u128(4_711) };
        for row in trail.rows.iter_mut().filter(|row| row.expired_by == Some(by[1])) {
            row.expired_by = Some(other);
        }
        prop_assert_eq!(trail.found(), (Tampering::Deleted, gone[1].first().copied()));
    }

    #[test]
    fn an_event_of_retention_that_is_changed_or_gone_is_named(turns in busy_turns(), is_gone: bool) {
        let Expired { mut trail, .. } = expired(&turns);
        let seq = EVENTS + 1;
        let row = &mut trail.rows[place(seq)];
        let kind = if is_gone { Tampering::Deleted } else { Tampering::Modified };
        match &mut row.body {
            body if is_gone => *body = Body::Gone,
            Body::Event(event) => event.data["count"] = 1_000.into(),
            other => panic!("{other:?}"),
        }
        prop_assert_eq!(trail.found(), (kind, Some(seq)));
    }

    #[test]
    fn bodies_that_expire_and_are_still_there_raise_no_alarm(turns in busy_turns()) {
        let Expired { mut trail, gone, .. } = expired(&turns);
        for seq in &gone[1] {
            trail.rows[place(*seq)].body = event(*seq).into();
        }
        let report = trail.report();
        prop_assert_eq!((report.breach, report.expired), (None, u64::try_from(gone[0].len()).unwrap()));
        let wrong = gone[1].first().unwrap();
        trail.rows[place(*wrong)].body = event(999).into();
        prop_assert_eq!(trail.found(), (Tampering::Modified, Some(*wrong)));
    }

    #[test]
    fn what_follows_any_checkpoint_verifies_whatever_has_expired(turns in turns()) {
        let Expired { trail, .. } = expired(&turns);
        for since in &trail.checkpoints {
            let report = since_report(&trail, since);
            prop_assert_eq!((report.breach, report.root), (None, trail.head.root()), "since {}", since.size);
        }
    }

    #[test]
    fn what_goes_along_is_missed_also_behind_a_checkpoint(turns in busy_turns(), which: prop::sample::Index) {
        let Expired { mut trail, gone, by } = expired(&turns);
        let others: Vec<u64> = (11..=EVENTS).filter(|seq| !gone.iter().any(|seqs| seqs.contains(seq))).collect();
        prop_assume!(!others.is_empty());
        let row = &mut trail.rows[place(*which.get(&others))];
        (row.body, row.expired_by) = (Body::Gone, Some(by[0]));
        let report = since_report(&trail, &trail.checkpoints[0]);
        prop_assert_eq!(report.breach.map(|breach| breach.kind), Some(Tampering::Deleted));
    }
}

fn since_report(trail: &Trail, since: &Checkpoint) -> crate::Report {
    let mut stored = Stored(trail);
    let checkpoints = trail.checkpoints.clone();
    block_on(verify_trail_since(&mut stored, (TenantId::MAIN, since), checkpoints, &|_rows| ())).unwrap()
}

/// A trail as a store would show it.
struct Stored<'t>(&'t Trail);

#[async_trait]
impl TrailSnapshot for Stored<'_> {
    async fn tenants(&mut self) -> Result<Vec<TenantId>, StoreError> {
        Ok(vec![TenantId::MAIN])
    }

    async fn rows(&mut self, _tenant: TenantId, after: u64, limit: u32) -> Result<Vec<SealedRow>, StoreError> {
        let rows = self.0.rows.iter().filter(|row| row.link.seq > after);
        Ok(rows.take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    async fn subtrees(
        &mut self,
        tenant: TenantId,
        places: &[(u8, u64)],
    ) -> Result<BTreeMap<(u8, u64), Digest32>, StoreError> {
        let mut found = BTreeMap::new();
        let mut head = Head::new(tenant);
        for row in &self.0.rows {
            head.push(row.link.leaf, |node| {
                found.insert((node.level, node.index), node.hash);
            });
        }
        found.retain(|place, _| places.contains(place));
        Ok(found)
    }

    async fn personal(&mut self, _events: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<PersonalValue>>, StoreError> {
        Ok(BTreeMap::new())
    }

    async fn head(&mut self, _tenant: TenantId) -> Result<Option<Head>, StoreError> {
        Ok(Some(self.0.head.clone()))
    }

    async fn strays(&mut self, _tenant: TenantId, _limit: u32) -> Result<Vec<Uuid>, StoreError> {
        Ok(Vec::new())
    }

    async fn notes(&mut self, _tenant: TenantId) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }

    async fn unsealed(&mut self, _tenant: TenantId) -> Result<Unsealed, StoreError> {
        Ok(Unsealed::default())
    }
}
