//! Sessions: how long a sign-in lasts, and how refresh tokens take turns.

mod device;
mod event;
mod fresh;
mod refresh_token;
mod sweep;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

pub(crate) use device::GIVEN;
pub use device::{Device, DeviceClientId, DeviceName, InvalidDevice, Platform, summarise_user_agent};
pub use event::SessionEvent;
pub(crate) use event::session_event_specs;
pub use fresh::insist_on_fresh;
pub use refresh_token::{InvalidRefreshToken, PresentedRefreshToken, RefreshKeys};
pub use sweep::SessionSweep;

use crate::{UserId, device::DeviceId};

/// Identifies a [`Session`].
pub type SessionId = Id<Session>;

/// How long things last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Life of an access token.
    pub access_ttl: TimeDelta,
    /// A session not refreshed for this long ends.
    pub refresh_idle: TimeDelta,
    /// Every session ends after this long.
    pub refresh_absolute: TimeDelta,
    /// For how long the previous refresh token still answers with its successor, so that a lost answer or a second
    /// tab does not look like a thief. Zero is allowed.
    pub refresh_grace: TimeDelta,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            access_ttl: TimeDelta::minutes(15),
            refresh_idle: TimeDelta::days(7),
            refresh_absolute: TimeDelta::days(30),
            refresh_grace: TimeDelta::seconds(10),
        }
    }
}

/// Why a session ended before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationReason {
    /// The person signed out.
    Logout,
    /// The person ended it from another session.
    User,
    /// An administrator of the tenant ended it, or the membership.
    Admin,
    /// A refresh token was used a second time: somebody else may hold a copy.
    Reuse,
    /// Another device took the place of its device.
    DeviceReplaced,
    /// The account was shut.
    UserDisabled,
    /// The password or the address was changed.
    PasswordChange,
}

impl RevocationReason {
    const ALL: [Self; 7] = [
        Self::Logout,
        Self::User,
        Self::Admin,
        Self::Reuse,
        Self::DeviceReplaced,
        Self::UserDisabled,
        Self::PasswordChange,
    ];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::User => "user",
            Self::Admin => "admin",
            Self::Reuse => "reuse",
            Self::DeviceReplaced => "device_replaced",
            Self::UserDisabled => "user_disabled",
            Self::PasswordChange => "password_change",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// A sign-in that lasts: the family of refresh tokens that follow from one login.
///
/// One row, not one per token: the row knows the generation of the one token that is good now. A token carries its
/// generation and a keyed hash over it and the row's salt, so nothing about single tokens is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    id: SessionId,
    tenant: TenantId,
    user: UserId,
    salt: [u8; 32],
    generation: u32,
    amr: Vec<String>,
    device: Option<Device>,
    device_id: Option<DeviceId>,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    created_at: Timestamp,
    authenticated_at: Timestamp,
    rotated_at: Timestamp,
    last_seen_at: Timestamp,
    idle_expires_at: Timestamp,
    absolute_expires_at: Timestamp,
    revoked: Option<(Timestamp, RevocationReason)>,
    version: u32,
}

/// What a new session is made of.
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// The tenant it is for.
    pub tenant: TenantId,
    /// Whose.
    pub user: UserId,
    /// 256 random bits.
    pub salt: [u8; 32],
    /// By which methods the person proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// What the client says about its device.
    pub device: Option<Device>,
    /// Where the login came from.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// A stored session as plain data; [`Session::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `Session`, in their stored form")]
pub struct SessionRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub salt: Vec<u8>,
    pub generation: i64,
    pub amr: String,
    pub device_client_id: Option<String>,
    pub device_name: Option<String>,
    pub device_platform: Option<String>,
    pub device_id: Option<uuid::Uuid>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: Timestamp,
    pub authenticated_at: Timestamp,
    pub rotated_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub idle_expires_at: Timestamp,
    pub absolute_expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
    pub revoked_reason: Option<String>,
    pub version: i32,
}

/// What becomes of a presented refresh token.
#[must_use]
pub enum Refresh {
    /// It is the good one; its successor takes over.
    Rotated(Change<Session, SessionEvent>),
    /// It is the one before, presented again within the grace: the answer is the same successor.
    Repeated(Session),
    /// The session has run out.
    Expired,
    /// The session was ended.
    Revoked,
    /// An old token (or one from a future that a restored backup does not know): the whole family dies.
    Reused(Change<Session, SessionEvent>),
}

