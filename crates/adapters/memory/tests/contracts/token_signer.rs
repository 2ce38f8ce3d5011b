//! The signer without public keys.

use std::sync::Arc;

use ashlar_identity::{contract::token_signer::Signers, port::KeyRing};
use ashlar_kernel::MacKey;
use ashlar_memory::{LocalSigner, SeededEntropy};

fn signer(byte: u8) -> LocalSigner {
    LocalSigner::new(&MacKey::from_bytes([byte; 32]), Arc::new(SeededEntropy::new(1)))
}

fn ring() -> Arc<dyn KeyRing> {
    Arc::new(signer(1))
}

ashlar_identity::key_ring_contract!(ring);

fn signers() -> Signers {
    let signer = |byte| Arc::new(signer(byte));
    let (one, another) = (signer(1), signer(2));
    let forger = Arc::clone(&one);
    Signers { one, another, forge: Box::new(move |message| forger.sign_bytes(message).to_vec()) }
}

// All laws but the one on published keys: a key that verifies what it signs must not be published at all.
ashlar_identity::token_signer_contract!(@laws signers,
    a_token_says_what_was_signed,
    a_faithful_forgery_is_believed,
    every_character_counts,
    a_token_of_another_signer_is_refused,
    the_algorithm_is_that_of_the_key,
    an_unknown_kid_is_refused,
    no_member_occurs_twice,
    the_header_has_no_further_members,
    the_header_is_complete_and_of_our_type,
    claims_are_complete_and_of_their_types,
    a_token_is_three_parts_of_base64url,
    long_tokens_are_refused,
);

#[test]
fn no_key_is_published() {
    assert!(signers().one.public_keys().keys.is_empty());
}
