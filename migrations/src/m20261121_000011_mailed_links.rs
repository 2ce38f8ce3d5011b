//! Addresses that are proved, links that are mailed, and registrations that wait for their address to be proved.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000011_mailed_links",
    up,
    down: |_| {
        "DROP TABLE pending_registration;
         DROP TABLE action_token;
         ALTER TABLE \"user\" DROP COLUMN credential_version;
         ALTER TABLE \"user\" DROP COLUMN email_verified_at;"
            .to_owned()
    },
};

/// What links were good for at first.
pub(crate) const PURPOSES: &str = "'reset_password', 'verify_email', 'change_email', 'undo_email_change'";

/// The table of links, which later steps make anew where a constraint cannot be changed.
pub(crate) fn links(dialect: &Dialect, purposes: &str) -> String {
    let Dialect { uuid, moment, bytes, table, .. } = dialect;
    format!(
        r#"CREATE TABLE action_token (
    id                 {uuid} NOT NULL
                       CONSTRAINT action_token_pkey PRIMARY KEY,
    tenant_id          {uuid} NOT NULL
                       CONSTRAINT action_token_tenant_id_fkey REFERENCES tenant (id),
    user_id            {uuid} NOT NULL
                       CONSTRAINT action_token_user_id_fkey REFERENCES "user" (id),
    purpose            text NOT NULL
                       CONSTRAINT action_token_purpose_check
                       CHECK (purpose IN ({purposes})),
    email              text NOT NULL,
    credential_version integer NOT NULL,
    salt               {bytes} NOT NULL
                       CONSTRAINT action_token_salt_check CHECK (length(salt) = 32),
    created_at         {moment} NOT NULL,
    expires_at         {moment} NOT NULL,
    CONSTRAINT action_token_user_id_purpose_key UNIQUE (user_id, purpose)
){table};"#
    )
}

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, table, .. } = dialect;
    let links = links(dialect, PURPOSES);
    format!(
        r#"
ALTER TABLE "user" ADD COLUMN email_verified_at {moment};

-- Counts changes of password and address: what was handed out for one state is worthless in the next.
ALTER TABLE "user" ADD COLUMN credential_version integer NOT NULL DEFAULT 1
    CONSTRAINT user_credential_version_check CHECK (credential_version >= 1);

-- One of each purpose for an account: a new one takes the place of the one before. The token follows from the salt and a
-- key outside the database.
{links}

-- Any number for an address: each attempt stands for itself.
CREATE TABLE pending_registration (
    id            {uuid} NOT NULL
                  CONSTRAINT pending_registration_pkey PRIMARY KEY,
    tenant_id     {uuid} NOT NULL
                  CONSTRAINT pending_registration_tenant_id_fkey REFERENCES tenant (id),
    email         text NOT NULL,
    email_key     text NOT NULL,
    username      text,
    password_hash text NOT NULL,
    display_name  text,
    salt          {bytes} NOT NULL
                  CONSTRAINT pending_registration_salt_check CHECK (length(salt) = 32),
    created_at    {moment} NOT NULL,
    expires_at    {moment} NOT NULL
){table};

CREATE INDEX pending_registration_email_key_idx ON pending_registration (email_key);
CREATE INDEX pending_registration_expires_at_idx ON pending_registration (expires_at);
"#
    )
}
