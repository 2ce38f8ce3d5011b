//! The keys that sign access tokens, for the operators of the installation.

use actix_web::{HttpResponse, get, post, web};
use ashlar_identity::signing_key::SigningKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{
    AppState,
    body::OptionalBody,
    caller::Caller,
    identity::{dto::moment, sessions::PageInfo},
    problem::Problem,
};

/// A key that signs access tokens, or did, or will. Its private half is never shown.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
struct SigningKeyLine {
    /// Its name in token headers and in the published set.
    #[schema(example = "NzbLsXh8uDCcd-6M")]
    kid: String,
    /// What it signs with: `RS256`, `PS256`, `ES256` or `EdDSA`.
    #[schema(example = "RS256")]
    algorithm: String,
    /// `staged`: published, and signs nothing yet. `active`: signs. `retiring`: verifies what it has signed. `removed`:
    /// believed no more.
    #[schema(value_type = SigningKeyState)]
    state: &'static str,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-01-30T09:30:00.000Z")]
    created_at: String,
    /// Since when it signs, or has signed; null before.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    activated_at: Option<String>,
    /// When another took over; null before.
    #[schema(required, format = DateTime, example = "2026-03-02T09:30:00.000Z")]
    retired_at: Option<String>,
    /// When it was removed; null before.
    #[schema(required, format = DateTime, example = "2026-03-02T09:55:05.000Z")]
    removed_at: Option<String>,
}

/// What a key is good for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case", example = "active")]
#[expect(dead_code, reason = "for the description only; the domain has its own")]
enum SigningKeyState {
    /// Published, and signs nothing yet.
    Staged,
    /// Signs.
    Active,
    /// Verifies what it has signed.
    Retiring,
    /// Believed no more.
    Removed,
}

/// The keys that sign access tokens.
#[derive(Serialize, ToSchema)]
struct SigningKeyPage {
    /// The keys: those that are believed first, then the newest.
    data: Vec<SigningKeyLine>,
    /// There is one page.
    page: PageInfo,
}

/// How keys are to be exchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct RotateKeysRequest {
    /// Whether the key that signs has leaked: every key dies at once then. False if left out.
    emergency: Option<bool>,
}

impl From<&SigningKey> for SigningKeyLine {
    fn from(key: &SigningKey) -> Self {
        Self {
            kid: key.kid().as_str().to_owned(),
            algorithm: key.algorithm().to_owned(),
            state: key.state().as_str(),
            created_at: moment(key.created_at()),
            activated_at: key.activated_at().map(moment),
            retired_at: key.retired_at().map(moment),
            removed_at: key.removed_at().map(moment),
        }
    }
}

fn page(keys: &[SigningKey]) -> HttpResponse {
    let data = keys.iter().map(SigningKeyLine::from).collect();
    HttpResponse::Ok().json(SigningKeyPage { data, page: PageInfo::after(None) })
}

/// List the signing keys
///
/// Those that are believed, and up to a hundred that were removed. For operators of the installation.
#[utoipa::path(
    operation_id = "listSigningKeys",
    tag = "identity",
    path = "/api/v1/admin/keys",
    responses((status = 200, description = "The keys.", body = SigningKeyPage)),
    extensions(("x-permission" = json!("identity.signing_key.read")), ("x-problems" = json!([]))),
    security(("bearer" = []))
)]
#[get("/api/v1/admin/keys")]
pub(in crate::http) async fn list(caller: Caller, state: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    Ok(page(&state.identity.signing_keys(&caller.context).await?))
}

/// Exchange the signing keys
///
/// Publishes the next key now, which signs a day later; nothing happens if one is published already. Keys are exchanged
/// like this every thirty days without anybody asking.
///
/// With `emergency`, every key dies at once and a new one signs: all access tokens are refused, on every server within
/// seconds, and clients exchange their refresh tokens for new ones. For operators of the installation, who must have
/// signed in within the last ten minutes.
#[utoipa::path(
    operation_id = "rotateSigningKeys",
    tag = "identity",
    path = "/api/v1/admin/keys/rotate",
    request_body(content = Option<RotateKeysRequest>, description = "How.", example = json!({ "emergency": false })),
    responses((status = 200, description = "The keys as they are now.", body = SigningKeyPage)),
    extensions(
        ("x-permission" = json!("identity.signing_key.rotate")),
        ("x-problems" = json!(["reauthentication_required"])),
    ),
    security(("bearer" = []))
)]
#[post("/api/v1/admin/keys/rotate")]
pub(in crate::http) async fn rotate(
    caller: Caller,
    state: web::Data<AppState>,
    body: OptionalBody<RotateKeysRequest>,
) -> Result<HttpResponse, Problem> {
    let is_emergency = body.0.and_then(|body| body.emergency).unwrap_or(false);
    Ok(page(&state.identity.rotate_signing_keys(&caller.context, is_emergency).await?))
}
