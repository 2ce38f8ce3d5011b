use chrono::TimeDelta;

use super::*;
use crate::SessionPolicy;

const NOON: Timestamp = Timestamp::UNIX_EPOCH;

fn rotation() -> KeyRotation {
    KeyRotation::for_sessions(&SessionPolicy::default())
}

fn new(kid: &str) -> NewSigningKey {
    NewSigningKey { kid: Kid::parse(kid).unwrap(), algorithm: "EdDSA".to_owned(), sealed: vec![1, 2, 3] }
}

fn state(change: Change<SigningKey, SigningKeyEvent>) -> SigningKey {
    change.into_parts().0
}

fn due(keys: &[SigningKey], after: TimeDelta) -> Vec<Due> {
    SigningKeyRing::new(keys.to_vec()).due(&rotation(), "EdDSA", NOON + after)
}

#[test]
fn a_key_is_staged_a_day_before_it_signs_and_believed_until_its_tokens_have_run_out() {
    let first = state(SigningKey::begin(new("one"), NOON));
    assert_eq!(due(std::slice::from_ref(&first), TimeDelta::days(29) - TimeDelta::milliseconds(1)), []);
    assert_eq!(due(std::slice::from_ref(&first), TimeDelta::days(29)), [Due::Stage]);

    let second = state(SigningKey::stage(new("two"), NOON + TimeDelta::days(29)));
    let both = [first, second];
    assert_eq!(due(&both, TimeDelta::days(30) - TimeDelta::milliseconds(1)), []);
    assert_eq!(due(&both, TimeDelta::days(30)), [Due::Promote]);

    let now = NOON + TimeDelta::days(30);
    let turned = SigningKeyRing::new(both.to_vec()).turn(&rotation(), now);
    let turned: Vec<_> = turned.into_iter().map(state).collect();
    assert_eq!(turned.iter().map(SigningKey::state).collect::<Vec<_>>(), [KeyState::Retiring, KeyState::Active]);
    let believed = TimeDelta::minutes(25) + TimeDelta::seconds(5);
    assert_eq!(due(&turned, TimeDelta::days(30) + believed - TimeDelta::milliseconds(1)), []);
    assert_eq!(due(&turned, TimeDelta::days(30) + believed), [Due::Remove]);

    let gone = SigningKeyRing::new(turned).turn(&rotation(), now + believed);
    let gone: Vec<_> = gone.into_iter().map(state).collect();
    assert_eq!((gone.len(), gone[0].state(), gone[0].sealed()), (1, KeyState::Removed, None));
}

#[test]
fn another_algorithm_is_staged_at_once_and_waits_its_day() {
    let ring = SigningKeyRing::new(vec![state(SigningKey::begin(new("one"), NOON))]);
    assert_eq!(ring.due(&rotation(), "RS256", NOON), [Due::Stage]);
    let staged = state(SigningKey::stage(NewSigningKey { algorithm: "RS256".to_owned(), ..new("two") }, NOON));
    let ring = SigningKeyRing::new(ring.keys().iter().cloned().chain([staged]).collect());
    assert_eq!(ring.due(&rotation(), "RS256", NOON), []);
}

#[test]
fn an_emergency_ends_every_key() {
    let (one, two) = (state(SigningKey::begin(new("one"), NOON)), state(SigningKey::stage(new("two"), NOON)));
    let cleared: Vec<_> = SigningKeyRing::new(vec![one, two]).clear(NOON).into_iter().map(state).collect();
    assert!(cleared.iter().all(|key| key.state() == KeyState::Removed && key.sealed().is_none()));
    assert_eq!(cleared.len(), 2);
    assert!(cleared[0].clone().remove(true, NOON).is_none());
    assert!(SigningKeyRing::new(cleared).keys().is_empty());
}

#[test]
fn states_go_one_way() {
    let one = state(SigningKey::begin(new("one"), NOON));
    assert!(one.clone().take_over(one.clone(), NOON).is_none());
    for state in KeyState::ALL {
        assert_eq!(KeyState::restore(state.as_str()), Some(state));
    }
}

#[test]
fn what_does_not_fit_together_is_not_restored() {
    let one = state(SigningKey::begin(new("one"), NOON));
    assert!(SigningKey::restore(one.to_row()).is_ok_and(|same| same == one));
    for spoil in [
        (|row| row.state = "asleep".to_owned()) as fn(&mut SigningKeyRow),
        |row| row.sealed = None,
        |row| row.activated_at = None,
        |row| row.retired_at = Some(NOON),
        |row| row.removed_at = Some(NOON),
        |row| row.kid = "../x".to_owned(),
        |row| row.version = -1,
    ] {
        let mut row = one.to_row();
        spoil(&mut row);
        assert!(SigningKey::restore(row).is_err());
    }
}
