//! Files of contracts. What is in them is kept elsewhere.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000036_contract_file", up, down: |_| "DROP TABLE contract_file;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, bigint, table, .. } = dialect;
    format!(
        r"
-- position: which of the contract's files, from 1: of one contract there are ten at most, however many come at once.
-- name: what it was called by whoever sent it. file_key: what it is called where it is kept.
CREATE TABLE contract_file (
    id          {uuid} NOT NULL
                CONSTRAINT contract_file_pkey PRIMARY KEY,
    tenant_id   {uuid} NOT NULL
                CONSTRAINT contract_file_tenant_id_fkey REFERENCES tenant (id),
    contract_id {uuid} NOT NULL
                CONSTRAINT contract_file_contract_id_fkey REFERENCES contract (id),
    position    integer NOT NULL
                CONSTRAINT contract_file_position_check CHECK (position BETWEEN 1 AND 10),
    name        text NOT NULL
                CONSTRAINT contract_file_name_check CHECK (name <> ''),
    file_type   text NOT NULL
                CONSTRAINT contract_file_type_check CHECK (file_type IN ('pdf', 'docx', 'png', 'jpeg')),
    file_key    text NOT NULL
                CONSTRAINT contract_file_key_key UNIQUE,
    size        {bigint} NOT NULL
                CONSTRAINT contract_file_size_check CHECK (size >= 0),
    sha256      {bytes} NOT NULL
                CONSTRAINT contract_file_sha256_check CHECK (length(sha256) = 32),
    created_at  {moment} NOT NULL,
    CONSTRAINT contract_file_position_key UNIQUE (contract_id, position)
){table};
"
    )
}
