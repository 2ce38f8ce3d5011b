//! The chain of one tenant: each link stands for an event and for everything before it.

use ashlar_kernel::{EventRecord, TenantId};
use uuid::Uuid;

use crate::{Digest32, Frontier, Node, NotCanonical, leaf_of};

/// One sealed event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Whose chain it belongs to.
    pub tenant: TenantId,
    /// Its number, from 1 and without a gap. A tree of so many leaves ends with it.
    pub seq: u64,
    /// Which event it stands for.
    pub event: Uuid,
    /// The leaf that event became.
    pub leaf: Digest32,
    /// The link before; zeros before the first.
    pub prev: Digest32,
    /// Everything above.
    pub hash: Digest32,
}

/// The end of a chain: all there is to know in order to make it longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    tenant: TenantId,
    hash: Digest32,
    frontier: Frontier,
}

/// What is to be saved when a chain gets longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// The new end.
    pub head: Head,
    /// The new links, in order.
    pub links: Vec<Link>,
    /// The subtrees that are complete with them.
    pub nodes: Vec<Node>,
}

impl Head {
    /// A chain without links.
    pub fn new(tenant: TenantId) -> Self {
        Self { tenant, hash: Digest32::ZERO, frontier: Frontier::default() }
    }

    /// A chain that was put away.
    pub const fn restore(tenant: TenantId, hash: Digest32, frontier: Frontier) -> Self {
        Self { tenant, hash, frontier }
    }

    /// Whose chain it is.
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// How many links there are; the number of the last one.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The hash of the last link.
    pub const fn hash(&self) -> Digest32 {
        self.hash
    }

    /// The frontier of the tree.
    pub const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The root of the tree.
    pub fn root(&self) -> Digest32 {
        self.frontier.root()
    }

    /// The chain with one link for each of `events`, in their order.
    #[expect(single_use_lifetimes, reason = "it cannot be left out here")]
    pub fn extend<'e>(self, events: impl IntoIterator<Item = &'e EventRecord>) -> Result<Extension, NotCanonical> {
        let (mut head, mut links, mut nodes) = (self, Vec::new(), Vec::new());
        for event in events {
            let leaf = leaf_of(event)?;
            links.push(head.next_link(event.id, leaf));
            head.push(leaf, |node| nodes.push(node));
        }
        Ok(Extension { head, links, nodes })
    }

    /// The link that comes next if `leaf` does.
    pub(crate) fn next_link(&self, event: Uuid, leaf: Digest32) -> Link {
        let (tenant, seq, prev) = (self.tenant, self.size() + 1, self.hash);
        Link { tenant, seq, event, leaf, prev, hash: Digest32::link(tenant, seq, prev, leaf) }
    }

    pub(crate) fn push(&mut self, leaf: Digest32, on_node: impl FnMut(Node)) {
        self.hash = Digest32::link(self.tenant, self.size() + 1, self.hash, leaf);
        self.frontier.push(leaf, on_node);
    }

    /// The same where it is known what the new link hashes to.
    pub(crate) fn push_hashed(&mut self, leaf: Digest32, hash: Digest32) {
        self.hash = hash;
        self.frontier.push(leaf, |_node| ());
    }
}
