//! Secrets in addresses of the web: before the host, and as values of parameters.

use super::{
    scan::{Scan, What},
    token, words,
};

const AUTHORITY_BYTES_MAX: usize = 512;
const NAME_BYTES_MAX: usize = 40;
const VALUE_BYTES_MAX: usize = 4_096;
/// How long a value outside of an address is at least.
const LOOSE_BYTES_MIN: usize = 4;

/// Marks `user:password` where the colon at `at` begins `://`; goes on at the authority.
pub(super) fn authority(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    if !scan.bytes[at..].starts_with(b"://") {
        return None;
    }
    let start = at + 3;
    let end = scan.skip(start, AUTHORITY_BYTES_MAX, |byte| {
        !matches!(byte, b'/' | b'?' | b'#' | b'"' | b'<' | b'>' | b'[')
            && !byte.is_ascii_whitespace()
    });
    let last_at = scan.bytes[start..end]
        .iter()
        .rposition(|byte| *byte == b'@')?;
    scan.userinfo_at = Some(start + last_at);
    (last_at > 0).then(|| scan.mark(start, start + last_at, What::Secret))
}

/// Marks the value after the `=` at `at`, where its name is a secret's.
pub(super) fn assigned(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let start = scan.skip_back(at, NAME_BYTES_MAX, |byte| {
        token::is_key(byte) || byte == b'.'
    });
    let in_address = matches!(scan.before(start), b'?' | b'&' | b'#' | b';');
    if start == at || !is_secret(&scan.bytes[start..at]) {
        return None;
    }
    let from = at + 1;
    let end = scan.skip(from, VALUE_BYTES_MAX, |byte| {
        !matches!(byte, b'&' | b'#' | b'"' | b'<' | b'>' | b'\'' | b'`' | b')')
            && !byte.is_ascii_whitespace()
    });
    let end = scan.skip_back(end, end - from, |byte| {
        matches!(byte, b'.' | b',' | b';' | b':' | b'!' | b'?')
    });
    let least = if in_address { 1 } else { LOOSE_BYTES_MIN };
    (end - from >= least).then(|| scan.mark_open(from, end))
}

/// Whether a parameter of this name carries a secret: `access_token`, `X-Amz-Signature`.
fn is_secret(name: &[u8]) -> bool {
    let contains = |stem: &[u8]| {
        name.windows(stem.len())
            .any(|part| part.eq_ignore_ascii_case(stem))
    };
    STEMS.iter().any(|stem| contains(stem))
        || name
            .split(|byte| matches!(byte, b'_' | b'-' | b'.'))
            .any(|part| words::is_in(part, PARTS))
}

const STEMS: &[&[u8]] = &[
    b"token",
    b"secret",
    b"passw",
    b"signature",
    b"apikey",
    b"authkey",
    b"session",
    b"credential",
    b"authorization",
];

const PARTS: &[&[u8]] = &[
    b"key",
    b"sig",
    b"auth",
    b"code",
    b"pwd",
    b"pass",
    b"otp",
    b"jwt",
    b"sid",
    b"pin",
    b"hmac",
    b"hash",
    b"cvv",
    b"cvc",
    b"passcode",
];
