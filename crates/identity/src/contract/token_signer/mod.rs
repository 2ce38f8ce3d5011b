//! The laws every [`TokenSigner`] obeys. [`token_signer_contract!`](crate::token_signer_contract) makes one test of
//! each.
//!
//! A token that was tampered with is refused for its signature already. To see that the other checks hold by themselves,
//! most laws have the forgery signed with the right key.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, clippy::expect_used, reason = "a law reports by panicking")]

mod forgery;

use ashlar_kernel::ExposeSecret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub(super) use self::forgery::claims;
pub use self::forgery::{Forge, Signers};
use self::forgery::{Parts, twice};

/// What was signed is read back, and the header says exactly `alg`, `typ` and `kid`.
pub fn a_token_says_what_was_signed(signers: &Signers) {
    let token = signers.one.sign(&claims()).unwrap();
    assert_eq!(signers.one.verify(token.expose_secret()), Ok(claims()));

    let header: serde_json::Map<String, Value> = serde_json::from_str(&signers.good().header).unwrap();
    let mut names: Vec<_> = header.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["alg", "kid", "typ"]);
    assert_eq!(header["typ"], "at+jwt");
}

/// The means of the other laws work: a token put together here is believed when nothing is wrong with it.
pub fn a_faithful_forgery_is_believed(signers: &Signers) {
    let good = signers.good();
    assert_eq!(signers.one.verify(&signers.forge(&good.header, &good.claims)), Ok(claims()));
}

/// Any character that is changed or taken away spoils a token, also where base64 leaves bits unused.
pub fn every_character_counts(signers: &Signers) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let good = signers.one.sign(&claims()).unwrap();
    let good = good.expose_secret().as_bytes();
    for at in 0..good.len() {
        let digit = ALPHABET.iter().position(|&letter| letter == good[at]).unwrap_or(0);
        for other in [ALPHABET[digit ^ 1], ALPHABET[digit ^ 32], b'.', b'=', b' '] {
            let mut changed = good.to_vec();
            changed[at] = other;
            if changed != good {
                signers.assert_refused(&String::from_utf8(changed).unwrap());
            }
        }
        let shortened = [&good[..at], &good[at + 1..]].concat();
        signers.assert_refused(&String::from_utf8(shortened).unwrap());
    }
}

/// A token of another key is a stranger's, though it is well made.
pub fn a_token_of_another_signer_is_refused(signers: &Signers) {
    let token = signers.another.sign(&claims()).unwrap();
    assert_eq!(signers.another.verify(token.expose_secret()), Ok(claims()));
    signers.assert_refused(token.expose_secret());

    let (ours, theirs) = (signers.good(), Parts::of(token.expose_secret()));
    let as_if_ours = format!(
        "{}.{}.{}",
        URL_SAFE_NO_PAD.encode(&ours.header),
        URL_SAFE_NO_PAD.encode(&theirs.claims),
        theirs.signature
    );
    signers.assert_refused(&as_if_ours);
}

/// The algorithm is that of the key. Whatever else the header names, `none` in all its spellings included, is refused,
/// with an empty signature, with the old one and with a right one.
pub fn the_algorithm_is_that_of_the_key(signers: &Signers) {
    let good = signers.good();
    let own = good.member("alg");
    let claims = URL_SAFE_NO_PAD.encode(&good.claims);
    for other in [
        "none", "None", "nOnE", "NONE", "", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
        "ES256", "ES384", "EdDSA", "Ed25519", "rs256", "eddsa",
    ] {
        if own == other {
            continue;
        }
        let header = good.header_with("alg", other.into());
        let message = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(&header));
        signers.assert_refused(&format!("{message}."));
        signers.assert_refused(&format!("{message}.{}", good.signature));
        signers.assert_refused(&signers.forge(&header, &good.claims));
    }
    signers.assert_refused(&format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(&good.header)));
}

