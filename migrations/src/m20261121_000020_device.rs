//! The devices on which people sign in, and which of them a session began on.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261121_000020_device", up, down };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, table, .. } = dialect;
    format!(
        r#"
-- client_id: what the client calls its installation, or what we have called it.
-- trace: a keyed hash of program and network, by which a device is known again that keeps no id.
-- place: its number among those that may be there at the same time; null where that was not limited.
-- ended_at: since when it is known no more; it still counts as exchanged for a while.
CREATE TABLE device (
    id            {uuid} NOT NULL
                  CONSTRAINT device_pkey PRIMARY KEY,
    tenant_id     {uuid} NOT NULL
                  CONSTRAINT device_tenant_id_fkey REFERENCES tenant (id),
    user_id       {uuid} NOT NULL
                  CONSTRAINT device_user_id_fkey REFERENCES "user" (id),
    client_id     text NOT NULL
                  CONSTRAINT device_client_id_check CHECK (length(client_id) BETWEEN 1 AND 128),
    trace         text NOT NULL,
    name          text
                  CONSTRAINT device_name_check CHECK (name <> ''),
    platform      text NOT NULL
                  CONSTRAINT device_platform_check CHECK (platform IN ('web', 'android', 'ios', 'other')),
    place         integer
                  CONSTRAINT device_place_check CHECK (place >= 1),
    last_seen_at  {moment} NOT NULL,
    ended_at      {moment},
    ended_reason  text
                  CONSTRAINT device_ended_reason_check CHECK (ended_reason IN ('replaced', 'removed')),
    created_at    {moment} NOT NULL,
    updated_at    {moment} NOT NULL,
    version       integer NOT NULL
                  CONSTRAINT device_version_check CHECK (version >= 1),
    CONSTRAINT device_ended_pair_check CHECK ((ended_at IS NULL) = (ended_reason IS NULL))
){table};

-- One device for each id, and each place taken once, whatever happens at the same moment.
CREATE UNIQUE INDEX device_client_id_idx ON device (tenant_id, user_id, client_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX device_place_idx ON device (tenant_id, user_id, place) WHERE ended_at IS NULL AND place IS NOT NULL;
-- Those that ended lately.
CREATE INDEX device_ended_idx ON device (tenant_id, user_id, ended_at) WHERE ended_at IS NOT NULL;
-- No reference: a device is forgotten before the last of its sessions is.
ALTER TABLE session ADD COLUMN device_id {uuid};
"#
    )
}

fn down(_dialect: &Dialect) -> String {
    "ALTER TABLE session DROP COLUMN device_id; DROP TABLE device;".to_owned()
}
