//! Patterns over the paths of pages.

/// The longest pattern, bytes.
pub const PATTERN_BYTES_MAX: usize = 200;

/// Which pages are meant: `/checkout`, `/shop/*/cart`, `/help/**`.
///
/// `*` stands for any text without a slash, `**` for any text; everything else stands for
/// itself. A slash at the end of either side does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PagePattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Byte(u8),
    /// Any text without a slash.
    Segment,
    /// Any text.
    Rest,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// It is empty or does not begin with a slash or a star.
    #[error("expected a path that begins with /, for example /checkout or /shop/**")]
    Start,
    /// It is too long.
    #[error("expected at most {PATTERN_BYTES_MAX} bytes")]
    Length,
    /// It holds what no path holds.
    #[error("expected a path alone: no space, ? or #")]
    Letter,
}

impl PagePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`BadPattern`] says what was expected.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(BadPattern::Length);
        }
        if !text.starts_with(['/', '*']) {
            return Err(BadPattern::Start);
        }
        if text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || "?#".contains(letter))
        {
            return Err(BadPattern::Letter);
        }
        let mut parts = Vec::with_capacity(text.len());
        let mut bytes = trimmed(text).bytes().peekable();
        while let Some(byte) = bytes.next() {
            parts.push(match byte {
                b'*' if bytes.next_if_eq(&b'*').is_some() => Part::Rest,
                b'*' => Part::Segment,
                other => Part::Byte(other),
            });
        }
        Ok(Self {
            text: text.to_owned(),
            parts,
        })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it means the page at `path`, which comes without query and fragment.
    pub fn fits(&self, path: &str) -> bool {
        let path = trimmed(path).as_bytes();
        // `reached[n]`: the parts so far can stand for the first n bytes.
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for part in &self.parts {
            match part {
                Part::Byte(byte) => {
                    for end in (0..path.len()).rev() {
                        reached[end + 1] = reached[end] && path[end] == *byte;
                    }
                    reached[0] = false;
                }
                Part::Segment | Part::Rest => {
                    for end in 0..path.len() {
                        let passes = *part == Part::Rest || path[end] != b'/';
                        reached[end + 1] |= reached[end] && passes;
                    }
                }
            }
        }
        reached[path.len()]
    }
}

/// Without the slash at its end; the root stays.
fn trimmed(path: &str) -> &str {
    match path.strip_suffix('/') {
        Some("") | None => path,
        Some(shorter) => shorter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_pages_it_spells() {
        for (pattern, path, expected) in [
            ("/checkout", "/checkout", true),
            ("/checkout", "/checkout/", true),
            ("/checkout/", "/checkout", true),
            ("/checkout", "/checkout/pay", false),
            ("/checkout", "/Checkout", false),
            ("/", "/", true),
            ("/", "/shop", false),
            ("/shop/*/cart", "/shop/12/cart", true),
            ("/shop/*/cart", "/shop/12/x/cart", false),
            ("/shop/*", "/shop", false),
            ("/shop/*", "/shop/12", true),
            ("/shop/*", "/shop/12/cart", false),
            ("/shop/**", "/shop/12/cart", true),
            ("/shop**", "/shop", true),
            ("/*-sale", "/summer-sale", true),
            ("/*-sale", "/a/summer-sale", false),
            ("**", "/any/thing", true),
            ("**/pay", "/a/b/pay", true),
            ("/größe/*", "/größe/ü", true),
            ("/a.b", "/aXb", false),
        ] {
            let found = PagePattern::parse(pattern).unwrap().fits(path);
            assert_eq!(found, expected, "{pattern} and {path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_what_was_expected() {
        for (pattern, expected) in [
            ("", BadPattern::Start),
            ("checkout", BadPattern::Start),
            ("https://shop.example/", BadPattern::Start),
            ("/a b", BadPattern::Letter),
            ("/a?b=c", BadPattern::Letter),
            ("/a#b", BadPattern::Letter),
            (&"/a".repeat(101), BadPattern::Length),
        ] {
            assert_eq!(PagePattern::parse(pattern), Err(expected), "{pattern}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = PagePattern::parse(&"/**a*".repeat(40)).unwrap();
        assert!(!pattern.fits(&format!("{}/b", "/aaaaaaaa".repeat(200))));
    }
}
