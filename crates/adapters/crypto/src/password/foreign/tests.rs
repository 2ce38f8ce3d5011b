//! Hashes made by Django 5.2 and by the libraries of other programs, see `tests/fixtures`.

use std::{sync::Arc, time::Instant};

use ashlar_identity::{
    HashClass, Password, PasswordHash,
    port::{HashStanding, HasherError, PasswordHasher},
};
use ashlar_kernel::Secret;
use base64::Engine as _;
use proptest::prelude::*;
use serde::Deserialize;

use super::ForeignHash;
use crate::{Argon2Options, Argon2Params, Argon2Pool, OsEntropy};

#[derive(Deserialize)]
struct Fixtures {
    password: String,
    own_cost: Vec<Fixture>,
    low_cost: Vec<Fixture>,
    unusable: String,
    unsupported: Vec<String>,
}

#[derive(Deserialize)]
struct Fixture {
    name: String,
    hash: String,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../../../../../../tests/fixtures/django/hashes.json")).unwrap()
}

fn pool() -> Argon2Pool {
    let params = Argon2Params::new(8, 1, 1).unwrap();
    Argon2Pool::new(Argon2Options { params, ..Argon2Options::default() }, Arc::new(OsEntropy))
}

fn password(text: &str) -> Password {
    Password::parse(Secret::from(text)).unwrap()
}

fn stored(text: &str) -> PasswordHash {
    PasswordHash::restore(text.to_owned())
}

/// The text with another character at a place; none if it is that already.
fn with_letter(text: &str, at: usize, letter: char) -> Option<String> {
    let mut changed: Vec<char> = text.chars().collect();
    changed[at] = letter;
    let changed: String = changed.into_iter().collect();
    (changed != text).then_some(changed)
}

#[tokio::test]
async fn every_hash_of_django_at_its_own_cost_verifies() {
    let (pool, fixtures) = (pool(), fixtures());
    for Fixture { name, hash } in &fixtures.own_cost {
        let hash = stored(hash);
        let begun = Instant::now();
        assert!(pool.verify(&password(&fixtures.password), Some(&hash)).await.unwrap(), "{name}");
        let took = begun.elapsed();
        assert!(!pool.verify(&password("gr\u{fc}sse-aus-z\u{fc}rich-7"), Some(&hash)).await.unwrap(), "{name}");
        assert_eq!(pool.examine(&hash), HashStanding::Outdated, "{name}");
        assert!(took.as_millis() >= 5, "{name} was computed in {took:?}");
    }
    assert_eq!(fixtures.own_cost.len(), 6);
}

#[tokio::test]
async fn every_hash_verifies_and_none_with_another_character_in_it() {
    let (pool, fixtures) = (pool(), fixtures());
    let right = password(&fixtures.password);
    for Fixture { name, hash } in &fixtures.low_cost {
        assert!(pool.verify(&right, Some(&stored(hash))).await.unwrap(), "{name}");
        assert_eq!(pool.examine(&stored(hash)), HashStanding::Outdated, "{name}");

        // Each character once; the last letter by every other, for some of its bits mean nothing.
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/.".chars();
        let last = hash.trim_end_matches('=').len() - 1;
        let others = (0..hash.len()).flat_map(|at| [(at, 'A'), (at, 'B')]).chain(letters.map(|letter| (last, letter)));
        for damaged in others.filter_map(|(at, letter)| with_letter(hash, at, letter)) {
            let answer = pool.verify(&right, Some(&stored(&damaged))).await;
            assert!(!matches!(answer, Ok(true)), "{name}: {damaged}");
        }
    }
    assert_eq!(fixtures.low_cost.len(), 12);
}

#[tokio::test]
async fn unusable_and_unsupported_hashes_never_verify() {
    let (pool, fixtures) = (pool(), fixtures());
    let right = password(&fixtures.password);

    let unusable = stored(&fixtures.unusable);
    assert!(!pool.verify(&right, Some(&unusable)).await.unwrap());
    assert_eq!(pool.examine(&unusable), HashStanding::Unusable);
    let md5 = fixtures.unsupported.iter().map(String::as_str);
    for unknown in md5.chain(["5f4dcc3b5aa765d61d8327deb882cf99", "sha1$s$0", "crypt$$x", "$2x$04$a", "", "$6$a$b"]) {
        assert!(matches!(pool.verify(&right, Some(&stored(unknown))).await, Err(HasherError::Failed(_))), "{unknown}");
        assert_eq!(pool.examine(&stored(unknown)), HashStanding::Unknown, "{unknown}");
    }
}

