//! International bank account numbers (ISO 13616): country, length and check digits.

use super::scan::{Scan, What, is_word};

/// How many signs may stand between two characters.
const SEPARATOR_BYTES_MAX: usize = 3;

/// The fewest digits among a number's characters; words by chance have none.
const DIGITS_MIN: usize = 9;

/// How long a country's numbers are.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// Marks the number that begins at `at`.
pub(super) fn at(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let country = [scan.byte(at), scan.byte(at + 1)].map(|byte| byte.to_ascii_uppercase());
    let digits_at = scan.skip(at + 2, 1, is_separator);
    if !scan.byte(digits_at).is_ascii_digit() || !country.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    let place = LENGTHS
        .binary_search_by_key(&&country, |(country, _)| *country)
        .ok()?;
    let (length, mut end) = (LENGTHS[place].1, at);
    let mut characters = [0_u8; 34];
    for character in &mut characters[..length] {
        let separators = scan.skip(end, SEPARATOR_BYTES_MAX, is_separator);
        let start = if end == at { at } else { separators };
        let byte = scan.byte(start);
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        (*character, end) = (byte.to_ascii_uppercase(), start + 1);
    }
    let number = &characters[..length];
    let digits = number.iter().filter(|byte| byte.is_ascii_digit()).count();
    // "is 12 .." begins a sentence's end more often than a number of Iceland.
    let apart = digits_at > at + 2;
    let words = scan.bytes[at..end].iter().any(u8::is_ascii_lowercase) || is_word(scan.byte(end));
    let whole = !scan.byte(end).is_ascii_digit() && digits >= DIGITS_MIN && !(apart && words);
    (whole && passes_mod_97(number)).then(|| scan.mark(at, end, What::Iban))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b'\n' | b'\r' | b'\t')
}

/// The check of ISO/IEC 7064, MOD 97-10, with the first four characters put last.
fn passes_mod_97(characters: &[u8]) -> bool {
    let turned = characters[4..].iter().chain(&characters[..4]);
    let rest = turned.fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        letter => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_in_order() {
        assert!(LENGTHS.is_sorted_by_key(|(country, _)| *country));
        assert!(LENGTHS.iter().all(|(_, length)| *length <= 34));
    }
}
