//! Sessions: one row for each sign-in, however often its token is refreshed.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261120_000003_session", up, down: |_| "DROP TABLE session;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, bigint, table, .. } = dialect;
    format!(
        r#"
-- salt: the half of the refresh tokens' secret that the database holds; the other half is a key outside.
-- generation: the one refresh token that is good now, counted from 0; 32 bits in the token.
CREATE TABLE session (
    id                  {uuid} NOT NULL
                        CONSTRAINT session_pkey PRIMARY KEY,
    tenant_id           {uuid} NOT NULL
                        CONSTRAINT session_tenant_id_fkey REFERENCES tenant (id),
    user_id             {uuid} NOT NULL
                        CONSTRAINT session_user_id_fkey REFERENCES "user" (id),
    salt                {bytes} NOT NULL
                        CONSTRAINT session_salt_check CHECK (length(salt) = 32),
    generation          {bigint} NOT NULL
                        CONSTRAINT session_generation_check CHECK (generation BETWEEN 0 AND 4294967295),
    amr                 text NOT NULL,
    device_client_id    text,
    device_name         text,
    device_platform     text
                        CONSTRAINT session_device_platform_check
                        CHECK (device_platform IN ('web', 'android', 'ios', 'other')),
    ip                  text,
    user_agent          text,
    authenticated_at    {moment} NOT NULL,
    rotated_at          {moment} NOT NULL,
    last_seen_at        {moment} NOT NULL,
    idle_expires_at     {moment} NOT NULL,
    absolute_expires_at {moment} NOT NULL,
    revoked_at          {moment},
    revoked_reason      text
                        CONSTRAINT session_revoked_reason_check
                        CHECK (revoked_reason IN ('logout', 'user', 'admin', 'password_change', 'reuse',
                                                  'device_replaced', 'user_disabled', 'policy')),
    created_at          {moment} NOT NULL,
    updated_at          {moment} NOT NULL,
    version             integer NOT NULL
                        CONSTRAINT session_version_check CHECK (version >= 1),
    CONSTRAINT session_revoked_pair_check CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
    CONSTRAINT session_device_check
        CHECK (device_platform IS NOT NULL OR (device_client_id IS NULL AND device_name IS NULL)),
    CONSTRAINT session_expiry_check CHECK (idle_expires_at <= absolute_expires_at)
){table};

-- The list of a person's sessions, newest first, page by page.
CREATE INDEX session_alive_idx ON session (tenant_id, user_id, created_at DESC, id DESC)
    WHERE revoked_at IS NULL;
"#
    )
}
