//! Links by which people who were imported without a password choose one.

use crate::{
    dialect::Dialect,
    m20261121_000011_mailed_links::{PURPOSES, links},
    step::Step,
};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000050_set_password_link",
    up: |dialect| allow(dialect, &format!("{PURPOSES}, 'set_password'")),
    down: |dialect| format!("DELETE FROM action_token WHERE purpose = 'set_password';\n{}", allow(dialect, PURPOSES)),
};

/// Replaces the list of purposes. SQLite changes no constraint of a table that is there.
fn allow(dialect: &Dialect, purposes: &str) -> String {
    let changed = format!(
        "ALTER TABLE action_token DROP CONSTRAINT action_token_purpose_check;
         ALTER TABLE action_token ADD CONSTRAINT action_token_purpose_check CHECK (purpose IN ({purposes}));"
    );
    let copied = format!(
        "ALTER TABLE action_token RENAME TO action_token_before;
         {}
         INSERT INTO action_token ({COLUMNS}) SELECT {COLUMNS} FROM action_token_before;
         DROP TABLE action_token_before;",
        links(dialect, purposes)
    );
    dialect.either(changed, copied)
}

const COLUMNS: &str = "id, tenant_id, user_id, purpose, email, credential_version, salt, created_at, expires_at";
