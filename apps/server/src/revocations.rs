//! What becomes of the end of a session in other processes: told by those that end it, heard by those that believe it.

use std::{sync::Arc, time::Duration};

use ashlar_identity::{
    SessionId,
    port::{CachedSession, RevocationFeed, Revocations, SessionCache, SessionEnded, Standing},
};
use ashlar_kernel::{Clock, Timestamp};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use crate::{telemetry::metrics::Metrics, work::Errand};

/// After that the news is worth nothing: nobody believes a session for longer without asking the database.
const WORTH_TELLING: Duration = Duration::from_secs(5);
/// Ends that wait to be told.
const WAITING: usize = 10_000;
/// Between two attempts at first; it doubles up to [`LONGEST_PAUSE`].
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A session cache whose ends are announced to other processes.
///
/// Whoever ends a session notes it here once the end is committed, and does not wait for the announcement. An end that
/// was learned from the database is passed on too, which makes up for an announcement that was lost.
pub struct AnnouncedEnds {
    local: Arc<dyn SessionCache>,
    waiting: mpsc::Sender<(Instant, SessionEnded)>,
}

/// Ends that wait to be announced.
pub struct WaitingEnds(mpsc::Receiver<(Instant, SessionEnded)>);

impl AnnouncedEnds {
    /// Announces what ends in `local`, as soon as somebody [carries](carry) the announcements.
    pub fn new(local: Arc<dyn SessionCache>) -> (Self, WaitingEnds) {
        let (waiting, ends) = mpsc::channel(WAITING);
        (Self { local, waiting }, WaitingEnds(ends))
    }
}

impl SessionCache for AnnouncedEnds {
    fn get(&self, id: SessionId) -> Option<CachedSession> {
        self.local.get(id)
    }

    fn remember(&self, id: SessionId, seen: CachedSession) -> CachedSession {
        self.local.remember(id, seen)
    }

    fn end(&self, id: SessionId, at: Timestamp) {
        let was_known = self.local.get(id).is_some_and(|known| matches!(known.standing, Standing::Ended));
        self.local.end(id, at);
        if !was_known && self.waiting.try_send((Instant::now(), SessionEnded { session: id, at })).is_err() {
            // Other processes ask the database within five seconds, as they do without Redis.
            tracing::debug!("too many ends of sessions wait to be announced");
        }
    }

    fn forget(&self, id: SessionId) {
        self.local.forget(id);
    }

    fn forget_readings_until(&self, moment: Timestamp) {
        self.local.forget_readings_until(moment);
    }
}

/// Announces what waits, one after the other, until nobody can end a session any more.
pub fn carry(WaitingEnds(mut ends): WaitingEnds, revocations: Arc<dyn Revocations>, metrics: Metrics) -> Errand {
    Box::pin(async move {
        while let Some((since, ended)) = ends.recv().await {
            if !announce(&*revocations, since, ended).await {
                metrics.revocation_lost();
            }
        }
    })
}

/// Whether it could be announced while that was worth anything.
async fn announce(revocations: &dyn Revocations, since: Instant, ended: SessionEnded) -> bool {
    let mut pause = PAUSE;
    while revocations.announce(ended).await.is_err() {
        if since.elapsed() + pause >= WORTH_TELLING {
            return false;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    true
}

/// Notes in `local` what other processes announce, for ever.
///
/// Each time it begins to listen it doubts everything that was believed until then, since what was announced in the
/// meantime is lost. That costs one reading of each session in use, which five seconds would have cost anyway; a list of
/// recent ends in Redis would be one more thing that a flush, a crash or two clocks could make wrong.
pub fn hear(
    revocations: Arc<dyn Revocations>,
    local: Arc<dyn SessionCache>,
    clock: Arc<dyn Clock>,
    metrics: Metrics,
) -> Errand {
    Box::pin(async move {
        let mut pause = PAUSE;
        metrics.hears_revocations(false);
        loop {
            if let Ok(feed) = revocations.listen().await {
                local.forget_readings_until(clock.now());
                metrics.hears_revocations(true);
                tracing::info!("sessions that end in other processes are refused at once");
                hear_until_it_fails(feed, &*local, &metrics).await;
                metrics.hears_revocations(false);
                tracing::warn!("sessions that end in other processes are refused within five seconds");
                pause = PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    })
}

async fn hear_until_it_fails(mut feed: Box<dyn RevocationFeed>, local: &dyn SessionCache, metrics: &Metrics) {
    while let Ok(SessionEnded { session, at }) = feed.next().await {
        local.end(session, at);
        metrics.revocation_heard();
    }
}

#[cfg(test)]
mod tests;
