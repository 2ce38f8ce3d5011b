//! The newsletter in the database.

mod entity;
mod mapping;
mod store;
mod tx;
