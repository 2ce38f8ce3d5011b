//! The laws every [`SessionCache`] obeys. [`session_cache_contract!`](crate::session_cache_contract) makes one test of
//! each.

#![expect(clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use ashlar_kernel::{TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::{
    NewSession, Session, SessionId, SessionPolicy, SessionWithHolder, UserId, UserStatus,
    port::{CachedSession, SessionCache, Standing},
};

/// A remembered session is returned as it was seen, and the newer reading of two replaces the older.
pub fn what_was_remembered_is_returned(cache: &dyn SessionCache) {
    let (id, seen_at) = (session(1), moment(0));

    let answer = cache.remember(id, live(id, seen_at));
    assert!(is_live(&answer, id, seen_at), "remember answers what is remembered");
    assert!(cache.get(id).is_some_and(|found| is_live(&found, id, seen_at)));

    let later = moment(5);
    cache.remember(id, live(id, later));
    assert!(cache.get(id).is_some_and(|found| is_live(&found, id, later)));
}

/// Nothing is known about a session that was never seen.
pub fn an_unknown_session_is_none(cache: &dyn SessionCache) {
    assert!(cache.get(session(1)).is_none());
    cache.forget(session(1));
    assert!(cache.get(session(1)).is_none());
}

/// A reading that arrives after the end does not revive the session, and is told so.
pub fn the_end_is_final(cache: &dyn SessionCache) {
    let id = session(1);
    cache.remember(id, live(id, moment(0)));

    cache.end(id, moment(1));

    assert!(cache.get(id).is_some_and(|found| is_ended(&found)));
    assert!(is_ended(&cache.remember(id, live(id, moment(2)))));
    assert!(cache.get(id).is_some_and(|found| is_ended(&found)));
}

/// The end of a session that was never seen is remembered too: its first reading may be on its way.
pub fn the_end_of_an_unseen_session_is_final(cache: &dyn SessionCache) {
    let id = session(1);

    cache.end(id, moment(0));

    assert!(is_ended(&cache.remember(id, live(id, moment(1)))));
    assert!(cache.get(id).is_some_and(|found| is_ended(&found)));
}

/// A reading that found the session ended is as final as being told so.
pub fn a_reading_of_the_end_is_final(cache: &dyn SessionCache) {
    let id = session(1);
    cache.remember(id, live(id, moment(0)));

    let answer = cache.remember(id, CachedSession { standing: Standing::Ended, seen_at: moment(1) });

    assert!(is_ended(&answer));
    assert!(is_ended(&cache.remember(id, live(id, moment(2)))));
}

/// A forgotten session is unknown, and may be remembered again.
pub fn a_forgotten_session_is_unknown(cache: &dyn SessionCache) {
    let id = session(1);
    cache.remember(id, live(id, moment(0)));

    cache.forget(id);

    assert!(cache.get(id).is_none());
    assert!(is_live(&cache.remember(id, live(id, moment(1))), id, moment(1)));
}

/// Forgetting is for sessions that may have changed. An ended one cannot, and stays ended.
pub fn an_end_outlives_forgetting(cache: &dyn SessionCache) {
    let id = session(1);
    cache.end(id, moment(0));

    cache.forget(id);

    assert!(is_ended(&cache.remember(id, live(id, moment(1)))));
}

/// After news may have been missed, no reading from before is returned, wherever it was when that was said; later
/// readings are, and ends stay.
pub fn readings_from_before_a_silence_are_forgotten(cache: &dyn SessionCache) {
    let [early, on_its_way, late, ended] = [session(1), session(2), session(3), session(4)];
    cache.remember(early, live(early, moment(4)));
    cache.remember(late, live(late, moment(6)));
    cache.end(ended, moment(1));

    cache.forget_readings_until(moment(5));
    cache.remember(on_its_way, live(on_its_way, moment(5)));

    assert!(cache.get(early).is_none());
    assert!(cache.get(on_its_way).is_none());
    assert!(cache.get(late).is_some_and(|found| is_live(&found, late, moment(6))));
    assert!(cache.get(ended).is_some_and(|found| is_ended(&found)));

    cache.forget_readings_until(moment(2));
    assert!(cache.get(early).is_none(), "a silence is not taken back");
    cache.remember(early, live(early, moment(7)));
    assert!(cache.get(early).is_some_and(|found| is_live(&found, early, moment(7))));
}

