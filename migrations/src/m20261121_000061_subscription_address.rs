//! Subscribers are found by their address.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000061_subscription_address",
    up,
    down: |_| "DROP INDEX subscription_email_key_idx;".to_owned(),
};

fn up(_: &Dialect) -> String {
    "CREATE INDEX subscription_email_key_idx ON subscription (tenant_id, email_key);".to_owned()
}
