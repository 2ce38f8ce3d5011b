use proptest::prelude::*;

use super::*;

struct Zero;
impl ashlar_kernel::Entropy for Zero {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
}

fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn admitted(mut counter: SignInCounter, now: Timestamp) -> (SignInCounter, Slot) {
    match counter.enter(Ladder::PASSWORD, now) {
        Entry::Admitted(slot) => (counter, slot),
        other => panic!("{other:?}"),
    }
}

fn entered(counter: &SignInCounter, now: Timestamp) -> Entry {
    counter.clone().enter(Ladder::PASSWORD, now)
}

/// Fails once at `now`.
fn failed(counter: SignInCounter, now: Timestamp) -> (SignInCounter, Option<Lock>) {
    let (counter, slot) = admitted(counter, now);
    counter.fail(slot, Ladder::PASSWORD, now)
}

/// Fails until the lock.
fn locked(mut counter: SignInCounter, now: Timestamp) -> (SignInCounter, Lock) {
    for _ in 0..5 {
        let (next, lock) = failed(counter, now);
        counter = next;
        if let Some(lock) = lock {
            return (counter, lock);
        }
    }
    panic!("five failures and no lock");
}

#[test]
fn each_lock_in_a_row_lasts_longer() {
    let (mut counter, mut now) = (SignInCounter::default(), noon());
    for (level, seconds) in [(1, 60), (2, 300), (3, 900), (4, 3_600), (5, 21_600), (6, 86_400), (7, 86_400)] {
        let (next, lock) = locked(counter, now);
        assert_eq!((lock.level, (lock.until - now).num_seconds()), (level, seconds));
        assert_eq!(entered(&next, lock.until - TimeDelta::milliseconds(1)), Entry::Locked(lock.until));
        // A whole day of silence would forget everything.
        now = lock.until.min(now + SILENCE - TimeDelta::seconds(1));
        now = lock.until.max(now);
        counter = SignInCounter { last_failure_at: Some(now), ..next };
    }
}

#[test]
fn a_success_forgets_the_failures_and_a_day_of_silence_does() {
    let (mut counter, _) = failed(SignInCounter::default(), noon());
    for _ in 0..3 {
        counter = failed(counter, noon()).0;
    }
    let (counter, slot) = admitted(counter, noon());
    assert_eq!(entered(&counter, noon()), Entry::Busy, "the fifth is being judged");
    assert!(counter.clone().succeed(slot).is_blank());

    let (counter, lock) = counter.fail(slot, Ladder::PASSWORD, noon());
    assert!(lock.is_some());
    let (counter, _slot) = admitted(counter, noon() + SILENCE);
    assert_eq!((counter.failed, counter.total, counter.locks), (0, 0, 0));
}

#[test]
fn five_are_judged_at_a_time() {
    let mut counter = SignInCounter::default();
    let mut slots = Vec::new();
    for _ in 0..5 {
        let (next, slot) = admitted(counter, noon());
        counter = next;
        slots.push(slot);
    }
    assert_eq!(entered(&counter, noon()), Entry::Busy);
    let after_success = counter.clone().succeed(slots[0]);
    assert!(matches!(entered(&after_success, noon()), Entry::Admitted(_)));
    let (after_failure, _) = counter.clone().fail(slots[0], Ladder::PASSWORD, noon());
    assert_eq!(entered(&after_failure, noon()), Entry::Busy, "a failure takes the place of its slot");
    // Their process has died.
    assert!(matches!(entered(&counter, noon() + SLOT), Entry::Admitted(_)));
}

#[test]
fn a_hundred_failures_need_a_reset() {
    let (mut counter, mut now) = (SignInCounter::default(), noon());
    for _ in 0..20 {
        let (next, lock) = locked(counter, now);
        (counter, now) = (SignInCounter { last_failure_at: Some(lock.until), ..next }, lock.until);
    }
    assert_eq!(entered(&counter, now), Entry::Shut);
    assert_eq!(entered(&counter, now + SILENCE * 30), Entry::Shut);
    assert!(counter.keep_until(now) > now + TimeDelta::days(3_000));
}

#[test]
fn who_is_relieved_may_try_again_and_is_forgiven_nothing() {
    let (counter, first) = locked(SignInCounter::default(), noon());
    let relieved = counter.relieve().unwrap();
    let (mut counter, second) = locked(relieved, noon());
    assert_eq!((first.level, second.level, (second.until - second.since).num_seconds()), (1, 2, 300));
    for _ in 2..20 {
        assert!(!counter.is_shut());
        counter = locked(counter.relieve().unwrap(), noon()).0;
    }
    assert!(counter.is_shut() && counter.relieve().is_none());
    assert!(SignInCounter::default().relieve().unwrap().is_blank());
}

#[test]
fn what_is_counted_apart_has_a_counter_of_its_own() {
    let key = MacKey::from_bytes([1; 32]);
    let same = uuid::Uuid::from_u128(7);
    let ada = Identifier::parse("ada").unwrap();
    let device = TrustedDevice::new(&Zero);
    let counters = [
        CounterKey::of_strangers(&key, &ada),
        CounterKey::of_strangers(&key, &Identifier::parse("bob").unwrap()),
        CounterKey::of_device(&key, UserId::from_uuid(same), &device),
        CounterKey::of_session(&key, SessionId::from_uuid(same)),
        CounterKey::of_second_factor(&key, UserId::from_uuid(same)),
    ];
    let apart: std::collections::BTreeSet<_> = counters.iter().collect();
    assert_eq!(apart.len(), counters.len());
    assert_eq!(CounterKey::of_strangers(&key, &Identifier::parse("ADA").unwrap()), counters[0]);
}

#[test]
fn a_clock_that_steps_back_makes_no_lock_longer() {
    let (counter, _lock) = locked(SignInCounter::default(), noon());
    let earlier = noon() - TimeDelta::hours(1);
    let mut counter = counter;
    assert_eq!(counter.enter(Ladder::PASSWORD, earlier), Entry::Locked(earlier + TimeDelta::seconds(60)));
    assert!(matches!(entered(&counter, earlier + TimeDelta::seconds(60)), Entry::Admitted(_)));
}

proptest! {
    #[test]
    fn at_most_five_are_judged_between_locks(steps in prop::collection::vec((0_u8..4, 0_i64..3), 1..200)) {
        let (mut counter, mut now, mut open) = (SignInCounter::default(), noon(), Vec::new());
        for (what, seconds) in steps {
            now += TimeDelta::seconds(seconds);
            open.retain(|slot: &Slot| now - slot.0 < SLOT);
            match (what, open.pop()) {
                (0, Some(slot)) => counter = counter.succeed(slot),
                (1, Some(slot)) => counter = counter.fail(slot, Ladder::PASSWORD, now).0,
                (2, Some(slot)) => counter = counter.give_back(slot),
                (_, slot) => {
                    open.extend(slot);
                    if let Entry::Admitted(slot) = counter.enter(Ladder::PASSWORD, now) {
                        open.push(slot);
                    }
                }
            }
            prop_assert!(counter.failed < Ladder::PASSWORD.failures);
            let judged = u32::try_from(counter.slots.len()).unwrap();
            prop_assert!(counter.failed + judged <= Ladder::PASSWORD.failures);
        }
    }
}
