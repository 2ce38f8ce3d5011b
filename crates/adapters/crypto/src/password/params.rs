//! How much one hash costs.

use argon2::{Algorithm, Argon2, Params, Version};
use ashlar_identity::HashClass;

/// What one Argon2id hash costs (RFC 9106): memory, passes over it, and lanes.
///
/// Within bounds that hold for hashes we make and for hashes we read alike, so that no hash is made that would not be
/// read back, and a hash somebody planted cannot occupy the server: at most 1 GiB of memory, 64 lanes, and 4 GiB of
/// memory written over all passes together, which is some seconds of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// The parameters are outside what Argon2 allows or what we are willing to spend on one hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "Argon2 needs at least 8 KiB of memory per lane, one pass and one lane, and may use at most 1 GiB, 64 lanes, and \
     4 GiB over all passes"
)]
pub struct InvalidArgon2Params;

const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_LANES: u32 = 64;
const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;

impl Argon2Params {
    /// 19 MiB, two passes, one lane: OWASP's first choice (Password Storage Cheat Sheet), 14 to 19 ms of one core.
    pub const OWASP: Self = Self { memory_kib: 19_456, passes: 2, lanes: 1 };

    /// Accepts parameters.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidArgon2Params> {
        let possible = passes >= 1 && (1..=MAX_LANES).contains(&lanes) && memory_kib >= 8 * lanes;
        let affordable = memory_kib <= MAX_MEMORY_KIB && u64::from(memory_kib) * u64::from(passes) <= MAX_WORK_KIB;
        if possible && affordable { Ok(Self { memory_kib, passes, lanes }) } else { Err(InvalidArgon2Params) }
    }

    /// The parameters as they stand in a PHC string, in the order of the reference implementation.
    pub(super) fn as_phc(self) -> String {
        format!("m={},t={},p={}", self.memory_kib, self.passes, self.lanes)
    }

    /// The class of the hashes that are made so.
    pub(super) fn class(self) -> HashClass {
        HashClass::restore(format!("$argon2id$v=19${}", self.as_phc()))
    }

    /// How many blocks of 1 KiB one hash works in.
    pub(super) const fn memory_blocks(self) -> usize {
        // Widening: a pointer has 32 bits at least wherever this runs.
        self.memory_kib as usize
    }

    /// Argon2, version 1.3, with these parameters and `output` bytes.
    pub(super) fn argon2(self, algorithm: Algorithm, output: usize) -> Result<Argon2<'static>, argon2::Error> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(output))?;
        Ok(Argon2::new(algorithm, Version::V0x13, params))
    }
}

impl Default for Argon2Params {
    fn default() -> Self {
        Self::OWASP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_use_elsewhere_are_affordable() {
        for (memory_kib, passes, lanes) in [
            (8, 1, 1),
            (7_168, 5, 1),
            (12_288, 3, 1),
            (47_104, 1, 1),
            (65_536, 3, 4),  // RFC 9106, second choice
            (102_400, 2, 8), // Django 5.2
            (1_048_576, 4, 4),
        ] {
            let params = Argon2Params::new(memory_kib, passes, lanes).unwrap();
            assert!(params.argon2(Algorithm::Argon2id, 32).is_ok(), "{params:?}");
        }
    }

    #[test]
    fn impossible_and_ruinous_parameters_are_refused() {
        for (memory_kib, passes, lanes) in [
            (0, 1, 1),
            (7, 1, 1),
            (8, 0, 1),
            (8, 1, 0),
            (15, 1, 2),
            (1_048_577, 1, 1),
            (1_048_576, 5, 1),
            (19_456, 216, 1),
            (8, u32::MAX, 1),
            (u32::MAX, 1, 1),
            (u32::MAX, u32::MAX, u32::MAX),
            (1_048_576, 1, 65),
        ] {
            assert_eq!(Argon2Params::new(memory_kib, passes, lanes), Err(InvalidArgon2Params));
        }
    }
}
