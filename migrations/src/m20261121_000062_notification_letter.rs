//! When it was decided who gets a letter about a notification: once for each.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000062_notification_letter",
    up,
    down: |_| "ALTER TABLE notification DROP COLUMN announced_at;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    let Dialect { moment, .. } = dialect;
    format!("ALTER TABLE notification ADD COLUMN announced_at {moment};")
}
