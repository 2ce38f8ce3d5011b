//! The bodies of accounts and sign-ins: what is sent and what is answered.

use ashlar_identity::{
    Account, AvatarUrl, Device, DeviceClientId, DeviceName, DisplayName, EditProfile, Locale, LogIn, Platform,
    ProfilePatch, Register, SessionId, SignedIn, UserId, use_case::RegisterInput,
};
use ashlar_kernel::{ExposeSecret, FieldErrors, FieldFault, Invalid, Patch, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refresh_cookie::RefreshIn;
use crate::http::body::nullable;
pub(super) use crate::http::page::moment;

/// An account to open.
#[derive(Deserialize, ToSchema)]
pub(super) struct RegisterRequest {
    /// Where mail goes. Two spellings of one address are one address.
    #[schema(format = "idn-email", max_length = 254, example = "ada@example.org")]
    email: String,
    /// The public handle: letters, digits, `.`, `_` and `-`, with a letter or digit at both ends.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$", example = "ada")]
    username: Option<String>,
    /// The password: 12 to 256 characters, and not one that is easily guessed. No rules about kinds of characters.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256, example = "tuba-mint-quarrel-9")]
    password: Secret,
    /// What others call you.
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    display_name: Option<String>,
    /// Makes you the first administrator of a production installation, whoever else may register: the token that its
    /// first start prints, or `ashlar users bootstrap-token`. Good once, for 24 hours.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "asb1_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA")]
    bootstrap_token: Option<Secret>,
}

impl TryFrom<RegisterRequest> for Register {
    type Error = Invalid;

    fn try_from(body: RegisterRequest) -> Result<Self, Invalid> {
        let register = Self::try_from(RegisterInput {
            email: &body.email,
            username: body.username.as_deref(),
            password: body.password,
            display_name: body.display_name.as_deref(),
        })?;
        Ok(register.with_bootstrap_token(body.bootstrap_token))
    }
}

/// A login with a password.
#[derive(Deserialize, ToSchema)]
pub(super) struct LoginRequest {
    /// The e-mail address or the username.
    #[schema(min_length = 1, max_length = 254, example = "ada@example.org")]
    identifier: String,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 1024, example = "tuba-mint-quarrel-9")]
    password: Secret,
    /// The tenant to sign in to, by its short name, unless `X-Tenant` says it already.
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", example = "main")]
    pub(super) tenant: Option<String>,
    /// What the client says about its device; shown in the list of sessions.
    #[serde(default, deserialize_with = "object")]
    device: Option<DeviceInput>,
    /// The `device_token` of an earlier login on this device to this account, by whichever identifier and in whichever
    /// tenant, so that failed attempts of strangers do not hold it up.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "asd1_T3rZ0nqk0mVd1uQ7")]
    device_token: Option<Secret>,
    /// For pages of this server: puts the refresh token into the cookie `__Host-refresh` instead of the answer.
    #[schema(default = false, example = true)]
    pub(super) refresh_cookie: Option<bool>,
}

/// What a client says about its device.
#[derive(Deserialize, ToSchema)]
pub(super) struct DeviceInput {
    /// The client's own id of this installation: visible ASCII. It does not begin with `given:`, as those do that the
    /// server makes for clients without one.
    #[schema(min_length = 1, max_length = 128, example = "f3b1c2")]
    id: Option<String>,
    /// What the owner calls it.
    #[schema(min_length = 1, max_length = 100, example = "My phone")]
    name: Option<String>,
    /// What it runs: `web`, `android`, `ios` or `other`.
    #[schema(value_type = Option<DevicePlatform>)]
    platform: Option<String>,
}

/// What a device runs.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(example = "android")]
#[serde(rename_all = "snake_case")]
pub(super) enum DevicePlatform {
    /// A browser.
    Web,
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Anything else.
    Other,
}

impl From<Platform> for DevicePlatform {
    fn from(platform: Platform) -> Self {
        match platform {
            Platform::Web => Self::Web,
            Platform::Android => Self::Android,
            Platform::Ios => Self::Ios,
            Platform::Other => Self::Other,
        }
    }
}

