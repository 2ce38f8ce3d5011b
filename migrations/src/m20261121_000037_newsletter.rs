//! Mailing lists, who is on them, and what is known of their mailboxes.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step {
    name: "m20261121_000037_newsletter",
    up,
    down: |_| {
        "DROP TABLE subscriber_mailbox; DROP TABLE subscription_link; DROP TABLE subscription; DROP TABLE mailing_list;"
            .to_owned()
    },
};

fn up(dialect: &Dialect) -> String {
    [lists(dialect), mailboxes(dialect)].concat()
}

fn lists(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, table, .. } = dialect;
    format!(
        r"
CREATE TABLE mailing_list (
    id         {uuid} NOT NULL
               CONSTRAINT mailing_list_pkey PRIMARY KEY,
    tenant_id  {uuid} NOT NULL
               CONSTRAINT mailing_list_tenant_id_fkey REFERENCES tenant (id),
    slug       text NOT NULL
               CONSTRAINT mailing_list_slug_check CHECK (slug <> ''),
    name       text NOT NULL
               CONSTRAINT mailing_list_name_check CHECK (name <> ''),
    opt_in     text NOT NULL
               CONSTRAINT mailing_list_opt_in_check CHECK (opt_in IN ('double', 'single')),
    visibility text NOT NULL
               CONSTRAINT mailing_list_visibility_check CHECK (visibility IN ('public', 'private')),
    created_at {moment} NOT NULL,
    CONSTRAINT mailing_list_slug_key UNIQUE (tenant_id, slug)
){table};

-- email_key: the form that is equal for every spelling. evidence: what proves that somebody asked.
CREATE TABLE subscription (
    id              {uuid} NOT NULL
                    CONSTRAINT subscription_pkey PRIMARY KEY,
    tenant_id       {uuid} NOT NULL
                    CONSTRAINT subscription_tenant_id_fkey REFERENCES tenant (id),
    list_id         {uuid} NOT NULL
                    CONSTRAINT subscription_list_id_fkey REFERENCES mailing_list (id),
    email           text NOT NULL,
    email_key       text NOT NULL
                    CONSTRAINT subscription_email_key_check CHECK (email_key <> ''),
    name            text,
    status          text NOT NULL
                    CONSTRAINT subscription_status_check
                    CHECK (status IN ('pending', 'confirmed', 'expired', 'unsubscribed', 'bounced', 'suppressed')),
    evidence        {json} NOT NULL,
    asked_at        {moment} NOT NULL,
    confirmed_at    {moment},
    confirmed_from  text,
    unsubscribed_at {moment},
    reason          text,
    bounce_soft     integer NOT NULL
                    CONSTRAINT subscription_bounce_soft_check CHECK (bounce_soft >= 0),
    bounce_hard     integer NOT NULL
                    CONSTRAINT subscription_bounce_hard_check CHECK (bounce_hard >= 0),
    bounced_since   {moment},
    created_at      {moment} NOT NULL,
    updated_at      {moment} NOT NULL,
    version         integer NOT NULL
                    CONSTRAINT subscription_version_check CHECK (version >= 1),
    CONSTRAINT subscription_email_key_key UNIQUE (list_id, email_key),
    CONSTRAINT subscription_confirmed_check CHECK (status <> 'confirmed' OR confirmed_at IS NOT NULL)
){table};

CREATE INDEX subscription_created_at_idx ON subscription (tenant_id, created_at DESC, id DESC);
CREATE INDEX subscription_list_idx ON subscription (list_id, status, created_at DESC, id DESC);
-- For whoever sweeps, across tenants.
CREATE INDEX subscription_asked_at_idx ON subscription (asked_at) WHERE status = 'pending';
CREATE INDEX subscription_expired_idx ON subscription (updated_at) WHERE status = 'expired';
"
    )
}

fn mailboxes(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, bytes, table, .. } = dialect;
    format!(
        r"
-- hash: SHA-256 of what the link carries, which is nowhere.
CREATE TABLE subscription_link (
    hash            {bytes} NOT NULL
                    CONSTRAINT subscription_link_pkey PRIMARY KEY,
    tenant_id       {uuid} NOT NULL
                    CONSTRAINT subscription_link_tenant_id_fkey REFERENCES tenant (id),
    subscription_id {uuid} NOT NULL
                    CONSTRAINT subscription_link_subscription_id_fkey REFERENCES subscription (id) ON DELETE CASCADE,
    list_id         {uuid} NOT NULL
                    CONSTRAINT subscription_link_list_id_fkey REFERENCES mailing_list (id),
    created_at      {moment} NOT NULL,
    expires_at      {moment} NOT NULL,
    used_at         {moment}
){table};

CREATE INDEX subscription_link_subscription_idx ON subscription_link (subscription_id);

-- address_hash: keyed, of the tenant and the address. letters: of the last 24 hours. What is suppressed outlives the
-- subscription, and tells nobody whose address it is.
CREATE TABLE subscriber_mailbox (
    address_hash      {bytes} NOT NULL
                      CONSTRAINT subscriber_mailbox_pkey PRIMARY KEY,
    tenant_id         {uuid} NOT NULL
                      CONSTRAINT subscriber_mailbox_tenant_id_fkey REFERENCES tenant (id),
    letters           {json} NOT NULL,
    suppressed_reason text
                      CONSTRAINT subscriber_mailbox_suppressed_reason_check
                      CHECK (suppressed_reason IN ('complaint', 'erasure')),
    suppressed_at     {moment},
    updated_at        {moment} NOT NULL,
    version           integer NOT NULL
                      CONSTRAINT subscriber_mailbox_version_check CHECK (version >= 1),
    CONSTRAINT subscriber_mailbox_suppressed_check CHECK ((suppressed_reason IS NULL) = (suppressed_at IS NULL))
){table};

CREATE INDEX subscriber_mailbox_updated_at_idx ON subscriber_mailbox (updated_at) WHERE suppressed_at IS NULL;
"
    )
}
