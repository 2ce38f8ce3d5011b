//! How access tokens are signed and believed.

use std::error::Error;

use ashlar_kernel::Secret;
use serde::Serialize;

use crate::{AccessClaims, TokenRefusal};

/// Signs access tokens, and reads those that carry a right signature.
///
/// `verify` judges form and signature only, and fails closed: three base64url parts, header exactly `alg`, `typ`
/// (`at+jwt`) and `kid`, a known key, the algorithm of that key and no other, no member twice. Times, issuer and
/// audience are for [`AccessClaims::check`].
pub trait TokenSigner: Send + Sync {
    /// The token that says `claims`.
    fn sign(&self, claims: &AccessClaims) -> Result<Secret, SignError>;

    /// The claims of a token we signed.
    fn verify(&self, token: &str) -> Result<AccessClaims, TokenRefusal>;

    /// The public keys (RFC 7517) others verify our tokens with.
    fn public_keys(&self) -> JwkSet;
}

/// Signing failed; a defect.
#[derive(Debug, thiserror::Error)]
#[error("signing failed")]
pub struct SignError(#[source] Box<dyn Error + Send + Sync>);

impl SignError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Public keys, as `/.well-known/jwks.json` shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys; the one that signs first.
    pub keys: Vec<Jwk>,
}

/// One public key (RFC 7517, RFC 7518, RFC 8037). Members that its type does not have are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    /// Key type: `RSA`, `EC` or `OKP`.
    pub kty: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: &'static str,
    /// `RS256`, `PS256`, `ES256` or `EdDSA`.
    pub alg: &'static str,
    /// Which key: the beginning of its thumbprint (RFC 7638).
    pub kid: String,
    /// RSA modulus, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA exponent, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// Curve: `P-256` or `Ed25519`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crv: Option<&'static str>,
    /// Ed25519 public key, or the first half of a point, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// The second half of a point, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
}
