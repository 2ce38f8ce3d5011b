//! How many may hash at once, how many may wait, and how long.

use std::{sync::Arc, time::Duration};

use ashlar_identity::port::HasherError;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Lets a fixed number in, a fixed number wait a limited time in order of arrival, and turns the rest away at once.
pub(super) struct Gate {
    permits: Arc<Semaphore>,
    places: Semaphore,
    wait: Duration,
}

impl Gate {
    pub(super) fn new(permits: u16, places: u16, wait: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(permits.into())), places: Semaphore::new(places.into()), wait }
    }

    /// A permit, at once or after waiting. A caller that goes away while it waits frees its place.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, HasherError> {
        // Permits that come free go to those who wait, so nobody is overtaken here.
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.places.try_acquire().map_err(|_full| HasherError::Overloaded)?;
        match timeout(self.wait, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(closed)) => Err(HasherError::Failed(closed.into())),
            Err(_elapsed) => Err(HasherError::Overloaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Poll};

    use futures::poll;

    use super::*;

    const LONG: Duration = Duration::from_mins(10);

    fn is_turned_away<T>(answer: &Poll<Result<T, HasherError>>) -> bool {
        matches!(answer, Poll::Ready(Err(HasherError::Overloaded)))
    }

    #[tokio::test]
    async fn those_beyond_permits_and_places_are_turned_away_at_once() {
        let gate = Gate::new(1, 1, LONG);
        let held = gate.enter().await.unwrap();
        let mut waiting = pin!(gate.enter());
        assert!(poll!(waiting.as_mut()).is_pending(), "the second waits");

        assert!(is_turned_away(&poll!(pin!(gate.enter()))), "the third does not even wait");

        drop(held);
        assert!(waiting.await.is_ok(), "the second gets in when the first is done");
        assert!(gate.enter().await.is_ok(), "and everything is free again");
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_frees_its_place() {
        let gate = Gate::new(1, 1, LONG);
        let _held = gate.enter().await.unwrap();
        {
            let mut leaving = pin!(gate.enter());
            assert!(poll!(leaving.as_mut()).is_pending());
            assert!(is_turned_away(&poll!(pin!(gate.enter()))), "the place is taken");
        }
        let mut next = pin!(gate.enter());
        assert!(poll!(next.as_mut()).is_pending(), "the place is free: the next one waits");
    }

    #[tokio::test]
    async fn waiting_has_an_end_and_frees_the_place() {
        let gate = Gate::new(1, 1, Duration::from_millis(5));
        let held = gate.enter().await.unwrap();
        let ended = timeout(Duration::from_mins(1), gate.enter()).await.expect("it does not wait for ever");
        assert!(matches!(ended, Err(HasherError::Overloaded)));

        drop(held);
        assert!(gate.enter().await.is_ok());
        assert_eq!(gate.places.available_permits(), 1);
    }

    #[tokio::test]
    async fn nobody_overtakes() {
        let gate = Gate::new(1, 2, LONG);
        let held = gate.enter().await.unwrap();
        let mut first = pin!(gate.enter());
        let mut second = pin!(gate.enter());
        assert!(poll!(first.as_mut()).is_pending());
        assert!(poll!(second.as_mut()).is_pending());

        drop(held);
        assert!(poll!(second.as_mut()).is_pending(), "the permit is for the one who came first");
        assert!(first.await.is_ok());
        assert!(second.await.is_ok());
    }
}
