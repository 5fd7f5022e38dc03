//! Markers that are in a text already: they are left alone, and nothing is found across one.

use std::ops::Range;

use super::kind::PSEUDONYM_CHARS;

/// How long a kind's name may be.
pub(super) const NAME_BYTES_MAX: usize = 24;

/// The markers of a folded text, in order.
pub(super) fn markers(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + bytes[from..].iter().position(|byte| *byte == b'[')?;
            from = start + 1;
            if let Some(len) = marker_len(&bytes[start..]) {
                from = start + len;
                return Some(start..from);
            }
        }
    })
}

/// Whether `name` can be the kind in a marker.
pub(super) fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(is_name_byte)
        && name.as_bytes()[0].is_ascii_lowercase()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// How long the marker is at the beginning of `bytes`, which begin with a bracket: `[card]`, `[secret]` or `[name:pseudonym]`.
pub(in crate::understand) fn marker_len(bytes: &[u8]) -> Option<usize> {
    for plain in [&b"[card]"[..], b"[secret]"] {
        if bytes.starts_with(plain) {
            return Some(plain.len());
        }
    }
    let inside = &bytes[1..];
    let name = inside
        .iter()
        .take_while(|byte| is_name_byte(**byte))
        .count();
    let named = (1..=NAME_BYTES_MAX).contains(&name) && inside[0].is_ascii_lowercase();
    if !named || inside.get(name) != Some(&b':') {
        return None;
    }
    let rest = &inside[name + 1..];
    let pseudonym = rest.get(..PSEUDONYM_CHARS)?;
    let spelled = pseudonym
        .iter()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
    (spelled && rest.get(PSEUDONYM_CHARS) == Some(&b']')).then_some(name + PSEUDONYM_CHARS + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_well_formed_markers_are_left_alone() {
        let text = "[card] [[secret][email:abcdefg7] [Email:abcdefg7] [email:abcdefg8] [x]";
        let found: Vec<&str> = markers(text.as_bytes()).map(|range| &text[range]).collect();
        assert_eq!(found, ["[card]", "[secret]", "[email:abcdefg7]"]);
        assert_eq!(markers(b"[[[[").count(), 0);
    }
}