impl DeviceInput {
    fn check(self, errors: &mut FieldErrors) -> Device {
        let client_id = self.id.as_deref().map(DeviceClientId::parse);
        let name = self.name.as_deref().map(DeviceName::parse);
        let platform = self.platform.as_deref().map(Platform::parse);
        Device {
            client_id: errors.check_optional("/device/id", client_id),
            name: errors.check_optional("/device/name", name),
            platform: errors.check_optional("/device/platform", platform).unwrap_or_default(),
        }
    }
}

/// An object, where a list of its members in order would also be taken by default.
fn object<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<DeviceInput>, D::Error> {
    struct OnlyObject;
    impl<'de> serde::de::Visitor<'de> for OnlyObject {
        type Value = Option<DeviceInput>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            DeviceInput::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Some)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(OnlyObject)
}

impl TryFrom<LoginRequest> for LogIn {
    type Error = Invalid;

    fn try_from(body: LoginRequest) -> Result<Self, Invalid> {
        let mut errors = FieldErrors::default();
        let device = body.device.map(|device| device.check(&mut errors));
        let login = Self::from_secret(&body.identifier, body.password, &mut errors)?;
        Ok(login.on(device).trusting(body.device_token))
    }
}

/// A refresh token to exchange.
#[derive(Deserialize, ToSchema)]
pub(super) struct RefreshRequest {
    /// The refresh token of the last login or refresh.
    #[schema(value_type = String, min_length = 1, max_length = 256, example = "asr1_AAGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    pub(super) refresh_token: Secret,
}

/// A sign-out. Everything is optional when the access token is sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct LogoutRequest {
    /// The refresh token of the session to end, for clients whose access token has run out.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 256, example = "asr1_AAGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    pub(super) refresh_token: Option<Secret>,
}

/// A change of one's profile. An absent member leaves the field alone, null clears it.
#[derive(Deserialize, ToSchema)]
pub(super) struct UpdateProfileRequest {
    /// What others call you.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Ada Lovelace")]
    #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
    display_name: Option<Option<String>>,
    /// A picture: an absolute `https` URL.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048, example = "https://cdn.example.org/ada.png")]
    #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
    avatar_url: Option<Option<String>>,
    /// The language you read: a BCP 47 tag.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 2, max_length = 35, example = "de-CH")]
    #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
    locale: Option<Option<String>>,
}

impl UpdateProfileRequest {
    /// The edit, if the account is at one of `if_version`.
    pub(super) fn command(self, if_version: Option<Vec<u32>>) -> Result<EditProfile, Invalid> {
        let mut errors = FieldErrors::default();
        let patch = ProfilePatch {
            display_name: field(&mut errors, "/display_name", self.display_name, DisplayName::parse),
            avatar_url: field(&mut errors, "/avatar_url", self.avatar_url, AvatarUrl::parse),
            locale: field(&mut errors, "/locale", self.locale, Locale::parse),
        };
        errors.finish()?;
        Ok(EditProfile { patch, if_version })
    }
}

#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(super) fn field<T, F: FieldFault>(
    errors: &mut FieldErrors,
    pointer: &str,
    sent: Option<Option<String>>,
    parse: impl FnOnce(&str) -> Result<T, F>,
) -> Patch<T> {
    match sent {
        None => Patch::Keep,
        Some(None) => Patch::Clear,
        Some(Some(text)) => errors.check(pointer, parse(&text)).map_or(Patch::Keep, Patch::Set),
    }
}

