//! Trails that were tampered with in memory.

use ashlar_kernel::{ActorRef, EventFormat, Outcome, Source, Target, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Origin, StoredEvent, leaf_of, tree::Frontier};

pub(super) fn event(number: u64) -> EventRecord {
    EventRecord {
        format: EventFormat::First,
        id: Uuid::from_u128(u128::from(number)),
        tenant: TenantId::MAIN,
        name: "demo.thing.renamed".to_owned(),
        schema_version: 1,
        occurred_at: Timestamp::UNIX_EPOCH,
        actor: ActorRef { kind: "system".to_owned(), id: Some("test".to_owned()), session: None },
        targets: vec![Target::new("thing", number % 3)],
        outcome: Outcome::Ok,
        diff: Vec::new(),
        data: json!({ "number": number }),
        source: Source::default(),
        request_id: format!("req-{number}"),
        trace: None,
    }
}

/// A trail of so many events, with a checkpoint after each tenth and at the end.
#[derive(Clone)]
pub(super) struct Trail {
    pub(super) rows: Vec<SealedRow>,
    pub(super) head: Head,
    pub(super) checkpoints: Vec<Checkpoint>,
}

pub(super) fn seal(events: &[EventRecord]) -> Trail {
    let origin = Origin::parse("example.org").unwrap();
    let (mut head, mut rows, mut checkpoints) = (Head::new(TenantId::MAIN), Vec::new(), Vec::new());
    for event in events {
        let extension = head.extend([event]).unwrap();
        head = extension.head;
        rows.extend(extension.links.into_iter().map(|link| SealedRow {
            link,
            body: event.clone().into(),
            expired_by: None,
        }));
        if head.size() % 10 == 0 || rows.len() == events.len() {
            checkpoints.push(Checkpoint::of(&origin, &head));
        }
    }
    Trail { rows, head, checkpoints }
}

fn trail(events: u64) -> Trail {
    seal(&(1..=events).map(event).collect::<Vec<_>>())
}

impl Trail {
    pub(super) fn report(&self) -> Report {
        let mut verifier = Verifier::new(TenantId::MAIN, self.checkpoints.clone());
        for row in &self.rows {
            verifier.push(row);
        }
        verifier.finish(Some(&self.head), &[])
    }

    pub(super) fn found(&self) -> (Tampering, Option<u64>) {
        let breach = self.report().breach.unwrap();
        (breach.kind, breach.seq)
    }

    /// The rows get the numbers of their places, as somebody would who covers a gap.
    fn renumber(&mut self) {
        for (seq, row) in (1..).zip(&mut self.rows) {
            row.link.seq = seq;
        }
    }
}

fn event_of(row: &SealedRow) -> EventRecord {
    match &row.body {
        Body::Event(event) => (**event).clone(),
        other => panic!("{other:?}"),
    }
}

fn change(body: &mut Body, how: impl FnOnce(&mut EventRecord)) {
    match body {
        Body::Event(event) => how(event),
        other => panic!("{other:?}"),
    }
}

