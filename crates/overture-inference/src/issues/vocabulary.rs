//! The features that training knew, and what each weighs in a message.
//!
//! A feature that stands `n` times in a message weighs `(1 + ln n) * sqrt(1 + ln((1 + N) / (1 + d)))`, where `d` of the `N`
//! messages of the training have it; then each family is scaled to length one. After Salton and Buckley, "Term-weighting
//! approaches in automatic text retrieval", 1988. The root is ours: the full inverse document frequency gave rare pieces too
//! much (found by cross-validation, see `models/README.md`).

use std::collections::HashMap;

use super::features::Features;

/// No feature stands here.
const FREE: u32 = u32::MAX;

/// A feature of a message that training knew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    /// Its place in the vocabulary.
    pub feature: u32,
    /// What it weighs; the squares of a family sum to one.
    pub value: f32,
}

/// The known features, by ascending hash.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    hashes: Vec<u64>,
    /// By feature, the root of its inverse document frequency.
    rarities: Vec<f32>,
    /// An open-addressing table of places, at most half full.
    places: Vec<u32>,
}

impl Vocabulary {
    /// The features that at least one message has; the rarest are left out where there are more than `most`.
    ///
    /// Whole frequencies are left out together, so which ones stay does not depend on an order.
    pub fn of(messages: &[Features], most: usize) -> Self {
        let mut frequencies: HashMap<u64, u32> = HashMap::new();
        let mut distinct = Vec::new();
        for message in messages {
            distinct.clear();
            distinct.extend(message.words.iter().chain(&message.grams));
            distinct.sort_unstable();
            distinct.dedup();
            for hash in &distinct {
                *frequencies.entry(*hash).or_default() += 1;
            }
        }
        let mut known: Vec<(u64, u32)> = frequencies.into_iter().collect();
        if known.len() > most {
            known.sort_unstable_by_key(|(_, frequency)| std::cmp::Reverse(*frequency));
            let cut = known[most].1;
            known.retain(|(_, frequency)| *frequency > cut);
        }
        known.sort_unstable();
        let total = 1.0 + messages.len() as f32;
        let rarity = |frequency: u32| (1.0 + libm::logf(total / (1.0 + frequency as f32))).sqrt();
        let (hashes, rarities) = known
            .into_iter()
            .map(|(hash, frequency)| (hash, rarity(frequency)))
            .unzip();
        Self::new(hashes, rarities)
    }

    /// Puts a vocabulary together; `hashes` ascend and are as many as `rarities`.
    pub(super) fn new(hashes: Vec<u64>, rarities: Vec<f32>) -> Self {
        let size = (2 * hashes.len()).next_power_of_two().max(2);
        let mut places = vec![FREE; size];
        for (feature, hash) in (0u32..).zip(&hashes) {
            let mut at = *hash as usize & (size - 1);
            while places[at] != FREE {
                at = (at + 1) & (size - 1);
            }
            places[at] = feature;
        }
        Self {
            hashes,
            rarities,
            places,
        }
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Hash and rarity of every feature.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u64, f32)> {
        self.hashes
            .iter()
            .copied()
            .zip(self.rarities.iter().copied())
    }

    fn find(&self, hash: u64) -> Option<u32> {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let feature = self.places[at];
            if feature == FREE {
                return None;
            }
            if self.hashes[feature as usize] == hash {
                return Some(feature);
            }
            at = (at + 1) & mask;
        }
    }

    /// Fills `out` with the known features of a message; gives the share of its single words that are not known, `0.0..=1.0`
    /// (1 for a message without any).
    pub fn weigh(&self, message: &Features, out: &mut Vec<Weighed>) -> f32 {
        out.clear();
        let unknown = message.words[..message.singles]
            .iter()
            .filter(|hash| self.find(**hash).is_none())
            .count();
        self.weigh_family(&message.words, out);
        self.weigh_family(&message.grams, out);
        if message.singles == 0 {
            1.0
        } else {
            unknown as f32 / message.singles as f32
        }
    }

    fn weigh_family(&self, family: &[u64], out: &mut Vec<Weighed>) {
        let first = out.len();
        out.extend(family.iter().filter_map(|hash| {
            let feature = self.find(*hash)?;
            Some(Weighed {
                feature,
                value: 1.0,
            })
        }));
        out[first..].sort_unstable_by_key(|one| one.feature);
        let mut last = first;
        for at in first..out.len() {
            if at > first && out[at].feature == out[last].feature {
                out[last].value += 1.0;
            } else {
                last += usize::from(at > first);
                out[last] = out[at];
            }
        }
        out.truncate(if out.len() > first { last + 1 } else { first });
        let mut square = 0.0f32;
        for one in &mut out[first..] {
            let often = if one.value > 1.0 {
                1.0 + libm::logf(one.value)
            } else {
                1.0
            };
            one.value = often * self.rarities[one.feature as usize];
            square += one.value * one.value;
        }
        let scale = 1.0 / square.max(f32::MIN_POSITIVE).sqrt();
        for one in &mut out[first..] {
            one.value *= scale;
        }
    }
}
