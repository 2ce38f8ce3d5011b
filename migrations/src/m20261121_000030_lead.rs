//! Leads.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000030_lead", up, down: |_| "DROP TABLE lead;".to_owned() };

fn up(dialect: &Dialect) -> String {
    [table(dialect), KEYS.to_owned(), LISTS.to_owned()].concat()
}

fn table(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, table, .. } = dialect;
    // SQLite's search index knows rows by number, and only a primary key keeps its numbers when the file is tidied up.
    let number = dialect.either("", "\n    number            INTEGER CONSTRAINT lead_pkey PRIMARY KEY,");
    // Sorted by bytes on both, whatever the language of the server.
    let key = dialect.either("text COLLATE \"C\"", "text");
    let id = dialect.either("CONSTRAINT lead_pkey PRIMARY KEY", "CONSTRAINT lead_id_key UNIQUE");
    format!(
        r"
-- name_key, company_key, email_key: the forms that are equal for every spelling.
-- owner_id: an account. No foreign key: accounts are another domain's, and leads outlive them.
-- tags: joined by blanks, with one at both ends.
-- score, search_key: follow from the rest.
CREATE TABLE lead ({number}
    id                {uuid} NOT NULL
                      {id},
    tenant_id         {uuid} NOT NULL
                      CONSTRAINT lead_tenant_id_fkey REFERENCES tenant (id),
    full_name         text NOT NULL
                      CONSTRAINT lead_full_name_check CHECK (full_name <> ''),
    name_key          {key} NOT NULL,
    position          text,
    company_name      text,
    company_key       text,
    phone_number      text,
    phone_e164        text
                      CONSTRAINT lead_phone_e164_check CHECK (length(phone_e164) BETWEEN 8 AND 16),
    email             text,
    email_key         text
                      CONSTRAINT lead_email_key_check CHECK (email_key <> ''),
    source            text NOT NULL,
    category          text,
    status            text NOT NULL
                      CONSTRAINT lead_status_check
                      CHECK (status IN ('new', 'contacted', 'qualified', 'proposal', 'won', 'lost', 'spam')),
    lost_reason       text,
    notes             text,
    owner_id          {uuid},
    tags              text NOT NULL,
    custom            {json} NOT NULL,
    consent           {json},
    utm_source        text,
    utm_medium        text,
    utm_campaign      text,
    utm_term          text,
    utm_content       text,
    score             integer NOT NULL
                      CONSTRAINT lead_score_check CHECK (score BETWEEN 0 AND 100),
    search_key        text NOT NULL,
    last_contacted_at {moment},
    converted_at      {moment},
    created_at        {moment} NOT NULL,
    updated_at        {moment} NOT NULL,
    deleted_at        {moment},
    version           integer NOT NULL
                      CONSTRAINT lead_version_check CHECK (version >= 1),
    CONSTRAINT lead_email_pair_check CHECK ((email IS NULL) = (email_key IS NULL)),
    CONSTRAINT lead_phone_pair_check CHECK ((phone_number IS NULL) = (phone_e164 IS NULL)),
    CONSTRAINT lead_contact_check CHECK (email IS NOT NULL OR phone_number IS NOT NULL),
    CONSTRAINT lead_lost_reason_check CHECK (lost_reason IS NULL OR status = 'lost')
){table};
"
    )
}

const KEYS: &str = "
-- What was put away or is spam holds no address.
CREATE UNIQUE INDEX lead_email_key_key ON lead (tenant_id, email_key) WHERE deleted_at IS NULL AND status <> 'spam';
CREATE INDEX lead_phone_e164_idx ON lead (tenant_id, phone_e164) WHERE phone_e164 IS NOT NULL;
";

pub(crate) const LISTS: &str = "
-- The lists, each in the order of an index, page by page.
CREATE INDEX lead_created_at_idx ON lead (tenant_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_updated_at_idx ON lead (tenant_id, updated_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_name_key_idx ON lead (tenant_id, name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX lead_score_idx ON lead (tenant_id, score DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_status_idx ON lead (tenant_id, status, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_source_idx ON lead (tenant_id, source, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_category_idx ON lead (tenant_id, category, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX lead_owner_id_idx ON lead (tenant_id, owner_id, created_at DESC, id DESC) WHERE deleted_at IS NULL;
";
