//! A text as words and signs, each with its place.

use crate::understand::redact::marker_len;

/// A word, one sign, or a marker of redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first byte.
    pub(super) start: usize,
    /// One past its last byte.
    pub(super) end: usize,
    /// Whether white space, or the beginning of the text, is before it.
    pub(super) is_apart: bool,
    /// Whether it stands for what was redacted.
    pub(super) is_marker: bool,
}

impl Piece {
    pub(super) fn word<'a>(&self, text: &'a str) -> &'a str {
        &text[self.start..self.end]
    }
}

/// The pieces of a text, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pieces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let (from, rest) = (self.at, &self.text[self.at..]);
        let start = from + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let marker = (first == '[')
            .then(|| marker_len(rest.as_bytes()))
            .flatten();
        self.at = start + marker.unwrap_or_else(|| length(rest, first));
        Some(Piece {
            start,
            end: self.at,
            is_apart: start > from || from == 0,
            is_marker: marker.is_some(),
        })
    }
}

/// Replaces what is in `folded` by the form in which words are compared: small letters, and one kind of apostrophe.
///
/// Each letter is folded by itself, by way of its capital, so that `ß` and `SS` are one and so are all forms of sigma.
pub(super) fn fold(word: &str, folded: &mut String) {
    folded.clear();
    if word.is_ascii() {
        folded.push_str(word);
        folded.make_ascii_lowercase();
        return;
    }
    for char in word.chars() {
        if is_apostrophe(char) {
            folded.push('\'');
        } else {
            folded.extend(char.to_uppercase().flat_map(char::to_lowercase));
        }
    }
}

/// A number for a word that is the same for all forms that fold to one: FNV-1a.
pub(super) fn hash(word: &str, folded: &mut String) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let begin = 0xcbf2_9ce4_8422_2325;
    if word.is_ascii() {
        let small = word.bytes().map(|byte| byte.to_ascii_lowercase());
        return small.fold(begin, step);
    }
    fold(word, folded);
    folded.bytes().fold(begin, step)
}

/// How many bytes the piece takes that begins with `first`, the first letter of `text`.
fn length(text: &str, first: char) -> usize {
    if !is_of_word(first) || stands_alone(first) {
        return first.len_utf8();
    }
    // Most words are plain letters, with something behind them that no word goes on after.
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let plain = bytes.iter().take_while(|byte| plain(byte)).count();
    match bytes.get(plain) {
        None => return plain,
        Some(b'\'' | b'.' | b',' | 0x80..) => {}
        Some(_) => return plain,
    }
    let mut letters = text.char_indices().peekable();
    let mut before = first;
    while let Some((at, char)) = letters.next() {
        let mut joins = || {
            let after = letters.peek().map(|(_, after)| *after);
            after.is_some_and(|after| joins(before, char, after, &text[at + char.len_utf8()..]))
        };
        if stands_alone(char) || !(is_of_word(char) || joins()) {
            return at;
        }
        before = char;
    }
    text.len()
}

/// Whether a sign between two letters makes them one word: "don't", "3.5". An apostrophe before a last "s" does not: what is
/// "Panic 3000's" is of "Panic 3000".
fn joins(before: char, sign: char, after: char, rest: &str) -> bool {
    if is_apostrophe(sign) {
        let is_possessive = matches!(after, 's' | 'S') && !rest[1..].starts_with(is_of_word);
        return before.is_alphanumeric() && after.is_alphanumeric() && !is_possessive;
    }
    matches!(sign, '.' | ',') && before.is_numeric() && after.is_numeric()
}

fn is_apostrophe(char: char) -> bool {
    matches!(char, '\'' | '\u{2019}' | '\u{02bc}')
}

/// Letters, digits, underscores, and what combines with the letter before it.
pub(super) fn is_of_word(char: char) -> bool {
    if char.is_ascii() {
        return char.is_ascii_alphanumeric() || char == '_';
    }
    let combines = matches!(char, '\u{0300}'..='\u{036f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}');
    (char.is_alphanumeric() || combines) && !is_apostrophe(char)
}

/// Letters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, kana and Han. Each is a piece of its own.
fn stands_alone(char: char) -> bool {
    matches!(char, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
