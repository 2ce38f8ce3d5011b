//! The log takes rows in and lets none go, whoever asks; and none comes in unannounced.

mod postgres;
mod sqlite;

use sqlx::{Connection, Executor};

use crate::support::{member, store_on};

/// What somebody with the keys of the application might try.
const REWRITINGS: [&str; 5] = [
    "UPDATE event SET outcome = 'denied'",
    "UPDATE event SET data = '{}' WHERE name = 'identity.user.registered'",
    "UPDATE event SET position = position + 100",
    "DELETE FROM event",
    "DELETE FROM event WHERE name = 'identity.user.registered'",
];

/// An event that did not come through a unit of work.
const RAW_EVENT: &str = "INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, targets, \
                         outcome, diff, data, source, request_id) \
                         SELECT {id}, tenant_id, occurred_at, 'raw.event', 1, 'anonymous', targets, outcome, diff, data, \
                         source, request_id FROM event LIMIT 1";
