//! Hashed features: the rows of the table that a message looks up, and the words they belong to.
//!
//! Two families, each scaled to length one by itself: words (one and two in a row, and words under a negation),
//! and the character 3- to 5-grams inside a word with its borders marked.

use super::tokens::{Kind, Token, Tokens};

/// log2 of the number of rows.
pub const ROWS_LOG2: u32 = 17;
/// Rows in the table.
pub const ROWS: usize = 1 << ROWS_LOG2;

/// How many words after a negation are under it, unless the clause ends.
const NEGATION_REACH: u8 = 3;

/// A looked-up row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Its place in the table.
    pub row: u32,
    /// The token that it belongs to.
    pub token: u16,
    /// The second token of a pair, or the same one.
    pub other: u16,
}

/// The rows of one message, by family. Made once and filled again for every message.
#[derive(Debug, Default)]
pub struct Rows {
    /// Words, pairs and negated words.
    pub words: Vec<Row>,
    /// Character n-grams.
    pub grams: Vec<Row>,
    hashes: Vec<u64>,
    /// By token: whether it is under a negation.
    pub negated: Vec<bool>,
}

impl Rows {
    /// Looks up what the tokens say.
    pub fn read(&mut self, tokens: &Tokens) {
        self.words.clear();
        self.grams.clear();
        self.hashes.clear();
        self.negated.clear();
        let mut reach = 0u8;
        for (index, token) in tokens.all().iter().enumerate() {
            let normal = tokens.normal(token);
            let hash = hash(normal);
            self.hashes.push(hash);
            let place = u16::try_from(index).expect("a message has few tokens");
            if token.starts_clause && token.kind != Kind::Mark {
                reach = 0;
            }
            self.negated.push(reach > 0 && token.kind == Kind::Word);
            self.word(place, token, hash, reach > 0);
            if is_negation(normal) {
                reach = NEGATION_REACH;
            } else if token.kind == Kind::Word {
                reach = reach.saturating_sub(1);
            }
            if token.kind == Kind::Word && normal.len() >= 2 {
                self.grams_of(place, normal);
            }
        }
        self.end(tokens.all().len());
    }

    fn word(&mut self, place: u16, token: &Token, hash: u64, is_negated: bool) {
        self.words.push(Row {
            row: index(hash),
            token: place,
            other: place,
        });
        if is_negated && token.kind == Kind::Word {
            self.words.push(Row {
                row: index(hash ^ NEGATED),
                token: place,
                other: place,
            });
        }
        if token.is_shouted {
            self.words.push(Row {
                row: index(hash ^ SHOUTED),
                token: place,
                other: place,
            });
        }
        let before = match place {
            0 => BEGIN,
            _ => self.hashes[usize::from(place) - 1],
        };
        let other = place.saturating_sub(1);
        self.words.push(Row {
            row: index(pair(before, hash)),
            token: place,
            other,
        });
    }

    /// The pair of the last token and the end.
    fn end(&mut self, tokens: usize) {
        if let (Some(last), Ok(place)) =
            (self.hashes.last(), u16::try_from(tokens.saturating_sub(1)))
        {
            let row = index(pair(*last, END));
            self.words.push(Row {
                row,
                token: place,
                other: place,
            });
        }
    }

    fn grams_of(&mut self, token: u16, normal: &[u8]) {
        let mut word = [b'>'; 56];
        let length = normal.len().min(44);
        word[0] = b'<';
        word[1..=length].copy_from_slice(&normal[..length]);
        let length = length + 2;
        for start in 0..length - 2 {
            let bytes: [u8; 8] = word[start..start + 8]
                .try_into()
                .expect("the word is padded");
            let eight = u64::from_le_bytes(bytes);
            for size in 3..=5usize.min(length - start) {
                let packed = (eight & (u64::MAX >> (64 - 8 * size))) ^ ((size as u64) << 56) ^ GRAM;
                self.grams.push(Row {
                    row: index(mix(packed)),
                    token,
                    other: token,
                });
            }
        }
    }
}

const BEGIN: u64 = 0x1f83_d9ab_fb41_bd6b;
const END: u64 = 0x5be0_cd19_137e_2179;
const NEGATED: u64 = 0x9b05_688c_2b3e_6c1f;
const SHOUTED: u64 = 0x510e_527f_ade6_82d1;
const GRAM: u64 = 0x0a54_ff53_0000_0000;

/// Spreads a number over all 64 bits.
pub(crate) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (value ^ (value >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

/// One hash for two in a row.
pub(crate) fn pair(before: u64, after: u64) -> u64 {
    mix(before.rotate_left(23) ^ after)
}

/// The hash of a normalised word.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut sum = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        sum = mix(sum ^ u64::from_le_bytes(eight));
    }
    sum
}

fn index(hash: u64) -> u32 {
    (mix(hash) >> (64 - ROWS_LOG2)) as u32
}

/// Whether a normalised word turns round what follows it.
pub fn is_negation(word: &[u8]) -> bool {
    const NEGATIONS: [&[u8]; 22] = [
        b"not",
        b"no",
        b"never",
        b"none",
        b"nobody",
        b"nothing",
        b"nowhere",
        b"neither",
        b"nor",
        b"without",
        b"hardly",
        b"barely",
        b"scarcely",
        b"cannot",
        b"cant",
        b"wont",
        b"dont",
        b"doesnt",
        b"didnt",
        b"isnt",
        b"wasnt",
        b"rarely",
    ];
    word.ends_with(b"n't") || word.len() <= 8 && NEGATIONS.contains(&word)
}
