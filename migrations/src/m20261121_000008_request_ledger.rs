//! Requests that clients gave a name (`Idempotency-Key`), and how they were answered.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000008_request_ledger", up, down: |_| "DROP TABLE request_ledger;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, json, table, .. } = dialect;
    // Bytes, not letters: two keys that a language sorts as equal are two keys.
    let text = dialect.either("text COLLATE \"C\"", "TEXT");
    format!(
        r"
-- No foreign key: a request is claimed before anything is known to be true of it.
-- status: none as long as somebody is at it.
CREATE TABLE request_ledger (
    tenant_id   {uuid} NOT NULL,
    caller      {text} NOT NULL
                CONSTRAINT request_ledger_caller_check CHECK (caller <> ''),
    request_key {text} NOT NULL
                CONSTRAINT request_ledger_request_key_check CHECK (length(request_key) BETWEEN 1 AND 255),
    fingerprint {bytes} NOT NULL
                CONSTRAINT request_ledger_fingerprint_check CHECK (length(fingerprint) = 32),
    token       {uuid} NOT NULL,
    held_until  {moment} NOT NULL,
    kept_until  {moment} NOT NULL,
    status      integer
                CONSTRAINT request_ledger_status_check CHECK (status BETWEEN 100 AND 599),
    headers     {json},
    body        text,
    CONSTRAINT request_ledger_pkey PRIMARY KEY (tenant_id, caller, request_key),
    CONSTRAINT request_ledger_answer_check
        CHECK ((status IS NULL) = (headers IS NULL) AND (status IS NULL) = (body IS NULL))
){table};

CREATE INDEX request_ledger_kept_until_idx ON request_ledger (kept_until);
"
    )
}
