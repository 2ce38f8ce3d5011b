//! Accounts that came from other systems, and what the passwords' hashes are of.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000014_import",
    up,
    down: |_| {
        "DROP TABLE user_import; DROP INDEX user_password_class_idx; ALTER TABLE \"user\" DROP COLUMN password_class;"
            .to_owned()
    },
};

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    // Bytes, not letters: two ids that a language sorts as equal are two ids.
    let text = dialect.either("text COLLATE \"C\"", "TEXT");
    format!(
        r#"
-- The hash without salt and output. None where it was written before this column was: such hashes are as new ones are.
ALTER TABLE "user" ADD COLUMN password_class {text};

-- How many accounts have each, without reading the accounts.
CREATE INDEX user_password_class_idx ON "user" (password_class);

CREATE TABLE user_import (
    tenant_id  {uuid} NOT NULL
               CONSTRAINT user_import_tenant_id_fkey REFERENCES tenant (id),
    source     {text} NOT NULL
               CONSTRAINT user_import_source_check CHECK (length(source) BETWEEN 1 AND 100),
    source_id  {text} NOT NULL
               CONSTRAINT user_import_source_id_check CHECK (length(source_id) BETWEEN 1 AND 255),
    user_id    {uuid} NOT NULL
               CONSTRAINT user_import_user_id_fkey REFERENCES "user" (id) ON DELETE CASCADE,
    created_at {moment} NOT NULL,
    CONSTRAINT user_import_pkey PRIMARY KEY (tenant_id, source, source_id)
){table};

CREATE INDEX user_import_user_id_idx ON user_import (user_id);
"#
    )
}
