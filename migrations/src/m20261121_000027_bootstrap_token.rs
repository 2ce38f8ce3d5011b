//! The token with which the first administrator of a production installation is made: there is room for one.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000027_bootstrap_token", up, down: |_| "DROP TABLE bootstrap_token;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { bytes, moment, table, .. } = dialect;
    format!(
        r"
-- digest: of the token, under a key outside the database.
CREATE TABLE bootstrap_token (
    id         integer NOT NULL
               CONSTRAINT bootstrap_token_pkey PRIMARY KEY
               CONSTRAINT bootstrap_token_one_row_check CHECK (id = 1),
    digest     {bytes} NOT NULL
               CONSTRAINT bootstrap_token_digest_check CHECK (length(digest) = 32),
    issued_at  {moment} NOT NULL,
    expires_at {moment} NOT NULL
               CONSTRAINT bootstrap_token_expires_at_check CHECK (expires_at > issued_at)
){table};
"
    )
}