/// An account as its owner sees it.
#[derive(Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub(super) struct User {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: UserId,
    /// Where mail goes.
    #[schema(format = "idn-email", example = "ada@example.org")]
    email: String,
    /// The public handle.
    #[schema(required, example = "ada")]
    username: Option<String>,
    /// What others call them.
    #[schema(required, example = "Ada Lovelace")]
    display_name: Option<String>,
    /// A picture.
    #[schema(required, format = "uri", example = "https://cdn.example.org/ada.png")]
    avatar_url: Option<String>,
    /// The language they read: a BCP 47 tag.
    #[schema(required, example = "de-CH")]
    locale: Option<String>,
    /// Whether the address was proved to be theirs.
    #[schema(example = true)]
    email_verified: bool,
    /// Whether they have signed in with a password that everybody tries first, and should choose another.
    #[schema(example = false)]
    password_weak: bool,
    /// What they are in this tenant.
    #[schema(value_type = UserRole)]
    role: &'static str,
    /// Whether they administer this tenant.
    #[schema(example = false)]
    is_admin: bool,
    /// Whether they operate the installation. Then `permissions` are those of an operator, whatever the role.
    #[schema(example = false)]
    is_operator: bool,
    /// What they may do in this tenant.
    #[schema(example = json!(["identity.profile.read.own", "identity.profile.update.own"]))]
    permissions: Vec<&'static str>,
    /// When the account was opened.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
}

/// What a person is in a tenant.
#[derive(Serialize, ToSchema)]
#[schema(example = "member")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum UserRole {
    /// Everything in the tenant.
    Admin,
    /// The daily work.
    Staff,
    /// Their own leads, and nobody's.
    Sales,
    /// Their own courses.
    Instructor,
    /// Their own things.
    Member,
}

impl From<&Account> for User {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id,
            email: account.email.address().to_owned(),
            username: account.username.as_ref().map(|name| name.as_str().to_owned()),
            display_name: account.display_name.as_ref().map(|name| name.as_str().to_owned()),
            avatar_url: account.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
            locale: account.locale.as_ref().map(|locale| locale.as_str().to_owned()),
            email_verified: account.is_email_verified,
            password_weak: account.is_password_weak,
            role: account.role.as_str(),
            is_admin: account.role == ashlar_identity::Role::Admin,
            is_operator: account.is_operator,
            permissions: account.permissions().iter().map(|permission| permission.as_str()).collect(),
            created_at: moment(account.created_at),
            updated_at: moment(account.updated_at),
        }
    }
}

/// A new account.
#[derive(Serialize, ToSchema)]
pub(super) struct RegisterResponse {
    /// The account.
    pub(super) user: User,
}

/// The request was taken; what follows happens by mail. The answer is the same for everybody.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Always `accepted`.
    status: AcceptedStatus,
    /// What to do next, for people.
    #[schema(example = "If there is something to tell, a letter is on its way.")]
    message: &'static str,
}

impl Accepted {
    /// A letter may follow.
    pub(super) const MAIL: Self =
        Self { status: AcceptedStatus::Accepted, message: "If there is something to tell, a letter is on its way." };
}

/// Always `accepted`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AcceptedStatus {
    /// The request was taken.
    Accepted,
}

/// A pair of tokens.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// Send it as `Authorization: Bearer <access_token>`. A JWT (RFC 9068).
    #[schema(example = "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJzdWIiOiJ4In0.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(value_type = TokenType, example = "Bearer")]
    token_type: &'static str,
    /// For how many seconds the access token is good.
    #[schema(minimum = 0, example = 900)]
    expires_in: i64,
    /// Exchange it at `/api/v1/auth/refresh` for the next pair. Good once. Absent when it is in the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "asr1_AAGQtaR8Hn9qjSs8TV5veosAAAAAeSSdm2uxsWWz2vXW")]
    refresh_token: Option<String>,
    /// Until when the refresh token is good.
    #[schema(format = DateTime, example = "2026-02-07T09:30:00.000Z")]
    refresh_expires_at: String,
    /// The session these tokens belong to.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    session_id: SessionId,
    /// The account.
    user: User,
}

/// Always `Bearer`.
#[derive(Serialize, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) enum TokenType {
    /// RFC 6750.
    Bearer,
}

impl Tokens {
    /// The pair of a login or refresh at `now`.
    pub(super) fn new(signed_in: &SignedIn, now: Timestamp, refresh: RefreshIn) -> Self {
        Self {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: (signed_in.access_expires_at - now).num_seconds().max(0),
            refresh_token: refresh.shown(signed_in),
            refresh_expires_at: moment(signed_in.refresh_expires_at),
            session_id: signed_in.session,
            user: User::from(&signed_in.account),
        }
    }
}
