//! What of a message is looked up: hashes of its words and of pieces of words.
//!
//! Hashes of 64 bits and not the words themselves: two that fall together are not to be expected, and a model's file then
//! holds nothing that a customer wrote. Unlike the tables of [`crate::text`] nothing is left out for negations or capitals;
//! neither changes what a message is about.

use crate::text::{
    authored::authored,
    rows::{hash, mix, pair},
    tokens::{Kind, Tokens},
};

/// The shortest and the longest piece of a word, in bytes, borders included.
const GRAM_BYTES: std::ops::RangeInclusive<usize> = 2..=4;
/// Bytes of a normalised word that pieces are taken from.
const WORD_BYTES_MAX: usize = 44;

const BEGIN: u64 = 0x1f83_d9ab_fb41_bd6b;
const END: u64 = 0x5be0_cd19_137e_2179;
const SKIPPED: u64 = 0x3c6e_f372_fe94_f82b;
const GRAM: u64 = 0x0a54_ff53_0000_0000;

/// The features of one message, by family, in order and with repetitions. Made once and filled again for every message.
#[derive(Debug, Default)]
pub struct Features {
    /// The words, then pairs in a row (borders of the message count as words), then pairs with one word between.
    pub words: Vec<u64>,
    /// How many of `words` are single words.
    pub singles: usize,
    /// Pieces of 2 to 4 bytes within a word, its borders marked.
    pub grams: Vec<u64>,
}

impl Features {
    /// Fills in what `text` says; what its writer only quotes is left out. `tokens` is overwritten.
    ///
    /// Of a long text the beginning is read, as [`Tokens::read`] says. A text without letters, digits, marks or emoji has
    /// no features.
    pub fn read(&mut self, text: &str, tokens: &mut Tokens) {
        tokens.read(text, &authored(text));
        self.words.clear();
        self.grams.clear();
        for token in tokens.all() {
            let normal = tokens.normal(token);
            self.words.push(hash(normal));
            if matches!(token.kind, Kind::Word | Kind::Number) {
                self.grams_of(normal);
            }
        }
        self.singles = self.words.len();
        for place in 0..self.singles {
            let word = self.words[place];
            let before = place.checked_sub(1).map_or(BEGIN, |at| self.words[at]);
            self.words.push(pair(before, word));
            if let Some(at) = place.checked_sub(2) {
                self.words.push(pair(self.words[at] ^ SKIPPED, word));
            }
        }
        if let Some(last) = self.singles.checked_sub(1) {
            self.words.push(pair(self.words[last], END));
        }
    }

    fn grams_of(&mut self, normal: &[u8]) {
        let mut word = [b'>'; WORD_BYTES_MAX + 12];
        let length = normal.len().min(WORD_BYTES_MAX);
        word[0] = b'<';
        word[1..=length].copy_from_slice(&normal[..length]);
        let length = length + 2;
        for start in 0..length - 1 {
            let eight: [u8; 8] = word[start..start + 8]
                .try_into()
                .expect("the word is padded");
            let eight = u64::from_le_bytes(eight);
            for size in GRAM_BYTES.take_while(|size| start + size <= length) {
                let packed = eight & (u64::MAX >> (64 - 8 * size));
                self.grams.push(mix(packed ^ ((size as u64) << 56) ^ GRAM));
            }
        }
    }
}
