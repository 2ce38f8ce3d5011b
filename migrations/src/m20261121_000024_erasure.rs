//! Accounts that are deleted, and when their names are to be forgotten.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000024_erasure", up, down };

fn up(dialect: &Dialect) -> String {
    let Dialect { moment, .. } = dialect;
    format!(
        r#"
-- Of a deleted account: when address and handle are to be forgotten. Null in every other, and when that is done.
ALTER TABLE "user" ADD COLUMN release_at {moment};
CREATE INDEX user_release_at_idx ON "user" (release_at) WHERE release_at IS NOT NULL;

-- Dead sessions of a person have to be found too.
DROP INDEX session_user_id_idx;
CREATE INDEX session_user_id_idx ON session (user_id);
"#
    )
}

fn down(_: &Dialect) -> String {
    r#"
DROP INDEX session_user_id_idx;
CREATE INDEX session_user_id_idx ON session (user_id) WHERE revoked_at IS NULL;
DROP INDEX user_release_at_idx;
ALTER TABLE "user" DROP COLUMN release_at;
"#
    .to_owned()
}
