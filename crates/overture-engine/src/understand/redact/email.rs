//! E-mail addresses, as they are written and as people spell them out.

use super::{
    fold::LETTER,
    scan::{Scan, What, is_word},
    words,
};

const LOCAL_BYTES_MAX: usize = 128;
const DOMAIN_BYTES_MAX: usize = 255;
const LABEL_BYTES_MAX: usize = 63;
/// How many words a spelled-out name or domain may have.
const SPOKEN_WORDS_MAX: usize = 6;

/// Marks the address around the `@` or `%40` from `at` to `end`.
pub(super) fn written(scan: &mut Scan<'_>, at: usize, end: usize) -> Option<usize> {
    if scan.userinfo_at == Some(at) {
        return None;
    }
    let spaced = scan.before(at) == b' ';
    let local_end = if spaced { at.saturating_sub(1) } else { at };
    let start = local(scan, local_end).or_else(|| quoted(scan, at))?;
    let domain_start = end + usize::from(scan.byte(end) == b' ');
    if spaced && domain_start == end {
        // "thanks @shop.example" names a handle, not an address.
        return None;
    }
    let (end, dots) = domain(scan, domain_start)?;
    (dots.written + dots.spoken > 0).then(|| scan.mark(start, end, What::Email))
}

/// Whether a word may stand for `@`.
pub(super) fn is_at_word(word: &[u8]) -> bool {
    words::is_in(word, AT_WORDS)
}

/// Marks `name at example dot com` around the word from `at` to `end`.
pub(super) fn spoken(scan: &mut Scan<'_>, at: usize, end: usize) -> Option<usize> {
    let domain_start = scan.skip(end, 3, is_space);
    let name_end = scan.skip_back(at, 3, is_space);
    if domain_start == end || name_end == at {
        return None;
    }
    let (domain_end, dots) = domain(scan, domain_start)?;
    let start = spoken_local(scan, name_end)?;
    let name = &scan.bytes[start..name_end];
    // "anna at example.com" may be about a place; a name that no word is, or talk of mail,
    // says otherwise.
    let told = name
        .iter()
        .any(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'+'))
        || words::before(scan.bytes, start)
            .any(|word| words::is_in(word, &[b"mail", b"email", b"correo"]));
    if dots.spoken == 0 && !(dots.written > 0 && told) {
        return None;
    }
    (!words::is_in(name, NO_NAMES)).then(|| scan.mark(start, domain_end, What::Email))
}

