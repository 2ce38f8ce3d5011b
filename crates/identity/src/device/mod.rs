//! The devices on which a person has signed in, and how many of them there may be.

mod event;
mod policy;
#[cfg(test)]
mod tests;

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;

pub use event::DeviceEvent;
pub(crate) use event::device_event_specs;
pub use policy::{Admission, DevicePolicy, DeviceRefusal, OnDeviceLimit, SignInDevice};

use crate::{DeviceClientId, DeviceName, Platform, UserId};

/// Identifies a [`KnownDevice`].
pub type DeviceId = Id<KnownDevice>;

/// "Last seen" is written at most this often.
pub(crate) const SEEN_EXACTNESS: TimeDelta = TimeDelta::minutes(1);

/// Why a device is known no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceEnd {
    /// Another one took its place.
    Replaced,
    /// Its owner removed it, or an administrator did on their behalf.
    Removed,
}

impl DeviceEnd {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Removed => "removed",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        [Self::Replaced, Self::Removed].into_iter().find(|end| end.as_str() == text)
    }
}

/// A device on which a person is signed in to a tenant, or was. What it says about itself is unproven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownDevice {
    id: DeviceId,
    tenant: TenantId,
    user: UserId,
    client_id: DeviceClientId,
    trace: String,
    name: Option<DeviceName>,
    platform: Platform,
    place: Option<u32>,
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
    ended: Option<(Timestamp, DeviceEnd)>,
    version: u32,
}

/// What a device that is new in a tenant is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Acquaintance {
    /// They have used no other lately, in whichever tenant.
    pub is_first: bool,
    /// They use it in another tenant.
    pub is_known_elsewhere: bool,
}

/// A stored device as plain data; [`KnownDevice::restore`] checks it.
#[expect(missing_docs, reason = "the fields are those of `KnownDevice`, in their stored form")]
pub struct KnownDeviceRow {
    pub id: uuid::Uuid,
    pub tenant_id: uuid::Uuid,
    pub user_id: uuid::Uuid,
    pub client_id: String,
    pub trace: String,
    pub name: Option<String>,
    pub platform: String,
    pub place: Option<i32>,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub ended_reason: Option<String>,
    pub version: i32,
}

impl KnownDevice {
    /// A device that was not known in the tenant. `place` is its number among those that may be there at the same time,
    /// where that is limited.
    pub fn register(
        id: DeviceId,
        (tenant, user): (TenantId, UserId),
        device: &SignInDevice,
        (place, acquaintance): (Option<u32>, Acquaintance),
        now: Timestamp,
    ) -> Change<Self, DeviceEvent> {
        let known = Self {
            id,
            tenant,
            user,
            client_id: device.client_id().clone(),
            trace: device.trace().to_owned(),
            name: device.name().cloned(),
            platform: device.platform(),
            place,
            first_seen_at: now,
            last_seen_at: now,
            ended: None,
            version: 1,
        };
        let Acquaintance { is_first, is_known_elsewhere } = acquaintance;
        let platform = known.platform.as_str();
        let event =
            DeviceEvent::Registered { device: id, user, platform, first: is_first, elsewhere: is_known_elsewhere };
        Change::new(known, event)
    }

    /// Its owner calls it otherwise; none if they do so already.
    pub fn rename(self, name: Option<DeviceName>) -> Option<Change<Self, DeviceEvent>> {
        if self.name == name {
            return None;
        }
        let event = DeviceEvent::Renamed { device: self.id, user: self.user };
        Some(Change::new(Self { name, version: self.version + 1, ..self }, event))
    }

    /// It is known no more; none if that is so.
    pub fn end(self, why: DeviceEnd, now: Timestamp) -> Option<Change<Self, DeviceEvent>> {
        if self.ended.is_some() {
            return None;
        }
        let (device, user) = (self.id, self.user);
        let event = match why {
            DeviceEnd::Replaced => DeviceEvent::Replaced { device, user },
            DeviceEnd::Removed => DeviceEvent::Removed { device, user },
        };
        Some(Change::new(self.ended_by(why, now), event))
    }