/// What is known about one session says nothing about another.
pub fn sessions_do_not_touch_each_other(cache: &dyn SessionCache) {
    let [ended, forgotten, kept] = [session(1), session(2), session(3)];
    for id in [ended, forgotten, kept] {
        cache.remember(id, live(id, moment(0)));
    }

    cache.end(ended, moment(1));
    cache.forget(forgotten);

    assert!(cache.get(ended).is_some_and(|found| is_ended(&found)));
    assert!(cache.get(forgotten).is_none());
    assert!(cache.get(kept).is_some_and(|found| is_live(&found, kept, moment(0))));
    assert!(cache.get(session(4)).is_none());
}

/// Eight readers of the living session race with the one who ends it; whoever wins, it has ended. A cache that looks
/// first and writes later loses some of these rounds.
pub fn an_end_wins_every_race(cache: &dyn SessionCache) {
    for round in 0..ROUNDS {
        let id = session(round);
        let race = Race { cache, id, start: Barrier::new(READERS + 1), over: AtomicBool::new(false) };
        thread::scope(|scope| {
            for _ in 0..READERS {
                scope.spawn(|| race.read_again_and_again());
            }
            scope.spawn(|| race.end());
        });
        assert!(cache.get(id).is_some_and(|found| is_ended(&found)), "round {round}: the session is alive again");
    }
}

const ROUNDS: u128 = 200;
const READERS: usize = 8;
const READINGS: usize = 25;

struct Race<'a> {
    cache: &'a dyn SessionCache,
    id: SessionId,
    start: Barrier,
    over: AtomicBool,
}

impl Race<'_> {
    fn read_again_and_again(&self) {
        self.start.wait();
        for _ in 0..READINGS {
            let was_over = self.over.load(Ordering::SeqCst);
            let answer = self.cache.remember(self.id, live(self.id, moment(0)));
            assert!(is_ended(&answer) || !was_over, "a reader was told that an ended session is good");
        }
    }

    fn end(&self) {
        self.start.wait();
        self.cache.end(self.id, moment(0));
        self.over.store(true, Ordering::SeqCst);
    }
}

fn session(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn live(id: SessionId, seen_at: Timestamp) -> CachedSession {
    let new = NewSession {
        id,
        tenant: TenantId::MAIN,
        user: UserId::from_uuid(Uuid::from_u128(1)),
        salt: [0; 32],
        amr: vec!["pwd".to_owned()],
        device: None,
        ip: None,
        user_agent: None,
    };
    let (session, _events) = Session::begin(new, &SessionPolicy::default(), moment(0)).into_parts();
    let holder = SessionWithHolder { session, status: UserStatus::Active, account: None };
    CachedSession { standing: Standing::Live(Box::new(holder)), seen_at }
}

fn is_live(cached: &CachedSession, id: SessionId, seen_at: Timestamp) -> bool {
    cached.seen_at == seen_at && matches!(&cached.standing, Standing::Live(holder) if holder.session.id() == id)
}

fn is_ended(cached: &CachedSession) -> bool {
    matches!(cached.standing, Standing::Ended)
}

/// Makes one test of each law of [`SessionCache`](crate::port::SessionCache). The argument is the path of a function
/// that makes an empty cache.
#[macro_export]
macro_rules! session_cache_contract {
    ($fixture:path) => {
        $crate::session_cache_contract!(@laws $fixture,
            what_was_remembered_is_returned,
            an_unknown_session_is_none,
            the_end_is_final,
            the_end_of_an_unseen_session_is_final,
            a_reading_of_the_end_is_final,
            a_forgotten_session_is_unknown,
            an_end_outlives_forgetting,
            readings_from_before_a_silence_are_forgotten,
            sessions_do_not_touch_each_other,
            an_end_wins_every_race,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[test]
            fn $law() {
                $crate::contract::session_cache::$law(&$fixture());
            }
        )+
    };
}
