//! How many devices there may be, and who has to make room.

use ashlar_kernel::{Context, MacKey, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;

use super::KnownDevice;
use crate::{Device, DeviceClientId, DeviceName, Platform, TrustedDevice, api_key::SourceNetwork};

/// What happens when there are as many devices as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDeviceLimit {
    /// Nobody signs in on a further one.
    Reject,
    /// The one that was not used for longest makes room, and its sessions end.
    Replace,
}

/// How many devices a person may be signed in on in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePolicy {
    /// At most this many; any number if none.
    pub limit: Option<u32>,
    /// What happens to one more.
    pub on_limit: OnDeviceLimit,
    /// How often in thirty days a device may make room for another, where there is a limit.
    pub transfers: u32,
}

impl Default for DevicePolicy {
    fn default() -> Self {
        Self { limit: None, on_limit: OnDeviceLimit::Reject, transfers: 3 }
    }
}

/// Transfers count for this long.
const WINDOW: TimeDelta = TimeDelta::days(30);

/// Why nobody signs in on a device, or none is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviceRefusal {
    /// There are as many as there may be.
    #[error("as many devices are signed in as there may be")]
    Limit,
    /// Devices have made room for others too often.
    #[error("devices were exchanged too often in thirty days")]
    Transfers {
        /// In how many seconds it is possible again.
        retry_after: u32,
    },
}

impl DeviceRefusal {
    /// Its name, which is that of the problem.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "device_limit",
            Self::Transfers { .. } => "device_transfer_limit",
        }
    }
}

/// What becomes of a sign-in on a device.
#[derive(Debug)]
pub enum Admission {
    /// It is known.
    Known(Box<KnownDevice>),
    /// It is new and gets this place, after others have made room.
    New {
        /// Its number, where there is a limit.
        place: Option<u32>,
        /// Who makes room.
        replaced: Vec<KnownDevice>,
    },
    /// Nobody signs in on it.
    Refused(DeviceRefusal),
}

impl DevicePolicy {
    /// From when on devices that are known no more have to be looked at.
    pub fn looks_back_to(now: Timestamp) -> Timestamp {
        now - WINDOW
    }

    /// The one of `devices` that `device` is, if it is known now.
    pub fn recognise<'d>(&self, devices: &'d [KnownDevice], device: &SignInDevice) -> Option<&'d KnownDevice> {
        let active = || devices.iter().filter(|known| known.ended().is_none());
        // Where devices are counted, one that has lost its id is another one.
        let may_be_guessed = self.limit.is_none() && device.is_nameless();
        let by_trace = || active().find(|known| may_be_guessed && known.trace() == device.trace());
        active().find(|known| known.client_id() == device.client_id()).or_else(by_trace)
    }

    /// Judges a sign-in on `device`, where the person has or had `devices` since
    /// [`looks_back_to`](Self::looks_back_to).
    pub fn admit(&self, devices: &[KnownDevice], device: &SignInDevice, now: Timestamp) -> Admission {
        if let Some(known) = self.recognise(devices, device) {
            return Admission::Known(Box::new(known.clone()));
        }
        let Some(limit) = self.limit else {
            return Admission::New { place: None, replaced: Vec::new() };
        };
        let active: Vec<_> = devices.iter().filter(|known| known.ended().is_none()).collect();
        let room = usize::try_from(limit.max(1)).unwrap_or(usize::MAX);
        let surplus = (active.len() + 1).saturating_sub(room);
        if surplus > 0 && self.on_limit == OnDeviceLimit::Reject {
            return Admission::Refused(DeviceRefusal::Limit);
        }
        if surplus > 0
            && let Some(refusal) = self.refuses_transfer(devices, now)
        {
            return Admission::Refused(refusal);
        }
        let mut by_age: Vec<_> = active.into_iter().cloned().collect();
        by_age.sort_by_key(|known| (known.last_seen_at(), known.id()));
        let stay = by_age.split_off(surplus.min(by_age.len()));
        let is_free = |place: &u32| stay.iter().all(|known| known.place() != Some(*place));
        let place = (1..=u32::MAX).find(is_free);
        Admission::New { place, replaced: by_age }
    }

    /// Why no device may make room for another now.
    pub fn refuses_transfer(&self, devices: &[KnownDevice], now: Timestamp) -> Option<DeviceRefusal> {
        self.limit?;
        let mut ends: Vec<_> = devices.iter().filter_map(|known| known.ended().map(|(at, _)| at)).collect();
        ends.retain(|at| *at > Self::looks_back_to(now));
        ends.sort_unstable();
        let allowed = usize::try_from(self.transfers).unwrap_or(usize::MAX);
        let excess = ends.len().checked_sub(allowed)?;
        let wait = ends.get(excess).map_or(WINDOW, |until| *until + WINDOW - now);
        Some(DeviceRefusal::Transfers { retry_after: u32::try_from(wait.num_seconds().max(1)).unwrap_or(u32::MAX) })
    }
}

