//! The first event of a tenant that waits to be sealed is found without looking at all that wait.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000063_unsealed_of_tenant",
    up,
    down: |_| "DROP INDEX event_seal_pending_tenant_id_position_idx;".to_owned(),
};

fn up(_: &Dialect) -> String {
    "CREATE INDEX event_seal_pending_tenant_id_position_idx ON event_seal_pending (tenant_id, position);".to_owned()
}
