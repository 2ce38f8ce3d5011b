//! Keyed hashing for values that leave the house and come back.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

/// An HMAC-SHA-256 key (RFC 2104): signs cursors and refresh tokens, and hides identifiers.
///
/// Keys for different purposes are made from one root with [`MacKey::derive`], so that a tag of one purpose is
/// worthless for another.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MacKey([u8; 32]);

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(..)")
    }
}

impl MacKey {
    /// A key of 256 random bits.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key for one purpose, named by `label`.
    #[must_use]
    pub fn derive(&self, label: &str) -> Self {
        Self(self.tag(&[b"ashlar derive v1", label.as_bytes()]))
    }

    /// The tag of `parts`. Each part is preceded by its length, so that moving a boundary changes the tag.
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac();
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Whether `tag` is the tag of `parts`, in constant time.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.tag(parts).ct_eq(tag).into()
    }

    /// Whether `beginning` is how the tag of `parts` begins, in constant time, and 16 bytes of it at least: 128 bits, for
    /// tags that have to be short (RFC 2104 section 5).
    pub fn verify_beginning(&self, parts: &[&[u8]], beginning: &[u8]) -> bool {
        let tag = self.tag(parts);
        let expected = tag.get(..beginning.len()).filter(|expected| expected.len() >= 16);
        expected.is_some_and(|expected| expected.ct_eq(beginning).into())
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length, the error cannot occur")]
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC accepts any key length")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_primitive_agrees_with_rfc_4231_case_1() {
        let mut mac = Hmac::<Sha256>::new_from_slice(&[0x0b; 20]).unwrap();
        mac.update(b"Hi There");
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        let head: Vec<String> = tag[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(head.concat(), "b0344c61");
    }

    #[test]
    fn debug_output_hides_the_key() {
        assert_eq!(format!("{:?}", MacKey::from_bytes([7; 32])), "MacKey(..)");
    }

    #[test]
    fn a_beginning_of_16_bytes_is_enough_and_fewer_are_not() {
        let key = MacKey::from_bytes([7; 32]);
        let tag = key.tag(&[b"part"]);
        for length in [16, 20, 32] {
            assert!(key.verify_beginning(&[b"part"], &tag[..length]), "{length}");
        }
        for wrong in [&tag[..15], &[], &[tag.as_slice(), &[0]].concat()] {
            assert!(!key.verify_beginning(&[b"part"], wrong), "{}", wrong.len());
        }
        let mut forged = tag;
        forged[15] ^= 1;
        assert!(!key.verify_beginning(&[b"part"], &forged[..16]));
    }

    proptest! {
        #[test]
        fn only_the_same_parts_under_the_same_key_verify(
            a: Vec<u8>, b: Vec<u8>, key: [u8; 32], flip in 0_usize..256,
        ) {
            let key = MacKey::from_bytes(key);
            let tag = key.tag(&[&a, &b]);
            prop_assert!(key.verify(&[&a, &b], &tag));

            let mut forged = tag;
            forged[flip / 8] ^= 1 << (flip % 8);
            prop_assert!(!key.verify(&[&a, &b], &forged));
            prop_assert!(!key.derive("other").verify(&[&a, &b], &tag));
            let joined = [a.as_slice(), b.as_slice()].concat();
            prop_assert!(!key.verify(&[&joined], &tag), "a moved boundary is another message");
        }
    }
}
