//! The Merkle tree of RFC 6962, of which only the frontier is kept.

use crate::Digest32;

/// A complete subtree: once it is there, it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// How high it is: it covers 2^level leaves. Leaves themselves are level 0.
    pub level: u8,
    /// Its number on its level, counted from 0.
    pub index: u64,
    /// Its hash.
    pub hash: Digest32,
}

/// The roots of the complete subtrees that make up a tree, the largest first: one for each bit of the size. It is all
/// that is needed to add leaves and to know the root, however large the tree is (a compact range that begins at 0).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest32>,
}

impl Frontier {
    /// Takes up a tree of `size` leaves again; none if so many peaks do not belong to that size.
    pub fn restore(size: u64, peaks: Vec<Digest32>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()) == Ok(peaks.len());
        fits.then_some(Self { size, peaks })
    }

    /// Where the peaks of a tree of `size` leaves stand, the largest first: their levels and their numbers there.
    pub fn places(size: u64) -> impl Iterator<Item = (u8, u64)> {
        // Of each bit that is set: what stands before it, counted in subtrees of its own height.
        (0..64_u8).rev().filter(move |level| (size >> level) & 1 == 1).map(move |level| (level, (size >> level) - 1))
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the largest first.
    pub fn peaks(&self) -> &[Digest32] {
        &self.peaks
    }

    /// Adds a leaf, and tells of each subtree that is complete with it.
    pub fn push(&mut self, leaf: Digest32, mut on_node: impl FnMut(Node)) {
        let (mut hash, mut index, mut level) = (leaf, self.size, 0);
        while index & 1 == 1 {
            let Some(left) = self.peaks.pop() else { break };
            (hash, index, level) = (Digest32::node(left, hash), index >> 1, level + 1);
            on_node(Node { level, index, hash });
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root (RFC 6962, section 2.1).
    pub fn root(&self) -> Digest32 {
        let mut peaks = self.peaks.iter().rev().copied();
        let smallest = peaks.next();
        smallest.map_or_else(Digest32::of_nothing, |last| peaks.fold(last, |right, left| Digest32::node(left, right)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;
    use sha2::Sha256;

    use super::*;

    fn ignore(_node: Node) {}

    fn frontier(leaves: impl IntoIterator<Item = Vec<u8>>) -> Frontier {
        let mut frontier = Frontier::default();
        for leaf in leaves {
            frontier.push(Digest32::leaf(&leaf), ignore);
        }
        frontier
    }

    /// The leaves and roots that implementations of Certificate Transparency have in common.
    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let leaves =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (size, root) in roots.into_iter().enumerate() {
            let leaves = leaves.iter().take(size).map(|leaf| HEXLOWER.decode(leaf.as_bytes()).unwrap());
            assert_eq!(frontier(leaves).root().to_string(), root, "{size} leaves");
        }
    }

    #[test]
    fn every_complete_subtree_is_told_of_once() {
        let mut frontier = Frontier::default();
        let mut nodes = Vec::new();
        for number in 0..1_000_u32 {
            frontier.push(Digest32::leaf(&number.to_be_bytes()), |node| nodes.push(node));
        }

        let distinct: HashSet<_> = nodes.iter().map(|node| (node.level, node.index)).collect();
        assert_eq!(distinct.len(), nodes.len());
        let complete: u64 = (1..=9).map(|level| 1_000_u64 >> level).sum();
        assert_eq!(u64::try_from(nodes.len()).unwrap(), complete);
    }

    #[test]
    fn peaks_stand_where_they_are_looked_for() {
        let mut frontier = Frontier::default();
        let mut nodes = Vec::new();
        for number in 0..300_u32 {
            let leaf = Digest32::leaf(&number.to_be_bytes());
            nodes.push(Node { level: 0, index: number.into(), hash: leaf });
            frontier.push(leaf, |node| nodes.push(node));
            let at =
                |(level, index)| nodes.iter().find(|node| (node.level, node.index) == (level, index)).unwrap().hash;
            assert_eq!(Frontier::places(frontier.size()).map(at).collect::<Vec<_>>(), frontier.peaks());
        }
        assert_eq!(Frontier::places(0).count(), 0);
    }

    #[test]
    fn a_frontier_has_one_peak_for_each_bit() {
        let five = frontier((0..5_u8).map(|leaf| vec![leaf]));
        assert_eq!(Frontier::restore(5, five.peaks().to_vec()), Some(five.clone()));
        assert_eq!(Frontier::restore(7, five.peaks().to_vec()), None);
    }

    proptest! {
        #[test]
        fn roots_agree_with_an_independent_implementation(leaves: Vec<Vec<u8>>) {
            let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
            for leaf in &leaves {
                theirs.push(leaf.clone());
            }
            let (ours, theirs) = (frontier(leaves).root(), theirs.root());
            prop_assert_eq!(ours.as_bytes().as_slice(), theirs.as_bytes().as_slice());
        }

        #[test]
        fn a_tree_that_was_put_away_grows_as_if_it_had_not(leaves: Vec<u8>, at in 0_usize..200) {
            let leaf = |byte: &u8| vec![*byte];
            let (before, after) = leaves.split_at(at.min(leaves.len()));
            let first = frontier(before.iter().map(leaf));
            let mut second = Frontier::restore(first.size(), first.peaks().to_vec()).unwrap();
            for byte in after {
                second.push(Digest32::leaf(&[*byte]), ignore);
            }
            prop_assert_eq!(second, frontier(leaves.iter().map(leaf)));
        }
    }
}
