//! The audit trail: sealed by turns, signed, and read by those who verify it.

mod checkpoint;
mod entity;
mod log;
mod mapping;
mod page;
mod retention;
mod seal;
mod trail;
