//! Tidy up.

use ashlar_kernel::{StoreError, Timestamp};
use chrono::TimeDelta;

use super::Identity;

/// How long a session is kept beyond the last moment it could have lived to: for that long a stolen token that turns up
/// is still recognised as one of ours.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long attempts to sign in are kept.
const ATTEMPTS_KEPT: TimeDelta = TimeDelta::days(90);
/// For how long a device is known on which nobody signs in: longer than any session lasts.
const KEPT_DEVICE: TimeDelta = TimeDelta::days(90);
/// Rows of one statement, so that nobody waits for long.
const ROWS: u32 = 1_000;
/// Statements of one call; the next call goes on.
const STATEMENTS: u32 = 1_000;

impl Identity {
    /// Deletes sessions that were over thirty days ago, and counts them. For whoever tidies up; nobody is asked who
    /// they are. Doing it twice is no error.
    pub async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        for _statement in 0..STATEMENTS {
            let some = self.0.ports.store.purge_sessions(now - KEPT, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                break;
            }
        }
        Ok(purged)
    }

    /// Deletes attempts to sign in that were made ninety days ago, and counts them. Their events stay.
    pub async fn purge_logins(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        for _statement in 0..STATEMENTS {
            let some = self.0.ports.store.purge_logins(now - ATTEMPTS_KEPT, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                break;
            }
        }
        Ok(purged)
    }

    /// Deletes sign-ins whose second step did not come, and counts them.
    pub async fn purge_challenges(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        for _statement in 0..STATEMENTS {
            let some = self.0.ports.store.purge_challenges(now, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                break;
            }
        }
        Ok(purged)
    }

    /// Deletes devices on which nobody has signed in for ninety days, or that ended as long ago, and counts them.
    pub async fn purge_devices(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        for _statement in 0..STATEMENTS {
            let some = self.0.ports.store.purge_devices(now - KEPT_DEVICE, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                break;
            }
        }
        Ok(purged)
    }

    /// Deletes attempts to open an account that ran out, and counts them.
    pub async fn purge_registrations(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        for _statement in 0..STATEMENTS {
            let some = self.0.ports.store.purge_registrations(now, ROWS).await?;
            purged += some;
            if some < u64::from(ROWS) {
                break;
            }
        }
        Ok(purged)
    }
}
