//! The operating system's randomness.

use ashlar_kernel::Entropy;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// [`Entropy`] from the operating system's CSPRNG, through aws-lc-rs.
///
/// Panics when the system has no randomness to give. There is no honest answer then: salts, ids and keys made of
/// anything else can be guessed, and nobody would notice. A request that panics fails alone; a server whose system
/// cannot give randomness at all does not get through its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::expect_used, reason = "predictable bytes are worse than none, see the type's documentation")]
    fn fill(&self, buffer: &mut [u8]) {
        SystemRandom::new().fill(buffer).expect("the operating system gives random bytes");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        ashlar_kernel::contract::entropy::fills_differ(&OsEntropy);
    }

    #[test]
    fn an_empty_buffer_is_filled_too() {
        OsEntropy.fill(&mut []);
    }
}
