//! What was refused or failed is found among all that happened.
//!
//! Nearly everything in the log went well: an index of the rest is small, and costs what went well nothing.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261122_000065_event_outcome", up, down: |_| "DROP INDEX event_outcome_idx;".to_owned() };

fn up(_: &Dialect) -> String {
    "CREATE INDEX event_outcome_idx ON event (tenant_id, outcome, occurred_at DESC, id DESC) WHERE outcome <> 'ok';"
        .to_owned()
}
