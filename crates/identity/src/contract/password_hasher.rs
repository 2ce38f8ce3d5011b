//! The laws every [`PasswordHasher`] obeys. [`password_hasher_contract!`](crate::password_hasher_contract) makes one
//! test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, clippy::expect_used, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::Secret;

use crate::{
    HashClass, Password, PasswordHash,
    port::{HashStanding, PasswordHasher},
};

/// Hashers to try the laws on. Cheap parameters do: the laws are about answers, not about cost.
pub struct Hashers {
    /// The hasher on trial.
    pub one: Arc<dyn PasswordHasher>,
    /// Another instance, as it would be after a restart with other parameters.
    pub another: Arc<dyn PasswordHasher>,
}

/// The password that was hashed verifies, and nothing that merely resembles it.
pub async fn only_the_right_password_verifies(hashers: &Hashers) {
    let hasher = &*hashers.one;
    let hash = hasher.hash(&password("tuba-Mint-quarrel-9")).await.unwrap();

    assert!(verifies(hasher, "tuba-Mint-quarrel-9", &hash).await);
    for wrong in [
        "tuba-mint-quarrel-9",
        "tuba-Mint-quarrel-",
        "tuba-Mint-quarrel-99",
        " tuba-Mint-quarrel-9",
        "tuba-Mint-quarrel-9 ",
        "9",
        hash.as_str(),
    ] {
        assert!(!verifies(hasher, wrong, &hash).await, "{wrong:?} is another password");
    }
}

/// Every byte of the longest password counts: nothing is cut off (bcrypt stops at 72), and any Unicode will do.
pub async fn every_byte_of_a_password_counts(hashers: &Hashers) {
    let hasher = &*hashers.one;
    let longest = "\u{1f511}".repeat(256);
    let hash = hasher.hash(&password(&longest)).await.unwrap();

    assert!(verifies(hasher, &longest, &hash).await);
    let other_end = "\u{1f511}".repeat(255) + "\u{1f510}";
    assert!(!verifies(hasher, &other_end, &hash).await);
}

/// Another secret hashed like the first has its salt and cost: equal secrets are seen to be equal, and no others; and it
/// verifies like any hash.
pub async fn a_hash_like_another_shares_its_salt(hashers: &Hashers) {
    let hasher = &*hashers.one;
    let first = hasher.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    let same = hashers.another.hash_like(&password("tuba-mint-quarrel-9"), &first).await.unwrap();
    assert_eq!(same.as_str(), first.as_str());
    let other = hasher.hash_like(&password("tuba-mint-quarrel-8"), &first).await.unwrap();
    assert_ne!(other.as_str(), first.as_str());
    assert!(verifies(hasher, "tuba-mint-quarrel-8", &other).await);
}

/// Without a hash there is nothing a password could be right for.
pub async fn without_a_hash_the_answer_is_no(hashers: &Hashers) {
    for any in ["tuba-mint-quarrel-9", "x", "password"] {
        assert!(!hashers.one.verify(&password(any), None).await.unwrap(), "{any:?}");
    }
}

/// Each hash has a salt of its own: equal passwords are not seen to be equal.
pub async fn two_hashes_of_one_password_differ(hashers: &Hashers) {
    let hasher = &*hashers.one;
    let first = hasher.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    let second = hasher.hash(&password("tuba-mint-quarrel-9")).await.unwrap();

    assert!(first != second);
    assert!(verifies(hasher, "tuba-mint-quarrel-9", &first).await);
    assert!(verifies(hasher, "tuba-mint-quarrel-9", &second).await);
}

