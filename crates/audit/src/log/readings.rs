//! Who looked, counted so that whoever turns pages does not fill the log.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ashlar_kernel::{ActorRef, Context, TenantId, Timestamp};
use chrono::TimeDelta;

use super::AuditEvent;

/// One reading is written at once, those of the minute after it together when it is over.
const MINUTE: TimeDelta = TimeDelta::minutes(1);
/// Readers who are counted at a time. Those beyond are written each time.
const MOST: usize = 10_000;

type Reader = (TenantId, String, Option<String>);

/// Readings that were counted and not written yet. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Readings(Arc<Mutex<HashMap<Reader, Tally>>>);

struct Tally {
    /// When one was last written.
    since: Timestamp,
    /// How many came since then.
    more: u32,
    /// By what they looked.
    filters: BTreeSet<&'static str>,
    /// The circumstances of the last of them.
    last: Context,
}

impl Tally {
    fn begin(context: &Context) -> Self {
        Self { since: context.now, more: 0, filters: BTreeSet::new(), last: context.clone() }
    }

    fn event(&self, with: &[&'static str], count: u32) -> AuditEvent {
        let filters = self.filters.iter().chain(with).copied().collect::<BTreeSet<_>>();
        AuditEvent::LogRead { tenant: self.last.tenant, filters: filters.into_iter().collect(), count }
    }
}

fn reader(context: &Context) -> Reader {
    let ActorRef { kind, id, .. } = ActorRef::from(&context.actor);
    (context.tenant, kind, id)
}

impl Readings {
    fn lock(&self) -> MutexGuard<'_, HashMap<Reader, Tally>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a reading. Answers with what is to be written at once: this one, unless one of the same reader was written
    /// within the last minute, and with it those that were counted since.
    pub(super) fn note(&self, context: &Context, filters: &[&'static str]) -> Option<AuditEvent> {
        let mut tallies = self.lock();
        let is_full = tallies.len() >= MOST;
        match tallies.get_mut(&reader(context)) {
            Some(tally) if context.now - tally.since < MINUTE => {
                tally.more = tally.more.saturating_add(1);
                tally.filters.extend(filters);
                tally.last = context.clone();
                None
            }
            Some(tally) => {
                let event = tally.event(filters, tally.more.saturating_add(1));
                *tally = Tally::begin(context);
                Some(event)
            }
            None => {
                let tally = Tally::begin(context);
                let event = tally.event(filters, 1);
                if !is_full {
                    tallies.insert(reader(context), tally);
                }
                Some(event)
            }
        }
    }

    /// What was noted could not be written: the next reading is to be written at once again.
    pub(super) fn forget(&self, context: &Context) {
        self.lock().remove(&reader(context));
    }

    /// What was counted and not written in minutes that are over.
    pub(super) fn due(&self, now: Timestamp) -> Vec<(Context, AuditEvent)> {
        let mut tallies = self.lock();
        let over = tallies.extract_if(|_, tally| now - tally.since >= MINUTE);
        let counted = over.map(|(_, tally)| tally).filter(|tally| tally.more > 0);
        counted.map(|tally| (tally.last.clone(), tally.event(&[], tally.more))).collect()
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::RequestId;

    use super::*;

    fn context(tenant: u128, seconds: i64) -> Context {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(tenant));
        Context::system("reader", tenant, RequestId::parse("r").unwrap(), now)
    }

    fn told(event: AuditEvent) -> (u32, Vec<&'static str>) {
        let AuditEvent::LogRead { filters, count, .. } = event else { unreachable!("a reading") };
        (count, filters)
    }

    #[test]
    fn first_is_written_and_those_of_its_minute_are_counted() {
        let readings = Readings::default();
        let note = |tenant, seconds, filter| readings.note(&context(tenant, seconds), &[filter]).map(told);
        assert_eq!(note(1, 0, "a"), Some((1, vec!["a"])));
        assert_eq!(note(2, 0, "a"), Some((1, vec!["a"])), "another tenant is another log");
        for second in 0..60 {
            assert_eq!(note(1, second, "b"), None);
        }
        assert!(readings.due(context(1, 59).now).is_empty());
        assert_eq!(note(1, 60, "c"), Some((61, vec!["b", "c"])), "those of the minute before are in it");
        assert_eq!(note(1, 61, "d"), None);
        let due: Vec<_> = readings.due(context(1, 120).now).into_iter().map(|(_, event)| told(event)).collect();
        assert_eq!(due, [(1, vec!["d"])]);
        assert!(readings.due(context(1, 120).now).is_empty());
    }

    #[test]
    fn one_that_was_not_written_is_not_taken_for_written() {
        let readings = Readings::default();
        assert!(readings.note(&context(1, 0), &[]).is_some());
        readings.forget(&context(1, 0));
        assert!(readings.note(&context(1, 1), &[]).is_some());
    }

    #[test]
    fn beyond_the_bound_each_reading_is_written() {
        let readings = Readings::default();
        for tenant in 0..MOST as u128 {
            assert!(readings.note(&context(tenant, 0), &[]).is_some());
        }
        for _twice in 0..2 {
            assert!(readings.note(&context(u128::MAX, 0), &[]).is_some());
        }
        assert_eq!(readings.lock().len(), MOST);
    }
}
