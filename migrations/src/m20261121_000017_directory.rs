//! What administrators look people up by, and who has to be found when they are shut or demoted.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000017_directory", up, down };

fn up(_: &Dialect) -> String {
    r#"
-- Address, handle and name in their canonical forms, a line each. What stands here already is near enough until the
-- account is edited.
ALTER TABLE "user" ADD COLUMN search_key text NOT NULL DEFAULT '';
UPDATE "user" SET search_key = email_key || '
' || coalesce(username_key, '') || '
' || lower(coalesce(display_name, ''));

CREATE INDEX user_created_at_idx ON "user" (created_at, id);
CREATE INDEX membership_user_id_idx ON membership (user_id);
CREATE INDEX membership_admin_idx ON membership (tenant_id, user_id) WHERE role = 'admin';
CREATE INDEX session_user_id_idx ON session (user_id) WHERE revoked_at IS NULL;
"#
    .to_owned()
}

fn down(_: &Dialect) -> String {
    r#"
DROP INDEX session_user_id_idx;
DROP INDEX membership_admin_idx;
DROP INDEX membership_user_id_idx;
DROP INDEX user_created_at_idx;
ALTER TABLE "user" DROP COLUMN search_key;
"#
    .to_owned()
}