/// A hash names its algorithm, as PHC strings do, and shows nothing of the password.
pub async fn a_hash_is_a_phc_string_without_the_password(hashers: &Hashers) {
    let hash = hashers.one.hash(&password("tuba-mint-quarrel-9")).await.unwrap();

    let algorithm = hash.as_str().strip_prefix('$').and_then(|rest| rest.split('$').next()).expect("it begins with $");
    assert!((1..=32).contains(&algorithm.len()), "{algorithm:?}");
    assert!(algorithm.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{algorithm:?}");
    assert!(hash.as_str().bytes().all(|b| b.is_ascii_graphic()));
    assert!(!hash.as_str().contains("tuba-mint-quarrel-9"));
}

/// Hashes outlive a change of parameters, in both directions.
pub async fn hashes_outlive_a_change_of_parameters(hashers: &Hashers) {
    for (maker, reader) in [(&hashers.one, &hashers.another), (&hashers.another, &hashers.one)] {
        let hash = maker.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
        assert!(verifies(&**reader, "tuba-mint-quarrel-9", &hash).await);
        assert!(!verifies(&**reader, "tuba-mint-quarrel-8", &hash).await);
    }
}

/// What is not a hash is an error: never a yes, and not a no either, which would hide the damage.
pub async fn a_malformed_hash_is_an_error(hashers: &Hashers) {
    let long = "$".repeat(10_000);
    for malformed in ["", " ", "$", "$$", "tuba-mint-quarrel-9", "$no-such-algorithm$c2FsdHNhbHQ$aGFzaGhhc2g", &long] {
        let answer = hashers.one.verify(&password("tuba-mint-quarrel-9"), Some(&stored(malformed))).await;
        assert!(answer.is_err(), "{malformed:?} is no hash");
    }
}

/// An account without a password has a hash that no password is behind; that is no damage.
pub async fn an_unusable_hash_never_verifies(hashers: &Hashers) {
    for unusable in [PasswordHash::unusable(), stored("!"), stored("!Zq1"), stored("!$argon2id$")] {
        for any in ["!", "tuba-mint-quarrel-9", unusable.as_str()] {
            assert!(!verifies(&*hashers.one, any, &unusable).await, "{any:?}");
        }
        assert_eq!(hashers.one.examine(&unusable), HashStanding::Unusable);
    }
}

/// A hasher knows its own hashes, and those of another cost from them.
pub async fn a_hash_is_current_as_long_as_new_ones_are_made_so(hashers: &Hashers) {
    let (own, other) = (&hashers.one, &hashers.another);
    let hash = own.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    let is_alike = HashClass::of(&hash) == HashClass::of(&other.hash(&password("x")).await.unwrap());

    assert_eq!(own.examine(&hash), HashStanding::Current);
    assert_eq!(other.examine(&hash), if is_alike { HashStanding::Current } else { HashStanding::Outdated });
    assert_eq!(own.examine(&stored("no hash")), HashStanding::Unknown);
}

/// A decoy is a hash like others of its class, and no password is behind it.
pub async fn a_decoy_is_a_hash_of_its_class_without_a_password(hashers: &Hashers) {
    let hash = hashers.one.hash(&password("tuba-mint-quarrel-9")).await.unwrap();

    let decoy = hashers.one.decoy(&HashClass::of(&hash)).expect("a decoy of its own class");
    assert_eq!(HashClass::of(&decoy), HashClass::of(&hash));
    assert_eq!(hashers.one.examine(&decoy), HashStanding::Current);
    for any in ["tuba-mint-quarrel-9", "x", decoy.as_str()] {
        assert!(!verifies(&*hashers.one, any, &decoy).await);
    }
    for none in [HashClass::UNUSABLE, HashClass::OTHER, "", "$no-such-algorithm"] {
        assert!(hashers.one.decoy(&HashClass::restore(none.to_owned())).is_none(), "{none}");
    }
}

/// A hash with one changed character verifies nothing.
pub async fn a_damaged_hash_never_verifies(hashers: &Hashers) {
    let hash = hashers.one.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    for at in 0..hash.as_str().len() {
        let mut damaged: Vec<char> = hash.as_str().chars().collect();
        damaged[at] = if damaged[at] == 'A' { 'Q' } else { 'A' };
        let damaged: String = damaged.into_iter().collect();

        let answer = hashers.one.verify(&password("tuba-mint-quarrel-9"), Some(&stored(&damaged))).await;
        assert!(!matches!(answer, Ok(true)), "character {at} was changed");
    }
}

/// Work that is handed over is done when the answer comes.
pub async fn work_in_its_turn_is_done(hashers: &Hashers) {
    let (done, seen) = std::sync::mpsc::channel();
    hashers.one.run(Box::new(move || done.send(7).unwrap())).await.unwrap();
    assert_eq!(seen.try_recv(), Ok(7));
}

async fn verifies(hasher: &dyn PasswordHasher, text: &str, hash: &PasswordHash) -> bool {
    hasher.verify(&password(text), Some(hash)).await.unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(Secret::from(text)).unwrap()
}

fn stored(text: &str) -> PasswordHash {
    PasswordHash::restore(text.to_owned())
}

/// Makes one test of each law of [`PasswordHasher`](crate::port::PasswordHasher).
///
/// `fixture` names a function that makes fresh [`Hashers`](crate::contract::password_hasher::Hashers), and `block_on`
/// one that runs a future to its end on whatever runtime the adapter needs; `futures::executor::block_on` when it needs
/// none. The fixture is called within that runtime.
#[macro_export]
macro_rules! password_hasher_contract {
    ($fixture:path, $block_on:path) => {
        $crate::password_hasher_contract!(@laws $fixture, $block_on,
            only_the_right_password_verifies,
            every_byte_of_a_password_counts,
            without_a_hash_the_answer_is_no,
            two_hashes_of_one_password_differ,
            a_hash_like_another_shares_its_salt,
            a_hash_is_a_phc_string_without_the_password,
            hashes_outlive_a_change_of_parameters,
            a_malformed_hash_is_an_error,
            an_unusable_hash_never_verifies,
            a_hash_is_current_as_long_as_new_ones_are_made_so,
            a_decoy_is_a_hash_of_its_class_without_a_password,
            a_damaged_hash_never_verifies,
            work_in_its_turn_is_done,
        );
    };
    (@laws $fixture:path, $block_on:path, $($law:ident),+ $(,)?) => {
        $(
            #[test]
            fn $law() {
                $block_on(async { $crate::contract::password_hasher::$law(&$fixture()).await });
            }
        )+
    };
}
