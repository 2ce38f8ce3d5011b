//! The rule for sensitive actions: who has stolen a session must not lock its owner out.

use ashlar_kernel::{AccessError, Context};
use chrono::TimeDelta;

/// How recently a person must have proved who they are.
const RECENT: TimeDelta = TimeDelta::minutes(10);

/// Passes a person who has proved within the last ten minutes who they are, and nobody else. No API key passes.
pub fn insist_on_fresh(context: &Context) -> Result<(), AccessError> {
    context.require_recent_sign_in(RECENT)
}
