//! A token signer without public keys.

use std::fmt;

use ashlar_identity::{
    AccessClaims, TokenRefusal,
    port::{JwkSet, SignError, TokenSigner},
};
use ashlar_kernel::{MacKey, Secret};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use serde::{
    Deserialize,
    de::{Deserializer, Error, MapAccess, Visitor},
};
use serde_json::{Map, Value, json};

/// **Not for production.** Signs access tokens with HMAC-SHA-256 under one key, in the shape of a compact JWS (RFC
/// 7515) and under the same strict rules as the real signers. Nobody else can verify them: there is no public key.
///
/// The `alg` is a name of our own, so that no other library takes these tokens for standard ones: the kernel's tag
/// covers the length of its input too.
pub struct LocalSigner {
    key: MacKey,
    kid: String,
}

const ALG: &str = "HS256-LOCAL";
const TYP: &str = "at+jwt";
const MAX_BYTES: usize = 4_096;

impl LocalSigner {
    /// Signs with a key derived from `root`.
    pub fn new(root: &MacKey) -> Self {
        let key = root.derive("local access tokens");
        let kid = BASE64URL.encode(&key.tag(&[b"kid"])[..8]);
        Self { key, kid }
    }

    /// The signature of any bytes: for tests that put a wrong token together and see it refused.
    pub fn sign_bytes(&self, message: &[u8]) -> [u8; 32] {
        self.key.tag(&[message])
    }

    fn check_header(&self, header: &Map<String, Value>) -> Result<(), TokenRefusal> {
        let says = |member: &str, expected: &str| header.get(member).and_then(Value::as_str) == Some(expected);
        if header.len() != 3 {
            return Err(TokenRefusal::Invalid("header"));
        }
        if !says("typ", TYP) {
            return Err(TokenRefusal::Invalid("typ"));
        }
        if !says("kid", &self.kid) {
            return Err(TokenRefusal::Invalid("kid"));
        }
        if !says("alg", ALG) {
            return Err(TokenRefusal::Invalid("alg"));
        }
        Ok(())
    }
}

impl TokenSigner for LocalSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, SignError> {
        let header = json!({"alg": ALG, "typ": TYP, "kid": self.kid}).to_string();
        let claims = serde_json::to_string(claims).map_err(SignError::new)?;
        let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
        let signature = BASE64URL.encode(self.sign_bytes(signed.as_bytes()));
        Ok(Secret::from(format!("{signed}.{signature}")))
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, TokenRefusal> {
        if token.len() > MAX_BYTES {
            return Err(TokenRefusal::Invalid("length"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Invalid("parts"))?;
        let (header, claims) = signed.split_once('.').ok_or(TokenRefusal::Invalid("parts"))?;
        self.check_header(&object(header).ok_or(TokenRefusal::Invalid("header"))?)?;
        let signature = BASE64URL.decode(signature).map_err(|_not_base64| TokenRefusal::Invalid("signature"))?;
        if !self.key.verify(&[signed.as_bytes()], &signature) {
            return Err(TokenRefusal::Invalid("signature"));
        }
        let claims = object(claims).ok_or(TokenRefusal::Invalid("claims"))?;
        AccessClaims::deserialize(Value::Object(claims)).map_err(|_shape| TokenRefusal::Invalid("claims"))
    }

    fn public_keys(&self) -> JwkSet {
        JwkSet { keys: Vec::new() }
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let json = BASE64URL.decode(part).ok()?;
    serde_json::from_slice(&json).ok().map(|Members(members)| members)
}

/// The members of a JSON object, none of which occurs twice. `serde_json` alone would take the last of two.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member occurs twice"));
            }
        }
        Ok(Members(members))
    }
}
