//! Bodies that are not there any more, and whether events of retention account for each of them.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use ashlar_kernel::EventRecord;
use uuid::Uuid;

use super::weigh::{Found, Weighed};
use crate::{Digest32, Frontier, retention::Claim};

/// What was read of the bodies that expire, by the event that is said to account for them. An event comes after all that it
/// accounts for, so each is settled in passing.
#[derive(Default)]
pub(super) struct Expiries {
    open: BTreeMap<Uuid, Bodies>,
    /// Links up to this one were not read.
    unread: u64,
    /// How many bodies are gone by rights.
    expired: u64,
    reaches_back: bool,
}

/// The bodies that one event accounts for.
#[derive(Default)]
struct Bodies {
    leaves: Frontier,
    first: u64,
    last: u64,
    gone: u64,
}

/// Links between which a body is gone that nothing accounts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unaccounted {
    pub(super) first: u64,
    pub(super) last: u64,
}

impl Expiries {
    /// Where links up to `unread` are not looked at.
    pub(super) fn after(unread: u64) -> Self {
        Self { unread, ..Self::default() }
    }

    /// How many bodies are gone by rights, of those that were read.
    pub(super) const fn expired(&self) -> u64 {
        self.expired
    }

    /// Whether an event accounts for bodies of which only some were read: the others have to be, too.
    pub(super) const fn reaches_back(&self) -> bool {
        self.reaches_back
    }

    /// Takes a row that is sound.
    pub(super) fn take(&mut self, row: &Weighed, leaf: Digest32) -> Result<(), Unaccounted> {
        if let Some(by) = row.expired_by {
            let seq = row.link.seq;
            let bodies = self.open.entry(by).or_insert_with(|| Bodies { first: seq, ..Bodies::default() });
            bodies.leaves.push(leaf, |_node| ());
            bodies.last = seq;
            bodies.gone += u64::from(row.found == Found::Gone);
        }
        row.retention.as_ref().map_or(Ok(()), |event| self.settle(event))
    }

    fn settle(&mut self, event: &EventRecord) -> Result<(), Unaccounted> {
        let Some(bodies) = self.open.remove(&event.id).filter(|bodies| bodies.gone > 0) else { return Ok(()) };
        let claim = Claim::read(event);
        if claim.is_some_and(|claim| bodies.are_those_of(&claim)) {
            self.expired += bodies.gone;
            return Ok(());
        }
        if claim.is_some_and(|claim| claim.from_seq <= self.unread) {
            self.reaches_back = true;
            return Ok(());
        }
        Err(bodies.unaccounted())
    }

    /// At the end of the rows: the first bodies that are gone without an event.
    pub(super) fn left_over(&self) -> Option<Unaccounted> {
        let gone = self.open.values().filter(|bodies| bodies.gone > 0);
        gone.min_by_key(|bodies| bodies.first).map(Bodies::unaccounted)
    }
}

impl Bodies {
    fn are_those_of(&self, claim: &Claim) -> bool {
        let Claim { from_seq, to_seq, count, root, .. } = *claim;
        (self.first, self.last, self.leaves.size()) == (from_seq, to_seq, count) && self.leaves.root() == root
    }

    const fn unaccounted(&self) -> Unaccounted {
        Unaccounted { first: self.first, last: self.last }
    }
}
