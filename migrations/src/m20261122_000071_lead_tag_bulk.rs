//! On SQLite, tags of newcomers are entered by whoever enters the leads: many at once and in order.
//!
//! A trigger takes the tags of each lead apart by itself, and with them came half of what an import of a million leads wrote.
//! No process of before lives on beside this step, as a SQLite file belongs to one. On PostgreSQL, where one does, the trigger
//! of the statement stays; it costs no more than another statement would.

use crate::{dialect::Dialect, m20261122_000064_lead_order, step::Step};

pub(crate) const STEP: Step = Step { name: "m20261122_000071_lead_tag_bulk", up, down };

fn up(dialect: &Dialect) -> String {
    dialect.either("", "DROP TRIGGER lead_tag_added;\n").to_owned()
}

fn down(dialect: &Dialect) -> String {
    dialect.either("", m20261122_000064_lead_order::ADDED_ON_SQLITE).to_owned()
}
