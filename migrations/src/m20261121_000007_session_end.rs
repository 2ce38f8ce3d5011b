//! The way to sessions that were over long ago, for those who tidy up.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261121_000007_session_end",
    up: |_| "CREATE INDEX session_end_idx ON session (absolute_expires_at, id);".to_owned(),
    down: |_| "DROP INDEX session_end_idx;".to_owned(),
};