/// Marks `name [at] example.com` around the bracket at `at`.
pub(super) fn bracketed(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let word_start = scan.skip(at + 1, 2, is_space);
    let word_end = scan.skip(word_start, 7, |byte| is_word(byte) || byte == b'@');
    let word = &scan.bytes[word_start..word_end];
    let closing = scan.skip(word_end, 2, is_space);
    let closed = matches!(scan.byte(closing), b']' | b')' | b'}' | b'>');
    if !closed || !(is_at_word(word) || word == b"@" || words::is_in(word, &[b"a", b"\xfft"])) {
        return None;
    }
    let name_end = scan.skip_back(at, 2, is_space);
    let domain_start = scan.skip(closing + 1, 2, is_space);
    let (end, dots) = domain(scan, domain_start)?;
    let start = spoken_local(scan, name_end)?;
    (dots.written + dots.spoken > 0).then(|| scan.mark(start, end, What::Email))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

fn is_local(byte: u8) -> bool {
    is_word(byte)
        || matches!(
            byte,
            b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'&' | b'~' | b'*'
        )
}

/// Where the local part that ends at `end` starts.
fn local(scan: &mut Scan<'_>, end: usize) -> Option<usize> {
    let start = scan.skip_back(end, LOCAL_BYTES_MAX, is_local);
    let start = scan.skip(start, end - start, |byte| !is_word(byte) && byte != b'_');
    (start < end).then_some(start)
}

/// Where a local part in quotes starts.
fn quoted(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if scan.before(at) != b'"' {
        return None;
    }
    let start = scan.skip_back(at - 1, 64, |byte| byte != b'"' && byte != b'\n');
    (start > 0 && scan.before(start) == b'"' && start + 1 < at).then(|| start - 1)
}

/// How the dots of a domain were put.
#[derive(Debug, Clone, Copy, Default)]
struct Dots {
    written: usize,
    spoken: usize,
}

/// The domain that begins at `at`: where it ends, and its dots.
fn domain(scan: &mut Scan<'_>, at: usize) -> Option<(usize, Dots)> {
    let (mut end, mut start, mut dots) = (None, at, Dots::default());
    while start - at < DOMAIN_BYTES_MAX && dots.spoken < SPOKEN_WORDS_MAX {
        let label_end = scan.skip(start, LABEL_BYTES_MAX, |byte| {
            is_word(byte) || byte == b'-' || byte == b'_'
        });
        let label = &scan.bytes[start..label_end];
        let length = label.len() - label.iter().rev().take_while(|byte| **byte == b'-').count();
        if length == 0 {
            break;
        }
        let top = length > 1
            && label
                .iter()
                .any(|byte| byte.is_ascii_alphabetic() || *byte == LETTER);
        if top && dots.written + dots.spoken > 0 {
            end = Some((start + length, dots));
        }
        if length < label.len() {
            break;
        }
        start = match scan.byte(label_end) {
            b'.' => {
                dots.written += 1;
                label_end + 1
            }
            _ => match spoken_dot(scan, label_end) {
                Some(next) => {
                    dots.spoken += 1;
                    next
                }
                None => break,
            },
        };
    }
    end
}

/// After ` dot `, `[dot]` or `(punkt)` at `at`.
fn spoken_dot(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let from = scan.skip(at, 2, is_space);
    let open = matches!(scan.byte(from), b'[' | b'(' | b'{');
    if from == at && !open {
        return None;
    }
    let start = scan.skip(from + usize::from(open), 2, is_space);
    if scan.byte(start) == b'.' {
        let end = scan.skip(start + 1, 2, |byte| {
            byte == b' ' || open && matches!(byte, b']' | b')' | b'}')
        });
        return (open && end > start + 1).then_some(end);
    }
    let end = scan.skip(start, 6, is_word);
    if !words::is_in(&scan.bytes[start..end], DOTS) {
        return None;
    }
    let after = scan.skip(end, 3, |byte| {
        is_space(byte) || open && matches!(byte, b']' | b')' | b'}')
    });
    (after > end).then_some(after)
}

/// Where a name starts that ends at `end`, with its dots and dashes as signs or words.
fn spoken_local(scan: &mut Scan<'_>, end: usize) -> Option<usize> {
    let mut start = local(scan, end)?;
    for _ in 0..SPOKEN_WORDS_MAX {
        let word_end = scan.skip_back(start, 2, |byte| {
            is_space(byte) || matches!(byte, b']' | b')')
        });
        let word_start = scan.skip_back(word_end, 11, is_word);
        let before = scan.skip_back(word_start, 2, |byte| {
            is_space(byte) || matches!(byte, b'[' | b'(')
        });
        let joins = words::is_in(&scan.bytes[word_start..word_end], JOINERS);
        if !joins || word_end == start || before == word_start {
            break;
        }
        let Some(next) = local(scan, before) else {
            break;
        };
        start = next;
    }
    Some(start)
}

/// The address of any spelling in one: lower case, signs for words, no spaces.
pub(super) fn plain(normalised: &str) -> String {
    let decoded = normalised.replace("%40", "@");
    let is_between = |character: char| character.is_whitespace() || "[](){}<>".contains(character);
    let words = decoded.split(is_between).filter(|word| !word.is_empty());
    let spelled = !decoded.contains('@');
    words
        .map(|word| match word {
            "at" | "arroba" | "a" | "ät" if spelled || word == "arroba" => "@",
            "dot" | "punkt" | "punto" => ".",
            "underscore" | "unterstrich" => "_",
            "dash" | "hyphen" | "minus" | "bindestrich" | "guion" => "-",
            "plus" => "+",
            other => other,
        })
        .collect()
}

/// What people say for `@`.
pub(super) const AT_WORDS: &[&[u8]] = &[b"at", b"arroba"];

const DOTS: &[&[u8]] = &[b"dot", b"punkt", b"punto"];

const JOINERS: &[&[u8]] = &[
    b"dot",
    b"punkt",
    b"punto",
    b"underscore",
    b"unterstrich",
    b"dash",
    b"hyphen",
    b"minus",
    b"bindestrich",
    b"guion",
    b"plus",
];

/// Words before "at" that are no name: "look at example dot com".
const NO_NAMES: &[&[u8]] = &[
    b"look",
    b"looked",
    b"looking",
    b"shop",
    b"shopped",
    b"bought",
    b"ordered",
    b"order",
    b"us",
    b"me",
    b"you",
    b"it",
    b"them",
    b"site",
    b"website",
    b"page",
    b"online",
    b"available",
    b"is",
    b"was",
    b"are",
    b"here",
    b"there",
    b"found",
    b"find",
    b"sold",
    b"sign",
    b"signed",
    b"up",
    b"in",
    b"account",
    b"support",
    b"visit",
    b"mail",
    b"email",
];
