//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds, counted from 1970, as every
//! authenticator app expects them.

use ashlar_kernel::{Entropy, Secret, Timestamp};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::ZeroizeOnDrop;

/// Seconds of one step.
const STEP: i64 = 30;
/// Steps before and after the present one whose codes count too: clocks differ.
const WINDOW: i64 = 1;

/// The secret that an authenticator app and we share: 160 bits, as RFC 4226 recommends.
#[derive(Clone, ZeroizeOnDrop)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// A new one.
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// One that was sealed.
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, to be sealed.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// As people type it.
    pub fn base32(&self) -> Secret {
        Secret::from(BASE32_NOPAD.encode(&self.0))
    }

    /// As apps read it from a picture.
    pub fn uri(&self, issuer: &str, account: &str) -> Secret {
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (issuer, account) = (encode(issuer), encode(account));
        let secret = BASE32_NOPAD.encode(&self.0);
        Secret::from(format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}"
        ))
    }

    /// The latest step around `now` whose code this is. All steps are computed whatever the code is.
    pub fn matching_step(&self, code: TotpCode, now: Timestamp) -> Option<i64> {
        let present = now.timestamp().div_euclid(STEP);
        let mut found = 0_i64;
        for step in present - WINDOW..=present + WINDOW {
            found.conditional_assign(&step, self.code(step).ct_eq(&code.0));
        }
        // Step 0 is the first half minute of 1970.
        (found != 0).then_some(found)
    }

    /// The code of a step (RFC 4226, section 5.3).
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length, the error cannot occur")]
    fn code(&self, step: i64) -> u32 {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC accepts any key length");
        mac.update(&step.to_be_bytes());
        let tag: [u8; 20] = mac.finalize().into_bytes().into();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 0xf);
        let four = tag.iter().skip(offset).take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        (four & 0x7fff_ffff) % 1_000_000
    }
}

/// Six digits.
#[derive(Clone, Copy)]
pub struct TotpCode(u32);

impl TotpCode {
    /// Six ASCII digits, blanks between them or not; none for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|c| *c != ' ').collect();
        let is_code = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_code.then(|| digits.parse().ok().map(Self)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    fn secret() -> TotpSecret {
        TotpSecret(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Eight digits there; ours are the last six.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(format!("{:06}", secret().code(seconds / 30)), code, "{seconds}");
            assert_eq!(secret().matching_step(TotpCode::parse(code).unwrap(), at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_one_late() {
        let code = TotpCode::parse("050 471").unwrap();
        let step = 1_111_111_111 / 30;
        for (seconds, found) in [(-31, None), (-30, Some(step)), (0, Some(step)), (59, Some(step)), (60, None)] {
            assert_eq!(secret().matching_step(code, at(step * 30 + seconds)), found, "{seconds}");
        }
    }

    #[test]
    fn what_is_not_six_digits_is_no_code() {
        for bad in ["", "12345", "1234567", "12345a", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}", "-12345", "+12345"]
        {
            assert!(TotpCode::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_uri_names_issuer_and_account() {
        use ashlar_kernel::ExposeSecret;
        let uri = secret().uri("Acme & Co", "ada@example.org");
        assert_eq!(
            uri.expose_secret(),
            "otpauth://totp/Acme%20%26%20Co:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }
}
