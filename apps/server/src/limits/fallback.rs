//! A limiter of all processes, with one of this process behind it.

use std::sync::Arc;

use ashlar_kernel::{Charge, RateLimiter, StoreError, Timestamp, Verdict};
use async_trait::async_trait;

/// Counts in the shared limiter, and beside it in this process.
///
/// While the shared one answers it decides, and what it lets through is counted here too. Is it gone, this process
/// decides alone, at the same figures and knowing what it has let through so far. Comes it back empty, this process
/// still refuses whom it knows to be at the limit. So a Redis that is killed, frozen or flushed opens no door and fails
/// no request.
pub struct SharedThenLocal {
    shared: Arc<dyn RateLimiter>,
    local: Arc<dyn RateLimiter>,
}

impl SharedThenLocal {
    /// Both.
    pub fn new(shared: Arc<dyn RateLimiter>, local: Arc<dyn RateLimiter>) -> Self {
        Self { shared, local }
    }
}

#[async_trait]
impl RateLimiter for SharedThenLocal {
    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError> {
        match self.shared.charge(charges, now).await {
            Ok(shared) if shared.is_allowed() => {
                let local = self.local.charge(charges, now).await?;
                Ok(if local.is_allowed() { shared } else { local })
            }
            Ok(refused) => Ok(refused),
            // Whoever cannot answer has said so in the log.
            Err(_gone) => self.local.charge(charges, now).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Mutex,
            atomic::{AtomicU8, Ordering},
        },
        time::Duration,
    };

    use ashlar_kernel::RatePolicy;

    use super::*;

    const WELL: u8 = 0;
    const GONE: u8 = 1;
    const EMPTY: u8 = 2;

    /// A limiter of one caller, in any state.
    #[derive(Default)]
    struct OneCaller {
        state: AtomicU8,
        paid_until: Mutex<i64>,
    }

    #[async_trait]
    impl RateLimiter for OneCaller {
        async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError> {
            let mut paid_until = self.paid_until.lock().unwrap();
            match self.state.load(Ordering::SeqCst) {
                WELL => {}
                EMPTY => *paid_until = 0,
                _ => return Err(StoreError::Unavailable("gone".into())),
            }
            let (policy, now) = (charges[0].policy, now.timestamp_micros());
            let spent = policy.spend(*paid_until, now);
            *paid_until = spent.unwrap_or(*paid_until);
            let standing = policy.standing(*paid_until, now);
            let violated = if spent.is_ok() { Vec::new() } else { vec![standing] };
            Ok(Verdict { standings: vec![standing], violated })
        }
    }

    #[tokio::test]
    async fn limiter_that_goes_away_or_forgets_opens_no_door() {
        let (shared, local) = (Arc::new(OneCaller::default()), Arc::new(OneCaller::default()));
        let both = SharedThenLocal::new(Arc::clone(&shared) as Arc<dyn RateLimiter>, local);
        let policy = RatePolicy::new("test", 4, Duration::from_mins(1)).unwrap();
        let charge = [Charge { policy, key: "somebody".to_owned() }];
        let ask = async |state| {
            shared.state.store(state, Ordering::SeqCst);
            both.charge(&charge, Timestamp::UNIX_EPOCH).await.unwrap().is_allowed()
        };

        for state in [WELL, WELL, GONE, EMPTY] {
            assert!(ask(state).await);
        }
        for state in [EMPTY, GONE, EMPTY, GONE] {
            assert!(!ask(state).await);
        }
    }
}
