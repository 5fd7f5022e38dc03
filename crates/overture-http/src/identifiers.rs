//! How identifiers are brought into one form before they are hashed.

use std::borrow::Cow;

use overture_engine::model::{Identifier, IdentifierKind, IdentityLevel, Private};

use crate::keys::Keys;

/// The longest identifier that is believed, bytes.
pub(crate) const IDENTIFIER_BYTES_MAX: usize = 256;

/// The normal form of an e-mail address: trimmed and lower-cased. `None` when it has not
/// the form `local@domain`.
pub(crate) fn email(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let plausible = !local.is_empty()
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && text.len() <= IDENTIFIER_BYTES_MAX
        && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    plausible.then(|| {
        if text.chars().any(char::is_uppercase) {
            Cow::Owned(text.to_lowercase())
        } else {
            Cow::Borrowed(text)
        }
    })
}

/// The E.164 form of a phone number: `+` and 7 to 15 digits, the first not 0. Spaces, dots,
/// dashes, slashes and brackets are dropped, a leading `00` becomes `+`. `None` without a
/// country code, since none is guessed.
pub(crate) fn phone(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = match text.strip_prefix('+') {
        Some(rest) => rest,
        None => text.strip_prefix("00")?,
    };
    let mut number = String::with_capacity(16);
    number.push('+');
    for letter in digits.chars() {
        match letter {
            '0'..='9' => number.push(letter),
            ' ' | '.' | '-' | '/' | '(' | ')' | '\u{a0}' | '\u{2011}' => {}
            _ => return None,
        }
        if number.len() > 16 {
            return None;
        }
    }
    (number.len() >= 8 && !number.starts_with("+0")).then_some(number)
}

/// An identifier with its key; `None` when it is empty or too long.
pub(crate) fn identifier(
    keys: &Keys,
    kind: IdentifierKind,
    value: &str,
    level: IdentityLevel,
) -> Option<Identifier> {
    let value = value.trim();
    if value.is_empty() || value.len() > IDENTIFIER_BYTES_MAX {
        return None;
    }
    Some(Identifier {
        kind,
        key: keys.link(kind, value),
        value: Private::new(value),
        level,
    })
}

/// A path or an address of a page as a path: without origin, query and fragment, at most
/// 512 bytes, starting with a slash.
pub(crate) fn page_path(text: &str) -> String {
    const BYTES_MAX: usize = 512;
    let text = text.trim();
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => text,
    };
    let mut end = path.len().min(BYTES_MAX);
    while !path.is_char_boundary(end) {
        end -= 1;
    }
    let path = &path[..end];
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_are_lower_cased_and_impossible_ones_refused() {
        for (text, expected) in [
            (" Ann@Example.COM ", Some("ann@example.com")),
            ("ann@example.com", Some("ann@example.com")),
            ("ann@localhost", None),
            ("@example.com", None),
            ("a b@example.com", None),
            ("ann", None),
            ("ann@.com", None),
        ] {
            assert_eq!(email(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn phone_numbers_become_e164_only_with_a_country_code() {
        for (text, expected) in [
            ("+44 20 7946 0018", Some("+442079460018")),
            ("0049 (30) 123-456", Some("+4930123456")),
            ("+1.415.555.0100", Some("+14155550100")),
            ("020 7946 0018", None),
            ("+0123456789", None),
            ("+12345", None),
            ("+1234567890123456", None),
            ("+44 20 CALL ME", None),
        ] {
            assert_eq!(phone(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_page_loses_origin_query_and_fragment() {
        for (text, expected) in [
            ("https://shop.example/checkout?card=4111#pay", "/checkout"),
            ("https://shop.example", "/"),
            ("https://shop.example?x=1", "/"),
            ("/cart?x", "/cart"),
            ("cart", "/cart"),
            ("", "/"),
            ("/a#b?c", "/a"),
        ] {
            assert_eq!(page_path(text), expected, "{text}");
        }
        assert!(page_path(&"/é".repeat(600)).len() <= 512);
    }
}
