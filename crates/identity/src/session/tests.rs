use ashlar_kernel::{Change, ExposeSecret, MacKey, Secret, TenantId, Timestamp};
use chrono::TimeDelta;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn start() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn session() -> Session {
    let new = NewSession {
        id: SessionId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::MAIN,
        user: UserId::from_uuid(Uuid::from_u128(2)),
        salt: [3; 32],
        amr: vec!["pwd".to_owned()],
        device: None,
        ip: Some("192.0.2.1".parse().unwrap()),
        user_agent: None,
    };
    Session::begin(new, &SessionPolicy::default(), start()).into_parts().0
}

fn state(change: Change<Session, SessionEvent>) -> Session {
    change.into_parts().0
}

fn rotated(session: Session, presented: u32, now: Timestamp) -> Session {
    match session.refresh(presented, &SessionPolicy::default(), now) {
        Refresh::Rotated(change) => state(change),
        _ => panic!("generation {presented} is the good one"),
    }
}

#[test]
fn the_good_token_is_followed_by_the_next() {
    let next = rotated(session(), 0, start() + TimeDelta::hours(1));
    assert_eq!(next.generation(), 1);
    assert_eq!(next.idle_expires_at(), start() + TimeDelta::hours(1) + TimeDelta::days(7));
}

#[test]
fn the_previous_token_repeats_the_answer_within_the_grace_and_kills_the_family_after_it() {
    let at = start() + TimeDelta::hours(1);
    let session = rotated(session(), 0, at);
    let policy = SessionPolicy::default();

    let within = session.clone().refresh(0, &policy, at + TimeDelta::seconds(10));
    assert!(matches!(within, Refresh::Repeated(same) if same.generation() == 1));

    match session.refresh(0, &policy, at + TimeDelta::milliseconds(10_001)) {
        Refresh::Reused(change) => {
            assert_eq!(state(change).revoked().unwrap().1, RevocationReason::Reuse);
        }
        _ => panic!("reuse after the grace ends the session"),
    }
}

#[test]
fn without_grace_the_previous_token_kills_the_family_at_once() {
    let policy = SessionPolicy { refresh_grace: TimeDelta::zero(), ..SessionPolicy::default() };
    let session = rotated(session(), 0, start());
    assert!(matches!(session.refresh(0, &policy, start()), Refresh::Reused(_)));
}

#[test]
fn a_token_from_the_future_kills_the_family() {
    for presented in [1, 1_000, u32::MAX] {
        let outcome = session().refresh(presented, &SessionPolicy::default(), start());
        assert!(matches!(outcome, Refresh::Reused(_)), "{presented}");
    }
}

#[test]
fn a_session_ends_by_idleness_and_whatever_happens_by_age() {
    let policy = SessionPolicy::default();
    let idle = session().refresh(0, &policy, start() + TimeDelta::days(7));
    assert!(matches!(idle, Refresh::Expired));

    let mut kept = session();
    for day in 1..30 {
        let generation = kept.generation();
        kept = rotated(kept, generation, start() + TimeDelta::days(day));
    }
    assert_eq!(kept.idle_expires_at(), start() + TimeDelta::days(30), "idle never outlives the absolute end");
    let generation = kept.generation();
    assert!(matches!(kept.refresh(generation, &policy, start() + TimeDelta::days(30)), Refresh::Expired));
}

#[test]
fn a_session_is_ended_once() {
    let ended = state(session().revoke(RevocationReason::Logout, start()).unwrap());
    assert!(!ended.is_alive(start()));
    assert!(matches!(ended.clone().refresh(0, &SessionPolicy::default(), start()), Refresh::Revoked));
    assert!(ended.revoke(RevocationReason::User, start()).is_none());
}

#[test]
fn an_access_token_never_outlives_its_session() {
    let late = start() + TimeDelta::days(30) - TimeDelta::minutes(1);
    assert_eq!(session().access_expires_at(&SessionPolicy::default(), late), start() + TimeDelta::days(30));
}

#[test]
fn a_session_survives_storage() {
    let mut with_device = session();
    with_device.device = Some(Device {
        client_id: Some(DeviceClientId::parse("abc").unwrap()),
        name: Some(DeviceName::parse("My phone").unwrap()),
        platform: Platform::Android,
    });
    for session in [session(), with_device, state(session().revoke(RevocationReason::User, start()).unwrap())] {
        assert!(Session::restore(session.to_row()).unwrap() == session);
    }
    let broken = SessionRow { revoked_at: Some(start()), ..session().to_row() };
    assert!(Session::restore(broken).is_err(), "ended without a reason");
}

fn keys() -> RefreshKeys {
    RefreshKeys::single(MacKey::from_bytes([9; 32]))
}

#[test]
fn the_same_session_state_always_gives_the_same_token() {
    let token = |session: &Session| keys().token(session).unwrap().expose_secret().to_owned();
    assert_eq!(token(&session()), token(&session()));
    assert_ne!(token(&session()), token(&rotated(session(), 0, start())));
    assert!(token(&session()).starts_with("asr1_"));
}

#[test]
fn a_token_needs_both_the_key_and_the_salt() {
    let session = session();
    let token = PresentedRefreshToken::parse(&keys().token(&session).unwrap()).unwrap();
    assert!(keys().verify(&token, &session));
    assert!(!RefreshKeys::single(MacKey::from_bytes([8; 32])).verify(&token, &session));
    assert!(!keys().verify(&token, &Session { salt: [4; 32], ..session.clone() }));
    let other = Session { id: SessionId::from_uuid(Uuid::from_u128(77)), ..session };
    assert!(!keys().verify(&token, &other));
}

proptest! {
    #[test]
    fn a_changed_token_never_verifies(at in 0_usize..53, bit in 0_u8..8) {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let session = session();
        let good = keys().token(&session).unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(good.expose_secret().trim_start_matches("asr1_")).unwrap();
        bytes[at] ^= 1 << bit;
        let forged = Secret::from(format!("asr1_{}", URL_SAFE_NO_PAD.encode(bytes)));
        let forged = PresentedRefreshToken::parse(&forged).unwrap();
        prop_assert!(!keys().verify(&forged, &session));
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "(asr1_)?\\PC{0,90}") {
        let _either = PresentedRefreshToken::parse(&Secret::from(text));
    }

    /// Whatever is presented whenever, a live session has exactly one good generation and it never falls.
    #[test]
    fn generations_never_fall(steps in prop::collection::vec((0_u32..6, 0_i64..20_000), 1..30)) {
        let policy = SessionPolicy::default();
        let (mut session, mut now) = (session(), start());
        for (presented, millis) in steps {
            now += TimeDelta::milliseconds(millis);
            let before = session.generation();
            session = match session.clone().refresh(presented, &policy, now) {
                Refresh::Rotated(change) => {
                    prop_assert_eq!(presented, before);
                    prop_assert_eq!(change.state().generation(), before + 1);
                    state(change)
                }
                Refresh::Repeated(same) => {
                    prop_assert_eq!(presented + 1, before);
                    same
                }
                Refresh::Reused(change) => {
                    prop_assert_ne!(presented, before);
                    state(change)
                }
                Refresh::Revoked => {
                    prop_assert!(session.revoked().is_some());
                    session
                }
                Refresh::Expired => session,
            };
        }
    }
}
