//! API keys, and the places from which each was used.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000016_api_key",
    up,
    down: |_| "DROP TABLE api_key_source; DROP TABLE api_key;".to_owned(),
};

fn up(dialect: &Dialect) -> String {
    [keys(dialect), sources(dialect)].concat()
}

fn keys(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, table, .. } = dialect;
    format!(
        r#"
-- key_id: the part of a key that finds it, and is no secret.
-- scopes, networks, origins: joined by blanks.
-- secret_hash: SHA-256 of 256 random bits; previous_hash: that of the secret before, for a day after a rotation.
-- issued_at: when the present secret was made.
-- denied_at: when it was last noted that the key was used for what it is not good for.
CREATE TABLE api_key (
    id                   {uuid} NOT NULL
                         CONSTRAINT api_key_pkey PRIMARY KEY,
    tenant_id            {uuid} NOT NULL
                         CONSTRAINT api_key_tenant_id_fkey REFERENCES tenant (id),
    user_id              {uuid} NOT NULL
                         CONSTRAINT api_key_user_id_fkey REFERENCES "user" (id),
    key_id               text NOT NULL
                         CONSTRAINT api_key_key_id_key UNIQUE
                         CONSTRAINT api_key_key_id_check CHECK (length(key_id) = 12 AND key_id = lower(key_id)),
    kind                 text NOT NULL
                         CONSTRAINT api_key_kind_check CHECK (kind IN ('secret', 'publishable')),
    name                 text NOT NULL
                         CONSTRAINT api_key_name_check CHECK (name <> ''),
    scopes               text NOT NULL
                         CONSTRAINT api_key_scopes_check CHECK (scopes <> ''),
    networks             text NOT NULL,
    origins              text NOT NULL,
    secret_hash          {bytes} NOT NULL
                         CONSTRAINT api_key_secret_hash_check CHECK (length(secret_hash) = 32),
    previous_hash        {bytes}
                         CONSTRAINT api_key_previous_hash_check CHECK (length(previous_hash) = 32),
    previous_valid_until {moment},
    issued_at            {moment} NOT NULL,
    expires_at           {moment} NOT NULL,
    last_used_at         {moment},
    denied_at            {moment},
    revoked_at           {moment},
    created_at           {moment} NOT NULL,
    updated_at           {moment} NOT NULL,
    version              integer NOT NULL
                         CONSTRAINT api_key_version_check CHECK (version >= 1),
    CONSTRAINT api_key_origins_check CHECK ((kind = 'publishable') = (origins <> '')),
    CONSTRAINT api_key_previous_pair_check CHECK ((previous_hash IS NULL) = (previous_valid_until IS NULL)),
    CONSTRAINT api_key_expiry_check CHECK (issued_at < expires_at)
){table};

-- The list of a person's keys, newest first, page by page.
CREATE INDEX api_key_owner_idx ON api_key (tenant_id, user_id, created_at DESC, id DESC);
"#
    )
}

fn sources(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
-- network: an IPv4 address or an IPv6 network of 64 bits.
CREATE TABLE api_key_source (
    api_key_id {uuid} NOT NULL
               CONSTRAINT api_key_source_api_key_id_fkey REFERENCES api_key (id) ON DELETE CASCADE,
    network    text NOT NULL
               CONSTRAINT api_key_source_network_check CHECK (network <> ''),
    tenant_id  {uuid} NOT NULL
               CONSTRAINT api_key_source_tenant_id_fkey REFERENCES tenant (id),
    created_at {moment} NOT NULL,
    CONSTRAINT api_key_source_pkey PRIMARY KEY (api_key_id, network)
){table};
"
    )
}
