//! What is asked again of who has unsubscribed, and what a link confirms.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000060_subscription_wish",
    up,
    down: |_| {
        r"
DROP INDEX subscription_asked_at_idx;
ALTER TABLE subscription_link DROP COLUMN wish;
ALTER TABLE subscription DROP COLUMN wish;
CREATE INDEX subscription_asked_at_idx ON subscription (asked_at) WHERE status = 'pending';
"
        .to_owned()
    },
};

fn up(dialect: &Dialect) -> String {
    let Dialect { json, .. } = dialect;
    format!(
        r"
-- Until it is confirmed, it changes nothing but itself.
ALTER TABLE subscription ADD COLUMN wish {json};
-- What the link confirms, whatever was asked since; null in links that are older.
ALTER TABLE subscription_link ADD COLUMN wish {json};
DROP INDEX subscription_asked_at_idx;
CREATE INDEX subscription_asked_at_idx ON subscription (asked_at) WHERE (status = 'pending' OR wish IS NOT NULL);
"
    )
}
