//! The claim to be the first administrator: there is room for one row, and whoever inserts it has won.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261120_000005_bootstrap", up, down: |_| "DROP TABLE bootstrap;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r#"
CREATE TABLE bootstrap (
    id         integer NOT NULL
               CONSTRAINT bootstrap_pkey PRIMARY KEY
               CONSTRAINT bootstrap_one_row_check CHECK (id = 1),
    user_id    {uuid} NOT NULL
               CONSTRAINT bootstrap_user_id_fkey REFERENCES "user" (id),
    claimed_at {moment} NOT NULL
){table};
"#
    )
}
