//! The bodies of API keys.

use ashlar_identity::{
    ApiKeyId, Identity, KeyKind, KeyStatus,
    use_case::{CreateApiKey, CreateApiKeyInput, IssuedApiKey as Issued},
};
use ashlar_kernel::{ExposeSecret, Invalid, Page, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{dto::moment, sessions::PageInfo};

/// An API key to make.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateApiKeyRequest {
    /// What you call it.
    #[schema(min_length = 1, max_length = 100, example = "Nightly export")]
    name: String,
    /// `secret` for servers, which is the default, or `publishable` for web pages.
    #[schema(value_type = Option<ApiKeyKind>)]
    kind: Option<String>,
    /// What it is good for: names of permissions you hold. A publishable key: `leads:create`, `newsletter:subscribe`.
    #[schema(value_type = Vec<ApiKeyScope>, min_items = 1, max_items = 32, example = json!(["identity.profile.read.own"]))]
    scopes: Vec<String>,
    /// From where it may be used: IP addresses, or networks in CIDR notation. Empty or absent: from everywhere.
    #[serde(default)]
    #[schema(value_type = Vec<IpNetwork>, required = false, max_items = 32, example = json!(["203.0.113.0/24", "2001:db8::/32"]))]
    ip_allow: Vec<String>,
    /// Which web pages may use a publishable key, by their origin. A secret key has none.
    #[serde(default)]
    #[schema(value_type = Vec<WebOrigin>, required = false, max_items = 32, example = json!([]))]
    origins: Vec<String>,
    /// How many days it lives: 90 unless said otherwise, 365 at most. Administrators may say up to 3650.
    #[schema(minimum = 1, maximum = 3650, example = 30)]
    expires_in_days: Option<i64>,
}

impl TryFrom<CreateApiKeyRequest> for CreateApiKey {
    type Error = Invalid;

    fn try_from(body: CreateApiKeyRequest) -> Result<Self, Invalid> {
        Self::try_from(CreateApiKeyInput {
            name: &body.name,
            kind: body.kind.as_deref(),
            scopes: &body.scopes,
            ip_allow: &body.ip_allow,
            origins: &body.origins,
            expires_in_days: body.expires_in_days,
        })
    }
}

/// The name of a permission that a key may use.
#[derive(ToSchema)]
#[schema(value_type = String, max_length = 64, pattern = "^[a-z][a-z0-9_]*[.:][a-z0-9_.:]*$", example = "identity.profile.read.own")]
#[expect(dead_code, reason = "only its schema is used; the domain reads the text")]
pub(super) struct ApiKeyScope(String);

/// An IP address, or a network in CIDR notation.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 2, max_length = 43, example = "203.0.113.0/24")]
#[expect(dead_code, reason = "only its schema is used; the domain reads the text")]
pub(super) struct IpNetwork(String);

/// The origin of a web page: scheme, host and port.
#[derive(ToSchema)]
#[schema(value_type = String, min_length = 8, max_length = 255, format = "uri", example = "https://www.example.org")]
#[expect(dead_code, reason = "only its schema is used; the domain reads the text")]
pub(super) struct WebOrigin(String);

/// What sort of key it is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = "secret")]
#[serde(rename_all = "snake_case")]
pub(super) enum ApiKeyKind {
    /// For servers.
    Secret,
    /// For web pages.
    Publishable,
}

impl From<KeyKind> for ApiKeyKind {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Secret => Self::Secret,
            KeyKind::Publishable => Self::Publishable,
        }
    }
}

/// How a key is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = "active")]
#[serde(rename_all = "snake_case")]
pub(super) enum ApiKeyStatus {
    /// Good.
    Active,
    /// It has run out.
    Expired,
    /// It was ended.
    Revoked,
}

