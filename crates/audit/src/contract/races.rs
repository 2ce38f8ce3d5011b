//! Laws that are tried by racing.

use std::{pin::Pin, sync::Arc};

use ashlar_kernel::{StoreError, TenantId};

use super::{Fixture, noon, other_tenant};
use crate::Sealer;

/// One of many who do the same at once.
pub type Runner = Pin<Box<dyn Future<Output = ()> + Send>>;

/// While writers write, several sealers seal: each event ends up in its chain, once.
pub async fn racing_sealers_leave_neither_gap_nor_double<F>(fixture: Fixture, start: impl FnOnce(Vec<Runner>) -> F)
where
    F: Future<Output = ()>,
{
    let mut runners: Vec<Runner> = Vec::new();
    for tenant in [TenantId::MAIN, other_tenant(), TenantId::MAIN] {
        let fixture = fixture.clone();
        runners.push(Box::pin(async move { fixture.emit(tenant, 20).await }));
    }
    for _sealer in 0..3 {
        let sealer = Sealer::new(Arc::clone(&fixture.seal));
        runners.push(Box::pin(seal_along(sealer)));
    }
    start(runners).await;
    fixture.seal_all().await;

    for (tenant, events) in [(TenantId::MAIN, 40), (other_tenant(), 20)] {
        let report = fixture.report(tenant).await;
        assert_eq!((report.verified, report.breach), (events, None));
    }
}

/// Losing a race is no failure.
async fn seal_along(sealer: Sealer) {
    for _step in 0..30 {
        let outcome = sealer.step(noon()).await;
        assert!(matches!(outcome, Ok(_) | Err(StoreError::Contended(_))), "{outcome:?}");
    }
}
