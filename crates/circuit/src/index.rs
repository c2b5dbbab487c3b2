//! An open-addressing index of ids by content: the unique tables of the circuit and of the diagrams.

use std::hash::{Hash, Hasher};

const FREE: u32 = u32::MAX;

/// Ids found by hash; the content itself stays with the owner.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    slots: Vec<u32>,
    used: usize,
}

impl Default for Index {
    fn default() -> Self {
        Index { slots: vec![FREE; 64], used: 0 }
    }
}

impl Index {
    /// The id with this hash that `same` accepts, or the slot where a new one belongs.
    pub(crate) fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = spread(hash) & mask;
        loop {
            match self.slots[slot] {
                FREE => return Err(slot),
                id if same(id) => return Ok(id),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Puts an id where [`Index::find`] said; `hash_of` is asked when the table must grow.
    pub(crate) fn insert(&mut self, slot: usize, id: u32, hash_of: impl Fn(u32) -> u64) {
        self.slots[slot] = id;
        self.used += 1;
        if self.used * 4 > self.slots.len() * 3 {
            let larger = vec![FREE; self.slots.len() * 2];
            let old = std::mem::replace(&mut self.slots, larger);
            let mask = self.slots.len() - 1;
            for id in old.into_iter().filter(|&id| id != FREE) {
                let mut slot = spread(hash_of(id)) & mask;
                while self.slots[slot] != FREE {
                    slot = (slot + 1) & mask;
                }
                self.slots[slot] = id;
            }
        }
    }
}

/// The fast hash leaves its best bits at the top.
fn spread(hash: u64) -> usize {
    (hash >> 20) as usize ^ hash as usize
}

/// The fast hash of anything.
pub(crate) fn hash_of(content: impl Hash) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    content.hash(&mut hasher);
    hasher.finish()
}