fn at(seq: u64) -> usize {
    usize::try_from(seq).unwrap() - 1
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_trail_nobody_touched_raises_no_alarm(events in 0_u64..60) {
        let trail = trail(events);
        let report = trail.report();
        prop_assert_eq!(report.breach, None);
        prop_assert_eq!(report.verified, events);
        prop_assert_eq!(report.root, trail.head.root());
        prop_assert_eq!(report.checkpoints, u64::try_from(trail.checkpoints.len()).unwrap());
    }

    #[test]
    fn a_modified_event_is_named(events in 1_u64..60, place: prop::sample::Index) {
        let mut trail = trail(events);
        let row = place.get_mut(&mut trail.rows);
        let seq = row.link.seq;
        change(&mut row.body, |event| event.outcome = Outcome::Denied);
        prop_assert_eq!(trail.found(), (Tampering::Modified, Some(seq)));
    }

    #[test]
    fn a_modified_link_is_named(events in 1_u64..60, place: prop::sample::Index, what in 0_u8..5) {
        let mut trail = trail(events);
        let row = place.get_mut(&mut trail.rows);
        let (seq, other) = (row.link.seq, Digest32::leaf(b"other"));
        match what {
            0 => row.link.leaf = other,
            1 => row.link.hash = other,
            2 => row.link.prev = other,
            3 => row.body = Body::Unreadable,
            _ => change(&mut row.body, |event| event.tenant = TenantId::from_uuid(Uuid::from_u128(9))),
        }
        prop_assert_eq!(trail.found(), (Tampering::Modified, Some(seq)));
    }

    #[test]
    fn an_event_modified_with_its_link_is_named(events in 2_u64..60, place: prop::sample::Index) {
        let mut trail = trail(events);
        let last = trail.rows.len() - 1;
        let row = place.get_mut(&mut trail.rows[..last]);
        change(&mut row.body, |event| event.outcome = Outcome::Denied);
        row.link.leaf = leaf_of(&event_of(row)).unwrap();
        row.link.hash = Digest32::link(row.link.tenant, row.link.seq, row.link.prev, row.link.leaf);
        let seq = row.link.seq;
        prop_assert_eq!(trail.found(), (Tampering::Modified, Some(seq)));
    }

    #[test]
    fn a_deleted_event_is_named(events in 1_u64..60, place: prop::sample::Index, gap: bool, renumbered: bool) {
        let mut trail = trail(events);
        let index = place.index(trail.rows.len());
        if gap && index + 1 < trail.rows.len() {
            trail.rows.remove(index);
            if renumbered {
                trail.renumber();
            }
        } else {
            trail.rows[index].body = Body::Gone;
        }
        prop_assert_eq!(trail.found(), (Tampering::Deleted, Some(u64::try_from(index).unwrap() + 1)));
    }

    #[test]
    fn an_inserted_event_is_named(events in 2_u64..60, place: prop::sample::Index) {
        let mut trail = trail(events);
        let index = place.index(trail.rows.len());
        let prev = if index == 0 { Digest32::ZERO } else { trail.rows[index - 1].link.hash };
        let (seq, new) = (u64::try_from(index).unwrap() + 1, event(1_000));
        let leaf = leaf_of(&new).unwrap();
        let hash = Digest32::link(TenantId::MAIN, seq, prev, leaf);
        let link = Link { tenant: TenantId::MAIN, seq, event: new.id, leaf, prev, hash };
        trail.rows.insert(index, SealedRow { link, body: new.into(), expired_by: None });
        trail.renumber();
        prop_assert_eq!(trail.found(), (Tampering::Inserted, Some(seq)));
    }

    #[test]
    fn events_that_changed_places_are_named(
        events in 2_u64..60, one: prop::sample::Index, other: prop::sample::Index, how in 0_u8..3,
    ) {
        let mut trail = trail(events);
        let (one, other) = (one.index(trail.rows.len()), other.index(trail.rows.len()));
        prop_assume!(one != other);
        let before = trail.rows.clone();
        match how {
            // Whole rows, which get the numbers of their new places.
            0 => {
                trail.rows.swap(one, other);
                trail.renumber();
            }
            // The events only.
            1 => {
                trail.rows[one].body = before[other].body.clone();
                trail.rows[other].body = before[one].body.clone();
            }
            // The events and their leaves.
            _ => {
                for (here, there) in [(one, other), (other, one)] {
                    trail.rows[here].body = before[there].body.clone();
                    trail.rows[here].link.event = before[there].link.event;
                    trail.rows[here].link.leaf = before[there].link.leaf;
                }
            }
        }
        let first = u64::try_from(one.min(other)).unwrap() + 1;
        prop_assert_eq!(trail.found(), (Tampering::Reordered, Some(first)));
    }

    #[test]
    fn a_chain_computed_anew_does_not_fit_the_checkpoints(events in 1_u64..60, place: prop::sample::Index) {
        let trail = trail(events);
        let mut changed: Vec<_> = trail.rows.iter().map(event_of).collect();
        let index = place.index(changed.len());
        changed[index].outcome = Outcome::Denied;
        let fork = Trail { checkpoints: trail.checkpoints.clone(), ..seal(&changed) };

        let breach = fork.report().breach.unwrap();

        let seq = u64::try_from(index).unwrap() + 1;
        prop_assert_eq!(breach.kind, Tampering::Forked);
        prop_assert!(breach.seq.unwrap() <= seq && seq <= breach.until.unwrap(), "{}", breach);
    }

    #[test]
    fn an_end_that_was_cut_off_is_missed(events in 1_u64..60, keep: prop::sample::Index, covered: bool) {
        let mut trail = trail(events);
        let keep = keep.index(trail.rows.len());
        let whole = trail.clone();
        trail.rows.truncate(keep);
        if covered {
            // Somebody covered up in the database, but not in the checkpoints.
            let kept: Vec<_> = trail.rows.iter().map(event_of).collect();
            trail.head = seal(&kept).head;
        } else {
            trail.checkpoints.clear();
            trail.head = whole.head;
        }
        prop_assert_eq!(trail.found(), (Tampering::Truncated, Some(u64::try_from(keep).unwrap() + 1)));
    }
}

