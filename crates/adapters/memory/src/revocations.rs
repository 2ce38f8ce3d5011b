//! News of ended sessions within one process.

use std::sync::{Mutex, PoisonError};

use ashlar_identity::port::{RevocationFeed, Revocations, SessionEnded};
use ashlar_kernel::StoreError;
use async_trait::async_trait;
use futures::{StreamExt as _, channel::mpsc};

/// How far a listener may fall behind before it is cut off.
const BACKLOG: usize = 10_000;

/// News of ended sessions for listeners in this process: the double for programs that run several services in one.
#[derive(Default)]
pub struct MemoryRevocations(Mutex<Vec<mpsc::Sender<SessionEnded>>>);

impl MemoryRevocations {
    /// Nobody listens yet.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Revocations for MemoryRevocations {
    async fn announce(&self, ended: SessionEnded) -> Result<(), StoreError> {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is gone, or too far behind, hears nothing more; a feed that ends so says so.
        listeners.retain_mut(|listener| listener.try_send(ended).is_ok());
        Ok(())
    }

    async fn listen(&self) -> Result<Box<dyn RevocationFeed>, StoreError> {
        let (sender, receiver) = mpsc::channel(BACKLOG);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(Box::new(Feed(receiver)))
    }
}

struct Feed(mpsc::Receiver<SessionEnded>);

#[async_trait]
impl RevocationFeed for Feed {
    async fn next(&mut self) -> Result<SessionEnded, StoreError> {
        self.0.next().await.ok_or_else(|| StoreError::Unavailable("the listener fell too far behind".into()))
    }
}

#[cfg(test)]
mod tests {
    use ashlar_identity::SessionId;
    use ashlar_kernel::Timestamp;
    use futures::executor::block_on;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_listener_that_falls_behind_is_cut_off_and_told() {
        let revocations = MemoryRevocations::new();
        let ended = SessionEnded { session: SessionId::from_uuid(Uuid::nil()), at: Timestamp::UNIX_EPOCH };
        block_on(async {
            let mut feed = revocations.listen().await.unwrap();
            for _ in 0..2 * BACKLOG {
                revocations.announce(ended).await.unwrap();
            }
            let mut heard = 0;
            while feed.next().await.is_ok() {
                heard += 1;
            }
            assert!((BACKLOG..2 * BACKLOG).contains(&heard), "{heard}");
        });
    }
}