impl Session {
    /// Begins a session.
    pub fn begin(new: NewSession, policy: &SessionPolicy, now: Timestamp) -> Change<Self, SessionEvent> {
        let absolute_expires_at = now + policy.refresh_absolute;
        let event = SessionEvent::Created { session: new.id, user: new.user, amr: new.amr.clone() };
        let session = Self {
            id: new.id,
            tenant: new.tenant,
            user: new.user,
            salt: new.salt,
            generation: 0,
            amr: new.amr,
            device: new.device,
            device_id: None,
            ip: new.ip,
            user_agent: new.user_agent,
            created_at: now,
            authenticated_at: now,
            rotated_at: now,
            last_seen_at: now,
            idle_expires_at: absolute_expires_at.min(now + policy.refresh_idle),
            absolute_expires_at,
            revoked: None,
            version: 1,
        };
        Change::new(session, event)
    }

    /// The same beginning, on a device that is known.
    pub fn begun_on(change: Change<Self, SessionEvent>, device: DeviceId) -> Change<Self, SessionEvent> {
        let (session, events) = change.into_parts();
        let (id, user, amr) = (session.id, session.user, session.amr.clone());
        let begun =
            Change::new(Self { device_id: Some(device), ..session }, SessionEvent::Created { session: id, user, amr });
        events.into_iter().skip(1).fold(begun, Change::and)
    }

    /// Judges a refresh token of generation `presented`, whose keyed hash was found right.
    pub fn refresh(self, presented: u32, policy: &SessionPolicy, now: Timestamp) -> Refresh {
        if self.revoked.is_some() {
            return Refresh::Revoked;
        }
        if !self.is_alive(now) {
            return Refresh::Expired;
        }
        if presented == self.generation {
            return self.rotate(policy, now);
        }
        // A clock that stepped back makes the age negative, which counts as recent.
        let is_recent = policy.refresh_grace > TimeDelta::zero() && now - self.rotated_at <= policy.refresh_grace;
        if presented.checked_add(1) == Some(self.generation) && is_recent {
            return Refresh::Repeated(self);
        }
        let event = SessionEvent::RefreshReuseDetected { session: self.id, user: self.user, presented };
        Refresh::Reused(Change::new(self.ended(now, RevocationReason::Reuse), event))
    }

    fn rotate(self, policy: &SessionPolicy, now: Timestamp) -> Refresh {
        let Some(generation) = self.generation.checked_add(1) else {
            return Refresh::Expired;
        };
        let event = SessionEvent::Refreshed { session: self.id, user: self.user, generation };
        let session = Self {
            generation,
            rotated_at: now,
            last_seen_at: now,
            idle_expires_at: self.absolute_expires_at.min(now + policy.refresh_idle),
            version: self.version + 1,
            ..self
        };
        Refresh::Rotated(Change::new(session, event))
    }

    /// The holder has just proved again who they are.
    pub fn reauthenticate(self, now: Timestamp) -> Change<Self, SessionEvent> {
        let event = SessionEvent::Reauthenticated { session: self.id, user: self.user };
        Change::new(Self { authenticated_at: now, version: self.version + 1, ..self }, event)
    }

    /// The holder has just proved again who they are, by what replaces the refresh token too; none if no further one can
    /// be made.
    pub fn renew(self, policy: &SessionPolicy, now: Timestamp) -> Option<Change<Self, SessionEvent>> {
        match self.rotate(policy, now) {
            Refresh::Rotated(change) => {
                let renewed = change.state().clone();
                let event = SessionEvent::Reauthenticated { session: renewed.id, user: renewed.user };
                Some(Change::new(Self { authenticated_at: now, ..renewed }, event))
            }
            _ => None,
        }
    }

    /// Ends the session; none if it has ended already.
    pub fn revoke(self, reason: RevocationReason, now: Timestamp) -> Option<Change<Self, SessionEvent>> {
        if self.revoked.is_some() {
            return None;
        }
        let event = SessionEvent::Revoked { session: self.id, user: self.user, reason: reason.as_str() };
        Some(Change::new(self.ended(now, reason), event))
    }

    fn ended(self, now: Timestamp, reason: RevocationReason) -> Self {
        Self { revoked: Some((now, reason)), version: self.version + 1, ..self }
    }

