//! Whether a trail is what it was: leaves from events, links from leaves, the tree from leaves, checkpoints from the tree.
//!
//! An auditor needs nothing but this module, the rows of the trail in their order, and checkpoints that were kept where
//! whoever owns the database could not rewrite them. It goes through the rows once, in constant memory, and names the first
//! that is wrong. What comes after that is only looked at to tell what kind of tampering it was.
//!
//! Bodies that were kept for long enough may be gone, and their links stay. For each of them there has to be a sealed event
//! of [retention](crate::retention) that says so; what is gone without one was deleted by somebody.
//!
//! What cannot be found: a whole trail computed anew after the last checkpoint anybody kept.

mod breach;
mod expiry;
mod page;
mod suspicion;
mod team;
#[cfg(test)]
mod tests;
mod trail;
mod weigh;

use std::collections::VecDeque;

use ashlar_kernel::{EventRecord, TenantId};
use serde::Serialize;
use uuid::Uuid;

pub use self::breach::{Breach, Tampering};
pub use self::page::Page;
pub use self::trail::{verify_trail, verify_trail_since};
use self::{
    expiry::{Expiries, Unaccounted},
    suspicion::Suspicion,
    weigh::{Found, Weighed},
};
use crate::{Checkpoint, Digest32, Head, Link, stored::Scratch};

/// A link as it is stored, and the event it names as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct SealedRow {
    /// The link.
    pub link: Link,
    /// The event with the id in the link.
    pub body: Body,
    /// The event of retention that is said to account for the body's being gone. Nobody needs to be believed who says so:
    /// that event is sealed, and says which leaves it means.
    pub expired_by: Option<Uuid>,
}

/// What is stored of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// The event.
    Event(Box<EventRecord>),
    /// Something that is no event of ours any more.
    Unreadable,
    /// Nothing.
    Gone,
}

impl Body {
    /// The event, if it is there.
    pub fn event(&self) -> Option<&EventRecord> {
        match self {
            Self::Event(event) => Some(event),
            Self::Unreadable | Self::Gone => None,
        }
    }
}

impl From<EventRecord> for Body {
    fn from(event: EventRecord) -> Self {
        Self::Event(Box::new(event))
    }
}

/// What came out for one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whose trail.
    pub tenant: TenantId,
    /// How many links were found in order, from the first.
    pub verified: u64,
    /// The root of the tree of those.
    pub root: Digest32,
    /// How many bodies are gone because they were kept for long enough, as sealed events say.
    pub expired: u64,
    /// How many checkpoints agree with them.
    pub checkpoints: u64,
    /// The first thing that is wrong.
    pub breach: Option<Breach>,
}

/// Goes through the trail of one tenant.
pub struct Verifier {
    sound: Head,
    /// The hash before the last one.
    before: Digest32,
    last_event: Option<Uuid>,
    checkpoints: VecDeque<Checkpoint>,
    agreed: u64,
    /// The size of the last checkpoint that agreed.
    agreed_size: u64,
    /// A checkpoint disagrees. The next row tells whether the chain goes on as if nothing were, or what was done to it.
    fork: Option<Breach>,
    expiries: Expiries,
    verdict: Verdict,
}

enum Verdict {
    Sound,
    /// It is wrong, and what follows may tell how.
    Open(Box<Suspicion>),
    Wrong(Breach),
}

impl Verdict {
    fn open(suspicion: Suspicion) -> Self {
        Self::Open(Box::new(suspicion))
    }
}

impl Verifier {
    /// For the trail of `tenant`, which `checkpoints` (with good signatures) are about. Those of other tenants are left
    /// out.
    pub fn new(tenant: TenantId, checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        let mut checkpoints: Vec<_> =
            checkpoints.into_iter().filter(|checkpoint| checkpoint.tenant() == Some(tenant)).collect();
        checkpoints.sort_by_key(|checkpoint| checkpoint.size);
        let mut verifier = Self {
            sound: Head::new(tenant),
            before: Digest32::ZERO,
            last_event: None,
            checkpoints: checkpoints.into(),
            agreed: 0,
            agreed_size: 0,
            fork: None,
            expiries: Expiries::default(),
            verdict: Verdict::Sound,
        };
        verifier.compare_checkpoints();
        verifier
    }

    /// For what follows `last` in a trail whose end was `head` then, as a checkpoint with a good signature says. What came
    /// before is not looked at.
    pub(crate) fn resume(head: Head, last: &Link, checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        let size = head.size();
        let later = checkpoints.into_iter().filter(|checkpoint| checkpoint.size >= size);
        let mut verifier = Self::new(head.tenant(), later);
        (verifier.sound, verifier.before, verifier.last_event) = (head, last.prev, Some(last.event));
        verifier.expiries = Expiries::after(size);
        verifier.compare_checkpoints();
        verifier
    }

    /// Takes the next row, in the order of their numbers.
    pub fn push(&mut self, row: &SealedRow) {
        self.take(&Weighed::row(row));
    }

    /// Takes the next rows. `scratch` is room that each page can have after the other.
    pub fn push_page(&mut self, page: &Page, scratch: &mut Scratch) {
        for row in Weighed::page(page, scratch) {
            self.take(&row);
        }
    }

    fn take(&mut self, row: &Weighed) {
        match &mut self.verdict {
            Verdict::Sound => match (self.judge(row), self.fork.take()) {
                (Ok(leaf), None) => self.accept(leaf, row),
                (Ok(_leaf), Some(fork)) => self.verdict = Verdict::Wrong(fork),
                (Err(verdict), _) => self.verdict = verdict,
            },
            Verdict::Open(suspicion) => {
                if let Some(kind) = suspicion.meet(row) {
                    self.verdict = Verdict::Wrong(suspicion.breach(kind));
                }
            }
            Verdict::Wrong(_) => {}
        }
    }

