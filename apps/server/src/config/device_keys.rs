//! The rows of [`KEYS`](super::KEYS) about the devices on which people sign in.

use super::choice::{DeviceLimit, DeviceOverflow};
use super::key::{Key, Kind};

pub(super) const DEVICE_POLICY: Key = Key::new(
    "device_policy",
    "ASHLAR_DEVICE_POLICY",
    "device-policy",
    Kind::Choice(DeviceLimit::WORDS),
    "On how many devices a person may be signed in, in each tenant; `max_n` is `max_devices`.",
)
.default("unlimited")
.under("Accounts and tokens");

pub(super) const MAX_DEVICES: Key = Key::new(
    "max_devices",
    "ASHLAR_MAX_DEVICES",
    "max-devices",
    Kind::Count { min: 1, max: 100 },
    "How many devices `device_policy = max_n` allows.",
)
.default("3")
.under("Accounts and tokens");

pub(super) const DEVICE_OVERFLOW: Key = Key::new(
        "device_overflow",
        "ASHLAR_DEVICE_OVERFLOW",
        "device-overflow",
        Kind::Choice(DeviceOverflow::WORDS),
        "What happens to a sign-in on one device more: it is refused, or the device that was not used for longest makes room and its sessions end.",
    )
    .default("reject")
    .under("Accounts and tokens");

pub(super) const DEVICE_TRANSFERS: Key = Key::new(
    "device_transfers",
    "ASHLAR_DEVICE_TRANSFERS",
    "device-transfers",
    Kind::Count { min: 1, max: 1_000 },
    "How often in thirty days a device may make room for another, where their number is limited.",
)
.default("3")
.under("Accounts and tokens");
