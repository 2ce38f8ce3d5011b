//! Accounts, which belong to the whole installation, and what each may do in which tenant.
//!
//! The lists of states and roles are those of the specification, a few more than the code knows today: SQLite can only
//! change a CHECK by rewriting the table.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261120_000002_account", up, down: |_| "DROP TABLE membership; DROP TABLE \"user\";".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r#"
-- The keys are the canonical forms of e-mail address and handle: equal for every spelling.
CREATE TABLE "user" (
    id            {uuid} NOT NULL
                  CONSTRAINT user_pkey PRIMARY KEY,
    tenant_id     {uuid} NOT NULL
                  CONSTRAINT user_tenant_id_fkey REFERENCES tenant (id),
    email         text NOT NULL,
    email_key     text NOT NULL
                  CONSTRAINT user_email_key_key UNIQUE,
    username      text,
    username_key  text
                  CONSTRAINT user_username_key_key UNIQUE,
    password_hash text NOT NULL,
    display_name  text,
    avatar_url    text,
    locale        text,
    status        text NOT NULL
                  CONSTRAINT user_status_check
                  CHECK (status IN ('pending_verification', 'active', 'disabled', 'deleted')),
    last_login_at {moment},
    created_at    {moment} NOT NULL,
    updated_at    {moment} NOT NULL,
    version       integer NOT NULL
                  CONSTRAINT user_version_check CHECK (version >= 1),
    CONSTRAINT user_username_pair_check CHECK ((username IS NULL) = (username_key IS NULL))
){table};

CREATE TABLE membership (
    id         {uuid} NOT NULL
               CONSTRAINT membership_pkey PRIMARY KEY,
    tenant_id  {uuid} NOT NULL
               CONSTRAINT membership_tenant_id_fkey REFERENCES tenant (id),
    user_id    {uuid} NOT NULL
               CONSTRAINT membership_user_id_fkey REFERENCES "user" (id),
    role       text NOT NULL
               CONSTRAINT membership_role_check
               CHECK (role IN ('admin', 'staff', 'sales', 'instructor', 'member')),
    created_at {moment} NOT NULL,
    updated_at {moment} NOT NULL,
    version    integer NOT NULL
               CONSTRAINT membership_version_check CHECK (version >= 1),
    CONSTRAINT membership_tenant_id_user_id_key UNIQUE (tenant_id, user_id)
){table};
"#
    )
}
