//! The public keys.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, EntityTag},
    web,
};

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{AppState, etag};

/// Read the public keys
///
/// For services that verify access tokens themselves (RFC 7517). Such a service does not notice that a session has
/// ended before its token runs out.
#[utoipa::path(
    operation_id = "getJwks",
    tag = "identity",
    path = "/.well-known/jwks.json",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` you have.")),
    responses(
        (status = 200, description = "The keys; the one that signs first.", body = JsonWebKeySet,
            headers(("ETag" = String, description = "Changes with the keys."))),
        (status = 304, description = "You have these keys."),
    ),
    extensions(("x-permission" = json!(null)), ("x-problems" = json!([]))),
    security(())
)]
#[get("/.well-known/jwks.json")]
pub(super) async fn read(request: HttpRequest, state: web::Data<AppState>) -> HttpResponse {
    let keys = JsonWebKeySet::from(state.identity.public_keys());
    let tag = EntityTag::new_strong(keys.names());
    let is_known = etag::has(&request, &tag);
    let mut answer = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header((header::CACHE_CONTROL, "public, max-age=300")).insert_header(header::ETag(tag));
    if is_known { answer.finish() } else { answer.json(keys) }
}

/// The public keys access tokens are verified with (RFC 7517).
#[derive(Serialize, ToSchema)]
struct JsonWebKeySet {
    /// The keys; the one that signs first.
    keys: Vec<JsonWebKey>,
}

/// A public key. RSA keys have `n` and `e`, keys of P-256 `crv`, `x` and `y`, Ed25519 keys `crv` and `x`.
#[derive(Serialize, ToSchema)]
struct JsonWebKey {
    /// Key type: `RSA`, `EC` or `OKP`.
    #[schema(example = "RSA")]
    kty: &'static str,
    /// Always `sig`.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    usage: &'static str,
    /// `RS256`, `PS256`, `ES256` or `EdDSA`.
    #[schema(example = "RS256")]
    alg: &'static str,
    /// Which key: `kid` in the header of a token.
    #[schema(example = "NzbLsXh8uDCcd-6M")]
    kid: String,
    /// RSA modulus, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z")]
    n: Option<String>,
    /// RSA exponent, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "AQAB")]
    e: Option<String>,
    /// Curve: `P-256` or `Ed25519`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    crv: Option<&'static str>,
    /// Ed25519 public key, or the first half of a point, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    x: Option<String>,
    /// The second half of a point, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    y: Option<String>,
}

impl JsonWebKeySet {
    /// The names of the keys, which tell one set from another.
    fn names(&self) -> String {
        self.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>().join(".")
    }
}

impl From<ashlar_identity::port::JwkSet> for JsonWebKeySet {
    fn from(set: ashlar_identity::port::JwkSet) -> Self {
        let key = |key: ashlar_identity::port::Jwk| JsonWebKey {
            kty: key.kty,
            usage: key.usage,
            alg: key.alg,
            kid: key.kid,
            n: key.n,
            e: key.e,
            crv: key.crv,
            x: key.x,
            y: key.y,
        };
        Self { keys: set.keys.into_iter().map(key).collect() }
    }
}
