//! Addresses of machines.

use std::net::Ipv6Addr;

use super::{
    scan::{Scan, What, is_word},
    words,
};

/// The longest way to write an IPv6 address, with an IPv4 address at its end.
const V6_BYTES_MAX: usize = 45;

/// Four numbers up to 255 with dots that the words before do not call a version; the group
/// after them.
pub(super) fn v4(scan: &Scan<'_>, place: usize) -> Option<usize> {
    let octets = (place..place + 4).all(|place| {
        (1..=3).contains(&scan.length(place))
            && scan.value(place) <= 255
            && scan.digits(place) != b"000"
    });
    let dotted = (place..place + 3).all(|place| scan.between(place) == b".");
    if !octets || !dotted {
        return None;
    }
    let (start, end) = (scan.groups[place].start, scan.groups[place + 3].end);
    let goes_on =
        is_word(scan.byte(end)) || scan.byte(end) == b'.' && scan.byte(end + 1).is_ascii_digit();
    let joined = matches!(scan.before(start), b'.' | b'-');
    let large = (place..place + 4).any(|place| scan.value(place) > 99);
    let version = words::speaks_of_versions(scan.bytes, start)
        || !large && words::speaks_of_software(scan.bytes, start);
    (!goes_on && !joined && !version).then_some(place + 4)
}

/// The IPv6 address whose first colon is at `at`.
pub(super) fn v6(scan: &mut Scan<'_>, at: usize) -> Option<usize> {
    let start = scan.skip_back(at, 5, |byte| byte.is_ascii_hexdigit());
    let before = scan.before(start);
    if at - start > 4 || is_word(before) || matches!(before, b':' | b'.') {
        return None;
    }
    let end = scan.skip(start, V6_BYTES_MAX, |byte| {
        byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
    });
    if is_word(scan.byte(end)) {
        return None;
    }
    let written = str::from_utf8(&scan.bytes[start..end]).ok()?;
    let written = written.trim_end_matches('.');
    let written = match written.strip_suffix(':') {
        Some(shorter) if !shorter.ends_with(':') => shorter,
        _ => written,
    };
    let groups = written.split(':').filter(|group| !group.is_empty()).count();
    let told = written.bytes().any(|byte| byte.is_ascii_digit());
    let address: Result<Ipv6Addr, _> = written.parse();
    (groups > 1 && told && address.is_ok())
        .then(|| scan.mark(start, start + written.len(), What::Ip))
}