    /// An administrator removes it on behalf of its owner; none if it is known no more.
    pub fn take_away(self, now: Timestamp) -> Option<Change<Self, DeviceEvent>> {
        if self.ended.is_some() {
            return None;
        }
        let event = DeviceEvent::TakenAway { device: self.id, user: self.user };
        Some(Change::new(self.ended_by(DeviceEnd::Removed, now), event))
    }

    fn ended_by(self, why: DeviceEnd, now: Timestamp) -> Self {
        Self { ended: Some((now, why)), version: self.version + 1, ..self }
    }

    /// Whether "last seen" is to be written.
    pub fn is_due(&self, now: Timestamp) -> bool {
        now - self.last_seen_at >= SEEN_EXACTNESS
    }

    /// Its id.
    pub const fn id(&self) -> DeviceId {
        self.id
    }
    /// The tenant it signs in to.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
    /// Whose it is.
    pub const fn user(&self) -> UserId {
        self.user
    }
    /// The client's own id, or the one we gave it.
    pub const fn client_id(&self) -> &DeviceClientId {
        &self.client_id
    }
    /// By what it is known again when it has lost its id: a keyed hash.
    pub fn trace(&self) -> &str {
        &self.trace
    }
    /// What its owner calls it.
    pub const fn name(&self) -> Option<&DeviceName> {
        self.name.as_ref()
    }
    /// What it runs.
    pub const fn platform(&self) -> Platform {
        self.platform
    }
    /// Its number among those that may be there at the same time; none where that was not limited.
    pub const fn place(&self) -> Option<u32> {
        self.place
    }
    /// When somebody first signed in on it.
    pub const fn first_seen_at(&self) -> Timestamp {
        self.first_seen_at
    }
    /// When somebody last signed in on it, to the minute.
    pub const fn last_seen_at(&self) -> Timestamp {
        self.last_seen_at
    }
    /// Since when and why it is known no more.
    pub const fn ended(&self) -> Option<(Timestamp, DeviceEnd)> {
        self.ended
    }
    /// Counts changes, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The stored form.
    pub fn to_row(&self) -> KnownDeviceRow {
        KnownDeviceRow {
            id: self.id.as_uuid(),
            tenant_id: self.tenant.as_uuid(),
            user_id: self.user.as_uuid(),
            client_id: self.client_id.as_str().to_owned(),
            trace: self.trace.clone(),
            name: self.name.as_ref().map(|name| name.as_str().to_owned()),
            platform: self.platform.as_str().to_owned(),
            place: self.place.and_then(|place| i32::try_from(place).ok()),
            first_seen_at: self.first_seen_at,
            last_seen_at: self.last_seen_at,
            ended_at: self.ended.map(|(at, _)| at),
            ended_reason: self.ended.map(|(_, why)| why.as_str().to_owned()),
            version: i32::try_from(self.version).unwrap_or(i32::MAX),
        }
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(row: KnownDeviceRow) -> Result<Self, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let ended = match (row.ended_at, row.ended_reason.as_deref().map(DeviceEnd::restore)) {
            (None, None) => None,
            (Some(at), Some(Some(why))) => Some((at, why)),
            _ => return Err(corrupt("device.ended_reason")),
        };
        let name = row.name.as_deref().map(DeviceName::parse).transpose();
        let place = row.place.map(u32::try_from).transpose();
        Ok(Self {
            id: DeviceId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            user: UserId::from_uuid(row.user_id),
            client_id: DeviceClientId::restore(&row.client_id).map_err(|_syntax| corrupt("device.client_id"))?,
            trace: row.trace,
            name: name.map_err(|_syntax| corrupt("device.name"))?,
            platform: Platform::parse(&row.platform).map_err(|_unknown| corrupt("device.platform"))?,
            place: place.map_err(|_range| corrupt("device.place"))?,
            first_seen_at: row.first_seen_at,
            last_seen_at: row.last_seen_at,
            ended,
            version: u32::try_from(row.version).map_err(|_range| corrupt("device.version"))?,
        })
    }
}
