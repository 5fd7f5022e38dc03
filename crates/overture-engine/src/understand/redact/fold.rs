//! A text as the scanners see it: one byte a character, disguises taken off.
//!
//! Digits of every script, full-width forms, dashes, spaces and dots become their ASCII
//! kin; what has no width is left out. Whatever a scanner finds is told in bytes of the
//! original by [`Folded::original`].

use std::{borrow::Cow, ops::Range};

/// A letter that is not ASCII.
pub(in crate::understand) const LETTER: u8 = 0xff;
/// `€`
pub(in crate::understand) const EURO: u8 = 0xf1;
/// `£`
pub(in crate::understand) const POUND: u8 = 0xf2;
/// `¥`
pub(in crate::understand) const YEN: u8 = 0xf3;
/// `₹`
pub(in crate::understand) const RUPEE: u8 = 0xf4;
/// The sign of another currency.
const CURRENCY: u8 = 0xf5;
/// Any other sign that is not ASCII.
const SIGN: u8 = 0xfe;

/// Where the ten digits of a script begin, beside ASCII's.
const ZEROS: [u32; 37] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90,
    0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xaa50, 0xabf0, 0xff10,
    0x104a0,
];

/// The folded text and the way back.
pub(in crate::understand) struct Folded<'a> {
    text: &'a str,
    bytes: Cow<'a, [u8]>,
    /// Where the character of each folded byte starts; empty where nothing was folded.
    starts: Vec<usize>,
}

impl<'a> Folded<'a> {
    /// Folds `text`; a text of plain ASCII is borrowed as it is.
    pub(in crate::understand) fn new(text: &'a str) -> Self {
        if text.as_bytes().chunks(64).all(|chunk| {
            chunk
                .iter()
                .fold(true, |plain, byte| plain & is_plain(*byte))
        }) {
            let (bytes, starts) = (Cow::Borrowed(text.as_bytes()), Vec::new());
            return Self {
                text,
                bytes,
                starts,
            };
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut starts = Vec::with_capacity(text.len());
        for (start, character) in text.char_indices() {
            if let Some(byte) = fold(character) {
                bytes.push(byte);
                starts.push(start);
            }
        }
        // An empty folding must not read as "nothing was folded".
        starts.push(text.len());
        let bytes = Cow::Owned(bytes);
        Self {
            text,
            bytes,
            starts,
        }
    }

    /// One byte a character.
    pub(in crate::understand) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the original that a range of folded bytes stands for.
    pub(in crate::understand) fn original(&self, range: Range<usize>) -> Range<usize> {
        if self.starts.is_empty() || range.is_empty() {
            return range;
        }
        let last = self.starts[range.end - 1];
        let width = self.text[last..].chars().next().map_or(0, char::len_utf8);
        self.starts[range.start]..last + width
    }
}

/// Whether a folded byte is the sign of a currency.
pub(in crate::understand) fn is_currency(byte: u8) -> bool {
    matches!(byte, b'$' | EURO..=CURRENCY)
}

/// The original text in one spelling: folded where it folds, in lower case elsewhere.
pub(super) fn normalised(text: &str) -> String {
    let mut normalised = String::with_capacity(text.len());
    for character in text.chars() {
        match fold(character) {
            None => {}
            Some(byte) if byte.is_ascii() => normalised.push(char::from(byte.to_ascii_lowercase())),
            Some(_) => normalised.extend(character.to_lowercase()),
        }
    }
    normalised
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')
}

/// The byte that stands for a character; `None` for what has no width.
fn fold(character: char) -> Option<u8> {
    let code = u32::from(character);
    match code {
        0..0x80 => u8::try_from(code).ok().filter(|byte| is_plain(*byte)),
        0x85 | 0x2028 | 0x2029 => Some(b'\n'),
        0x80..0xa0 | 0xad => None,
        0xa3 => Some(POUND),
        0xa5 => Some(YEN),
        0x20ac => Some(EURO),
        0x20b9 => Some(RUPEE),
        0xa2 | 0xa4 | 0x20a0..=0x20cf => Some(CURRENCY),
        0xb2 | 0xb3 | 0xb9 => Some(if code == 0xb9 {
            b'1'
        } else {
            (code - 0x80) as u8
        }),
        0xab | 0xbb | 0x201c..=0x201f => Some(b'"'),
        0x2018..=0x201b => Some(b'\''),
        0xb7 | 0x2022 | 0x2024 | 0x3002 | 0xff61 | 0x066b => Some(b'.'),
        0x066c => Some(b','),
        0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 => Some(b' '),
        0x2010..=0x2015 | 0x2043 | 0x2212 | 0xfe58 | 0xfe63 => Some(b'-'),
        0x2044 | 0x2215 => Some(b'/'),
        0xfe6b => Some(b'@'),
        0x0300..=0x036f
        | 0x061c
        | 0x115f
        | 0x1160
        | 0x180b..=0x180f
        | 0x200b..=0x200f
        | 0x202a..=0x202e
        | 0x2060..=0x206f
        | 0x20d0..=0x20ff
        | 0x3164
        | 0xfe00..=0xfe0f
        | 0xfeff
        | 0xfff9..=0xfffb
        | 0x1d173..=0x1d17a
        | 0xe0000..=0xe0fff => None,
        0xc0..0x0250 => Some(LETTER),
        0x2070 | 0x2074..=0x2079 => Some(b'0' + (code - 0x2070) as u8),
        0x2460..=0x2468 => Some(b'1' + (code - 0x2460) as u8),
        0x1d7ce..=0x1d7ff => Some(b'0' + ((code - 0x1d7ce) % 10) as u8),
        0xff01..=0xff5e => Some((code - 0xfee0) as u8),
        _ => Some(digit(code).unwrap_or(if character.is_alphanumeric() {
            LETTER
        } else {
            SIGN
        })),
    }
}

fn digit(code: u32) -> Option<u8> {
    let after = ZEROS.partition_point(|zero| *zero <= code);
    let place = code - ZEROS.get(after.checked_sub(1)?)?;
    (place < 10).then(|| b'0' + place as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_come_off_and_offsets_lead_back() {
        for (text, folded) in [
            ("plain", &b"plain"[..]),
            ("４１\u{200b}１\u{ad}١۲", b"41112"),
            ("1\u{fe0f}\u{20e3}–2\u{a0}³", b"1-2 3"),
            ("ñ€😀", &[LETTER, EURO, SIGN]),
            ("\u{200b}", b""),
            ("①⑨²¹", b"1921"),
        ] {
            assert_eq!(Folded::new(text).bytes(), folded, "{text}");
        }
        let folded = Folded::new("é４\u{200b}１ ");
        assert_eq!(folded.original(1..3), 2..11);
        assert_eq!(normalised("Ä\u{200b}４X"), "ä4x");
        assert!(ZEROS.is_sorted());
    }
}
