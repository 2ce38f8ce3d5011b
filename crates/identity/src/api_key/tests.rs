//! How a key lives, is rotated and ends.

use ashlar_kernel::Entropy;
use uuid::Uuid;

use super::*;

struct Repeated(u8);
impl Entropy for Repeated {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn hash(seed: u8) -> KeyHash {
    KeySecret::generate(&Repeated(seed)).hash()
}

fn key(kind: KeyKind, days: i64) -> ApiKey {
    let new = NewApiKey {
        id: ApiKeyId::from_uuid(Uuid::from_u128(1)),
        tenant: TenantId::MAIN,
        owner: UserId::from_uuid(Uuid::from_u128(2)),
        key_id: KeyId::generate(&Repeated(3)),
        kind,
        name: ApiKeyName::parse("CI").unwrap(),
        scopes: vec![Scope::parse("identity.profile.read.own").unwrap()],
        networks: Networks::new(vec![parse_network("203.0.113.0/24").unwrap()]),
        origins: vec![Origin::parse("https://www.example.org").unwrap()],
        lifetime: Lifetime::parse(days, Lifetime::LONGEST_OF_ADMIN).unwrap(),
        hash: hash(1),
    };
    ApiKey::create(new, noon()).into_parts().0
}

fn rotated(key: ApiKey, seed: u8, at: Timestamp) -> ApiKey {
    key.rotate(hash(seed), Lifetime::LONGEST, at).unwrap().into_parts().0
}

#[test]
fn a_key_ends_with_its_last_day() {
    let key = key(KeyKind::Secret, 90);
    let end = noon() + TimeDelta::days(90);
    assert_eq!(key.status(end - TimeDelta::milliseconds(1)), KeyStatus::Active);
    assert_eq!(key.status(end), KeyStatus::Expired);
    assert_eq!(key.clone().revoke(noon()).unwrap().state().status(noon()), KeyStatus::Revoked);
    assert!(key.rotate(hash(2), Lifetime::LONGEST, end).is_err());
}

#[test]
fn after_a_rotation_the_secret_before_is_good_for_a_day() {
    let key = rotated(key(KeyKind::Secret, 90), 2, noon());
    let day = noon() + TimeDelta::hours(24);
    assert!(key.is_proved_by(&hash(2), noon()) && key.is_proved_by(&hash(2), day));
    assert!(key.is_proved_by(&hash(1), day - TimeDelta::milliseconds(1)));
    assert!(!key.is_proved_by(&hash(1), day));
    assert!(!key.is_proved_by(&KeyHash::NOBODYS, noon()) && !key.is_proved_by(&KeyHash::NOBODYS, day));

    let key = rotated(key, 3, noon());
    assert!(!key.is_proved_by(&hash(1), noon()), "one before that is dead");
    assert!(key.is_proved_by(&hash(2), noon()) && key.is_proved_by(&hash(3), noon()));
}

#[test]
fn a_rotation_begins_a_life_as_long_as_before_within_what_the_owner_may() {
    let later = noon() + TimeDelta::days(80);
    assert_eq!(rotated(key(KeyKind::Secret, 90), 2, later).expires_at(), later + TimeDelta::days(90));
    let again = later + TimeDelta::days(1);
    let twice = rotated(rotated(key(KeyKind::Secret, 90), 2, later), 3, again);
    assert_eq!(twice.expires_at(), again + TimeDelta::days(90), "lives do not add up");
    assert_eq!(rotated(key(KeyKind::Secret, 3_650), 2, later).expires_at(), later + TimeDelta::days(365));
    let last_hour = noon() + TimeDelta::hours(23);
    let key = rotated(key(KeyKind::Secret, 1), 2, last_hour);
    assert_eq!(key.previous_valid_until(last_hour), Some(noon() + TimeDelta::days(1)), "no longer than it would have");
}

#[test]
fn a_key_is_ended_once_and_then_for_good() {
    let ended = rotated(key(KeyKind::Secret, 90), 2, noon()).revoke(noon()).unwrap().into_parts().0;
    assert!(ended.clone().revoke(noon()).is_none());
    assert_eq!(ended.rotate(hash(3), Lifetime::LONGEST, noon()).unwrap_err(), InactiveApiKey);
}

#[test]
fn a_publishable_key_is_for_known_pages() {
    let publishable = key(KeyKind::Publishable, 90);
    assert!(publishable.serves(Some("https://www.example.org")));
    for other in
        [None, Some("null"), Some(""), Some("https://example.org"), Some("https://www.example.org.evil.example")]
    {
        assert!(!publishable.serves(other), "{other:?}");
    }
    assert!(key(KeyKind::Secret, 90).serves(None));
}

#[test]
fn a_key_survives_storage_and_what_is_broken_does_not() {
    let key = rotated(key(KeyKind::Publishable, 90), 2, noon());
    assert_eq!(ApiKey::restore(&key.to_row()).unwrap(), key);
    let broken = |spoil: fn(&mut ApiKeyRow)| {
        let mut row = key.to_row();
        spoil(&mut row);
        ApiKey::restore(&row).is_err()
    };
    assert!(broken(|row| row.scopes.clear()));
    assert!(broken(|row| row.kind = "root".to_owned()));
    assert!(broken(|row| row.previous_hash = None));
    assert!(broken(|row| row.secret_hash.truncate(31)));
    assert!(broken(|row| row.networks = "everywhere".to_owned()));
    assert!(broken(|row| row.version = -1));
}
