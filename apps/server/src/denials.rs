//! Who was denied what, counted so that whoever is denied cannot fill the log.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ashlar_identity::Identity;
use ashlar_kernel::{Actor, Clock, Context, TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::work::Errand;

/// One denial is written at once, those of the minute after it together when it is over.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Callers and permissions that are counted apart at a time. What is beyond them is told in numbers only.
const MOST: usize = 10_000;
/// How often somebody looks for minutes that are over.
const LOOK: Duration = Duration::from_secs(15);

/// Denials that were counted and not written yet. Cheap to clone.
#[derive(Clone, Default)]
pub struct Denials(Arc<Mutex<Tallies>>);

#[derive(Default)]
struct Tallies {
    /// By tenant, person and permission.
    counted: HashMap<(TenantId, Uuid, String), Tally>,
    /// Denials for which there was no room.
    lost: u64,
}

struct Tally {
    /// When one was last written.
    since: Timestamp,
    /// How many came since then.
    more: u32,
    /// The circumstances of the last of them.
    last: Context,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Denial {
    /// The circumstances, of the last one if there are several.
    pub context: Context,
    /// What was missing.
    pub permission: String,
    /// How many it stands for.
    pub count: u32,
}

impl Denials {
    /// Counts a denial. Answers with what is to be written at once: this one, unless the same was written within the last
    /// minute, and with it those that were counted since.
    pub fn note(&self, context: &Context, permission: &str) -> Option<Denial> {
        let Actor::User(person) = &context.actor else { return None };
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (context.tenant, person.user, permission.to_owned());
        let is_full = tallies.counted.len() >= MOST;
        let count = match tallies.counted.get_mut(&key) {
            Some(tally) if context.now - tally.since < MINUTE => {
                tally.more += 1;
                tally.last = context.clone();
                return None;
            }
            Some(tally) => {
                let count = tally.more + 1;
                *tally = Tally { since: context.now, more: 0, last: context.clone() };
                count
            }
            None if is_full => {
                tallies.lost += 1;
                return None;
            }
            None => {
                tallies.counted.insert(key, Tally { since: context.now, more: 0, last: context.clone() });
                1
            }
        };
        Some(Denial { context: context.clone(), permission: permission.to_owned(), count })
    }

    /// What was counted and not written in minutes that are over.
    pub fn due(&self, now: Timestamp) -> Vec<Denial> {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = std::mem::take(&mut tallies.lost);
        if lost > 0 {
            tracing::warn!(lost, "too many people were denied too much at once: these denials are in no event");
        }
        let over = tallies.counted.extract_if(|_, tally| now - tally.since >= MINUTE);
        let written = over.filter(|(_, tally)| tally.more > 0);
        written
            .map(|((_, _, permission), tally)| Denial { context: tally.last, permission, count: tally.more })
            .collect()
    }
}

/// Writes a denial. What was denied stays denied, whether or not it could be written.
pub async fn write(identity: &Identity, denial: Denial) {
    let Denial { context, permission, count } = denial;
    if let Err(error) = identity.note_denied(&context, &permission, count).await {
        tracing::warn!(%error, permission, count, "a denied permission was not noted");
    }
}

/// Writes what was counted, minute by minute, for as long as the process lives.
pub fn keep_writing(denials: Denials, identity: Identity, clock: Arc<dyn Clock>) -> Errand {
    Box::pin(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            for denial in denials.due(clock.now()) {
                write(&identity, denial).await;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{PermissionSet, Principal, RequestId};

    use super::*;

    fn context(user: u128, seconds: i64) -> Context {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let actor = Actor::User(Principal {
            user: Uuid::from_u128(user),
            session: Uuid::nil(),
            authenticated_at: now,
            permissions: PermissionSet::default(),
            withheld: PermissionSet::default(),
        });
        Context { actor, ..Context::system("x", TenantId::MAIN, RequestId::parse("r").unwrap(), now) }
    }

    #[test]
    fn first_is_written_and_those_of_its_minute_are_counted() {
        let denials = Denials::default();
        let note = |user, seconds, permission| denials.note(&context(user, seconds), permission).map(|one| one.count);
        assert_eq!((note(1, 0, "a"), note(1, 0, "b"), note(2, 0, "a")), (Some(1), Some(1), Some(1)));
        for second in 0..60 {
            assert_eq!(note(1, second, "a"), None);
        }
        assert!(denials.due(context(1, 59).now).is_empty());
        assert_eq!(note(1, 60, "a"), Some(61), "those of the minute before are in it");
        assert_eq!(note(1, 61, "a"), None);
        let due = denials.due(context(1, 120).now);
        assert_eq!(due.iter().map(|one| (one.permission.as_str(), one.count)).collect::<Vec<_>>(), [("a", 1)]);
        assert!(denials.due(context(1, 120).now).is_empty());
        assert_eq!(note(1, 121, "a"), Some(1));
    }

    #[test]
    fn flood_of_people_is_bounded() {
        let denials = Denials::default();
        let noted = (0..MOST as u128 + 500).filter(|user| denials.note(&context(*user, 0), "a").is_some()).count();
        assert_eq!(noted, MOST);
        assert_eq!(denials.0.lock().unwrap().lost, 500);
        assert!(denials.due(context(0, 60).now).is_empty());
        assert!(denials.note(&context(1, 60), "a").is_some());
    }
}
