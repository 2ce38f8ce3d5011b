//! The rows of [`KEYS`](super::KEYS) about how passwords are hashed and tokens signed.

use ashlar_kernel::MacKey;

use super::choice::JwtAlgorithm;
use super::key::{Key, Kind};

pub(super) const PASSWORD_PEPPER: Key = Key::new(
    "password_pepper",
    "ASHLAR_PASSWORD_PEPPER",
    "password-pepper",
    Kind::Other {
        placeholder: "PEPPERS",
        accepts: "an id of 1 to 8 letters and digits, a colon and 64 hexadecimal digits; several with commas between them, \
                  the one for new hashes first",
    },
    "A secret that passwords are hashed with and that is in no database, so that nobody guesses passwords in a stolen one. \
     To exchange it, put another with an id of its own in front, and keep the old one as long as there are hashes made with \
     it: without it their owners cannot sign in. Flags show in the process list: give it by environment or by file.",
)
.default("")
.secret()
.under("Accounts and tokens");

pub(super) const JWT_ALG: Key = Key::new(
    "jwt_alg",
    "ASHLAR_JWT_ALG",
    "jwt-alg",
    Kind::Choice(JwtAlgorithm::WORDS),
    "The signature of access tokens. EdDSA and ES256 sign about fifty times faster; RS256 is what every library verifies, \
     and PS256 is RSA with the newer padding.",
)
.default("RS256")
.under("Accounts and tokens");

/// The peppers with their ids; none if there is no text.
pub(super) fn parse(text: &str) -> Result<Vec<(String, MacKey)>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let peppers = text.split(',').map(|pepper| one(pepper.trim())).collect::<Result<Vec<_>, _>>()?;
    let mut ids: Vec<&str> = peppers.iter().map(|(id, _)| id.as_str()).collect();
    ids.sort_unstable();
    let is_repeated = ids.windows(2).any(|pair| matches!(pair, [one, next] if one == next));
    if is_repeated { Err("has an id twice".to_owned()) } else { Ok(peppers) }
}

fn one(text: &str) -> Result<(String, MacKey), String> {
    let (id, digits) = text.split_once(':').ok_or_else(|| "has no colon between id and secret".to_owned())?;
    if !(1..=8).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("has an id that is not 1 to 8 letters and digits".to_owned());
    }
    let mut key = [0; 32];
    hex::decode_to_slice(digits, &mut key)
        .map_err(|_not_hex| "has a secret that is not 64 hexadecimal digits".to_owned())?;
    Ok((id.to_owned(), MacKey::from_bytes(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peppers_have_ids_of_their_own_and_whole_secrets() {
        let (one, other) = ("1a".repeat(32), "2b".repeat(32));
        let ids = |text: &str| parse(text).map(|peppers| peppers.into_iter().map(|(id, _)| id).collect::<Vec<_>>());
        assert_eq!(ids(""), Ok(vec![]));
        assert_eq!(ids(&format!("b2:{other}, a:{one}")), Ok(vec!["b2".to_owned(), "a".to_owned()]));
        for bad in [
            one.clone(),
            format!("a:{one}1a"),
            format!(":{one}"),
            format!("a-b:{one}"),
            format!("abcdefghi:{one}"),
            format!("a:{one},a:{other}"),
            format!("a:{one},"),
        ] {
            assert!(ids(&bad).is_err_and(|what| !what.contains("1a1a1a1a")), "{bad}");
        }
    }
}
