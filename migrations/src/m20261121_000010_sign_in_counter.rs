//! Failed attempts to sign in, counted by a pseudonym of what was typed.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000010_sign_in_counter", up, down: |_| "DROP TABLE sign_in_counter;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, table, .. } = dialect;
    let text = dialect.either("text COLLATE \"C\"", "TEXT");
    format!(
        r"
-- No foreign key: whoever is asked for need not exist.
-- stamp: which write it comes from; a write names the one it has read.
CREATE TABLE sign_in_counter (
    counter_key {text} NOT NULL
                CONSTRAINT sign_in_counter_pkey PRIMARY KEY
                CONSTRAINT sign_in_counter_key_check CHECK (length(counter_key) BETWEEN 1 AND 64),
    stamp       {uuid} NOT NULL,
    counter     {json} NOT NULL,
    keep_until  {moment} NOT NULL
){table};

CREATE INDEX sign_in_counter_keep_until_idx ON sign_in_counter (keep_until);
"
    )
}
