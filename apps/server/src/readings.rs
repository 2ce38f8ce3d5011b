//! Who looked at the audit log, written down minute by minute.

use std::{sync::Arc, time::Duration};

use ashlar_audit::log::AuditLog;
use ashlar_kernel::Clock;

use crate::work::Errand;

/// How often somebody looks for minutes that are over.
const LOOK: Duration = Duration::from_secs(15);

/// Writes what was counted, for as long as the process lives.
pub fn keep_writing(log: AuditLog, clock: Arc<dyn Clock>) -> Errand {
    Box::pin(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = log.write_down(clock.now()).await {
                tracing::warn!(%error, "readings of the audit log were not written down");
            }
        }
    })
}
