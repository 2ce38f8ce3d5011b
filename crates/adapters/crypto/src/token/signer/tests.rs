use ashlar_identity::{CLAIMS_VERSION, SessionId, UserId, contract::token_signer::Signers};
use ashlar_kernel::{ExposeSecret, TenantId};
use aws_lc_rs::hmac;

use super::*;
use crate::{KeyAlgorithm, SigningKey};

mod rs256 {
    use ashlar_identity::token_signer_contract;

    use super::{Signers, rsa, signers};

    token_signer_contract!(fixture);

    fn fixture() -> Signers {
        signers([rsa(RSA_3072), rsa(RSA_3072), rsa(RSA_2048)])
    }

    const RSA_3072: &str = include_str!("../../../tests/keys/rsa-3072.pem");
    const RSA_2048: &str = include_str!("../../../tests/keys/rsa-2048.pem");
}

mod ps256 {
    use ashlar_identity::token_signer_contract;

    use super::{KeyAlgorithm, Signers, SigningKey, signers};

    token_signer_contract!(fixture);

    fn fixture() -> Signers {
        signers([key(RSA_3072), key(RSA_3072), key(RSA_2048)])
    }

    fn key(pem: &str) -> SigningKey {
        SigningKey::from_pkcs8(KeyAlgorithm::Ps256, pem::parse(pem).unwrap().contents()).unwrap()
    }

    const RSA_3072: &str = include_str!("../../../tests/keys/rsa-3072.pem");
    const RSA_2048: &str = include_str!("../../../tests/keys/rsa-2048.pem");
}

mod es256 {
    use ashlar_identity::token_signer_contract;

    use super::{KeyAlgorithm, Signers, SigningKey, signers};

    token_signer_contract!(fixture);

    fn fixture() -> Signers {
        let one = SigningKey::generate(KeyAlgorithm::Es256).unwrap();
        let again = SigningKey::from_pkcs8(KeyAlgorithm::Es256, &one.to_pkcs8().unwrap()).unwrap();
        signers([one, again, SigningKey::generate(KeyAlgorithm::Es256).unwrap()])
    }
}

mod eddsa {
    use ashlar_identity::token_signer_contract;

    use super::{KeyAlgorithm, Signers, SigningKey, ed25519, signers};

    token_signer_contract!(fixture);

    fn fixture() -> Signers {
        let one = ed25519();
        let again = SigningKey::from_pkcs8(KeyAlgorithm::EdDsa, &one.to_pkcs8().unwrap()).unwrap();
        signers([one, again, ed25519()])
    }
}

mod ring {
    use std::sync::Arc;

    use ashlar_identity::{key_ring_contract, port::KeyRing};

    use super::{JwtSigner, KeyAlgorithm};

    // Keys of the other algorithm take seconds each.
    key_ring_contract!(fixture);

    fn fixture() -> Arc<dyn KeyRing> {
        Arc::new(JwtSigner::without_keys(KeyAlgorithm::EdDsa))
    }
}

/// The key on trial twice, and another one.
fn signers([one, again, another]: [SigningKey; 3]) -> Signers {
    Signers {
        one: Arc::new(signer(one)),
        another: Arc::new(signer(another)),
        forge: Box::new(move |message| again.sign(message).unwrap()),
    }
}

fn signer(key: SigningKey) -> JwtSigner {
    JwtSigner::new(KeyRing::new(key))
}

fn ed25519() -> SigningKey {
    SigningKey::generate(KeyAlgorithm::EdDsa).unwrap()
}

/// A kept key: making one takes half a second.
fn rsa(pem: &str) -> SigningKey {
    SigningKey::from_pkcs8(KeyAlgorithm::Rs256, pem::parse(pem).unwrap().contents()).unwrap()
}

