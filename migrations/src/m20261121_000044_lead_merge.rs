//! Leads that are one person: by what they are found, what became of them, and what it takes to undo that.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000044_lead_merge", up, down };

fn up(dialect: &Dialect) -> String {
    let kinds = dialect.either(KINDS_ON_POSTGRES.to_owned(), activities(dialect, &[KINDS, ", 'merge'"].concat()));
    [columns(dialect), folds(dialect), tables(dialect), kinds].concat()
}

fn columns(dialect: &Dialect) -> String {
    let Dialect { uuid, .. } = dialect;
    format!(
        r"
-- email_fold: the form of the address that is equal for one mailbox, where it is another than email_key.
ALTER TABLE lead ADD COLUMN email_fold text;
-- merged_into: which lead it became a part of. Who erases that one erases its parts.
ALTER TABLE lead ADD COLUMN merged_into {uuid}
    CONSTRAINT lead_merged_into_fkey REFERENCES lead (id) ON DELETE CASCADE;

CREATE INDEX lead_email_fold_idx ON lead (tenant_id, email_fold, id) WHERE email_fold IS NOT NULL;
CREATE INDEX lead_merged_into_idx ON lead (merged_into) WHERE merged_into IS NOT NULL;

-- With the id, so that of very many with one number the nearest are found at once.
DROP INDEX lead_phone_e164_idx;
CREATE INDEX lead_phone_e164_idx ON lead (tenant_id, phone_e164, id) WHERE phone_e164 IS NOT NULL;
"
    )
}

/// Addresses that are there already: without what follows a plus sign, and without the dots that one provider ignores.
fn folds(dialect: &Dialect) -> String {
    let domain = dialect.either("split_part(email_key, '@', 2)", "substr(email_key, instr(email_key, '@') + 1)");
    let local = dialect.either(
        "split_part(split_part(email_key, '@', 1), '+', 1)",
        "substr(email_key, 1, min(instr(email_key, '@'), instr(email_key || '+', '+')) - 1)",
    );
    format!(
        r"
UPDATE lead SET email_fold = CASE
    WHEN {domain} IN ('gmail.com', 'googlemail.com') THEN replace({local}, '.', '') || '@gmail.com'
    ELSE {local} || '@' || {domain} END
WHERE email_key LIKE '%+%@%' OR email_key LIKE '%@gmail.com' OR email_key LIKE '%@googlemail.com';
UPDATE lead SET email_fold = NULL WHERE email_fold = email_key OR email_fold LIKE '@%';
"
    )
}

fn tables(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, table, .. } = dialect;
    format!(
        r"
-- before: the lead that stays, as it was. It goes with that lead.
CREATE TABLE lead_merge (
    id         {uuid} NOT NULL
               CONSTRAINT lead_merge_pkey PRIMARY KEY,
    tenant_id  {uuid} NOT NULL
               CONSTRAINT lead_merge_tenant_id_fkey REFERENCES tenant (id),
    primary_id {uuid} NOT NULL
               CONSTRAINT lead_merge_primary_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    before     {json} NOT NULL,
    merged_by  {uuid} NOT NULL,
    created_at {moment} NOT NULL
){table};

CREATE INDEX lead_merge_primary_id_idx ON lead_merge (primary_id);

-- What was whose, the leads themselves among it.
CREATE TABLE lead_merge_part (
    merge_id {uuid} NOT NULL
             CONSTRAINT lead_merge_part_merge_id_fkey REFERENCES lead_merge (id) ON DELETE CASCADE,
    kind     text NOT NULL
             CONSTRAINT lead_merge_part_kind_check CHECK (kind IN ('lead', 'activity', 'move', 'message', 'client')),
    part_id  {uuid} NOT NULL,
    lead_id  {uuid} NOT NULL
             CONSTRAINT lead_merge_part_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    CONSTRAINT lead_merge_part_pkey PRIMARY KEY (merge_id, kind, part_id)
){table};

CREATE INDEX lead_merge_part_lead_id_idx ON lead_merge_part (lead_id);
"
    )
}

const KINDS: &str = "'note', 'call', 'email', 'meeting', 'form_touch'";

const KINDS_ON_POSTGRES: &str = "
ALTER TABLE lead_activity DROP CONSTRAINT lead_activity_kind_check;
ALTER TABLE lead_activity ADD CONSTRAINT lead_activity_kind_check
    CHECK (kind IN ('note', 'call', 'email', 'meeting', 'form_touch', 'merge'));
";

/// SQLite changes no constraint of a table: the table is made anew.
fn activities(dialect: &Dialect, kinds: &str) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
DROP INDEX lead_activity_lead_id_idx;
ALTER TABLE lead_activity RENAME TO lead_activity_before;
-- actor_id: an account, if a person did it or a program on their behalf. No foreign key, as with the owner of a lead.
CREATE TABLE lead_activity (
    id         {uuid} NOT NULL
               CONSTRAINT lead_activity_pkey PRIMARY KEY,
    tenant_id  {uuid} NOT NULL
               CONSTRAINT lead_activity_tenant_id_fkey REFERENCES tenant (id),
    lead_id    {uuid} NOT NULL
               CONSTRAINT lead_activity_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    kind       text NOT NULL
               CONSTRAINT lead_activity_kind_check CHECK (kind IN ({kinds})),
    body       text,
    actor_id   {uuid},
    created_at {moment} NOT NULL
){table};
INSERT INTO lead_activity SELECT * FROM lead_activity_before;
DROP TABLE lead_activity_before;

CREATE INDEX lead_activity_lead_id_idx ON lead_activity (lead_id, created_at DESC, id DESC);
"
    )
}

/// What was merged stays merged; what was noted about it then is a note.
fn down(dialect: &Dialect) -> String {
    let kinds = dialect.either(
        "ALTER TABLE lead_activity DROP CONSTRAINT lead_activity_kind_check;
         ALTER TABLE lead_activity ADD CONSTRAINT lead_activity_kind_check
             CHECK (kind IN ('note', 'call', 'email', 'meeting', 'form_touch'));"
            .to_owned(),
        activities(dialect, KINDS),
    );
    format!(
        r"
UPDATE lead_activity SET kind = 'note' WHERE kind = 'merge';
{kinds}
DROP TABLE lead_merge_part;
DROP TABLE lead_merge;
DROP INDEX lead_phone_e164_idx;
CREATE INDEX lead_phone_e164_idx ON lead (tenant_id, phone_e164) WHERE phone_e164 IS NOT NULL;
DROP INDEX lead_merged_into_idx;
DROP INDEX lead_email_fold_idx;
ALTER TABLE lead DROP COLUMN merged_into;
ALTER TABLE lead DROP COLUMN email_fold;
"
    )
}
