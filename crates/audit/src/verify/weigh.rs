//! What of a row can be computed without knowing any other: its leaf and its hash. This is nearly all of the work, and
//! several threads do it.

use ashlar_kernel::EventRecord;
use uuid::Uuid;

use super::{
    Body, Page, SealedRow,
    page::{Lent, LentRow},
};
use crate::{Digest32, Link, leaf_of, retention::EVENT, stored::Scratch};

/// A row with what was computed of it. Nothing in here is believed because it is stored.
pub(super) struct Weighed {
    pub(super) link: Link,
    /// What the rest of the link hashes to.
    pub(super) rehashed: Digest32,
    pub(super) found: Found,
    pub(super) expired_by: Option<Uuid>,
    /// The event, if it is one of retention.
    pub(super) retention: Option<Box<EventRecord>>,
}

/// What there is of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Something that makes this leaf.
    Leaf(Digest32),
    /// Something that is no event of ours any more.
    Unreadable,
    /// Nothing.
    Gone,
}

impl Weighed {
    pub(super) fn row(row: &SealedRow) -> Self {
        Self::of(
            LentRow { link: row.link, body: Lent::Body(&row.body), expired_by: row.expired_by },
            &mut Scratch::default(),
        )
    }

    pub(super) fn page<'p>(page: &'p Page, scratch: &'p mut Scratch) -> impl Iterator<Item = Self> {
        page.rows().map(|row| Self::of(row, scratch))
    }

    fn of(LentRow { link, body, expired_by }: LentRow<'_>, scratch: &mut Scratch) -> Self {
        let (leaf, retention) = match &body {
            Lent::Stored(event) => {
                (event.leaf(scratch), (event.name == EVENT).then(|| event.read().map(Box::new)).flatten())
            }
            Lent::Body(Body::Event(event)) => (leaf_of(event).ok(), (event.name == EVENT).then(|| event.clone())),
            Lent::Body(Body::Unreadable | Body::Gone) => (None, None),
        };
        let found = match (leaf, body) {
            (Some(leaf), _) => Found::Leaf(leaf),
            (None, Lent::Body(Body::Gone)) => Found::Gone,
            (None, _) => Found::Unreadable,
        };
        let rehashed = Digest32::link(link.tenant, link.seq, link.prev, link.leaf);
        Self { link, rehashed, found, expired_by, retention }
    }
}