#[test]
fn an_event_that_came_in_past_the_sealer_is_named() {
    let trail = trail(3);
    let mut verifier = Verifier::new(TenantId::MAIN, trail.checkpoints.clone());
    for row in &trail.rows {
        verifier.push(row);
    }
    let breach = verifier.finish(Some(&trail.head), &[Uuid::from_u128(77)]).breach.unwrap();
    assert_eq!((breach.kind, breach.seq, breach.event), (Tampering::Inserted, None, Some(Uuid::from_u128(77))));
}

#[test]
fn an_end_that_was_changed_on_the_side_is_noticed() {
    let mut trail = trail(3);
    let mut peaks = trail.head.frontier().peaks().to_vec();
    peaks.reverse();
    trail.head = Head::restore(TenantId::MAIN, trail.head.hash(), Frontier::restore(3, peaks).unwrap());
    assert_eq!(trail.found(), (Tampering::Modified, Some(3)));
}

#[test]
fn checkpoints_of_another_tenant_do_not_count() {
    let trail = trail(3);
    let origin = Origin::parse("example.org").unwrap();
    let other = Checkpoint::of(&origin, &Head::new(TenantId::from_uuid(Uuid::from_u128(9))));
    let mut verifier = Verifier::new(TenantId::MAIN, [other]);
    for row in &trail.rows {
        verifier.push(row);
    }
    let report = verifier.finish(Some(&trail.head), &[]);
    assert_eq!((report.checkpoints, report.breach), (0, None));
}

#[test]
fn a_breach_reads_like_a_sentence() {
    let trail = trail(12);
    let mut tampered = trail.clone();
    tampered.rows[at(4)].body = Body::Gone;
    let breach = tampered.report().breach.unwrap();
    assert_eq!(
        breach.to_string(),
        format!(
            "deleted in the trail of tenant {}, link 4, event {}",
            TenantId::MAIN.as_uuid(),
            trail.rows[at(4)].link.event
        ),
    );
}

/// The rows as a database would hand them out.
fn stored(rows: &[SealedRow]) -> Page {
    let mut page = Page::default();
    for row in rows {
        let Body::Event(event) = &row.body else {
            page.push_row(row.clone());
            continue;
        };
        let text = |value: Value| value.to_string();
        let [targets, diff, source] = [json!(event.targets), json!(event.diff), json!(event.source)].map(text);
        let event = StoredEvent {
            format: event.format.number().into(),
            id: event.id,
            tenant: event.tenant,
            name: &event.name,
            schema_version: event.schema_version.into(),
            occurred_at: event.occurred_at,
            actor_type: &event.actor.kind,
            actor_id: event.actor.id.as_deref(),
            actor_session: event.actor.session,
            targets: &targets,
            outcome: event.outcome.as_str(),
            diff: &diff,
            data: &event.data.to_string(),
            source: &source,
            request_id: &event.request_id,
            trace: event.trace.as_deref(),
        };
        page.push(row.link, &event, row.expired_by);
    }
    page
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_are_judged_as_their_rows_are(
        events in 2_u64..60, place: prop::sample::Index, other: prop::sample::Index, way in 0_u8..6, size in 1_usize..20,
    ) {
        let mut trail = trail(events);
        let (place, other) = (place.index(trail.rows.len()), other.index(trail.rows.len()));
        match way {
            0 => change(&mut trail.rows[place].body, |event| event.data = json!({ "number": -1 })),
            1 => trail.rows[place].body = Body::Unreadable,
            2 => trail.rows[place].body = Body::Gone,
            3 => trail.rows[place].link.hash = Digest32::ZERO,
            4 => {
                let body = trail.rows[place].body.clone();
                trail.rows[place].body = std::mem::replace(&mut trail.rows[other].body, body);
            }
            _ => {}
        }
        let (mut verifier, mut scratch) = (Verifier::new(TenantId::MAIN, trail.checkpoints.clone()), Scratch::default());
        for rows in trail.rows.chunks(size) {
            let page = stored(rows);
            prop_assert_eq!(page.read().collect::<Vec<_>>(), rows);
            verifier.push_page(&page, &mut scratch);
        }
        prop_assert_eq!(verifier.finish(Some(&trail.head), &[]), trail.report());
    }
}
