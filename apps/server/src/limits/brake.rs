//! Slowing down addresses that try lists of names and passwords.

use std::sync::Arc;

use ashlar_kernel::{Brake, Charge, Context, RatePolicy, StoreError, Timestamp};
use async_trait::async_trait;

use super::{RateLimits, network};

/// What is left of the policy `auth` to an address that is slowed down.
const SLOWED: Option<RatePolicy> = RatePolicy::new("auth", 1, std::time::Duration::from_mins(1));

impl RateLimits {
    /// The same, with a brake for addresses that fail with many accounts. It is of no effect where the policy `auth` is
    /// off.
    #[must_use]
    pub fn braked_by(self, brake: Option<Arc<dyn Brake>>) -> Self {
        Self { brake, ..self }
    }

    /// What an attempt to do `what` counts against besides: nothing, unless its address has failed with many accounts.
    /// Then one a minute is all that is left to it, whichever account it is about.
    pub async fn slowed(&self, what: &str, context: &Context) -> Result<Option<Charge>, StoreError> {
        let Some((brake, network)) = self.braked(context) else { return Ok(None) };
        let is_on = brake.is_on(&network, context.now).await?;
        let charge = |policy| Charge { policy, key: format!("{what}:{network}") };
        Ok(SLOWED.filter(|_| is_on).map(charge))
    }

    /// Notes that a sign-in to `account` has failed. Answers with the address, or its network, if that slows it down from
    /// now on.
    pub async fn note_failure(&self, context: &Context, account: &str) -> Result<Option<String>, StoreError> {
        let Some((brake, network)) = self.braked(context) else { return Ok(None) };
        let is_new = brake.note_failure(&network, &self.pseudonym(account), context.now).await?;
        Ok(is_new.then_some(network))
    }

    fn braked(&self, context: &Context) -> Option<(&dyn Brake, String)> {
        self.policies.auth?;
        // Without an address everybody would be one.
        context.client_ip?;
        Some((&**self.brake.as_ref()?, network(context.client_ip)))
    }
}

/// A brake of all processes, with one of this process behind it that knows what this one has seen: a Redis that is gone
/// or has forgotten lets nobody go.
pub struct SharedThenLocalBrake {
    shared: Arc<dyn Brake>,
    local: Arc<dyn Brake>,
}

impl SharedThenLocalBrake {
    /// Both.
    pub fn new(shared: Arc<dyn Brake>, local: Arc<dyn Brake>) -> Self {
        Self { shared, local }
    }
}

#[async_trait]
impl Brake for SharedThenLocalBrake {
    async fn is_on(&self, source: &str, now: Timestamp) -> Result<bool, StoreError> {
        match self.shared.is_on(source, now).await {
            Ok(true) => Ok(true),
            // Whoever cannot answer has said so in the log.
            Ok(false) | Err(_) => self.local.is_on(source, now).await,
        }
    }

    async fn note_failure(&self, source: &str, subject: &str, now: Timestamp) -> Result<bool, StoreError> {
        let local = self.local.note_failure(source, subject, now).await;
        match self.shared.note_failure(source, subject, now).await {
            Ok(is_new) => Ok(is_new),
            Err(_gone) => local,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        sync::{
            Mutex,
            atomic::{AtomicBool, Ordering},
        },
    };

    use super::*;

    /// One that three subjects put on for good, and that can go away.
    #[derive(Default)]
    struct Frail {
        seen: Mutex<HashSet<(String, String)>>,
        is_gone: AtomicBool,
    }

    impl Frail {
        fn subjects(&self, source: &str) -> Result<usize, StoreError> {
            if self.is_gone.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable("gone".into()));
            }
            Ok(self.seen.lock().unwrap().iter().filter(|(known, _)| known == source).count())
        }
    }

    #[async_trait]
    impl Brake for Frail {
        async fn is_on(&self, source: &str, _now: Timestamp) -> Result<bool, StoreError> {
            Ok(self.subjects(source)? >= 3)
        }

        async fn note_failure(&self, source: &str, subject: &str, _now: Timestamp) -> Result<bool, StoreError> {
            self.subjects(source)?;
            let is_new = self.seen.lock().unwrap().insert((source.to_owned(), subject.to_owned()));
            Ok(is_new && self.subjects(source)? == 3)
        }
    }

    #[tokio::test]
    async fn shared_brake_that_goes_away_lets_nobody_go() {
        let frail = Arc::new(Frail::default());
        let both = SharedThenLocalBrake::new(Arc::clone(&frail) as Arc<dyn Brake>, Arc::new(Frail::default()));
        let now = Timestamp::UNIX_EPOCH;
        let note = async |source: &str, subject| both.note_failure(source, subject, now).await.unwrap();

        assert!(!note("a", "1").await && !note("a", "2").await);
        frail.is_gone.store(true, Ordering::SeqCst);
        assert!(note("a", "3").await, "what was seen before it went counts");
        assert!(both.is_on("a", now).await.unwrap());
        frail.is_gone.store(false, Ordering::SeqCst);
        assert!(both.is_on("a", now).await.unwrap(), "it comes back and knows less");
        assert!(!note("b", "1").await && !note("b", "2").await && note("b", "3").await, "and it is said once");
    }
}
