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

/// Enough of an address to know it by: `g…@example.com`.
pub(crate) fn email_hint(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let first: String = local.chars().take(1).collect();
            format!("{first}…@{domain}")
        }
        None => "…".to_owned(),
    }
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
    let text = text.trim();
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let text = &text[..end];
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |start| &rest[start..]),
        None => text,
    };
    let mut end = path.len().min(PATH_BYTES_MAX);
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

/// A path as [`page_path`] has it, with the query keys of `allow` in their order, and with
/// the fragment where `allow` holds `#`. Values that look like an address of a person, and
/// fragments that carry values, are left out. At most 512 bytes.
pub(crate) fn page_address(text: &str, allow: &[String]) -> String {
    let mut address = page_path(text);
    if allow.is_empty() {
        return address;
    }
    let (front, fragment) = text.split_once('#').unwrap_or((text, ""));
    let query = front.split_once('?').map_or("", |(_, query)| query);
    let personal = |part: &str| part.contains('@') || part.to_ascii_lowercase().contains("%40");
    let mut mark = '?';
    for pair in query.split('&') {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let fits = address.len() + pair.len() < PATH_BYTES_MAX;
        if allow.iter().any(|one| one == name) && !personal(pair) && fits {
            address.push(mark);
            address.push_str(pair);
            mark = '&';
        }
    }
    let fragment = fragment.split('?').next().unwrap_or_default();
    if allow.iter().any(|one| one == "#")
        && !fragment.is_empty()
        && !fragment.contains(['=', '&'])
        && !personal(fragment)
        && address.len() + fragment.len() < PATH_BYTES_MAX
    {
        address.push('#');
        address.push_str(fragment);
    }
    address
}

/// The longest path, bytes.
const PATH_BYTES_MAX: usize = 512;

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

    #[test]
    fn only_what_is_allowed_of_a_query_and_a_fragment_is_kept() {
        let allow: Vec<String> = ["step", "tab", "#"].map(str::to_owned).into();
        for (text, expected) in [
            ("/pay?card=4111&step=2&x", "/pay?step=2"),
            ("/pay?tab=a&step=2#form", "/pay?tab=a&step=2#form"),
            ("https://shop.example/?step=1", "/?step=1"),
            ("/#/orders/7?token=abc", "/#/orders/7"),
            ("/#access_token=abc", "/"),
            ("/?step=ann@example.com#ann%40example.com", "/"),
            ("/?step", "/?step"),
            ("/?mystep=1", "/"),
        ] {
            assert_eq!(page_address(text, &allow), expected, "{text}");
        }
        assert_eq!(page_address("/a?step=1#b", &[]), "/a");
        let long = format!("/a?step={}", "x".repeat(600));
        assert_eq!(page_address(&long, &allow), "/a");
    }
}
