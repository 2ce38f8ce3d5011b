//! The keys that sign access tokens.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000019_signing_key", up, down: |_| "DROP TABLE signing_key;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { moment, bytes, table, .. } = dialect;
    format!(
        r"
-- Of the whole installation, hence no tenant.
-- sealed: the private half, encrypted with a key that is not in the database; gone once the key is removed. The row stays,
-- so that no copy of the key comes back.
CREATE TABLE signing_key (
    kid          text NOT NULL
                 CONSTRAINT signing_key_pkey PRIMARY KEY
                 CONSTRAINT signing_key_kid_check CHECK (length(kid) BETWEEN 1 AND 64),
    algorithm    text NOT NULL
                 CONSTRAINT signing_key_algorithm_check CHECK (algorithm <> ''),
    sealed       {bytes},
    state        text NOT NULL
                 CONSTRAINT signing_key_state_check CHECK (state IN ('staged', 'active', 'retiring', 'removed')),
    activated_at {moment},
    retired_at   {moment},
    removed_at   {moment},
    created_at   {moment} NOT NULL,
    updated_at   {moment} NOT NULL,
    version      integer NOT NULL
                 CONSTRAINT signing_key_version_check CHECK (version >= 1),
    CONSTRAINT signing_key_sealed_check CHECK ((sealed IS NULL) = (state = 'removed')),
    CONSTRAINT signing_key_removed_check CHECK ((removed_at IS NOT NULL) = (state = 'removed')),
    CONSTRAINT signing_key_signed_check CHECK (state = 'removed' OR (activated_at IS NOT NULL) = (state <> 'staged')),
    CONSTRAINT signing_key_retired_check CHECK (state = 'removed' OR (retired_at IS NOT NULL) = (state = 'retiring'))
){table};

-- One key signs, and one waits for its turn.
CREATE UNIQUE INDEX signing_key_one_active_idx ON signing_key (state) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_one_staged_idx ON signing_key (state) WHERE state = 'staged';
"
    )
}