/// A key is found by its exact name and by nothing else.
pub fn an_unknown_kid_is_refused(signers: &Signers) {
    let good = signers.good();
    let own = good.member("kid");
    let own = own.as_str().expect("the kid is a string");
    for kid in [
        json!("../../dev/null"),
        json!("' OR 1=1 --"),
        json!("k".repeat(10_000)),
        json!("unknown"),
        json!(""),
        json!("*"),
        json!(format!("{own}\0")),
        json!(format!(" {own}")),
        json!(format!("{own}A")),
        json!(7),
        json!([own]),
        json!({ "kid": own }),
        json!(null),
    ] {
        signers.assert_refused(&signers.forge(&good.header_with("kid", kid), &good.claims));
    }
}

/// A member that occurs twice is refused: readers differ in which of the two they believe (RFC 8725, 2.4).
pub fn no_member_occurs_twice(signers: &Signers) {
    let good = signers.good();
    for name in ["alg", "typ", "kid"] {
        signers.assert_refused(&signers.forge(&twice(&good.header, name), &good.claims));
    }
    for name in ["iss", "aud", "sub", "sid", "tid", "jti", "iat", "nbf", "exp", "auth_time", "amr", "roles", "ver"] {
        signers.assert_refused(&signers.forge(&good.header, &twice(&good.claims, name)));
    }
}

