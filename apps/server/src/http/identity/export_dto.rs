//! Everything that is held about a person, as JSON.

use ashlar_identity::{
    ApiKey, ApiKeyId, HeldLink, LoginLine, MembershipLine, Origin, PersonalData, Session, SessionId, UserId,
    device::{DeviceId, KnownDevice},
};
use ashlar_kernel::{TenantId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    dto::{UserRole, moment},
    login_attempts::LoginAttemptOutcome,
};

/// Everything this installation holds about you, but for secrets and the event log.
#[derive(Serialize, ToSchema)]
pub(super) struct PersonalDataExport {
    /// When it was put together.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    exported_at: String,
    /// Your account.
    account: ExportedAccount,
    /// The tenants you are a member of.
    memberships: Vec<ExportedMembership>,
    /// Your second factor; null if none was ever begun.
    #[schema(required)]
    second_factor: Option<ExportedSecondFactor>,
    /// Your sessions, also those that have ended and are not forgotten yet, newest first.
    sessions: Vec<ExportedSession>,
    /// Your devices, in every tenant, last seen first.
    devices: Vec<ExportedDevice>,
    /// Your API keys, also those that have ended, newest first.
    api_keys: Vec<ExportedApiKey>,
    /// Links that were mailed to you and not used.
    mailed_links: Vec<ExportedLink>,
    /// Which accounts of other systems yours was made of.
    imported_from: Vec<ExportedOrigin>,
    /// Attempts to sign in to your account in the last ninety days, newest first.
    login_attempts: Vec<ExportedLoginAttempt>,
}

/// Your account.
#[derive(Serialize, ToSchema)]
struct ExportedAccount {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: UserId,
    /// The tenant in which it was opened.
    #[schema(required, value_type = Option<Uuid>, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    home_tenant_id: Option<TenantId>,
    /// Where mail goes.
    #[schema(format = "idn-email", example = "ada@example.org")]
    email: String,
    /// When the address was proved to be yours.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    email_verified_at: Option<String>,
    /// The public handle.
    #[schema(required, example = "ada")]
    username: Option<String>,
    /// What others call you.
    #[schema(required, example = "Ada Lovelace")]
    display_name: Option<String>,
    /// A picture.
    #[schema(required, format = "uri", example = "https://cdn.example.org/ada.png")]
    avatar_url: Option<String>,
    /// The language you read.
    #[schema(required, example = "en-GB")]
    locale: Option<String>,
    /// Since when you operate the installation.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    operator_since: Option<String>,
    /// When it was opened.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
    /// When you last signed in.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    last_login_at: Option<String>,
}

/// A tenant you are a member of.
#[derive(Serialize, ToSchema)]
struct ExportedMembership {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    tenant_id: TenantId,
    /// Its short name.
    #[schema(example = "main")]
    tenant_slug: String,
    /// Its name.
    #[schema(example = "Main")]
    tenant_name: String,
    /// What you are there.
    #[schema(value_type = UserRole)]
    role: &'static str,
    /// Since when.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    member_since: String,
}

/// Your second factor, without its secret.
#[derive(Serialize, ToSchema)]
struct ExportedSecondFactor {
    /// Since when a code is asked for.
    #[schema(required, format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    totp_confirmed_at: Option<String>,
    /// How many codes on paper are left.
    #[schema(minimum = 0, example = 10)]
    backup_codes_left: usize,
}

/// A session.
#[derive(Serialize, ToSchema)]
struct ExportedSession {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: SessionId,
    /// In which tenant.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    tenant_id: TenantId,
    /// The client's own id of the device.
    #[schema(required, example = "f3b1c2")]
    device_id: Option<String>,
    /// What you call the device.
    #[schema(required, example = "My phone")]
    device_name: Option<String>,
    /// Where the sign-in came from.
    #[schema(required, example = "192.0.2.7")]
    ip: Option<String>,
    /// What the browser or program said about itself.
    #[schema(required, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// How you signed in (RFC 8176).
    #[schema(example = json!(["pwd"]))]
    amr: Vec<String>,
    /// When it began.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime, example = "2026-01-31T09:45:00.000Z")]
    last_seen_at: String,
    /// When it ends, or ended, unless refreshed.
    #[schema(format = DateTime, example = "2026-02-07T09:30:00.000Z")]
    expires_at: String,
    /// When it was ended.
    #[schema(required, format = DateTime, example = "2026-02-01T09:30:00.000Z")]
    revoked_at: Option<String>,
}

