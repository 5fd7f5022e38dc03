//! A bounded map of two generations: what is used stays, what is not goes.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
};

/// Keeps at most about `capacity` entries. When the young generation holds half of them, the
/// old one is dropped, except what must stay, and the young one becomes old; a used entry
/// returns to the young one.
#[derive(Debug)]
pub(crate) struct Cache<K, V, S = RandomState> {
    young: HashMap<K, V, S>,
    old: HashMap<K, V, S>,
    half: usize,
}

impl<K: Hash + Eq + Copy, V, S: BuildHasher + Default> Cache<K, V, S> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::default(),
            old: HashMap::default(),
            half: (capacity / 2).max(1),
        }
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        if !self.young.contains_key(&key) {
            let value = self.old.remove(&key)?;
            self.young.insert(key, value);
        }
        self.young.get_mut(&key)
    }

    /// Looks without keeping the entry from ageing.
    pub(crate) fn peek(&self, key: K) -> Option<&V> {
        self.young.get(&key).or_else(|| self.old.get(&key))
    }

    pub(crate) fn peek_mut(&mut self, key: K) -> Option<&mut V> {
        if self.young.contains_key(&key) {
            self.young.get_mut(&key)
        } else {
            self.old.get_mut(&key)
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.old.remove(&key);
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        self.young.remove(&key).or_else(|| self.old.remove(&key))
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Everything, in no order, without keeping it from ageing.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.young.iter().chain(&self.old)
    }

    /// Drops what is old and need not stay, if it is time. Entries for which `stay` holds
    /// are never dropped, so the bound is soft while there are many of them.
    pub(crate) fn age(&mut self, stay: impl Fn(&V) -> bool) {
        if self.young.len() < self.half {
            return;
        }
        let old = std::mem::take(&mut self.old);
        self.old = std::mem::take(&mut self.young);
        self.young
            .extend(old.into_iter().filter(|(_, value)| stay(value)));
    }

    pub(crate) fn clear(&mut self) {
        self.young = HashMap::default();
        self.old = HashMap::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_and_kept_entries_outlive_the_rest() {
        let mut cache: Cache<u32, u32> = Cache::new(20);
        for key in 0..1_000 {
            cache.insert(key, key);
            assert_eq!(cache.get_mut(7), (key >= 7).then_some(&mut 7));
            cache.age(|value| *value == 3);
            assert!(cache.len() <= 22, "{}", cache.len());
        }
        assert_eq!(cache.peek(3), Some(&3), "kept");
        assert_eq!(cache.peek(8), None, "dropped");
        assert_eq!(cache.remove(7), Some(7));
        cache.clear();
        assert_eq!(cache.len(), 0);
    }
}
