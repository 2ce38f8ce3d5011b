//! What the laws of token signers make their tokens with.

use std::sync::Arc;

use ashlar_kernel::{ExposeSecret, TenantId};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use uuid::Uuid;

use crate::{AccessClaims, CLAIMS_VERSION, SessionId, TokenRefusal, UserId, port::TokenSigner};

/// Signers to try the laws on.
pub struct Signers {
    /// The signer on trial.
    pub one: Arc<dyn TokenSigner>,
    /// A signer of the same make with another key.
    pub another: Arc<dyn TokenSigner>,
    /// The key of `one`, without the care of `one`.
    pub forge: Forge,
}

/// Signs any bytes, and answers the bare signature.
pub type Forge = Box<dyn Fn(&[u8]) -> Vec<u8>>;

impl Signers {
    /// A token of `header` and `claims`, whatever they are, under a right signature.
    pub(super) fn forge(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = URL_SAFE_NO_PAD.encode((self.forge)(message.as_bytes()));
        format!("{message}.{signature}")
    }

    pub(super) fn good(&self) -> Parts {
        Parts::of(self.one.sign(&claims()).unwrap().expose_secret())
    }

    #[track_caller]
    pub(super) fn assert_refused(&self, token: &str) {
        let refused = matches!(self.one.verify(token), Err(TokenRefusal::Invalid(_) | TokenRefusal::UnknownKey));
        let shown: String = token.chars().take(120).collect();
        assert!(refused, "this token is not refused: {shown}");
    }
}

/// The three parts of a token, the first two as the JSON they are.
pub(super) struct Parts {
    pub(super) header: String,
    pub(super) claims: String,
    pub(super) signature: String,
}

impl Parts {
    pub(super) fn of(token: &str) -> Self {
        let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
        let mut parts = token.split('.');
        let mut next = || parts.next().expect("three parts");
        Self { header: text(next()), claims: text(next()), signature: next().to_owned() }
    }

    /// The header with `name` set to `value`; added when it was not there.
    pub(super) fn header_with(&self, name: &str, value: Value) -> String {
        let mut header: serde_json::Map<String, Value> = serde_json::from_str(&self.header).unwrap();
        header.insert(name.to_owned(), value);
        serde_json::to_string(&header).unwrap()
    }

    pub(super) fn member(&self, name: &str) -> Value {
        serde_json::from_str::<Value>(&self.header).unwrap()[name].clone()
    }
}

/// Claims of a token like any other.
pub(in crate::contract) fn claims() -> AccessClaims {
    AccessClaims {
        iss: "https://\u{e4}.example".to_owned(),
        aud: "ashlar".to_owned(),
        sub: UserId::from_uuid(Uuid::from_u128(1)),
        sid: SessionId::from_uuid(Uuid::from_u128(2)),
        tid: TenantId::MAIN,
        jti: Uuid::from_u128(3),
        iat: 1_800_000_000,
        nbf: 1_800_000_000,
        exp: 1_800_000_900,
        auth_time: 1_799_999_999,
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        roles: vec!["member".to_owned()],
        ver: CLAIMS_VERSION,
    }
}

/// The JSON object `object` with its member `name` written a second time.
pub(super) fn twice(object: &str, name: &str) -> String {
    let value = &serde_json::from_str::<Value>(object).unwrap()[name];
    object.replacen('{', &format!("{{\"{name}\":{value},"), 1)
}
