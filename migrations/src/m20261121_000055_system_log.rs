//! Warnings and errors that processes of the installation have logged.

use crate::{dialect::Dialect, step::Step};

pub(crate) const STEP: Step =
    Step { name: "m20261121_000055_system_log", up, down: |_| "DROP TABLE system_log;".to_owned() };

fn up(dialect: &Dialect) -> String {
    let Dialect { uuid, moment, json, table, .. } = dialect;
    format!(
        r"
-- id: time-ordered, so that the newest is the largest. fields: what the line says beside its message.
CREATE TABLE system_log (
    id         {uuid} NOT NULL
               CONSTRAINT system_log_pkey PRIMARY KEY,
    at         {moment} NOT NULL,
    level      text NOT NULL
               CONSTRAINT system_log_level_check CHECK (level IN ('warn', 'error')),
    target     text NOT NULL
               CONSTRAINT system_log_target_check CHECK (length(target) BETWEEN 1 AND 128),
    message    text NOT NULL
               CONSTRAINT system_log_message_check CHECK (length(message) <= 1000),
    request_id text
               CONSTRAINT system_log_request_id_check CHECK (length(request_id) BETWEEN 1 AND 128),
    fields     {json} NOT NULL
){table};

CREATE INDEX system_log_at_idx ON system_log (at);
CREATE INDEX system_log_request_id_idx ON system_log (request_id, id DESC) WHERE request_id IS NOT NULL;
"
    )
}
