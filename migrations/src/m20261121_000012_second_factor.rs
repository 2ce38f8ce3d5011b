//! Second factors, and sign-ins that wait for one.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000012_second_factor",
    up,
    down: |_| "DROP TABLE login_challenge; DROP TABLE second_factor;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, json, bigint, table, .. } = dialect;
    format!(
        r#"
-- secret: sealed with a key outside the database, for this user.
-- last_step: the half minute of the last code that was used; no code of it or before counts again.
-- codes: hashes of the codes on paper and whether each was used. One row, one version: a code is used once.
CREATE TABLE second_factor (
    user_id       {uuid} NOT NULL
                  CONSTRAINT second_factor_pkey PRIMARY KEY
                  CONSTRAINT second_factor_user_id_fkey REFERENCES "user" (id),
    secret        {bytes} NOT NULL,
    pending_until {moment},
    tries_left    integer
                  CONSTRAINT second_factor_tries_left_check CHECK (tries_left >= 0),
    confirmed_at  {moment},
    last_step     {bigint},
    codes         {json} NOT NULL,
    codes_at      {moment},
    created_at    {moment} NOT NULL,
    version       integer NOT NULL
                  CONSTRAINT second_factor_version_check CHECK (version >= 1),
    CONSTRAINT second_factor_state_check
        CHECK ((pending_until IS NULL) = (tries_left IS NULL)
           AND (confirmed_at IS NULL) = (last_step IS NULL)
           AND (pending_until IS NULL) <> (confirmed_at IS NULL))
){table};

CREATE TABLE login_challenge (
    id                 {uuid} NOT NULL
                       CONSTRAINT login_challenge_pkey PRIMARY KEY,
    tenant_id          {uuid} NOT NULL
                       CONSTRAINT login_challenge_tenant_id_fkey REFERENCES tenant (id),
    user_id            {uuid} NOT NULL
                       CONSTRAINT login_challenge_user_id_fkey REFERENCES "user" (id),
    credential_version integer NOT NULL,
    device_client_id   text,
    device_name        text,
    device_platform    text,
    tries_left         integer NOT NULL
                       CONSTRAINT login_challenge_tries_left_check CHECK (tries_left >= 0),
    salt               {bytes} NOT NULL
                       CONSTRAINT login_challenge_salt_check CHECK (length(salt) = 32),
    created_at         {moment} NOT NULL,
    expires_at         {moment} NOT NULL
){table};

CREATE INDEX login_challenge_expires_at_idx ON login_challenge (expires_at);
"#
    )
}
