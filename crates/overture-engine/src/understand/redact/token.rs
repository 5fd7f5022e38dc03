//! Keys and tokens that are known by their looks.

use super::scan::{Scan, What, is_word};

/// How long a key may be; what is longer is taken piece by piece.
const KEY_BYTES_MAX: usize = 4_096;

/// Within how many characters a key has its first digit.
const DIGIT_BYTES_MAX: usize = 48;

/// How keys begin, and how many characters then follow at least.
const KEYS: &[(&[u8], usize)] = &[
    (b"AIza", 30),
    (b"AKIA", 16),
    (b"ASIA", 16),
    (b"SG.", 20),
    (b"dop_v1_", 20),
    (b"gho_", 16),
    (b"ghp_", 16),
    (b"ghr_", 16),
    (b"ghs_", 16),
    (b"ghu_", 16),
    (b"github_pat_", 16),
    (b"glpat-", 16),
    (b"hf_", 24),
    (b"npm_", 24),
    (b"pk_live_", 8),
    (b"pk_test_", 8),
    (b"rk_live_", 8),
    (b"rk_test_", 8),
    (b"sk-", 16),
    (b"sk_live_", 8),
    (b"sk_test_", 8),
    (b"whsec_", 16),
    (b"xapp-", 10),
    (b"xoxa-", 10),
    (b"xoxb-", 10),
    (b"xoxe-", 10),
    (b"xoxp-", 10),
    (b"xoxr-", 10),
    (b"xoxs-", 10),
];

/// Whether a word of this length, before this sign, may begin a key: a short one before a
/// sign, or a long one.
#[inline]
pub(super) fn may_begin(length: usize, next: u8) -> bool {
    length >= 16 || matches!(next, b'-' | b'_' | b'.')
}

/// Marks an API key or a JSON web token whose first word is from `at` to `end`.
pub(super) fn known_key(scan: &mut Scan<'_>, at: usize, end: usize) -> Option<usize> {
    match scan.bytes[at] {
        b'e' => web_token(scan, at),
        b'A' | b'S' | b'd' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'w' | b'x' => {
            let rest = &scan.bytes[at..];
            let (begin, least) = KEYS.iter().find(|(begin, _)| rest.starts_with(begin))?;
            let tail = at + begin.len();
            let near = scan.skip(tail, DIGIT_BYTES_MAX, |byte| {
                is_key(byte) && !byte.is_ascii_digit()
            });
            if !scan.byte(near).is_ascii_digit() {
                return None;
            }
            let key_end = scan.skip(tail, KEY_BYTES_MAX, |byte| is_key(byte) || byte == b'.');
            let key_end =
                scan.skip_back(key_end, key_end - tail, |byte| matches!(byte, b'.' | b'-'));
            (key_end - tail >= *least).then(|| scan.mark(at, key_end.max(end), What::Secret))
        }
        _ => None,
    }
}

/// `eyJ..`, two parts and a signature (RFC 7519), or as much as is there.
fn web_token(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if !scan.bytes[at..].starts_with(b"eyJ") {
        return None;
    }
    let end = scan.skip(at, KEY_BYTES_MAX, |byte| {
        is_key(byte) || matches!(byte, b'.' | b'=')
    });
    let end = scan.skip_back(end, end - at, |byte| byte == b'.');
    (end - at >= 20).then(|| scan.mark(at, end, What::Secret))
}

/// Marks a word that is too long and too mixed to be one.
pub(super) fn long(scan: &mut Scan<'_>, at: usize, end: usize) -> Option<usize> {
    if end - at < 32 {
        return None;
    }
    scan.steps += end - at;
    let mix = Mix::of(&scan.bytes[at..end]);
    (mix.is_hex() || mix.is_mixed()).then(|| scan.mark(at, end, What::Secret))
}

/// Marks the part of a path that begins at `at`, where it looks drawn by chance.
pub(super) fn path_part(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let end = scan.skip(at, KEY_BYTES_MAX, |byte| {
        is_key(byte) || matches!(byte, b'=' | b'%' | b'~' | b'+')
    });
    if end - at < 20 {
        return None;
    }
    let part = &scan.bytes[at..end];
    let longest = part
        .split(|byte| !is_word(*byte))
        .max_by_key(|word| word.len())?;
    let mix = Mix::of(part);
    let hex = mix.is_hex() && mix.digits + mix.lower + mix.upper >= 24;
    let mixed = longest.len() >= 12 && Mix::of(longest).is_mixed();
    (hex || mixed).then(|| scan.mark(at, end, What::Secret))
}

/// Whether a byte may be in a key: base64url.
pub(super) fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// How many characters of which sort there are.
struct Mix {
    digits: usize,
    lower: usize,
    upper: usize,
    beyond_hex: usize,
}

impl Mix {
    fn of(part: &[u8]) -> Self {
        let count = |wanted: fn(&u8) -> bool| part.iter().filter(|byte| wanted(byte)).count();
        Self {
            digits: count(u8::is_ascii_digit),
            lower: count(u8::is_ascii_lowercase),
            upper: count(u8::is_ascii_uppercase),
            beyond_hex: count(|byte| !byte.is_ascii_hexdigit() && *byte != b'-'),
        }
    }

    fn is_hex(&self) -> bool {
        self.beyond_hex == 0 && self.digits > 3 && self.lower + self.upper > 3
    }

    fn is_mixed(&self) -> bool {
        self.digits > 1 && self.lower > 1 && self.upper > 1
    }
}
