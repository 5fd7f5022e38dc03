//! Which messages were taken already: exact for one hour or 4 million, whichever ends first.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use overture_engine::model::{Millis, Timestamp};

/// How many message keys are remembered at least, if they came within [`REMEMBER`].
pub(crate) const KEYS_MIN: usize = 4_000_000;

/// For how long message keys are remembered at least, if they are within [`KEYS_MIN`].
pub(crate) const REMEMBER: Millis = Millis::from_secs(3_600);

/// Message keys are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Keys = HashSet<u64, BuildHasherDefault<Unhashed>>;

/// Two generations of keys; the older one goes when the younger one is full or old enough.
#[derive(Debug, Default)]
pub(crate) struct Dedupe {
    young: Keys,
    old: Keys,
    young_since: Timestamp,
}

impl Dedupe {
    pub(crate) fn contains(&self, key: u64) -> bool {
        self.young.contains(&key) || self.old.contains(&key)
    }

    pub(crate) fn insert(&mut self, key: u64, at: Timestamp) {
        let full = self.young.len() >= KEYS_MIN || at.since(self.young_since) >= REMEMBER;
        if full {
            self.old = std::mem::take(&mut self.young);
            self.young_since = at;
        }
        self.young.insert(key);
    }

    /// Forgets keys whose commit failed.
    pub(crate) fn forget(&mut self, keys: &[u64]) {
        for key in keys {
            self.young.remove(key);
            self.old.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_for_an_hour_and_not_for_ever() {
        let at = |minute: u64| Timestamp(1_000_000_000_000) + Millis::from_secs(60 * minute);
        let mut dedupe = Dedupe::default();
        for minute in 0..600 {
            dedupe.insert(minute, at(minute));
            for known in minute.saturating_sub(59)..=minute {
                assert!(dedupe.contains(known), "{known} at {minute}");
            }
        }
        assert!(!dedupe.contains(0));
        dedupe.forget(&[599]);
        assert!(!dedupe.contains(599));
    }
}
