//! Laws of the copies of checkpoints.

use ashlar_kernel::TenantId;

use super::{Fixture, noon, other_tenant};
use crate::port::SignedCheckpoint;

fn signed(size: u64, note: &str) -> SignedCheckpoint {
    SignedCheckpoint { tenant: TenantId::MAIN, size, note: note.to_owned() }
}

/// An end without a checkpoint is found until it has one.
pub async fn a_longer_chain_wants_a_checkpoint(fixture: Fixture) {
    let uncovered = async || {
        let heads = fixture.checkpoints.uncovered(10).await.unwrap();
        heads.into_iter().map(|head| (head.tenant(), head.size())).collect::<Vec<_>>()
    };
    assert_eq!(uncovered().await, []);
    fixture.emit(TenantId::MAIN, 3).await;
    fixture.seal_all().await;
    assert_eq!(uncovered().await, [(TenantId::MAIN, 3)]);

    fixture.checkpoints.save_checkpoints(&[signed(3, "three")], noon()).await.unwrap();
    assert_eq!(uncovered().await, []);

    fixture.emit(TenantId::MAIN, 1).await;
    fixture.emit(other_tenant(), 1).await;
    fixture.seal_all().await;
    assert_eq!(uncovered().await.len(), 2);
    assert_eq!(fixture.checkpoints.uncovered(1).await.unwrap().len(), 1);
}

/// The first copy stays, and verifiers see it.
pub async fn a_checkpoint_is_kept_as_it_was(fixture: Fixture) {
    fixture.checkpoints.save_checkpoints(&[signed(1, "one"), signed(2, "two")], noon()).await.unwrap();
    fixture.checkpoints.save_checkpoints(&[signed(2, "another")], noon()).await.unwrap();
    fixture.checkpoints.save_checkpoints(&[], noon()).await.unwrap();

    let mut snapshot = fixture.trail.snapshot().await.unwrap();
    assert_eq!(snapshot.notes(TenantId::MAIN).await.unwrap(), ["one", "two"]);
    assert_eq!(snapshot.notes(other_tenant()).await.unwrap(), [""; 0]);
    assert_eq!(fixture.log.newest_checkpoint(TenantId::MAIN).await.unwrap().as_deref(), Some("two"));
    assert_eq!(fixture.log.newest_checkpoint(other_tenant()).await.unwrap(), None);
}

/// What is elsewhere is not offered again.
pub async fn what_was_put_away_waits_no_more(fixture: Fixture) {
    let [one, two] = [signed(1, "one"), signed(2, "two")];
    fixture.checkpoints.save_checkpoints(&[one.clone(), two.clone()], noon()).await.unwrap();
    assert_eq!(fixture.checkpoints.unpublished(1).await.unwrap().len(), 1);
    assert_eq!(fixture.checkpoints.unpublished(10).await.unwrap(), [one.clone(), two.clone()]);

    fixture.checkpoints.mark_published(&[one], noon()).await.unwrap();

    assert_eq!(fixture.checkpoints.unpublished(10).await.unwrap(), [two]);
    fixture.checkpoints.mark_published(&[], noon()).await.unwrap();
}