/// Each is refused by looking at it: were it computed, the test would take hours, or all the memory there is.
#[tokio::test]
async fn bombs_are_refused_before_anything_is_spent_on_them() {
    let pool = pool();
    let (b20, b32, b64) = (super::decoy_output(20), super::decoy_output(32), super::decoy_output(64));
    let phc = b32.trim_end_matches('=');
    let tail = super::bcrypt::decoy_tail();
    let begun = Instant::now();
    for bomb in [
        format!("pbkdf2_sha256$5000001$salt${b32}"),
        format!("pbkdf2_sha256$4294967295$salt${b32}"),
        format!("pbkdf2_sha256$99999999999999999999$salt${b32}"),
        format!("pbkdf2_sha1$5000001$salt${b20}"),
        format!("scrypt$2097152$salt$1$1${b64}"),
        format!("scrypt$1048576$salt$9$1${b64}"),
        format!("scrypt$1048576$salt$8$5${b64}"),
        format!("scrypt$2$salt$4194305$1${b64}"),
        format!("scrypt$2$salt$1$4294967295${b64}"),
        format!("$scrypt$ln=21,r=1,p=1$c2FsdHNhbHQ${phc}"),
        format!("$scrypt$ln=4294967295,r=4294967295,p=4294967295$c2FsdHNhbHQ${phc}"),
        format!("argon2$argon2id$v=19$m=1048577,t=1,p=1$c2FsdHNhbHQ${phc}"),
        format!("$argon2i$v=19$m=4294967295,t=4294967295,p=64$c2FsdHNhbHQ${phc}"),
        format!("$2b$17${tail}"),
        format!("$2a$31${tail}"),
        format!("bcrypt_sha256$$2b$17${tail}"),
        format!("bcrypt$$2y$99${tail}"),
    ] {
        assert_eq!(pool.examine(&stored(&bomb)), HashStanding::TooExpensive, "{bomb}");
        let answer = pool.verify(&password("x"), Some(&stored(&bomb))).await;
        assert!(matches!(answer, Err(HasherError::Failed(_))), "{bomb}");
    }
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_is_just_within_bounds_is_read() {
    let pool = pool();
    let (b32, b64) = (super::decoy_output(32), super::decoy_output(64));
    let tail = super::bcrypt::decoy_tail();
    for dear in [
        format!("pbkdf2_sha256$5000000$salt${b32}"),
        format!("scrypt$1048576$salt$8$1${b64}"),
        format!("scrypt$131072$salt$8$1${b64}"),
        format!("$2b$16${tail}"),
    ] {
        assert_eq!(pool.examine(&stored(&dear)), HashStanding::Outdated, "{dear}");
    }
}

#[tokio::test]
async fn damaged_hashes_of_known_algorithms_are_malformed() {
    let pool = pool();
    let (b32, b64) = (super::decoy_output(32), super::decoy_output(64));
    let tail = super::bcrypt::decoy_tail();
    for damaged in [
        "pbkdf2_sha256$".to_owned(),
        format!("pbkdf2_sha256$0$salt${b32}"),
        format!("pbkdf2_sha256$+20$salt${b32}"),
        format!("pbkdf2_sha256$020$salt${b32}"),
        format!("pbkdf2_sha256$20$${b32}"),
        format!("pbkdf2_sha256$20$salt${}", b32.trim_end_matches('=')),
        format!("pbkdf2_sha256$20$salt${b64}"),
        format!("pbkdf2_sha1$20$salt${b32}"),
        format!("scrypt$17$salt$8$1${b64}"),
        format!("scrypt$0$salt$8$1${b64}"),
        format!("scrypt$1$salt$8$1${b64}"),
        format!("scrypt$16$salt$0$1${b64}"),
        format!("scrypt$16$salt$8$0${b64}"),
        "scrypt$16$salt$8$1$AAAA".to_owned(),
        format!("$scrypt$r=8,ln=4,p=1$c2FsdHNhbHQ${}", b32.trim_end_matches('=')),
        format!("$2b$4${tail}"),
        format!("$2b$03${tail}"),
        format!("$2b$04${tail}."),
        "$2b$04$".to_owned(),
        "bcrypt$$2b$04$\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}".to_owned(),
        "argon2$argon2id$v=19$m=8,t=1,p=1$".to_owned(),
    ] {
        assert_eq!(pool.examine(&stored(&damaged)), HashStanding::Malformed, "{damaged}");
    }
}

#[tokio::test]
async fn every_class_has_a_decoy_that_costs_the_same_and_lets_nobody_in() {
    let (pool, fixtures) = (pool(), fixtures());
    for Fixture { name, hash } in fixtures.low_cost.iter().chain(&fixtures.own_cost) {
        let class = HashClass::of(&stored(hash));
        let decoy = pool.decoy(&class).unwrap_or_else(|| panic!("{name}: no decoy of {class}"));
        assert_eq!(HashClass::of(&decoy), class, "{name}");
    }
    for Fixture { name, hash } in &fixtures.low_cost {
        let decoy = pool.decoy(&HashClass::of(&stored(hash))).unwrap();
        assert!(!pool.verify(&password(&fixtures.password), Some(&decoy)).await.unwrap(), "{name}");
    }
    for bomb in ["pbkdf2_sha256$5000001", "scrypt$2097152$$1$1", "$2b$31", "$argon2id$v=19$m=1048577,t=1,p=1"] {
        assert!(pool.decoy(&HashClass::restore(bomb.to_owned())).is_none(), "{bomb}");
    }
}

/// bcrypt looks at 72 bytes, here as everywhere; Django's way around it looks at all of them.
#[test]
fn bcrypt_looks_at_72_bytes_and_its_digest_at_all() {
    let (salt, long) = ([0x14; 16], "x".repeat(72));
    let letters = |bytes: &[u8]| super::bcrypt::LETTERS.encode(bytes);
    let hash = |name: &str, key: &[u8]| {
        let output = bcrypt::bcrypt(4, salt, key);
        let text = format!("{name}$2b$04${}{}", letters(&salt), letters(&output[..23]));
        ForeignHash::parse(&text).unwrap().unwrap_or_else(|error| panic!("{text}: {error}"))
    };

    let plain = hash("", long.as_bytes());
    assert!(plain.matches(long.as_bytes()) && plain.matches((long.clone() + "y").as_bytes()));
    assert!(!plain.matches(long.replacen('x', "y", 1).as_bytes()) && !plain.matches("x".repeat(71).as_bytes()));

    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, long.as_bytes());
    let digested = hash("bcrypt_sha256$", &[hex::encode(digest).as_bytes(), &[0]].concat());
    assert!(digested.matches(long.as_bytes()) && !digested.matches((long + "y").as_bytes()));
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(pbkdf2_sha(256|1)|\\$?scrypt|bcrypt(_sha256)?|\\$2[aby]|)\\$[\\$ \\PC]{0,80}") {
        drop(ForeignHash::parse(&text));
    }
}
