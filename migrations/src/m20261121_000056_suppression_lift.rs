//! Whether the owner of a suppressed address may ask for letters again.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000056_suppression_lift",
    up,
    down: |_| "ALTER TABLE subscriber_mailbox DROP COLUMN liftable_since;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    let Dialect { moment, .. } = dialect;
    format!(
        r"
-- Since when; null while nobody has allowed it.
ALTER TABLE subscriber_mailbox ADD COLUMN liftable_since {moment};
"
    )
}