/// The header has no further members: each is a way to bring a key along or to change how the token is read.
pub fn the_header_has_no_further_members(signers: &Signers) {
    let good = signers.good();
    for (name, value) in [
        ("jku", json!("https://keys.example/jwks.json")),
        ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
        ("x5u", json!("https://keys.example/chain.pem")),
        ("x5c", json!(["AAAA"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("b64", json!(true)),
        ("cty", json!("JWT")),
        ("anything", json!(null)),
    ] {
        signers.assert_refused(&signers.forge(&good.header_with(name, value), &good.claims));
    }
}

/// All three members of the header are required, and `typ` is `at+jwt`: a token made for another use is none.
pub fn the_header_is_complete_and_of_our_type(signers: &Signers) {
    let good = signers.good();
    for name in ["alg", "typ", "kid"] {
        let mut header: serde_json::Map<String, Value> = serde_json::from_str(&good.header).unwrap();
        header.remove(name);
        signers.assert_refused(&signers.forge(&serde_json::to_string(&header).unwrap(), &good.claims));
    }
    for typ in
        [json!("JWT"), json!("jwt"), json!("at+JWT"), json!(""), json!("logout+jwt"), json!(null), json!(["at+jwt"])]
    {
        signers.assert_refused(&signers.forge(&good.header_with("typ", typ), &good.claims));
    }
    let in_order = json!([good.member("alg"), good.member("typ"), good.member("kid")]).to_string();
    for header in ["", "{}", "null", "[]", "\"at+jwt\"", "{", &in_order, &format!("{0}{0}", good.header)] {
        signers.assert_refused(&signers.forge(header, &good.claims));
    }
}

/// Claims are all there and of their types: a time is a whole number and nothing that looks like one.
pub fn claims_are_complete_and_of_their_types(signers: &Signers) {
    let good = signers.good();
    let all: serde_json::Map<String, Value> = serde_json::from_str(&good.claims).unwrap();
    for name in all.keys() {
        let mut claims = all.clone();
        claims.remove(name);
        signers.assert_refused(&signers.forge(&good.header, &serde_json::to_string(&claims).unwrap()));
    }
    for (name, value) in [
        ("exp", json!("1800000900")),
        ("exp", json!(1_800_000_900.5)),
        ("exp", json!(1e30)),
        ("exp", json!(null)),
        ("nbf", json!("0")),
        ("sub", json!("../admin")),
        ("sid", json!(2)),
        ("tid", json!("")),
        ("aud", json!(["ashlar"])),
        ("ver", json!(256)),
    ] {
        let mut claims = all.clone();
        claims.insert(name.to_owned(), value);
        signers.assert_refused(&signers.forge(&good.header, &serde_json::to_string(&claims).unwrap()));
    }
    let values = Value::Array(all.values().cloned().collect()).to_string();
    for claims in ["", "null", "[]", "{}", &values, &format!("{} x", good.claims)] {
        signers.assert_refused(&signers.forge(&good.header, claims));
    }
}

/// A token is three parts of unpadded base64url and not a character more.
pub fn a_token_is_three_parts_of_base64url(signers: &Signers) {
    let good = signers.one.sign(&claims()).unwrap();
    let good = good.expose_secret();
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "\u{1f511}.\u{1f511}.\u{1f511}",
        &format!("{header}.{claims}"),
        &format!("{good}."),
        &format!(".{good}"),
        &format!("{good}.{signature}"),
        &format!("{header}.{claims}.{signature}.{claims}.{signature}"),
        &format!("{header}=.{claims}.{signature}"),
        &format!("{header}==.{claims}.{signature}"),
        &format!("{header}.{claims}=.{signature}"),
        &format!("{header}.{claims}.{signature}="),
        &format!("{header}.{claims}.{signature}=="),
        &format!("{good}\n"),
        &format!(" {good}"),
        &format!("Bearer {good}"),
        &good.replace(['-', '_'], "+"),
    ] {
        if token != good {
            signers.assert_refused(token);
        }
    }
}

/// Tokens of up to 4,096 characters are read; of a longer one nothing is, however right it is.
pub fn long_tokens_are_refused(signers: &Signers) {
    let good = signers.good();
    let padded = |size: usize| {
        let claims = good.claims.replacen('{', &format!("{{\"pad\":\"{}\",", "x".repeat(size)), 1);
        signers.forge(&good.header, &claims)
    };
    // Base64 makes four characters of three bytes, so not every length occurs; these are the two next to the bound.
    let room = (4_096 - padded(0).len()) / 4 * 3;
    let candidates: Vec<_> = (room - 3..room + 6).map(padded).collect();
    let longest = candidates.iter().rfind(|token| token.len() <= 4_096).expect("one fits");
    let above = candidates.iter().find(|token| token.len() > 4_096).expect("one does not fit");

    assert_eq!(signers.one.verify(longest), Ok(claims()));
    signers.assert_refused(above);
    signers.assert_refused(&"a".repeat(4_097));
    signers.assert_refused(&padded(1_000_000));
}

/// The published keys name the key that signs, first, and hold nothing private.
pub fn published_keys_are_public(signers: &Signers) {
    let good = signers.good();
    let published = serde_json::to_value(signers.one.public_keys()).unwrap();
    let keys = published["keys"].as_array().expect("keys is a list");

    assert_eq!(keys[0]["kid"], good.member("kid"));
    assert_eq!(keys[0]["alg"], good.member("alg"));
    for key in keys {
        let names: Vec<_> = key.as_object().expect("a key is an object").keys().collect();
        let public = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y"];
        assert!(names.iter().all(|name| public.contains(&name.as_str())), "{names:?}");
        assert_eq!(key["use"], "sig");
        assert_eq!(keys.iter().filter(|other| other["kid"] == key["kid"]).count(), 1, "a kid names one key");
    }
    let others = serde_json::to_value(signers.another.public_keys()).unwrap();
    assert_ne!(others["keys"][0]["kid"], keys[0]["kid"]);
}

/// Makes one test of each law of [`TokenSigner`](crate::port::TokenSigner).
///
/// `fixture` names a function that makes fresh [`Signers`](crate::contract::token_signer::Signers).
#[macro_export]
macro_rules! token_signer_contract {
    ($fixture:path) => {
        $crate::token_signer_contract!(@laws $fixture,
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
            published_keys_are_public,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[test]
            fn $law() {
                $crate::contract::token_signer::$law(&$fixture());
            }
        )+
    };
}
