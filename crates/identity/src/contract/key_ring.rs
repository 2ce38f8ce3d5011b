//! The laws every [`KeyRing`] obeys. [`key_ring_contract!`](crate::key_ring_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{ExposeSecret, Secret};

use super::token_signer::claims;
use crate::{
    TokenRefusal,
    port::{KeyMaterial, KeyRing, RingKey},
};

/// Keys that were made by the ring on trial, in the open, so that they can be given to it again and again.
struct Keys {
    ring: Arc<dyn KeyRing>,
    made: Vec<KeyMaterial>,
}

impl Keys {
    async fn of(ring: Arc<dyn KeyRing>, count: usize) -> Self {
        let mut made = Vec::new();
        for _ in 0..count {
            made.push(ring.make_key().await.unwrap());
        }
        Self { ring, made }
    }

    fn key(&self, number: usize, signs: bool) -> RingKey {
        let KeyMaterial { kid, algorithm, private } = &self.made[number];
        let material = KeyMaterial { kid: kid.clone(), algorithm: algorithm.clone(), private: private.clone() };
        RingKey { material, signs }
    }

    /// Uses these keys; the first of them signs.
    fn take(&self, numbers: &[usize]) {
        let keys = numbers.iter().enumerate().map(|(place, number)| self.key(*number, place == 0)).collect();
        self.ring.replace(keys).unwrap();
    }

    fn sign(&self) -> Secret {
        self.ring.sign(&claims()).unwrap()
    }

    fn believes(&self, token: &Secret) -> bool {
        match self.ring.verify(token.expose_secret()) {
            Ok(found) => found == claims(),
            Err(refusal) => {
                assert_eq!(refusal, TokenRefusal::UnknownKey);
                false
            }
        }
    }
}

/// Keys that are made differ, and are of the algorithm the ring names.
pub async fn made_keys_differ(ring: Arc<dyn KeyRing>) {
    let Keys { ring, made } = Keys::of(ring, 2).await;
    assert_ne!(made[0].kid, made[1].kid);
    assert!(made.iter().all(|key| key.algorithm == ring.algorithm()));
}

/// Through a whole exchange, a token of the key before and of the key after is believed as long as its key is there, and
/// not a moment longer: also one that was believed before.
pub async fn tokens_live_as_long_as_their_keys(ring: Arc<dyn KeyRing>) {
    let keys = Keys::of(ring, 2).await;
    keys.take(&[0]);
    let old = keys.sign();
    assert!(keys.believes(&old));

    keys.take(&[0, 1]);
    let staged = keys.sign();
    assert!(keys.believes(&old) && keys.believes(&staged));

    keys.take(&[1, 0]);
    let new = keys.sign();
    assert!([&old, &staged, &new].into_iter().all(|token| keys.believes(token)));

    keys.take(&[1]);
    assert!(keys.believes(&new) && !keys.believes(&old) && !keys.believes(&staged));
    assert!(keys.believes(&keys.sign()));
    keys.take(&[0]);
    assert!(keys.believes(&old) && !keys.believes(&new), "it is the key that counts, and not what became of it");
}

/// A ring that cannot be used changes nothing: exactly one key signs, and every key is what its name says.
pub async fn a_ring_that_cannot_be_used_is_refused_whole(ring: Arc<dyn KeyRing>) {
    let keys = Keys::of(ring, 2).await;
    keys.take(&[0]);
    let token = keys.sign();
    let mut broken = keys.key(1, true);
    broken.material.private = zeroize::Zeroizing::new(vec![1, 2, 3]);
    let mut misnamed = keys.key(1, true);
    misnamed.material.kid = keys.made[0].kid.clone();
    let unusable = [
        Vec::new(),
        vec![keys.key(0, false)],
        vec![keys.key(0, true), keys.key(1, true)],
        vec![broken],
        vec![misnamed],
    ];
    for ring in unusable {
        assert!(keys.ring.replace(ring).is_err());
        assert!(keys.believes(&token));
    }
    assert!(keys.believes(&keys.sign()));
}

/// Makes one test of each law of [`KeyRing`](crate::port::KeyRing). `fixture` names a function that makes a fresh
/// `Arc<dyn KeyRing>`.
#[macro_export]
macro_rules! key_ring_contract {
    ($fixture:path) => {
        $crate::key_ring_contract!(@laws $fixture,
            made_keys_differ,
            tokens_live_as_long_as_their_keys,
            a_ring_that_cannot_be_used_is_refused_whole,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $law() {
                $crate::contract::key_ring::$law($fixture()).await;
            }
        )+
    };
}
