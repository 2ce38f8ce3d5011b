//! The audit trail: chains, trees and checkpoints of what the event log says.
//!
//! None of these tables has a foreign key: the trail outlives what it is about, tenants included. What triggers cannot do:
//! stop the owner of a table, or of the file, from dropping them. The signed checkpoints outside the database are for that.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000040_audit_trail", up, down };

fn up(dialect: &Dialect) -> String {
    let guards = [guard(dialect, "audit_chain"), guard(dialect, "audit_tree")].concat();
    format!("{}{}{guards}", tables(dialect), dialect.either(POSTGRES_REFUSAL, ""))
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bytes, bigint, table, .. } = dialect;
    format!(
        r"
-- One link for each sealed event, numbered by tenant from 1 and without a gap.
CREATE TABLE audit_chain (
    tenant_id {uuid} NOT NULL,
    seq       {bigint} NOT NULL
              CONSTRAINT audit_chain_seq_check CHECK (seq >= 1),
    event_id  {uuid} NOT NULL
              CONSTRAINT audit_chain_event_id_key UNIQUE,
    leaf      {bytes} NOT NULL
              CONSTRAINT audit_chain_leaf_check CHECK (octet_length(leaf) = 32),
    prev      {bytes} NOT NULL
              CONSTRAINT audit_chain_prev_check CHECK (octet_length(prev) = 32),
    hash      {bytes} NOT NULL
              CONSTRAINT audit_chain_hash_check CHECK (octet_length(hash) = 32),
    sealed_at {moment} NOT NULL,
    CONSTRAINT audit_chain_pkey PRIMARY KEY (tenant_id, seq)
){table};

-- The complete subtrees of the Merkle tree above the leaves. They never change, and proofs are made of them.
CREATE TABLE audit_tree (
    tenant_id {uuid} NOT NULL,
    level     integer NOT NULL
              CONSTRAINT audit_tree_level_check CHECK (level BETWEEN 1 AND 63),
    idx       {bigint} NOT NULL
              CONSTRAINT audit_tree_idx_check CHECK (idx >= 0),
    hash      {bytes} NOT NULL
              CONSTRAINT audit_tree_hash_check CHECK (octet_length(hash) = 32),
    CONSTRAINT audit_tree_pkey PRIMARY KEY (tenant_id, level, idx)
){table};

-- Where each chain ends, so that the sealer need not look for it. peaks: the roots of the largest complete subtrees.
CREATE TABLE audit_head (
    tenant_id {uuid} NOT NULL
              CONSTRAINT audit_head_pkey PRIMARY KEY,
    size      {bigint} NOT NULL
              CONSTRAINT audit_head_size_check CHECK (size >= 1),
    hash      {bytes} NOT NULL,
    peaks     {bytes} NOT NULL
){table};

-- The database's own copies of the signed checkpoints; the ones that count are elsewhere.
CREATE TABLE audit_checkpoint (
    tenant_id    {uuid} NOT NULL,
    size         {bigint} NOT NULL
                 CONSTRAINT audit_checkpoint_size_check CHECK (size >= 1),
    note         text NOT NULL,
    created_at   {moment} NOT NULL,
    published_at {moment},
    CONSTRAINT audit_checkpoint_pkey PRIMARY KEY (tenant_id, size)
){table};
CREATE INDEX audit_checkpoint_unpublished_idx ON audit_checkpoint (created_at, tenant_id, size)
    WHERE published_at IS NULL;
"
    )
}

const POSTGRES_REFUSAL: &str = "
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is insert-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
";

/// What keeps rows of a table as they are.
fn guard(dialect: &Dialect, table: &str) -> String {
    let key = if table == "audit_chain" {
        "(tenant_id = NEW.tenant_id AND seq = NEW.seq) OR event_id = NEW.event_id"
    } else {
        "tenant_id = NEW.tenant_id AND level = NEW.level AND idx = NEW.idx"
    };
    let postgres = format!(
        "
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
-- ALWAYS: also for a session that plays replica.
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate;
"
    );
    let sqlite = format!(
        "
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: UPDATE is refused');
END;
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: DELETE is refused');
END;
-- INSERT OR REPLACE deletes the old row without asking the trigger above.
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE {key})
BEGIN
    SELECT RAISE(ABORT, 'the audit trail is insert-only: REPLACE is refused');
END;
"
    );
    dialect.either(postgres, sqlite)
}

fn down(dialect: &Dialect) -> String {
    let function = dialect.either("DROP FUNCTION audit_refuse_change();", "");
    format!(
        "DROP TABLE audit_checkpoint; DROP TABLE audit_head; DROP TABLE audit_tree; DROP TABLE audit_chain; {function}"
    )
}
