//! Who gets in, and who does not.

mod postgres;
mod sqlite;
