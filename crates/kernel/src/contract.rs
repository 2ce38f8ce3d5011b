//! Laws of the kernel's ports, for adapters to prove themselves by.

#![expect(clippy::missing_panics_doc, reason = "a law reports by panicking")]

pub mod brake;
pub mod cache;
pub mod mailer;
pub mod rate_limiter;
pub mod request_ledger;
pub mod scene;

/// Laws of [`Entropy`](crate::Entropy).
pub mod entropy {
    use crate::Entropy;

    /// Two fills differ, and neither leaves the buffer as it was.
    pub fn fills_differ(entropy: &dyn Entropy) {
        let (first, second): ([u8; 32], [u8; 32]) = (entropy.bytes(), entropy.bytes());
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}

/// Laws of [`Clock`](crate::Clock).
pub mod clock {
    use crate::Clock;

    /// Moments are whole milliseconds, so that what a store returns equals what it was given.
    pub fn moments_are_whole_milliseconds(clock: &dyn Clock) {
        assert_eq!(clock.now().timestamp_subsec_nanos() % 1_000_000, 0);
    }
}

/// Laws of [`IdSource`](crate::IdSource).
pub mod ids {
    use crate::IdSource;

    /// Ids are `UUIDv7` and rise.
    pub fn ids_are_time_ordered(ids: &dyn IdSource) {
        let many: Vec<_> = (0..1_000).map(|_| ids.next()).collect();
        assert!(many.iter().all(|id| id.get_version_num() == 7));
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
