//! A token signer without public keys.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use ashlar_identity::{
    AccessClaims, TokenRefusal,
    port::{JwkSet, KeyMaterial, KeyRing, KeyRingError, RingKey, SignError, TokenSigner},
    signing_key::Kid,
};
use ashlar_kernel::{Entropy, MacKey, Secret};
use async_trait::async_trait;
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
///
/// It begins with a key of its own, and is a [`KeyRing`] like the real one.
pub struct LocalSigner {
    entropy: Arc<dyn Entropy>,
    keys: RwLock<Arc<LocalKeys>>,
}

/// The keys, the one that signs first.
struct LocalKeys(Vec<LocalKey>);

struct LocalKey {
    kid: String,
    key: MacKey,
}

const ALG: &str = "HS256-LOCAL";
const TYP: &str = "at+jwt";
const MAX_BYTES: usize = 4_096;

impl LocalSigner {
    /// Signs with a key derived from `root`; makes others of `entropy`.
    pub fn new(root: &MacKey, entropy: Arc<dyn Entropy>) -> Self {
        let first = LocalKey::new(root.derive("local access tokens"));
        Self { entropy, keys: RwLock::new(Arc::new(LocalKeys(vec![first]))) }
    }

    /// The signature of any bytes: for tests that put a wrong token together and see it refused.
    pub fn sign_bytes(&self, message: &[u8]) -> [u8; 32] {
        self.keys().0.first().map_or([0; 32], |signing| signing.key.tag(&[message]))
    }

    fn keys(&self) -> Arc<LocalKeys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LocalKey {
    fn new(key: MacKey) -> Self {
        Self { kid: BASE64URL.encode(&key.tag(&[b"kid"])[..8]), key }
    }
}

impl LocalKeys {
    /// The key that the header names, if all else in it is right.
    fn named_by(&self, header: &Map<String, Value>) -> Result<&LocalKey, TokenRefusal> {
        let says = |member: &str, expected: &str| header.get(member).and_then(Value::as_str) == Some(expected);
        if header.len() != 3 {
            return Err(TokenRefusal::Invalid("header"));
        }
        if !says("typ", TYP) {
            return Err(TokenRefusal::Invalid("typ"));
        }
        let key = self.0.iter().find(|key| says("kid", &key.kid)).ok_or(TokenRefusal::UnknownKey)?;
        if !says("alg", ALG) {
            return Err(TokenRefusal::Invalid("alg"));
        }
        Ok(key)
    }
}

impl TokenSigner for LocalSigner {
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, SignError> {
        let keys = self.keys();
        let signing = keys.0.first().ok_or_else(|| SignError::new("there is no key"))?;
        let header = json!({"alg": ALG, "typ": TYP, "kid": signing.kid}).to_string();
        let claims = serde_json::to_string(claims).map_err(SignError::new)?;
        let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(claims));
        let signature = BASE64URL.encode(signing.key.tag(&[signed.as_bytes()]));
        Ok(Secret::from(format!("{signed}.{signature}")))
    }

    fn verify(&self, token: &str) -> Result<AccessClaims, TokenRefusal> {
        if token.len() > MAX_BYTES {
            return Err(TokenRefusal::Invalid("length"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Invalid("parts"))?;
        let (header, claims) = signed.split_once('.').ok_or(TokenRefusal::Invalid("parts"))?;
        let keys = self.keys();
        let named = keys.named_by(&object(header).ok_or(TokenRefusal::Invalid("header"))?)?;
        let signature = BASE64URL.decode(signature).map_err(|_not_base64| TokenRefusal::Invalid("signature"))?;
        if !named.key.verify(&[signed.as_bytes()], &signature) {
            return Err(TokenRefusal::Invalid("signature"));
        }
        let claims = object(claims).ok_or(TokenRefusal::Invalid("claims"))?;
        AccessClaims::deserialize(Value::Object(claims)).map_err(|_shape| TokenRefusal::Invalid("claims"))
    }

    fn public_keys(&self) -> JwkSet {
        JwkSet { keys: Vec::new() }
    }
}

#[async_trait]
impl KeyRing for LocalSigner {
    fn algorithm(&self) -> &str {
        ALG
    }

    async fn make_key(&self) -> Result<KeyMaterial, KeyRingError> {
        let private = zeroize::Zeroizing::new(self.entropy.bytes::<32>());
        let kid = Kid::parse(&LocalKey::new(MacKey::from_bytes(*private)).kid).map_err(KeyRingError::new)?;
        Ok(KeyMaterial { kid, algorithm: ALG.to_owned(), private: zeroize::Zeroizing::new(private.to_vec()) })
    }

    fn replace(&self, keys: Vec<RingKey>) -> Result<(), KeyRingError> {
        let mut ring = Vec::new();
        for RingKey { material, signs } in keys {
            let bytes = <[u8; 32]>::try_from(material.private.as_slice())
                .map_err(|_length| KeyRingError::new("not 256 bits"))?;
            let key = LocalKey::new(MacKey::from_bytes(bytes));
            if key.kid != material.kid.as_str() {
                return Err(KeyRingError::new("a key has the name of another"));
            }
            ring.push((!signs, key));
        }
        if ring.iter().filter(|(only_verifies, _)| !only_verifies).count() != 1 {
            return Err(KeyRingError::new("not exactly one of the keys signs"));
        }
        ring.sort_by_key(|(only_verifies, _)| *only_verifies);
        let ring = Arc::new(LocalKeys(ring.into_iter().map(|(_, key)| key).collect()));
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
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
