//! A sorted list that knows the place of each item: the waiting line of one lane.

/// How many items a chunk holds before it is split.
const CHUNK_MAX: usize = 128;

/// A sorted set in chunks: place and item find each other in `O(items / CHUNK_MAX)`.
#[derive(Debug, Clone)]
pub(super) struct Ranked<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self {
            chunks: Vec::new(),
            len: 0,
        }
    }
}

impl<T: Ord + Copy> Ranked<T> {
    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// All items, smallest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.chunks.iter().flatten().copied()
    }

    /// The item with `rank` smaller ones before it.
    pub(super) fn nth(&self, mut rank: usize) -> Option<T> {
        for chunk in &self.chunks {
            if rank < chunk.len() {
                return Some(chunk[rank]);
            }
            rank -= chunk.len();
        }
        None
    }

    /// How many items are smaller than `item`, whether it is in the list or not.
    pub(super) fn rank(&self, item: &T) -> usize {
        let chunk = self.chunk_for(item);
        let before: usize = self.chunks[..chunk].iter().map(Vec::len).sum();
        before
            + self
                .chunks
                .get(chunk)
                .map_or(0, |chunk| chunk.partition_point(|other| other < item))
    }

    /// Puts `item` in; `false` if it was there.
    pub(super) fn insert(&mut self, item: T) -> bool {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let index = self.chunk_for(&item).min(self.chunks.len() - 1);
        let chunk = &mut self.chunks[index];
        let Err(place) = chunk.binary_search(&item) else {
            return false;
        };
        chunk.insert(place, item);
        self.len += 1;
        if chunk.len() > CHUNK_MAX {
            let tail = chunk.split_off(CHUNK_MAX / 2);
            self.chunks.insert(index + 1, tail);
        }
        true
    }

    /// Takes `item` out; `false` if it was not there.
    pub(super) fn remove(&mut self, item: &T) -> bool {
        let index = self.chunk_for(item);
        let Some(chunk) = self.chunks.get_mut(index) else {
            return false;
        };
        let Ok(place) = chunk.binary_search(item) else {
            return false;
        };
        chunk.remove(place);
        if chunk.is_empty() {
            self.chunks.remove(index);
        }
        self.len -= 1;
        true
    }

    /// The first chunk whose largest item is not smaller than `item`.
    fn chunk_for(&self, item: &T) -> usize {
        self.chunks
            .partition_point(|chunk| chunk.last().is_some_and(|last| last < item))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_ranked_list_is_a_sorted_set(ops in prop::collection::vec((any::<bool>(), 0u16..400), 0..1_500)) {
            let mut list = Ranked::default();
            let mut set = BTreeSet::new();
            for (put, item) in ops {
                if put {
                    prop_assert_eq!(list.insert(item), set.insert(item));
                } else {
                    prop_assert_eq!(list.remove(&item), set.remove(&item));
                }
                prop_assert_eq!(list.len(), set.len());
                prop_assert_eq!(list.rank(&item), set.range(..item).count());
            }
            prop_assert!(list.iter().eq(set.iter().copied()));
            for (rank, item) in set.iter().enumerate() {
                prop_assert_eq!(list.nth(rank), Some(*item));
            }
            prop_assert_eq!(list.nth(set.len()), None);
        }
    }
}
