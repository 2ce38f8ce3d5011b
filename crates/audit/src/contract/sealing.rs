//! Laws of sealing.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_kernel::TenantId;

use super::{Fixture, noon, other_tenant};
use crate::{
    Checkpoint, Digest32, Head, Origin, Sealer, Tampering,
    port::Unsealed,
    verify::{SealedRow, verify_trail_since},
};

/// What went in comes out whole.
pub async fn what_was_sealed_verifies(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 13).await;

    assert_eq!(fixture.seal_all().await, 13);

    let report = fixture.report(TenantId::MAIN).await;
    assert_eq!((report.verified, report.breach), (13, None));
}

/// Events stay on the list until a turn is committed, and leave it then.
pub async fn an_event_is_sealed_once_and_waits_until_then(fixture: Fixture) {
    assert_eq!(fixture.seal.unsealed().await.unwrap(), Unsealed::default());
    assert!(fixture.seal.begin_seal().await.unwrap().is_none(), "nothing waits");
    fixture.emit(TenantId::MAIN, 2).await;
    let waiting = fixture.seal.unsealed().await.unwrap();
    assert_eq!(waiting.events, 2);
    assert!(waiting.oldest.is_some());

    assert_eq!(fixture.seal_all().await, 2);

    assert_eq!(fixture.seal.unsealed().await.unwrap(), Unsealed::default());
    assert_eq!(Sealer::new(Arc::clone(&fixture.seal)).step(noon()).await.unwrap(), 0);
    assert_eq!(fixture.report(TenantId::MAIN).await.verified, 2);
}

/// Dropping a turn is as if it had not been.
pub async fn a_turn_that_was_dropped_has_sealed_nothing(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 3).await;
    let mut turn = fixture.turn(3).await;
    let events = turn.pending(10).await.unwrap();
    let extension = Head::new(TenantId::MAIN).extend(&events).unwrap();
    turn.append(&[extension], noon()).await.unwrap();
    drop(turn);

    assert_eq!(fixture.seal.unsealed().await.unwrap().events, 3);
    assert_eq!(fixture.seal_all().await, 3);
    let report = fixture.report(TenantId::MAIN).await;
    assert_eq!((report.verified, report.breach), (3, None));
}

/// Tenants do not share a chain.
pub async fn each_tenant_has_a_chain_of_its_own(fixture: Fixture) {
    for _round in 0..3 {
        fixture.emit(TenantId::MAIN, 2).await;
        fixture.emit(other_tenant(), 1).await;
    }
    assert_eq!(fixture.seal_all().await, 9);

    for (tenant, events) in [(TenantId::MAIN, 6), (other_tenant(), 3)] {
        let report = fixture.report(tenant).await;
        assert_eq!((report.verified, report.breach), (events, None));
    }
    let mut tenants = fixture.trail.snapshot().await.unwrap().tenants().await.unwrap();
    tenants.sort_unstable();
    let mut expected = [TenantId::MAIN, other_tenant()];
    expected.sort_unstable();
    assert_eq!(tenants, expected);
}

/// A limit is kept, and the oldest come first.
pub async fn a_batch_is_a_batch(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 5).await;
    let mut turn = fixture.turn(5).await;
    let all = turn.pending(10).await.unwrap();
    let two = turn.pending(2).await.unwrap();
    assert_eq!(all.len(), 5);
    assert_eq!(two, all[..2]);
}

/// What is sealed later continues what was sealed before, whoever does it.
pub async fn a_chain_goes_on_where_it_ended(fixture: Fixture) {
    for events in [1, 4, 2, 9] {
        fixture.emit(TenantId::MAIN, events).await;
        fixture.seal_all().await;
    }
    let report = fixture.report(TenantId::MAIN).await;
    assert_eq!((report.verified, report.breach), (16, None));
}

