//! Where the request of an event stands in a distributed trace, for the jobs that follow from it.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261121_000009_event_trace",
    up: |_| "ALTER TABLE event ADD COLUMN traceparent text;".to_owned(),
    down: |_| "ALTER TABLE event DROP COLUMN traceparent;".to_owned(),
};
