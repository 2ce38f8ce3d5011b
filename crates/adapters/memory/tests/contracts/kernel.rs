//! Clock, entropy and ids.

use std::sync::Arc;

use ashlar_kernel::{TimeOrderedIds, contract};
use ashlar_memory::{ManualClock, SeededEntropy};
use chrono::TimeDelta;

#[test]
fn moments_are_whole_milliseconds() {
    let clock = ManualClock::at("2030-01-01T00:00:00.123456789Z");
    contract::clock::moments_are_whole_milliseconds(&clock);
    clock.advance(TimeDelta::nanoseconds(1));
    contract::clock::moments_are_whole_milliseconds(&clock);
}

#[test]
fn fills_differ() {
    contract::entropy::fills_differ(&SeededEntropy::new(0));
}

#[test]
fn ids_are_time_ordered() {
    let clock = Arc::new(ManualClock::at("2030-01-01T00:00:00Z"));
    contract::ids::ids_are_time_ordered(&TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(0))));
}