    /// Neither revoked nor run out.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.idle_expires_at > now && self.absolute_expires_at > now
    }

    /// When an access token made now runs out.
    pub fn access_expires_at(&self, policy: &SessionPolicy, now: Timestamp) -> Timestamp {
        self.absolute_expires_at.min(now + policy.access_ttl)
    }

    /// Its id.
    pub const fn id(&self) -> SessionId {
        self.id
    }
    /// The tenant it is for.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Whose.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// The secret part of its refresh tokens that the database holds.
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }
    /// The generation of the refresh token that is good now.
    pub const fn generation(&self) -> u32 {
        self.generation
    }
    /// By which methods the person proved who they are.
    pub fn amr(&self) -> &[String] {
        &self.amr
    }
    /// What the client said about its device at the login.
    pub const fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }
    /// The device it began on, where that is known.
    pub const fn device_id(&self) -> Option<DeviceId> {
        self.device_id
    }
    /// Where the login came from.
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }
    /// The client's `User-Agent` at the login.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }
    /// When they proved it.
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }
    /// When it was last used, to the minute.
    pub const fn last_seen_at(&self) -> Timestamp {
        self.last_seen_at
    }
    /// When it began.
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }
    /// When it ends unless refreshed.
    pub const fn idle_expires_at(&self) -> Timestamp {
        self.idle_expires_at
    }
    /// When it ends whatever happens.
    pub const fn absolute_expires_at(&self) -> Timestamp {
        self.absolute_expires_at
    }
    /// When and why it was ended.
    pub const fn revoked(&self) -> Option<(Timestamp, RevocationReason)> {
        self.revoked
    }
    /// Counts writes, from 1: the guard of every update.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The stored form.
    pub fn to_row(&self) -> SessionRow {
        let device = self.device.as_ref();
        SessionRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            user_id: self.user.as_uuid(),
            salt: self.salt.to_vec(),
            generation: i64::from(self.generation),
            amr: self.amr.join(" "),
            device_client_id: device.and_then(|d| d.client_id.as_ref()).map(|id| id.as_str().to_owned()),
            device_name: device.and_then(|d| d.name.as_ref()).map(|name| name.as_str().to_owned()),
            device_platform: device.map(|d| d.platform.as_str().to_owned()),
            device_id: self.device_id.map(|id| id.as_uuid()),
            ip: self.ip.map(|ip| ip.to_string()),
            user_agent: self.user_agent.clone(),
            created_at: self.created_at,
            authenticated_at: self.authenticated_at,
            rotated_at: self.rotated_at,
            last_seen_at: self.last_seen_at,
            idle_expires_at: self.idle_expires_at,
            absolute_expires_at: self.absolute_expires_at,
            revoked_at: self.revoked.map(|(at, _)| at),
            revoked_reason: self.revoked.map(|(_, reason)| reason.as_str().to_owned()),
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: SessionRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let (device_id, device_name) = (row.device_client_id.as_deref(), row.device_name.as_deref());
        // No platform means that nothing was said about the device.
        let device = row.device_platform.as_deref().map(|platform| Device::restore(device_id, device_name, platform));
        let reason = row.revoked_reason.as_deref().map(RevocationReason::restore);
        let revoked = match (row.revoked_at, reason) {
            (None, None) => None,
            (Some(at), Some(Some(reason))) => Some((at, reason)),
            _ => return Err(corrupt("session.revoked_reason")),
        };
        Ok(Self {
            id: SessionId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            user: UserId::from_uuid(row.user_id),
            salt: row.salt.try_into().map_err(|_length| corrupt("session.salt"))?,
            generation: u32::try_from(row.generation).map_err(|_range| corrupt("session.generation"))?,
            amr: row.amr.split_whitespace().map(str::to_owned).collect(),
            device: device.transpose().map_err(|_fault| corrupt("session.device"))?,
            device_id: row.device_id.map(DeviceId::from_uuid),
            ip: row.ip.map(|ip| ip.parse()).transpose().map_err(|_syntax| corrupt("session.ip"))?,
            user_agent: row.user_agent,
            created_at: row.created_at,
            authenticated_at: row.authenticated_at,
            rotated_at: row.rotated_at,
            last_seen_at: row.last_seen_at,
            idle_expires_at: row.idle_expires_at,
            absolute_expires_at: row.absolute_expires_at,
            revoked,
            version: u32::try_from(row.version).map_err(|_range| corrupt("session.version"))?,
        })
    }
}
