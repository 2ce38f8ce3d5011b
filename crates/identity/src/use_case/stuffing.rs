//! Note that somebody seems to try a list of stolen passwords.

use ashlar_kernel::{Change, Context, StoreError};

use super::{Attempts, Identity};
use crate::LockoutEvent;

impl Identity {
    /// Notes that `network` has failed to sign in to many accounts and is slowed down. For whoever slows it down.
    pub async fn note_stuffing(&self, context: &Context, network: String) -> Result<(), StoreError> {
        let mut attempts = Attempts::default();
        loop {
            let noted = async {
                let mut tx = self.0.ports.store.begin(context).await?;
                let event = LockoutEvent::StuffingSuspected { network: network.clone() };
                tx.note_lockout(Change::new((), event)).await?;
                tx.commit().await
            };
            match noted.await {
                Err(error) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }
}