/// A device on which you have signed in.
#[derive(Serialize, ToSchema)]
struct ExportedDevice {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: DeviceId,
    /// In which tenant.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    tenant_id: TenantId,
    /// What it calls itself, or we call it.
    #[schema(example = "f3b1c2")]
    client_id: String,
    /// What you call it.
    #[schema(required, example = "My phone")]
    name: Option<String>,
    /// What it runs, as it says.
    #[schema(example = "android")]
    platform: &'static str,
    /// When you first signed in on it.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    first_seen_at: String,
    /// When you last signed in on it.
    #[schema(format = DateTime, example = "2026-01-31T09:45:00.000Z")]
    last_seen_at: String,
    /// Since when it is known no more; null if it is.
    #[schema(required, format = DateTime, example = "2026-02-07T09:30:00.000Z")]
    ended_at: Option<String>,
}

impl From<&KnownDevice> for ExportedDevice {
    fn from(device: &KnownDevice) -> Self {
        Self {
            id: device.id(),
            tenant_id: device.tenant(),
            client_id: device.client_id().as_str().to_owned(),
            name: device.name().map(|name| name.as_str().to_owned()),
            platform: device.platform().as_str(),
            first_seen_at: moment(device.first_seen_at()),
            last_seen_at: moment(device.last_seen_at()),
            ended_at: device.ended().map(|(at, _)| moment(at)),
        }
    }
}

/// An API key, without its secret.
#[derive(Serialize, ToSchema)]
struct ExportedApiKey {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: ApiKeyId,
    /// In which tenant.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    tenant_id: TenantId,
    /// What you call it.
    #[schema(example = "Backup script")]
    name: String,
    /// What it is good for.
    #[schema(example = json!(["identity.profile.read.own"]))]
    scopes: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// Until when it is good.
    #[schema(format = DateTime, example = "2026-04-30T09:30:00.000Z")]
    expires_at: String,
    /// When it was last used, to the hour.
    #[schema(required, format = DateTime, example = "2026-02-01T09:30:00.000Z")]
    last_used_at: Option<String>,
    /// When it was ended.
    #[schema(required, format = DateTime, example = "2026-02-01T09:30:00.000Z")]
    revoked_at: Option<String>,
}

/// A link that was mailed and not used.
#[derive(Serialize, ToSchema)]
struct ExportedLink {
    /// What it is good for.
    #[schema(example = "reset_password")]
    purpose: &'static str,
    /// Where it went.
    #[schema(example = "ada@example.org")]
    email: String,
    /// When.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// Until when it is good.
    #[schema(format = DateTime, example = "2026-01-31T10:00:00.000Z")]
    expires_at: String,
}

/// An account of another system.
#[derive(Serialize, ToSchema)]
struct ExportedOrigin {
    /// Which system.
    #[schema(example = "django")]
    source: String,
    /// What the account was called there.
    #[schema(example = "42")]
    source_id: String,
}

/// An attempt to sign in to your account.
#[derive(Serialize, ToSchema)]
struct ExportedLoginAttempt {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: Uuid,
    /// In which tenant.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    tenant_id: TenantId,
    /// How it ended.
    #[schema(value_type = LoginAttemptOutcome)]
    outcome: &'static str,
    /// Where it came from.
    #[schema(required, example = "192.0.2.7")]
    ip: Option<String>,
    /// What the browser or program said about itself.
    #[schema(required, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
}

