//! What this process remembers about sessions between requests.

use ashlar_kernel::Timestamp;

use crate::{SessionId, SessionWithHolder};

/// A session as this process last saw it.
#[derive(Clone)]
pub struct CachedSession {
    /// What it saw.
    pub standing: Standing,
    /// When.
    pub seen_at: Timestamp,
}

/// Whether a session is good.
#[derive(Clone)]
pub enum Standing {
    /// It was good.
    Live(Box<SessionWithHolder>),
    /// It has ended. Final: no later reading brings it back.
    Ended,
}

/// A bounded map of sessions within one process. How long an entry is believed is for the domain to say.
pub trait SessionCache: Send + Sync {
    /// What is remembered.
    fn get(&self, id: SessionId) -> Option<CachedSession>;

    /// Remembers what was just read, unless the session is known to have ended, and answers what is remembered now: a
    /// reading that began before the end and arrives after it must not revive the session.
    fn remember(&self, id: SessionId, seen: CachedSession) -> CachedSession;

    /// The session has ended.
    fn end(&self, id: SessionId, at: Timestamp);

    /// Forgets a session that may have changed, so that the next request reads it again.
    fn forget(&self, id: SessionId);

    /// Forgets every reading of a living session made at `moment` or earlier, also one that is still on its way here:
    /// news may have been missed until then. Ends are kept.
    fn forget_readings_until(&self, moment: Timestamp);
}
