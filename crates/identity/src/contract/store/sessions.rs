//! Laws of sessions and their list.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use ashlar_kernel::{StoreError, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{POLICY, Scene, elsewhere, list_of, noon},
};
use crate::{
    Account, Refresh, RevocationReason, Role, Session, SessionId, SessionLine, SessionPosition, SessionQuery, UserId,
    UserStatus,
};

/// What is read is what was written, at every stage of a session's life.
pub async fn a_session_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let begun = scene.session(ada.id(), noon()).await;
    assert!(scene.stored_session(begun.id()).await == begun);

    let odd_moment = noon() + TimeDelta::milliseconds(12_345);
    let Refresh::Rotated(change) = begun.refresh(0, &POLICY, odd_moment) else {
        panic!("generation 0 is the good one")
    };
    let rotated = save(&scene, change).await;
    assert!(scene.stored_session(rotated.id()).await == rotated);

    let revoked = save(&scene, rotated.revoke(RevocationReason::Reuse, odd_moment).unwrap()).await;
    let stored = scene.stored_session(revoked.id()).await;
    assert!(stored == revoked);
    assert_eq!(stored.revoked(), Some((odd_moment, RevocationReason::Reuse)));
}

/// One question tells what a request needs to know of a session: whose it is and what they are now.
pub async fn a_session_is_read_with_its_holder(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", Some("ada")).await;
    let session = scene.session(ada.id(), noon()).await;

    let found = scene.fixture.store.session(session.id()).await.unwrap().unwrap();
    assert!(found.session == session);
    assert_eq!(found.status, UserStatus::Active);
    assert_eq!(found.account, Some(Account::of(&ada, Role::Member)));

    let mut tx = scene.begin().await;
    tx.update_user(ada.disable(noon()).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    let found = scene.fixture.store.session(session.id()).await.unwrap().unwrap();
    assert_eq!(found.status, UserStatus::Disabled);
}

/// Who is no member of the session's tenant has no account there, and still a session that can be judged.
pub async fn a_session_of_nobodys_member_has_no_account(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let outsider = scene.try_register("bob@example.org", None).await.unwrap();
    let session = scene.session(outsider, noon()).await;

    let found = scene.fixture.store.session(session.id()).await.unwrap().unwrap();
    assert_eq!((found.status, found.account), (UserStatus::Active, None));
}

/// A session stays readable after its end, so that its use can be told from a guess.
pub async fn an_ended_session_is_found_and_an_unknown_one_is_not(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let session = scene.session(ada.id(), noon()).await;
    let id = session.id();
    save(&scene, session.revoke(RevocationReason::User, noon()).unwrap()).await;

    assert!(scene.stored_session(id).await.revoked().is_some());
    let unknown = SessionId::from_uuid(Uuid::from_u128(1));
    assert!(scene.fixture.store.session(unknown).await.unwrap().is_none());
    assert!(scene.begin().await.session(unknown).await.unwrap().is_none());
}

/// Of two writers that began with the same copy, the second is refused and changes nothing.
pub async fn a_stale_copy_of_a_session_is_refused(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await;
    let copy = scene.session(ada.id(), noon()).await;
    let revoked = save(&scene, copy.clone().revoke(RevocationReason::Logout, noon()).unwrap()).await;
    scene.forget_events().await;

    let Refresh::Rotated(late) = copy.refresh(0, &POLICY, noon()) else { panic!("generation 0 is the good one") };
    let mut tx = scene.begin().await;
    assert!(matches!(tx.update_session(late).await, Err(StoreError::Stale)));
    drop(tx);

    assert!(scene.stored_session(revoked.id()).await == revoked);
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// Ended sessions are not listed, nor those that have run out, to the millisecond.
pub async fn the_list_holds_living_sessions_only(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let ended = scene.session(ada, noon()).await;
    save(&scene, ended.revoke(RevocationReason::User, noon()).unwrap()).await;
    let alive = scene.session(ada, noon()).await;

    let end = noon() + POLICY.refresh_idle;
    let ids = |lines: &[SessionLine]| lines.iter().map(|line| line.id).collect::<Vec<_>>();
    for (now, expected) in
        [(noon(), vec![alive.id()]), (end - TimeDelta::milliseconds(1), vec![alive.id()]), (end, vec![])]
    {
        let found = scene.fixture.store.sessions(SessionQuery { now, ..list_of(ada) }).await.unwrap();
        assert_eq!(ids(&found), expected, "{now}");
    }

    let found = scene.fixture.store.sessions(list_of(ada)).await.unwrap();
    assert_eq!(found, [line_of(&alive)]);
}

/// Newest first, whether or not a moment has a fraction.
pub async fn the_list_is_sorted_to_the_millisecond(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let moments = [1_000, 999, 100, 10, 1, 0, -1, -990, -1_000].map(|millis| noon() + TimeDelta::milliseconds(millis));
    let mut shuffled = moments;
    shuffled.rotate_left(4);
    shuffled.swap(0, 5);
    for at in shuffled {
        scene.session(ada, at).await;
    }

    let found = scene.fixture.store.sessions(list_of(ada)).await.unwrap();
    assert!(found.iter().map(|line| line.created_at).eq(moments));
}

/// Page by page, everything is shown once, also where a page ends among sessions that began at the same moment.
pub async fn pages_of_the_list_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    for number in 0..25 {
        scene.session(ada, noon() + TimeDelta::milliseconds(number / 4)).await;
    }
    let all = scene.fixture.store.sessions(list_of(ada)).await.unwrap();
    assert_eq!(all.len(), 25);
    assert!(all.is_sorted_by(|newer, older| position(newer) > position(older)));

    for size in [1, 3, 7, 24, 25] {
        let mut paged = Vec::new();
        let mut page = SessionQuery { rows: size, ..list_of(ada) };
        // Bounded: a store that repeats itself must fail here and not page for ever.
        while paged.len() <= all.len() {
            let lines = scene.fixture.store.sessions(page).await.unwrap();
            let Some(last) = lines.last() else { break };
            page.after = Some(SessionPosition { created_at: last.created_at, id: last.id.as_uuid() });
            paged.extend(lines);
            assert!(paged.len() <= all.len(), "pages of {size} repeat");
        }
        assert_eq!(paged, all, "pages of {size}");
    }
}

/// Nobody sees another's sessions, nor their own of another tenant.
pub async fn the_list_is_of_one_person_in_one_tenant(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let bob = scene.member("bob@example.org", None).await.id();
    scene.session(ada, noon()).await;

    let count = async |query| scene.fixture.store.sessions(query).await.unwrap().len();
    assert_eq!(count(list_of(ada)).await, 1);
    assert_eq!(count(list_of(bob)).await, 0);
    assert_eq!(count(SessionQuery { tenant: elsewhere(), ..list_of(ada) }).await, 0);
    assert_eq!(count(list_of(UserId::from_uuid(Uuid::from_u128(1)))).await, 0);
}

/// A busy session is written once a minute and not at each request; a clock that steps back changes nothing.
pub async fn a_session_is_touched_at_most_once_a_minute(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let session = scene.session(ada, noon()).await.id();
    let bystander = scene.session(ada, noon()).await.id();
    let touch = async |seconds: i64| -> Timestamp {
        let at = noon() + TimeDelta::seconds(seconds);
        scene.fixture.store.touch_session(session, at).await.unwrap();
        scene.stored_session(session).await.last_seen_at()
    };
    let after = |seconds| noon() + TimeDelta::seconds(seconds);

    assert_eq!(touch(59).await, after(0));
    assert_eq!(touch(61).await, after(61));
    assert_eq!(touch(119).await, after(61));
    assert_eq!(touch(10).await, after(61));
    assert_eq!(touch(3_600).await, after(3_600));
    assert_eq!(scene.stored_session(bystander).await.last_seen_at(), noon());
    scene.fixture.store.touch_session(SessionId::from_uuid(Uuid::from_u128(1)), noon()).await.unwrap();
}

/// Being seen is an observation and no change of state.
pub async fn a_touch_leaves_no_event_and_makes_no_copy_stale(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let copy = scene.session(ada, noon()).await;
    scene.forget_events().await;

    scene.fixture.store.touch_session(copy.id(), noon() + TimeDelta::hours(1)).await.unwrap();

    assert_eq!(scene.event_names().await, [""; 0]);
    assert_eq!(scene.stored_session(copy.id()).await.version(), copy.version());
    save(&scene, copy.revoke(RevocationReason::Logout, noon()).unwrap()).await;
}

/// A session goes when the last moment it could have lived to is long past, the oldest first and so many at a time.
pub async fn sessions_that_were_over_long_ago_are_purged(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let ada = scene.member("ada@example.org", None).await.id();
    let mut all = Vec::new();
    for days in 0..4 {
        all.push(scene.session(ada, noon() + TimeDelta::days(days)).await);
    }
    let revoked = save(&scene, all[3].clone().revoke(RevocationReason::Logout, noon()).unwrap()).await;
    scene.forget_events().await;
    let purge = async |before, limit| scene.fixture.store.purge_sessions(before, limit).await.unwrap();
    let left = async || {
        let mut left = Vec::new();
        for session in &all {
            left.push(scene.fixture.store.session(session.id()).await.unwrap().is_some());
        }
        left
    };
    let end = |of: &Session| of.absolute_expires_at();

    assert_eq!(purge(end(&all[0]), 10).await, 0, "its end is not yet past");
    assert_eq!(purge(end(&all[2]), 1).await, 1);
    assert_eq!(left().await, [false, true, true, true], "the oldest first");
    assert_eq!(purge(end(&all[2]), 10).await, 1);
    assert_eq!(left().await, [false, false, true, true]);
    assert_eq!(purge(end(&revoked) + TimeDelta::milliseconds(1), 10).await, 2);
    assert_eq!(left().await, [false; 4]);
    assert_eq!(scene.event_names().await, [""; 0]);
}

/// Saves a changed session in a unit of work of its own.
async fn save(scene: &Scene, change: ashlar_kernel::Change<Session, crate::SessionEvent>) -> Session {
    let session = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_session(change).await.unwrap();
    tx.commit().await.unwrap();
    session
}

fn position(line: &SessionLine) -> (Timestamp, SessionId) {
    (line.created_at, line.id)
}

fn line_of(session: &Session) -> SessionLine {
    SessionLine {
        id: session.id(),
        device: session.device().cloned(),
        ip: session.ip(),
        user_agent: session.user_agent().map(str::to_owned),
        amr: session.amr().to_vec(),
        created_at: session.created_at(),
        last_seen_at: session.last_seen_at(),
        expires_at: session.idle_expires_at(),
    }
}
