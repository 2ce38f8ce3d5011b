//! Devices that have signed in before, by a token that each login hands out.

use ashlar_kernel::{Entropy, ExposeSecret, MacKey, Secret, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;

use crate::{DeviceClientId, UserId};

const PREFIX: &str = "asd1_";
/// The name is no secret and must not look like one: only the hash in the token is.
const NAME: &str = crate::session::GIVEN;
const BYTES: usize = 16 + 8 + 32;
const TRUSTED_FOR: TimeDelta = TimeDelta::days(90);

/// A device on which this person has signed in within ninety days, in whichever tenant and by whichever identifier. It
/// proves nothing about who sits before it: it only has a counter of its own, so that strangers cannot lock it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedDevice([u8; 16]);

impl TrustedDevice {
    /// A device nobody knows yet.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// Names it.
    pub const fn id(&self) -> [u8; 16] {
        self.0
    }

    /// Its name among the devices of a person, where it has none of its own.
    pub fn name(&self) -> DeviceClientId {
        DeviceClientId::of_ours(&format!("{NAME}{}", URL_SAFE_NO_PAD.encode(self.0)))
    }

    /// The device of such a name.
    pub fn named(name: &DeviceClientId) -> Option<Self> {
        let id = URL_SAFE_NO_PAD.decode(name.as_str().strip_prefix(NAME)?).ok()?;
        id.try_into().ok().map(Self)
    }

    /// Reads a token; none unless it was made by us, for this person, within ninety days.
    pub fn read(key: &MacKey, token: &Secret, user: UserId, now: Timestamp) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.expose_secret().strip_prefix(PREFIX)?).ok()?;
        let bytes: [u8; BYTES] = bytes.try_into().ok()?;
        let (id, rest) = bytes.split_at(16);
        let (seconds, tag) = rest.split_at(8);
        if !key.verify(&[b"asd1", user.as_uuid().as_bytes(), id, seconds], tag) {
            return None;
        }
        let issued = Timestamp::from_timestamp(i64::from_be_bytes(seconds.try_into().ok()?), 0)?;
        (now - issued < TRUSTED_FOR).then_some(Self(id.try_into().ok()?))
    }

    /// The token the device shows next time.
    pub fn token(&self, key: &MacKey, user: UserId, now: Timestamp) -> Secret {
        let seconds = now.timestamp().to_be_bytes();
        let tag = key.tag(&[b"asd1", user.as_uuid().as_bytes(), &self.0, &seconds]);
        let bytes = [self.0.as_slice(), &seconds, &tag].concat();
        Secret::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_one_person_and_ninety_days() {
        let key = MacKey::from_bytes([3; 32]);
        let [ada, bob] = [1, 2].map(|number| UserId::from_uuid(uuid::Uuid::from_u128(number)));
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(20_000);
        let device = TrustedDevice([7; 16]);
        let token = device.token(&key, ada, now);
        let read = |key: &MacKey, who, now| TrustedDevice::read(key, &token, who, now);

        assert_eq!(read(&key, ada, now), Some(device));
        assert_eq!(read(&key, bob, now), None);
        assert_eq!(read(&key, ada, now + TRUSTED_FOR), None);
        assert_eq!(read(&key.derive("other"), ada, now), None);
        for bad in ["", "asd1_", "asd1_AAAA", "asr1_AAAA"] {
            assert_eq!(TrustedDevice::read(&key, &Secret::from(bad), ada, now), None);
        }
    }
}
