//! The newsletter in the database.

mod entity;
mod mapping;
mod people;
mod store;
mod tx;
