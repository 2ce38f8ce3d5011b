//! The keys that sign access tokens, as this process knows them.

use std::{collections::HashSet, sync::Arc, time::Duration};

use ashlar_identity::Identity;
use ashlar_jobs::port::{Bell, News};
use tokio::time::sleep;

use crate::{compose::KeyFiles, work::Errand};

/// After this long they are looked at whatever happens.
const EVERY: Duration = Duration::from_secs(55);
/// And no more often than this, however much happens.
const AT_MOST_EVERY: Duration = Duration::from_secs(5);

/// Keeps the keys of this process those of the database, for ever.
///
/// What becomes of keys is in the event log like everything else, so whoever hears that there are new events looks: an
/// emergency in one process is known to the others within seconds where the bell carries, and within a minute everywhere.
pub fn keep(identity: Identity, bell: Arc<dyn Bell>, files: KeyFiles) -> Errand {
    Box::pin(async move {
        let (mut heard, mut is_failing, mut told) = (0, false, HashSet::new());
        loop {
            sleep(AT_MOST_EVERY).await;
            tokio::select! {
                rings = bell.rung(News::Events, heard) => heard = rings,
                () = sleep(EVERY) => {}
            }
            match identity.load_signing_keys().await {
                Ok(()) => {
                    is_failing = false;
                    discard_dead(&identity, &files, &mut told).await;
                }
                Err(error) if !is_failing => {
                    is_failing = true;
                    let cause = std::error::Error::source(&error).map(tracing::field::display);
                    tracing::warn!(%error, cause, "the signing keys stay as they were");
                }
                Err(_again) => {}
            }
        }
    })
}

/// Where nothing can be asked or deleted now, there is a next time. Each thing is said once.
async fn discard_dead(identity: &Identity, files: &KeyFiles, told: &mut HashSet<String>) {
    for sentence in files.discard_dead(identity).await.unwrap_or_default() {
        if !told.contains(&sentence) {
            tracing::warn!("{sentence}");
            told.insert(sentence);
        }
    }
}
