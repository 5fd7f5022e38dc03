//! Secrets that the words before them give away: "my password is ..", "PIN 1234".

use super::{
    cues,
    scan::{Scan, What, is_word},
    words,
};

const VALUE_BYTES_MAX: usize = 256;
/// How many words and signs may stand between a cue and its value.
const LINKS_MAX: usize = 4;

/// Marks the value after the word from `at` to `end`, where that word announces one.
pub(super) fn after_cue(scan: &mut Scan<'_>, at: usize, end: usize) -> Option<usize> {
    let word = &scan.bytes[at..end];
    // `password=` is a parameter's name.
    if scan.byte(end) == b'=' {
        return None;
    }
    if words::is_in(word, cues::PASSWORDS)
        && let Some(end) = password(scan, end)
    {
        return Some(end);
    }
    if words::is_in(word, cues::NUMBERS) {
        let least = if word.eq_ignore_ascii_case(b"tan") {
            5
        } else {
            3
        };
        return number(scan, end, least);
    }
    if words::is_in(word, cues::CODES) && is_qualified(scan, at) {
        return number(scan, end, 3).or_else(|| password(scan, end));
    }
    if words::is_in(word, cues::BEARER) {
        let start = scan.skip(end, 3, |byte| byte == b' ');
        let end = scan.skip(start, VALUE_BYTES_MAX * 16, |byte| {
            !byte.is_ascii_whitespace() && byte != b'"'
        });
        return (end - start >= 16 && start > at + 6).then(|| scan.mark(start, end, What::Secret));
    }
    None
}

/// How a value is tied to its cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// It just follows.
    None,
    /// A word: "is".
    Word,
    /// A colon or an equals sign.
    Sign,
}

/// What is between a cue that ends at `end` and its value: the link, and the value's start.
fn link(scan: &mut Scan<'_>, end: usize) -> (Link, usize) {
    let (mut link, mut at) = (Link::None, end);
    if matches!(scan.byte(at), b'"' | b'\'') && matches!(scan.byte(at + 1), b':' | b'=') {
        at += 1;
    }
    if scan.bytes[at..].starts_with(b"'s ") {
        (link, at) = (Link::Word, at + 2);
    }
    for _ in 0..LINKS_MAX {
        let start = scan.skip(at, 4, |byte| byte.is_ascii_whitespace());
        at = match scan.byte(start) {
            b':' | b'=' => {
                link = Link::Sign;
                start + 1
            }
            b'-' if start > at && matches!(scan.byte(start + 1), b' ' | b'>') => {
                link = Link::Sign;
                start + 2
            }
            _ => {
                let word_end = scan.skip(start, 9, is_word);
                let word = &scan.bytes[start..word_end];
                if start == at
                    || word.is_empty()
                    || is_word(scan.byte(word_end))
                    || !words::is_in(word, cues::LINKS)
                {
                    return (link, start);
                }
                if words::is_in(word, cues::VERBS) && link == Link::None {
                    link = Link::Word;
                }
                word_end + usize::from(scan.byte(word_end) == b'.')
            }
        };
    }
    (link, scan.skip(at, 4, |byte| byte.is_ascii_whitespace()))
}

fn password(scan: &mut Scan<'_>, end: usize) -> Option<usize> {
    let (link, at) = link(scan, end);
    if at == end {
        return None;
    }
    let quote = scan.byte(at);
    if matches!(quote, b'"' | b'\'' | b'`') {
        let close = scan.skip(at + 1, VALUE_BYTES_MAX, |byte| {
            byte != quote && byte != b'\n'
        });
        let closed = scan.byte(close) == quote && close > at + 1;
        return (closed && (link != Link::None || close - at > 4))
            .then(|| scan.mark_open(at + 1, close));
    }
    let value_end = scan.skip(at, VALUE_BYTES_MAX, |byte| {
        !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'<' | b'>')
    });
    let trailing = |byte| {
        matches!(
            byte,
            b'.' | b',' | b';' | b':' | b'?' | b')' | b']' | b'}' | b'\''
        )
    };
    let value_end = scan.skip_back(value_end, value_end - at, trailing);
    let value = &scan.bytes[at..value_end];
    let final_word = ends_sentence(scan, value_end);
    let taken = match link {
        Link::None => looks_drawn(value) && value.len() >= 5,
        Link::Word | Link::Sign => {
            value.len() >= 3 && (looks_secret(value) || final_word && may_be_password(value))
        }
    };
    taken.then(|| scan.mark_open(at, value_end))
}

