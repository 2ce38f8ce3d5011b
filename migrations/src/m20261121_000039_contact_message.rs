//! Messages of pages for contact.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000039_contact_message", up, down: |_| "DROP TABLE contact_message;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r"
-- lead_id: the lead that the sender is. Whoever erases a lead erases what it wrote.
CREATE TABLE contact_message (
    id           {uuid} NOT NULL
                 CONSTRAINT contact_message_pkey PRIMARY KEY,
    tenant_id    {uuid} NOT NULL
                 CONSTRAINT contact_message_tenant_id_fkey REFERENCES tenant (id),
    name         text NOT NULL
                 CONSTRAINT contact_message_name_check CHECK (name <> ''),
    email        text NOT NULL
                 CONSTRAINT contact_message_email_check CHECK (email <> ''),
    phone_number text,
    phone_e164   text,
    subject      text NOT NULL
                 CONSTRAINT contact_message_subject_check CHECK (length(subject) BETWEEN 2 AND 200),
    message      text NOT NULL
                 CONSTRAINT contact_message_message_check CHECK (length(message) BETWEEN 10 AND 5000),
    status       text NOT NULL
                 CONSTRAINT contact_message_status_check
                 CHECK (status IN ('new', 'read', 'replied', 'closed', 'spam')),
    ip           text,
    user_agent   text
                 CONSTRAINT contact_message_user_agent_check CHECK (length(user_agent) <= 512),
    referrer     text
                 CONSTRAINT contact_message_referrer_check CHECK (length(referrer) <= 512),
    lead_id      {uuid}
                 CONSTRAINT contact_message_lead_id_fkey REFERENCES lead (id) ON DELETE CASCADE,
    created_at   {moment} NOT NULL,
    updated_at   {moment} NOT NULL,
    version      integer NOT NULL
                 CONSTRAINT contact_message_version_check CHECK (version >= 1),
    CONSTRAINT contact_message_phone_pair_check CHECK ((phone_number IS NULL) = (phone_e164 IS NULL))
){table};

CREATE INDEX contact_message_created_at_idx ON contact_message (tenant_id, created_at DESC, id DESC);
CREATE INDEX contact_message_status_idx ON contact_message (tenant_id, status, created_at DESC, id DESC);
CREATE INDEX contact_message_lead_id_idx ON contact_message (lead_id) WHERE lead_id IS NOT NULL;
"
    )
}