impl From<KeyStatus> for ApiKeyStatus {
    fn from(status: KeyStatus) -> Self {
        match status {
            KeyStatus::Active => Self::Active,
            KeyStatus::Expired => Self::Expired,
            KeyStatus::Revoked => Self::Revoked,
        }
    }
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKey {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: ApiKeyId,
    /// What it is called.
    #[schema(example = "Nightly export")]
    name: String,
    /// What sort of key it is.
    kind: ApiKeyKind,
    /// How it is.
    status: ApiKeyStatus,
    /// How its text begins, to know it again. No secret.
    #[schema(example = "ash_live_k3v7q2nbxw5d")]
    begins_with: String,
    /// What it is good for.
    #[schema(value_type = Vec<ApiKeyScope>, example = json!(["identity.profile.read.own"]))]
    scopes: Vec<String>,
    /// From where it may be used; empty: from everywhere.
    #[schema(value_type = Vec<IpNetwork>, example = json!(["203.0.113.0/24"]))]
    ip_allow: Vec<String>,
    /// Which web pages may use it, if it is publishable.
    #[schema(value_type = Vec<WebOrigin>, example = json!([]))]
    origins: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it got its present secret, if that is not the first.
    #[schema(required, format = DateTime, example = "2026-02-14T09:30:00.000Z")]
    rotated_at: Option<String>,
    /// Until when the secret before is still good.
    #[schema(required, format = DateTime, example = "2026-02-15T09:30:00.000Z")]
    previous_valid_until: Option<String>,
    /// When it runs out.
    #[schema(format = DateTime, example = "2026-03-16T09:30:00.000Z")]
    expires_at: String,
    /// When it was last used, to the hour.
    #[schema(required, format = DateTime, example = "2026-02-14T11:00:00.000Z")]
    last_used_at: Option<String>,
    /// When it was ended.
    #[schema(required, format = DateTime, example = json!(null))]
    revoked_at: Option<String>,
}

impl ApiKey {
    /// How the key is at `now`.
    pub(super) fn new(identity: &Identity, key: &ashlar_identity::ApiKey, now: Timestamp) -> Self {
        Self {
            id: key.id(),
            name: key.name().as_str().to_owned(),
            kind: key.kind().into(),
            status: key.status(now).into(),
            begins_with: identity.beginning_of(key),
            scopes: key.scopes().iter().map(|scope| scope.as_str().to_owned()).collect(),
            ip_allow: key.networks().iter().collect(),
            origins: key.origins().iter().map(|origin| origin.as_str().to_owned()).collect(),
            created_at: moment(key.created_at()),
            rotated_at: key.rotated_at().map(moment),
            previous_valid_until: key.previous_valid_until(now).map(moment),
            expires_at: moment(key.expires_at()),
            last_used_at: key.last_used_at().map(moment),
            revoked_at: key.revoked_at().map(moment),
        }
    }
}

/// An API key, with its text.
#[derive(Serialize, ToSchema)]
pub(super) struct IssuedApiKey {
    /// What programs send, as `X-API-Key` or `Authorization: Bearer`. Told this once: keep it.
    #[schema(example = "ash_live_k3v7q2nbxw5d_EXAMPLE-NOT-A-KEY-0123456789abcdefghijklmno_000000")]
    key: String,
    /// The key.
    api_key: ApiKey,
}

impl IssuedApiKey {
    /// A key that was made or rotated at `now`.
    pub(super) fn new(identity: &Identity, issued: &Issued, now: Timestamp) -> Self {
        Self { key: issued.text.expose_secret().to_owned(), api_key: ApiKey::new(identity, &issued.key, now) }
    }
}

/// A page of keys.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyPage {
    /// The keys, newest first.
    data: Vec<ApiKey>,
    /// Where the next page begins.
    page: PageInfo,
}

impl ApiKeyPage {
    /// The page as it is at `now`.
    pub(super) fn new(identity: &Identity, page: Page<ashlar_identity::ApiKey>, now: Timestamp) -> Self {
        let info = PageInfo { has_more: page.next_cursor.is_some(), next_cursor: page.next_cursor };
        Self { data: page.data.iter().map(|key| ApiKey::new(identity, key, now)).collect(), page: info }
    }
}
