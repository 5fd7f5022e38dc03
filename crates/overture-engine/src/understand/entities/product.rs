//! Names of products, in either case and at borders of words, the longest first.

use std::collections::BTreeMap;

use super::super::redact::{Folded, is_border};

/// How long a name may be.
pub const PRODUCT_BYTES_MAX: usize = 96;

/// The names by their first word, each list with the longest first.
#[derive(Debug, Clone)]
pub(super) struct Products {
    by_first_word: BTreeMap<Vec<u8>, Vec<(Vec<u8>, usize)>>,
}

impl Products {
    pub(super) fn new(names: &[String]) -> Self {
        let mut by_first_word: BTreeMap<Vec<u8>, Vec<(Vec<u8>, usize)>> = BTreeMap::new();
        for (place, name) in names.iter().enumerate() {
            let name = Folded::new(name.trim()).bytes().to_ascii_lowercase();
            if !(1..=PRODUCT_BYTES_MAX).contains(&name.len()) {
                continue;
            }
            let first = first_word(&name).to_vec();
            by_first_word.entry(first).or_default().push((name, place));
        }
        for names in by_first_word.values_mut() {
            names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
        Self { by_first_word }
    }

    /// The product whose name begins at `at`, and where the name ends.
    pub(super) fn at(&self, bytes: &[u8], at: usize) -> Option<(usize, usize)> {
        if self.by_first_word.is_empty() || !is_border(bytes, at) {
            return None;
        }
        let rest = &bytes[at..];
        let names = self
            .by_first_word
            .get(&first_word(rest).to_ascii_lowercase())?;
        names.iter().find_map(|(name, place)| {
            let end = at + name.len();
            let same = rest.get(..name.len())?.eq_ignore_ascii_case(name);
            (same && is_border(bytes, end)).then_some((*place, end))
        })
    }
}

/// The word at the beginning, or the one byte that is in none.
fn first_word(bytes: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == 0xff;
    let length = bytes
        .iter()
        .take(PRODUCT_BYTES_MAX)
        .take_while(|byte| is_word(byte))
        .count();
    &bytes[..length.max(1).min(bytes.len())]
}
