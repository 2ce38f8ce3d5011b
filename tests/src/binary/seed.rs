//! Randomness that can be had again.

/// A stream of numbers from one seed (the algorithm `SplitMix64`).
pub struct Seed(u64);

impl Seed {
    /// A new seed, printed; or the one in `ASHLAR_TEST_SEED`, to see the same moments once more.
    #[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
    #[expect(clippy::print_stderr, reason = "a failure is repeated with this number")]
    pub fn fresh() -> Self {
        use std::hash::{BuildHasher as _, RandomState};
        let given = std::env::var("ASHLAR_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().hash_one(std::process::id()));
        eprintln!("seed: ASHLAR_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