/// The device of a sign-in, as far as it can be told: by the client's own id, by the token of an earlier sign-in, or, where
/// there is neither, by an id that it is given now.
#[derive(Debug, Clone)]
pub struct SignInDevice {
    said: Option<Device>,
    client_id: DeviceClientId,
    given: Option<TrustedDevice>,
    trace: String,
}

impl SignInDevice {
    /// What the client has said, and the device it is trusted as or will be.
    pub fn new(said: Option<Device>, trusted: TrustedDevice, key: &MacKey, context: &Context) -> Self {
        let own = said.as_ref().and_then(|device| device.client_id.clone());
        let (client_id, given) = match own {
            // From the first step of a sign-in, which has told it apart.
            Some(id) => {
                let given = TrustedDevice::named(&id);
                (id, given)
            }
            None => (trusted.name(), Some(trusted)),
        };
        let said = if given.is_some() { said.and_then(without_id) } else { said };
        Self { said, client_id, given, trace: trace(key, context) }
    }

    /// The same device in another tenant.
    pub fn as_known(known: &KnownDevice) -> Self {
        let given = TrustedDevice::named(known.client_id());
        let said = Device {
            client_id: Some(known.client_id().clone()),
            name: known.name().cloned(),
            platform: known.platform(),
        };
        let said = if given.is_some() { without_id(said) } else { Some(said) };
        Self { said, client_id: known.client_id().clone(), given, trace: known.trace().to_owned() }
    }

    /// What is kept between the two steps of a sign-in.
    pub fn kept(&self) -> Device {
        let said = self.said.clone().unwrap_or(Device { client_id: None, name: None, platform: Platform::default() });
        Device { client_id: Some(self.client_id.clone()), ..said }
    }

    /// What the client has said.
    pub const fn said(&self) -> Option<&Device> {
        self.said.as_ref()
    }

    /// Its id.
    pub const fn client_id(&self) -> &DeviceClientId {
        &self.client_id
    }

    /// By what it is known again when it has lost its id.
    pub fn trace(&self) -> &str {
        &self.trace
    }

    /// What its owner calls it.
    pub fn name(&self) -> Option<&DeviceName> {
        self.said.as_ref().and_then(|device| device.name.as_ref())
    }

    /// What it runs.
    pub fn platform(&self) -> Platform {
        self.said.as_ref().map_or_else(Platform::default, |device| device.platform)
    }

    /// Whether its id is none of its own.
    pub const fn is_nameless(&self) -> bool {
        self.given.is_some()
    }
}

/// What is left of a description whose id is ours; nothing if that was all.
fn without_id(device: Device) -> Option<Device> {
    let is_empty = device.name.is_none() && device.platform == Platform::default();
    (!is_empty).then_some(Device { client_id: None, ..device })
}

/// A keyed hash of program and network: enough to know a script again that keeps nothing.
fn trace(key: &MacKey, context: &Context) -> String {
    let network = context.client_ip.map(|ip| SourceNetwork::of(ip).to_string()).unwrap_or_default();
    let agent = context.user_agent.as_deref().unwrap_or_default();
    let tag = key.tag(&[b"device trace", agent.as_bytes(), network.as_bytes()]);
    URL_SAFE_NO_PAD.encode(&tag[..16])
}