    /// Whether something is wrong and nothing more will be learned: the rest need not be read.
    pub const fn is_decided(&self) -> bool {
        matches!(self.verdict, Verdict::Wrong(_))
    }

    /// Whether an event of retention accounts for bodies from before where this verifier began. Then it says nothing, and the
    /// whole trail has to be gone through.
    pub(crate) const fn reaches_back(&self) -> bool {
        self.expiries.reaches_back()
    }

    /// The end of the rows. `stored` is the end of the chain as the database has it on the side, and `strays` are events of
    /// the tenant that are neither sealed nor waiting for it.
    pub fn finish(mut self, stored: Option<&Head>, strays: &[Uuid]) -> Report {
        if matches!(self.verdict, Verdict::Sound)
            && let Some(breach) = self.fork.take().or_else(|| self.judge_the_end(stored, strays))
        {
            self.verdict = Verdict::Wrong(breach);
        }
        Report {
            tenant: self.sound.tenant(),
            verified: self.sound.size(),
            root: self.sound.root(),
            expired: self.expiries.expired(),
            checkpoints: self.agreed,
            breach: match self.verdict {
                Verdict::Sound => None,
                Verdict::Open(suspicion) => Some(suspicion.into_breach()),
                Verdict::Wrong(breach) => Some(breach),
            },
        }
    }

    fn judge(&self, Weighed { link, rehashed, found, expired_by, .. }: &Weighed) -> Result<Digest32, Verdict> {
        let seq = self.sound.size() + 1;
        let wrong = |kind| Verdict::Wrong(self.breach(kind, Some(seq), Some(link.event)));
        if link.seq != seq {
            let kind = if link.seq > seq { Tampering::Deleted } else { Tampering::Inserted };
            let named = if link.seq > seq { None } else { Some(link.event) };
            return Err(Verdict::Wrong(self.breach(kind, Some(seq), named)));
        }
        if link.prev != self.sound.hash() {
            if link.prev == self.before && seq > 1 {
                return Err(Verdict::Wrong(self.breach(Tampering::Inserted, Some(seq - 1), self.last_event)));
            }
            // It is where it was made to be, and follows another: the one before was replaced, hash and all.
            if seq > 1 && link.hash == *rehashed {
                return Err(Verdict::Wrong(self.breach(Tampering::Modified, Some(seq - 1), self.last_event)));
            }
            return Err(Verdict::open(Suspicion::strange_predecessor(*link)));
        }
        if link.hash != *rehashed {
            return Err(Verdict::open(Suspicion::strange_hash(*link)));
        }
        match *found {
            // Whether that is so is told by the event of retention, further on.
            Found::Gone if expired_by.is_some() => Ok(link.leaf),
            Found::Gone => Err(wrong(Tampering::Deleted)),
            Found::Unreadable => Err(wrong(Tampering::Modified)),
            Found::Leaf(leaf) if leaf == link.leaf => Ok(leaf),
            Found::Leaf(leaf) => Err(Verdict::open(Suspicion::strange_event(*link, leaf))),
        }
    }

    /// Takes a row that is sound: its leaf is that of the link, and its hash what the link hashes to.
    fn accept(&mut self, leaf: Digest32, row: &Weighed) {
        self.before = self.sound.hash();
        self.last_event = Some(row.link.event);
        if row.link.tenant == self.sound.tenant() {
            self.sound.push_hashed(leaf, row.rehashed);
        } else {
            self.sound.push(leaf, |_node| ());
        }
        self.compare_checkpoints();
        if let Err(bodies) = self.expiries.take(row, leaf) {
            self.verdict = Verdict::Wrong(self.unaccounted(bodies));
        }
    }

    /// One of these bodies is gone, and no sealed event says that it was to go.
    fn unaccounted(&self, Unaccounted { first, last }: Unaccounted) -> Breach {
        Breach { until: Some(last), ..self.breach(Tampering::Deleted, Some(first), None) }
    }

    /// Compares those of the size that was reached.
    fn compare_checkpoints(&mut self) {
        let size = self.sound.size();
        while let Some(checkpoint) = self.checkpoints.pop_front_if(|next| next.size == size) {
            if checkpoint.root != self.sound.root() {
                let (first, last) = (self.agreed_size + 1, size);
                let event = self.last_event.filter(|_| first == last);
                let fork = Breach { until: Some(last), ..self.breach(Tampering::Forked, Some(first), event) };
                self.fork = Some(fork);
                return;
            }
            self.agreed += 1;
            self.agreed_size = size;
        }
    }

    fn judge_the_end(&self, stored: Option<&Head>, strays: &[Uuid]) -> Option<Breach> {
        let size = self.sound.size();
        let claimed = stored.map_or(0, Head::size).max(self.checkpoints.back().map_or(0, |last| last.size));
        if claimed > size {
            let breach = self.breach(Tampering::Truncated, Some(size + 1), None);
            return Some(Breach { until: Some(claimed), ..breach });
        }
        if size > 0 && stored != Some(&self.sound) {
            return Some(self.breach(Tampering::Modified, Some(size), None));
        }
        if let Some(bodies) = self.expiries.left_over() {
            return Some(self.unaccounted(bodies));
        }
        strays.first().map(|stray| self.breach(Tampering::Inserted, None, Some(*stray)))
    }

    fn breach(&self, kind: Tampering, seq: Option<u64>, event: Option<Uuid>) -> Breach {
        Breach { tenant: self.sound.tenant(), kind, seq, until: None, event }
    }
}