/// A verifier is not disturbed by what is sealed while it works.
pub async fn a_snapshot_does_not_see_what_comes_later(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.seal_all().await;
    let mut snapshot = fixture.trail.snapshot().await.unwrap();
    assert_eq!(snapshot.head(TenantId::MAIN).await.unwrap().unwrap().size(), 3);

    fixture.emit(TenantId::MAIN, 2).await;
    fixture.seal_all().await;
    fixture.emit(TenantId::MAIN, 1).await;

    assert_eq!(snapshot.head(TenantId::MAIN).await.unwrap().unwrap().size(), 3);
    assert_eq!(snapshot.rows(TenantId::MAIN, 0, 100).await.unwrap().len(), 3);
    assert_eq!(snapshot.rows(TenantId::MAIN, 1, 1).await.unwrap()[0].link.seq, 2);
    assert!(snapshot.strays(TenantId::MAIN, 10).await.unwrap().is_empty());
    assert_eq!(snapshot.unsealed(TenantId::MAIN).await.unwrap(), Unsealed::default());
    drop(snapshot);
    let mut later = fixture.trail.snapshot().await.unwrap();
    assert_eq!(later.unsealed(TenantId::MAIN).await.unwrap().events, 1);
    assert!(later.strays(TenantId::MAIN, 10).await.unwrap().is_empty(), "what waits is no stray");
}

/// What verifiers read is what the sealer had, link by link, and pages follow each other.
pub async fn a_page_holds_events_as_they_were_written(fixture: Fixture) {
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.emit(other_tenant(), 1).await;
    fixture.emit(TenantId::MAIN, 2).await;
    let mut turn = fixture.turn(6).await;
    let mut events = turn.pending(10).await.unwrap();
    drop(turn);
    events.retain(|event| event.tenant == TenantId::MAIN);
    fixture.seal_all().await;

    let mut snapshot = fixture.trail.snapshot().await.unwrap();
    let links = Head::new(TenantId::MAIN).extend(&events).unwrap().links;
    let sealed = links.into_iter().zip(events);
    let rows: Vec<_> = sealed.map(|(link, event)| SealedRow { link, body: event.into(), expired_by: None }).collect();
    let mut read = Vec::new();
    for (after, limit) in [(0, 2), (2, 2), (4, 2), (5, 2)] {
        let page = snapshot.page(TenantId::MAIN, after, limit).await.unwrap();
        let numbers = page.last_seq().map(|last| (last, page.len()));
        assert_eq!(
            numbers,
            [Some((2, 2)), Some((4, 2)), Some((5, 1)), None][usize::try_from(after / 2 + after % 2).unwrap()]
        );
        read.extend(page.read());
    }
    assert_eq!(read, rows);
    assert_eq!(snapshot.rows(TenantId::MAIN, 0, 10).await.unwrap(), rows);
}

/// From every checkpoint on, and from one that was never signed the whole of it.
pub async fn what_follows_a_checkpoint_verifies_without_what_came_before(fixture: Fixture) {
    let origin = Origin::parse("example.org").unwrap();
    let mut checkpoints = Vec::new();
    for events in [1, 1, 1, 4, 6] {
        fixture.emit(TenantId::MAIN, events).await;
        fixture.seal_all().await;
        let head = fixture.trail.snapshot().await.unwrap().head(TenantId::MAIN).await.unwrap().unwrap();
        checkpoints.push(Checkpoint::of(&origin, &head));
    }
    let mut snapshot = fixture.trail.snapshot().await.unwrap();
    let whole = fixture.report(TenantId::MAIN).await;
    for since in &checkpoints {
        let read = AtomicU64::new(0);
        let count = |rows| {
            read.fetch_add(rows, Ordering::SeqCst);
        };
        let report =
            verify_trail_since(&mut *snapshot, (TenantId::MAIN, since), checkpoints.clone(), &count).await.unwrap();
        assert_eq!((report.verified, report.root, report.breach), (13, whole.root, None), "since {}", since.size);
        assert_eq!(read.into_inner(), 13 - since.size);
    }
    let forged = Checkpoint { root: Digest32::ZERO, ..checkpoints[1].clone() };
    let report =
        verify_trail_since(&mut *snapshot, (TenantId::MAIN, &forged), vec![forged.clone()], &|_rows| ()).await.unwrap();
    assert_eq!(report.breach.unwrap().kind, Tampering::Forked);
}
