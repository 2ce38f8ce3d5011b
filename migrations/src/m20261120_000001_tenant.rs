//! Tenants, and the one that is always there.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261120_000001_tenant", up, down: |_| "DROP TABLE tenant;".to_owned() };

/// `TenantId::MAIN` of the kernel.
const MAIN: &str = "01900000-0000-7000-8000-000000000001";

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, now, table, .. } = dialect;
    let main = dialect.uuid_literal(MAIN);
    format!(
        r"
CREATE TABLE tenant (
    id         {uuid} NOT NULL
               CONSTRAINT tenant_pkey PRIMARY KEY,
    slug       text NOT NULL
               CONSTRAINT tenant_slug_key UNIQUE
               CONSTRAINT tenant_slug_check CHECK (length(slug) BETWEEN 1 AND 63 AND slug = lower(slug)),
    name       text NOT NULL
               CONSTRAINT tenant_name_check CHECK (name <> ''),
    created_at {moment} NOT NULL,
    updated_at {moment} NOT NULL,
    version    integer NOT NULL
               CONSTRAINT tenant_version_check CHECK (version >= 1)
){table};

INSERT INTO tenant (id, slug, name, created_at, updated_at, version)
VALUES ({main}, 'main', 'Main', {now}, {now}, 1);
"
    )
}