fn claims() -> AccessClaims {
    AccessClaims {
        iss: "https://a.example".to_owned(),
        aud: "ashlar".to_owned(),
        sub: UserId::from_uuid(TenantId::MAIN.as_uuid()),
        sid: SessionId::from_uuid(TenantId::MAIN.as_uuid()),
        tid: TenantId::MAIN,
        jti: TenantId::MAIN.as_uuid(),
        iat: 1_800_000_000,
        nbf: 1_800_000_000,
        exp: 1_800_000_900,
        auth_time: 1_800_000_000,
        amr: vec!["pwd".to_owned()],
        roles: vec!["member".to_owned()],
        ver: CLAIMS_VERSION,
    }
}

/// The confusion that gave JWT its name: a server that takes the public key, which everybody has, for a shared secret.
#[test]
fn a_public_key_is_no_shared_secret() {
    let key = rsa(include_str!("../../../tests/keys/rsa-3072.pem"));
    let public = key.public().jwk().clone();
    let n = URL_SAFE_NO_PAD.decode(public.n.as_ref().unwrap()).unwrap();
    let signer = signer(key);
    let header = format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{}"}}"#, public.kid);
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims()).unwrap())
    );
    let published = serde_json::to_vec(&signer.public_keys()).unwrap();
    for secret in [&n[..], public.n.as_ref().unwrap().as_bytes(), &published] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(signer.verify(&token), Err(TokenRefusal::Invalid("alg")));
    }
}

#[test]
fn a_ring_signs_with_one_key_and_verifies_with_all() {
    let (old, new) = (ed25519(), rsa(include_str!("../../../tests/keys/rsa-2048.pem")));
    let (old_public, new_kid) = (old.public().clone(), new.public().kid().to_owned());
    let old_signer = signer(old);
    let ring = KeyRing::new(new).also_verifying(old_public.clone()).also_verifying(old_public.clone());
    let signer = JwtSigner::new(ring);

    let of_old = old_signer.sign(&claims()).unwrap();
    let of_new = signer.sign(&claims()).unwrap();
    assert_eq!(signer.verify(of_old.expose_secret()), Ok(claims()));
    assert_eq!(signer.verify(of_new.expose_secret()), Ok(claims()));
    assert_eq!(old_signer.verify(of_new.expose_secret()), Err(TokenRefusal::UnknownKey));
    let kids: Vec<_> = signer.public_keys().keys.into_iter().map(|key| key.kid).collect();
    assert_eq!(kids, [new_kid, old_public.kid().to_owned()], "the one that signs first, each once");
}

#[test]
fn a_token_nobody_would_accept_is_not_made() {
    let claims = AccessClaims { iss: "x".repeat(5_000), ..claims() };
    assert!(signer(ed25519()).sign(&claims).is_err());
}

#[test]
fn an_unknown_key_is_told_apart_from_what_is_wrong() {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"unknown"}"#);
    let token = format!("{header}.e30.AAAA");
    assert_eq!(signer(ed25519()).verify(&token), Err(TokenRefusal::UnknownKey));
    assert_eq!(JwtSigner::without_keys(KeyAlgorithm::EdDsa).verify(&token), Err(TokenRefusal::UnknownKey));
}

#[test]
fn checks_come_in_their_order() {
    let key = ed25519();
    let kid = key.public().kid().to_owned();
    let signer = signer(key);
    let token = |header: &str| format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header));
    for (token, reason) in [
        (".".repeat(4_097), "length"),
        ("a.b=.c".to_owned(), "form"),
        (token(r#"{"alg":"none","typ":"JWT","kid":"!","jku":"x"}"#), "header"),
        (token(r#"{"alg":"none","typ":"JWT","kid":"!"}"#), "typ"),
        (token(r#"{"alg":"none","typ":"at+jwt","kid":"!"}"#), "kid"),
        (token(&format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#)), "alg"),
        (token(&format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}"}}"#)), "signature"),
    ] {
        assert_eq!(signer.verify(&token), Err(TokenRefusal::Invalid(reason)), "{token}");
    }
}
