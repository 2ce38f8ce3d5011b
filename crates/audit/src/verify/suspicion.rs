//! A row that is wrong, and what would explain it.

use super::{
    Breach, Tampering,
    weigh::{Found, Weighed},
};
use crate::{Digest32, Link};

/// Something is wrong with a row. Whether it was changed or has changed places with another shows when the other comes.
pub(super) struct Suspicion {
    link: Link,
    sign: Sign,
}

/// What is wrong with it.
enum Sign {
    /// It follows something else than what is in front of it.
    Predecessor,
    /// It does not hash to what it says.
    Hash,
    /// The event does not make this leaf, but that one.
    Event { leaf: Digest32 },
}

/// A link is looked for this far from where it stands.
const REACH: u64 = 4_096;

impl Suspicion {
    pub(super) const fn strange_predecessor(link: Link) -> Self {
        Self { link, sign: Sign::Predecessor }
    }

    pub(super) const fn strange_hash(link: Link) -> Self {
        Self { link, sign: Sign::Hash }
    }

    pub(super) const fn strange_event(link: Link, leaf: Digest32) -> Self {
        Self { link, sign: Sign::Event { leaf } }
    }

    /// Looks at a later row: does it show that there was only a change of places?
    pub(super) fn meet(&self, row: &Weighed) -> Option<Tampering> {
        let (here, there) = (&self.link, &row.link);
        let is_exchange = match self.sign {
            Sign::Predecessor => there.hash == here.prev,
            Sign::Hash => Digest32::link(here.tenant, here.seq, here.prev, there.leaf) == here.hash,
            Sign::Event { leaf } => there.leaf == leaf || row.found == Found::Leaf(here.leaf),
        };
        is_exchange.then_some(Tampering::Reordered)
    }

    pub(super) const fn breach(&self, kind: Tampering) -> Breach {
        let Link { tenant, seq, event, .. } = self.link;
        Breach { tenant, kind, seq: Some(seq), until: None, event: Some(event) }
    }

    /// Nothing more came.
    pub(super) fn into_breach(self) -> Breach {
        let Link { tenant, seq, prev, leaf, hash, .. } = self.link;
        // A link that is sound further on has moved up: what was here is gone.
        let mut further = seq + 1..=seq.saturating_add(REACH);
        let moved_up = matches!(self.sign, Sign::Predecessor)
            && further.any(|number| Digest32::link(tenant, number, prev, leaf) == hash);
        if moved_up {
            Breach { event: None, ..self.breach(Tampering::Deleted) }
        } else {
            self.breach(Tampering::Modified)
        }
    }
}
