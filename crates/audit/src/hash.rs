//! SHA-256, and the three kinds of things that are hashed here, each with a prefix of its own.

use std::fmt;

use ashlar_kernel::TenantId;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A SHA-256 digest. Printed and serialised in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest32([u8; 32]);

/// Before the bytes of a leaf (RFC 6962, section 2.1).
const LEAF: u8 = 0x00;
/// Before the two halves of an inner node (RFC 6962, section 2.1).
const NODE: u8 = 0x01;
/// Before a link of the chain; of our own making, so that no link is ever a leaf or a node.
const LINK: u8 = 0x02;

impl Digest32 {
    /// What the first link of a chain follows.
    pub const ZERO: Self = Self([0; 32]);

    /// A digest that was computed before.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the stored form; none if it does not have 32 bytes.
    pub fn restore(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads what [`Display`](fmt::Display) writes; none if it is anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        Self::restore(&HEXLOWER.decode(text.as_bytes()).ok()?)
    }

    /// The digest.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The root of a tree without leaves.
    pub(crate) fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// A leaf of the tree.
    pub fn leaf(content: &[u8]) -> Self {
        Self(Sha256::new().chain_update([LEAF]).chain_update(content).finalize().into())
    }

    /// An inner node of the tree.
    pub(crate) fn node(left: Self, right: Self) -> Self {
        Self(Sha256::new().chain_update([NODE]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// A link of the chain of `tenant`: number `seq`, which follows `prev` and stands for `leaf`.
    pub fn link(tenant: TenantId, seq: u64, prev: Self, leaf: Self) -> Self {
        let link = Sha256::new().chain_update([LINK]).chain_update(tenant.as_uuid().as_bytes());
        Self(link.chain_update(seq.to_be_bytes()).chain_update(prev.0).chain_update(leaf.0).finalize().into())
    }
}

impl fmt::Display for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest32 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_have_the_prefix_of_rfc_6962() {
        assert_eq!(Digest32::leaf(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",);
    }

    #[test]
    fn a_link_depends_on_everything_in_it() {
        let [one, two] = [Digest32::leaf(b"1"), Digest32::leaf(b"2")];
        let link = Digest32::link(TenantId::MAIN, 1, one, two);
        let other = TenantId::from_uuid(uuid::Uuid::from_u128(9));
        assert_ne!(link, Digest32::link(other, 1, one, two));
        assert_ne!(link, Digest32::link(TenantId::MAIN, 2, one, two));
        assert_ne!(link, Digest32::link(TenantId::MAIN, 1, two, two));
        assert_ne!(link, Digest32::link(TenantId::MAIN, 1, one, one));
    }

    #[test]
    fn only_32_bytes_are_a_digest() {
        assert_eq!(Digest32::restore(&[7; 32]), Some(Digest32::from_bytes([7; 32])));
        assert_eq!(Digest32::restore(&[7; 31]), None);
    }

    #[test]
    fn what_is_printed_is_read_back() {
        let leaf = Digest32::leaf(b"1");
        assert_eq!(Digest32::from_hex(&leaf.to_string()), Some(leaf));
        assert_eq!(Digest32::from_hex(&leaf.to_string().to_uppercase()), None);
        assert_eq!(Digest32::from_hex("00"), None);
    }
}
