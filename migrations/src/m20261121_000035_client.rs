//! Clients and the contracts with them.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000035_client", up, down: |_| "DROP TABLE contract; DROP TABLE client;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, bigint, table, .. } = dialect;
    format!(
        r"
-- lead_id: which lead it was. Clients outlive the leads they were.
CREATE TABLE client (
    id            {uuid} NOT NULL
                  CONSTRAINT client_pkey PRIMARY KEY,
    tenant_id     {uuid} NOT NULL
                  CONSTRAINT client_tenant_id_fkey REFERENCES tenant (id),
    lead_id       {uuid}
                  CONSTRAINT client_lead_id_key UNIQUE
                  CONSTRAINT client_lead_id_fkey REFERENCES lead (id) ON DELETE SET NULL,
    company_name  text NOT NULL
                  CONSTRAINT client_company_name_check CHECK (company_name <> ''),
    legal_name    text,
    tax_id        text,
    billing_email text,
    address       text,
    notes         text,
    created_at    {moment} NOT NULL,
    updated_at    {moment} NOT NULL,
    version       integer NOT NULL
                  CONSTRAINT client_version_check CHECK (version >= 1)
){table};

CREATE INDEX client_created_at_idx ON client (tenant_id, created_at DESC, id DESC);

-- starts_on, ends_on: days as ISO 8601 writes them, which sort as they should on both databases.
CREATE TABLE contract (
    id          {uuid} NOT NULL
                CONSTRAINT contract_pkey PRIMARY KEY,
    tenant_id   {uuid} NOT NULL
                CONSTRAINT contract_tenant_id_fkey REFERENCES tenant (id),
    client_id   {uuid} NOT NULL
                CONSTRAINT contract_client_id_fkey REFERENCES client (id),
    title       text NOT NULL
                CONSTRAINT contract_title_check CHECK (length(title) >= 2),
    status      text NOT NULL
                CONSTRAINT contract_status_check
                CHECK (status IN ('draft', 'sent', 'signed', 'expired', 'terminated')),
    value_minor {bigint} NOT NULL
                CONSTRAINT contract_value_minor_check CHECK (value_minor >= 0),
    currency    text NOT NULL
                CONSTRAINT contract_currency_check CHECK (length(currency) = 3),
    starts_on   text,
    ends_on     text,
    signed_at   {moment},
    created_at  {moment} NOT NULL,
    updated_at  {moment} NOT NULL,
    version     integer NOT NULL
                CONSTRAINT contract_version_check CHECK (version >= 1),
    CONSTRAINT contract_term_check CHECK (starts_on IS NULL OR ends_on IS NULL OR starts_on <= ends_on),
    CONSTRAINT contract_signed_check CHECK ((signed_at IS NULL) = (status IN ('draft', 'sent')))
){table};

CREATE INDEX contract_created_at_idx ON contract (tenant_id, created_at DESC, id DESC);
CREATE INDEX contract_client_id_idx ON contract (client_id, created_at DESC, id DESC);
CREATE INDEX contract_status_idx ON contract (tenant_id, status, created_at DESC, id DESC);
"
    )
}
