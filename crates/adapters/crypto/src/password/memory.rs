//! The memory Argon2 works in, kept from one hash to the next.

use std::{
    collections::TryReserveError,
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use argon2::Block;
use zeroize::Zeroize;

/// Blocks of memory for hashes of the usual size. As many are made as hashes ever run at once, each on first use;
/// getting fresh memory from the system each time costs a quarter more (its pages have to be mapped in one by one).
pub(super) struct Memory {
    usual: usize,
    free: Mutex<Vec<Vec<Block>>>,
}

/// Memory for one hash. Wiped when it is given back, as Argon2's reference implementation does: from what is left in it,
/// somebody who reads the process's memory could try passwords without paying Argon2's price. Wiping costs 2.3 ms on top
/// of 20 ms for 19 MiB.
pub(super) struct Lease {
    blocks: Vec<Block>,
    home: Arc<Memory>,
}

impl Memory {
    /// For hashes of `usual` KiB.
    pub(super) fn new(usual: usize) -> Arc<Self> {
        Arc::new(Self { usual, free: Mutex::default() })
    }

    /// Memory for a hash of `needed` KiB: the kept one, or, if that is too small, one for this time only.
    pub(super) fn lend(self: &Arc<Self>, needed: usize) -> Result<Lease, TryReserveError> {
        let kept = if needed <= self.usual { self.free().pop() } else { None };
        let blocks = match kept {
            Some(blocks) => blocks,
            None => allocate(needed.max(self.usual))?,
        };
        Ok(Lease { blocks, home: Arc::clone(self) })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Block>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Memory of its own; an error, not the end of the process, when there is none.
fn allocate(blocks: usize) -> Result<Vec<Block>, TryReserveError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(blocks)?;
    memory.resize(blocks, Block::new());
    Ok(memory)
}

impl Deref for Lease {
    type Target = [Block];

    fn deref(&self) -> &[Block] {
        &self.blocks
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.blocks.len() == self.home.usual {
            // Not `zeroize`, which writes word by word so that nothing can leave it out: memory that is kept is read
            // again, so that leaving it out would be wrong, and this way takes half the time.
            self.blocks.fill(Block::new());
            self.home.free().push(mem::take(&mut self.blocks));
        } else {
            self.blocks.iter_mut().zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(blocks: &[Block]) -> impl Iterator<Item = u64> {
        blocks.iter().flat_map(|block| block.as_ref().iter().copied())
    }

    #[test]
    fn memory_is_used_again_and_wiped_in_between() {
        let memory = Memory::new(8);
        let mut lease = memory.lend(8).unwrap();
        let address = lease.as_ptr();
        lease.iter_mut().for_each(|block| block.as_mut().fill(7));
        drop(lease);

        let again = memory.lend(3).unwrap();
        assert_eq!(again.as_ptr(), address);
        assert_eq!(again.len(), 8);
        assert!(words(&again).all(|word| word == 0));
    }

    #[test]
    fn no_more_is_kept_than_was_used_at_once() {
        let memory = Memory::new(8);
        let (one, two) = (memory.lend(8).unwrap(), memory.lend(8).unwrap());
        drop((one, two));
        drop(memory.lend(8).unwrap());
        assert_eq!(memory.free().len(), 2);
    }

    #[test]
    fn memory_of_unusual_size_is_not_kept() {
        let memory = Memory::new(8);
        let lease = memory.lend(9).unwrap();
        assert_eq!(lease.len(), 9);
        drop(lease);
        assert_eq!(memory.free().len(), 0);
    }

    #[test]
    fn memory_that_does_not_exist_is_an_error() {
        assert!(Memory::new(8).lend(usize::MAX).is_err());
    }
}