/// Three and more digits, together or in groups.
fn number(scan: &mut Scan<'_>, end: usize, least: usize) -> Option<usize> {
    let (_, at) = link(scan, end);
    let at = at + usize::from(matches!(scan.byte(at), b'"' | b'\'' | b'#' | b'('));
    if at == end {
        return None;
    }
    let mut value_end = scan.skip(at, 9, |byte| byte.is_ascii_digit());
    let mut digits = value_end - at;
    let first = digits;
    if digits > 0 {
        while digits < 9 && matches!(scan.byte(value_end), b' ' | b'-' | b'.' | b',') {
            let start = scan.skip(value_end, 2, |byte| {
                matches!(byte, b' ' | b'-' | b'.' | b',')
            });
            let next = scan.skip(start, 4, |byte| byte.is_ascii_digit());
            let width = next - start;
            if width != first && width < 3 || is_word(scan.byte(next)) {
                break;
            }
            digits += width;
            value_end = next;
        }
    }
    let next = scan.byte(value_end);
    let goes_on = is_word(next)
        || matches!(next, b':' | b'.' | b',' | b'/' | b'%' | b'-')
            && scan.byte(value_end + 1).is_ascii_digit();
    if !(least..=12).contains(&digits) || goes_on {
        return None;
    }
    scan.mark(at, value_end, What::Secret);
    // What follows may be a card whose first digits these are.
    Some(at)
}

/// Whether the words before a "code" say that it opens something.
fn is_qualified(scan: &mut Scan<'_>, at: usize) -> bool {
    scan.steps += 48;
    if words::speaks_of_social_security(scan.bytes, at) {
        return false;
    }
    words::before(scan.bytes, at)
        .take(2)
        .any(|word| words::is_in(word, cues::QUALIFIERS))
        || {
            // "código de seguridad", "code for the lockbox": the word after.
            let end = scan.skip(at, 12, is_word);
            let next = scan.skip(end, 24, |byte| is_word(byte) || byte == b' ');
            let mut after = scan.bytes[end..next]
                .split(|byte| *byte == b' ')
                .filter(|word| !word.is_empty());
            after
                .next()
                .is_some_and(|word| words::is_in(word, &[b"de", b"for"]))
                && after
                    .take(2)
                    .any(|word| words::is_in(word, cues::QUALIFIERS))
        }
        || words::is_in(
            &scan.bytes[at..(at + 6).min(scan.bytes.len())],
            &[b"sicher", b"zugang", b"tuerco", b"best\xfft"],
        )
}

fn ends_sentence(scan: &mut Scan<'_>, end: usize) -> bool {
    let after = scan.skip(end, 3, |byte| byte == b' ');
    matches!(
        scan.byte(end),
        b'.' | b'!' | b'\n' | b'\r' | b',' | b';' | b'"'
    ) || after >= scan.bytes.len()
        || [&b"and "[..], b"und ", b"y ", b"but "]
            .iter()
            .any(|word| scan.bytes[after..].starts_with(word))
}

/// A digit, a sign inside, or capitals after small letters.
fn looks_secret(value: &[u8]) -> bool {
    let sign = |byte: &u8| {
        !is_word(*byte)
            && !matches!(
                byte,
                b'\'' | b'-' | b'/' | b'.' | b'(' | b')' | b',' | b'*' | 0xfe
            )
    };
    let mixed = value
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    let digits = value.iter().any(u8::is_ascii_digit);
    let time = value
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'/'))
        && value.iter().any(|byte| !byte.is_ascii_digit());
    !time
        && (digits
            || mixed
            || value.iter().any(sign) && value.iter().any(u8::is_ascii_alphanumeric))
}

/// Letters and digits or signs together, as in no word.
fn looks_drawn(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_alphabetic)
        && value.iter().any(u8::is_ascii_digit)
        && looks_secret(value)
}

/// A plain word that says nothing about the password itself.
fn may_be_password(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let ending = [&b"ing"[..], b"ed", b"ly", b"ung"]
        .iter()
        .any(|ending| lower.ends_with(ending));
    value.len() > 3
        && value.iter().all(|byte| is_word(*byte))
        && !ending
        && !words::is_in(value, cues::SAID_OF_PASSWORDS)
}
