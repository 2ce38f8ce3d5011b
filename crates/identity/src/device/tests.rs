use std::net::IpAddr;

use ashlar_kernel::{Actor, Context, MacKey, RequestId, TenantId};
use chrono::TimeDelta;
use uuid::Uuid;

use super::*;
use crate::{Device, TrustedDevice};

const NOON: Timestamp = Timestamp::UNIX_EPOCH;

struct Repeated(u8);
impl ashlar_kernel::Entropy for Repeated {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

fn context(agent: &str) -> Context {
    Context {
        tenant: TenantId::MAIN,
        actor: Actor::Anonymous,
        request_id: RequestId::parse("r").unwrap(),
        client_ip: Some(IpAddr::from([192, 0, 2, 7])),
        user_agent: Some(agent.into()),
        trace: None,
        now: NOON,
    }
}

fn sign_in(client_id: Option<&str>, seed: u8, agent: &str) -> SignInDevice {
    let id = client_id.map(|id| DeviceClientId::parse(id).unwrap());
    let said = id.map(|id| Device { client_id: Some(id), name: None, platform: Platform::Ios });
    SignInDevice::new(said, TrustedDevice::new(&Repeated(seed)), &MacKey::from_bytes([1; 32]), &context(agent))
}

fn known(device: &SignInDevice, place: Option<u32>, at: Timestamp) -> KnownDevice {
    let id = DeviceId::from_uuid(Uuid::from_u128(u128::from(place.unwrap_or(9))));
    let whose = (TenantId::MAIN, UserId::from_uuid(Uuid::from_u128(1)));
    KnownDevice::register(id, whose, device, (place, Acquaintance::default()), at).into_parts().0
}

fn limited(limit: u32, on_limit: OnDeviceLimit) -> DevicePolicy {
    DevicePolicy { limit: Some(limit), on_limit, ..DevicePolicy::default() }
}

#[test]
fn a_device_is_known_by_its_id_and_a_nameless_one_by_its_trace() {
    let policy = DevicePolicy::default();
    let phone = known(&sign_in(Some("phone"), 1, "a"), None, NOON);
    let script = known(&sign_in(None, 2, "curl"), None, NOON);
    let devices = [phone, script];
    let is_known = |policy: &DevicePolicy, device: &SignInDevice| {
        matches!(policy.admit(&devices, device, NOON), Admission::Known(_))
    };
    assert!(is_known(&policy, &sign_in(Some("phone"), 9, "b")));
    assert!(!is_known(&policy, &sign_in(Some("other"), 9, "a")));
    assert!(is_known(&policy, &sign_in(None, 2, "other")), "it has shown its token");
    assert!(is_known(&policy, &sign_in(None, 9, "curl")));
    assert!(!is_known(&policy, &sign_in(None, 9, "wget")));
    assert!(!is_known(&limited(5, OnDeviceLimit::Reject), &sign_in(None, 9, "curl")));
    // What is kept between two steps is the same device.
    let script = sign_in(None, 2, "x");
    let again = SignInDevice::new(
        Some(script.kept()),
        TrustedDevice::new(&Repeated(7)),
        &MacKey::from_bytes([1; 32]),
        &context("x"),
    );
    assert!(is_known(&policy, &again) && again.is_nameless() && again.said().is_none());
}

#[test]
fn who_was_seen_longest_ago_makes_room() {
    let (old, new) = (sign_in(Some("old"), 1, "a"), sign_in(Some("new"), 2, "a"));
    let devices = [known(&new, Some(2), NOON + TimeDelta::hours(1)), known(&old, Some(1), NOON)];
    let third = sign_in(Some("third"), 3, "a");
    let refused = limited(2, OnDeviceLimit::Reject).admit(&devices, &third, NOON);
    assert!(matches!(refused, Admission::Refused(DeviceRefusal::Limit)));

    let Admission::New { place, replaced } = limited(2, OnDeviceLimit::Replace).admit(&devices, &third, NOON) else {
        panic!("not let in");
    };
    assert_eq!((place, replaced.len(), replaced[0].client_id()), (Some(1), 1, old.client_id()));
    let Admission::New { place, replaced } = limited(1, OnDeviceLimit::Replace).admit(&devices, &third, NOON) else {
        panic!("not let in");
    };
    assert_eq!((place, replaced.len()), (Some(1), 2), "a limit that was lowered");
    let Admission::New { place, replaced } = limited(3, OnDeviceLimit::Reject).admit(&devices, &third, NOON) else {
        panic!("not let in");
    };
    assert_eq!((place, replaced.len()), (Some(3), 0));
}

#[test]
fn devices_are_exchanged_three_times_in_thirty_days() {
    let policy = limited(1, OnDeviceLimit::Replace);
    let day = |day| NOON + TimeDelta::days(day);
    let ended = |at: i64| {
        let device = known(&sign_in(Some("gone"), 1, "a"), Some(1), NOON);
        device.end(DeviceEnd::Replaced, day(at)).unwrap().into_parts().0
    };
    let two = [ended(1), ended(2)];
    assert_eq!(policy.refuses_transfer(&two, day(3)), None);
    let three = [ended(1), ended(2), ended(3)];
    let refusal = DeviceRefusal::Transfers { retry_after: 27 * 86_400 };
    assert_eq!(policy.refuses_transfer(&three, day(4)), Some(refusal));
    assert_eq!(policy.refuses_transfer(&three, day(31)), None);
    assert_eq!(DevicePolicy::default().refuses_transfer(&three, day(4)), None, "nothing is exchanged without a limit");
    assert!(policy.refuses_transfer(&[], NOON).is_none());
    assert!(DevicePolicy { transfers: 0, ..policy }.refuses_transfer(&[], NOON).is_some());
}

#[test]
fn a_device_survives_storage_and_ends_once() {
    let device = known(&sign_in(Some("phone"), 1, "a"), Some(1), NOON);
    assert_eq!(KnownDevice::restore(device.to_row()).unwrap(), device);
    let ended = device.end(DeviceEnd::Removed, NOON).unwrap().into_parts().0;
    assert_eq!(KnownDevice::restore(ended.to_row()).unwrap(), ended);
    assert!(ended.end(DeviceEnd::Replaced, NOON).is_none());
}
