//! The laws of the identity store and the event log, on both databases.

mod postgres;
mod sqlite;