impl PersonalDataExport {
    /// The data as they were at `now`.
    pub(super) fn of(data: &PersonalData, now: Timestamp) -> Self {
        let holdings = &data.holdings;
        Self {
            exported_at: moment(now),
            account: ExportedAccount::of(data),
            memberships: data.memberships.iter().map(ExportedMembership::from).collect(),
            second_factor: data.second_factor.map(|factor| ExportedSecondFactor {
                totp_confirmed_at: factor.confirmed_at.map(moment),
                backup_codes_left: factor.codes_left,
            }),
            sessions: holdings.sessions.iter().map(ExportedSession::from).collect(),
            devices: holdings.devices.iter().map(ExportedDevice::from).collect(),
            api_keys: holdings.api_keys.iter().map(ExportedApiKey::from).collect(),
            mailed_links: holdings.links.iter().map(ExportedLink::from).collect(),
            imported_from: holdings.origins.iter().map(ExportedOrigin::from).collect(),
            login_attempts: data.logins.iter().map(ExportedLoginAttempt::from).collect(),
        }
    }
}

impl ExportedAccount {
    fn of(data: &PersonalData) -> Self {
        let (user, profile) = (&data.user, data.user.profile());
        Self {
            id: user.id(),
            home_tenant_id: data.holdings.home,
            email: user.email().address().to_owned(),
            email_verified_at: user.email_verified_at().map(moment),
            username: user.username().map(|name| name.as_str().to_owned()),
            display_name: profile.display_name.as_ref().map(|name| name.as_str().to_owned()),
            avatar_url: profile.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
            locale: profile.locale.as_ref().map(|locale| locale.as_str().to_owned()),
            operator_since: user.operator_since().map(moment),
            created_at: moment(user.created_at()),
            updated_at: moment(user.updated_at()),
            last_login_at: data.holdings.last_login_at.map(moment),
        }
    }
}

impl From<&MembershipLine> for ExportedMembership {
    fn from(line: &MembershipLine) -> Self {
        Self {
            tenant_id: line.tenant.id,
            tenant_slug: line.tenant.slug.to_string(),
            tenant_name: line.tenant.name.clone(),
            role: line.role.as_str(),
            member_since: moment(line.member_since),
        }
    }
}

impl From<&Session> for ExportedSession {
    fn from(session: &Session) -> Self {
        let device = session.device();
        Self {
            id: session.id(),
            tenant_id: session.tenant(),
            device_id: device.and_then(|device| device.client_id.as_ref()).map(|id| id.as_str().to_owned()),
            device_name: device.and_then(|device| device.name.as_ref()).map(|name| name.as_str().to_owned()),
            ip: session.ip().map(|ip| ip.to_string()),
            user_agent: session.user_agent().map(str::to_owned),
            amr: session.amr().to_vec(),
            created_at: moment(session.created_at()),
            last_seen_at: moment(session.last_seen_at()),
            expires_at: moment(session.idle_expires_at()),
            revoked_at: session.revoked().map(|(at, _reason)| moment(at)),
        }
    }
}

impl From<&ApiKey> for ExportedApiKey {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id(),
            tenant_id: key.tenant(),
            name: key.name().as_str().to_owned(),
            scopes: key.scopes().iter().map(|scope| scope.as_str().to_owned()).collect(),
            created_at: moment(key.created_at()),
            expires_at: moment(key.expires_at()),
            last_used_at: key.last_used_at().map(moment),
            revoked_at: key.revoked_at().map(moment),
        }
    }
}

impl From<&HeldLink> for ExportedLink {
    fn from(link: &HeldLink) -> Self {
        Self {
            purpose: link.purpose.as_str(),
            email: link.email.clone(),
            created_at: moment(link.created_at),
            expires_at: moment(link.expires_at),
        }
    }
}

impl From<&Origin> for ExportedOrigin {
    fn from(origin: &Origin) -> Self {
        Self { source: origin.source.clone(), source_id: origin.source_id.clone() }
    }
}

impl From<&LoginLine> for ExportedLoginAttempt {
    fn from(line: &LoginLine) -> Self {
        Self {
            id: line.id,
            tenant_id: line.tenant,
            outcome: line.outcome.as_str(),
            ip: line.ip.map(|ip| ip.to_string()),
            user_agent: line.user_agent.clone(),
            created_at: moment(line.at),
        }
    }
}
