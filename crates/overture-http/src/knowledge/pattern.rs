//! Page patterns: `*` stands for anything within one part of a path, `**` for anything.

/// The longest pattern, bytes.
const PATTERN_BYTES_MAX: usize = 200;

/// Whether a text is a page pattern: a path without query and fragment.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.starts_with('/')
        && text.len() <= PATTERN_BYTES_MAX
        && !text.contains(['?', '#', ' ', '\0'])
        && !text.contains("***")
}

/// How well a path fits a pattern: 0 when it does not, else above one half and the more, the
/// more of the pattern is written out; 1 for the page itself.
pub(super) fn matches_path(pattern: &str, path: &str) -> f64 {
    if path.is_empty() || !fits(pattern.as_bytes(), path.as_bytes()) {
        return 0.0;
    }
    let written = pattern.bytes().filter(|byte| *byte != b'*').count();
    if written == pattern.len() {
        return 1.0;
    }
    0.5 + 0.4 * (written as f64 / (written as f64 + 10.0))
}

/// Matches in one pass: after a mismatch it goes back to the last `**`, or to the last `*`
/// as long as no `/` was passed since. Time is at most the product of both lengths.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    let mut deep = None;
    let mut flat = None;
    let (mut at, mut read) = (0, 0);
    while read < path.len() {
        if pattern[at..].starts_with(b"**") {
            at += 2;
            deep = Some((at, read));
            flat = None;
        } else if pattern.get(at) == Some(&b'*') {
            at += 1;
            flat = Some((at, read));
        } else if pattern.get(at) == Some(&path[read]) {
            at += 1;
            read += 1;
        } else if let Some((after, from)) = flat.filter(|(_, from)| path[*from] != b'/') {
            flat = Some((after, from + 1));
            (at, read) = (after, from + 1);
        } else if let Some((after, from)) = deep {
            deep = Some((after, from + 1));
            flat = None;
            (at, read) = (after, from + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_written() {
        for (pattern, path, expected) in [
            ("/checkout", "/checkout", true),
            ("/checkout", "/checkout/pay", false),
            ("/checkout/*", "/checkout/pay", true),
            ("/checkout/*", "/checkout/pay/card", false),
            ("/checkout/**", "/checkout/pay/card", true),
            ("/checkout**", "/checkout.html", true),
            ("/*/cart", "/shop/cart", true),
            ("/*/cart", "/shop/a/cart", false),
            ("/**/cart", "/shop/a/cart", true),
            ("/*.html", "/a.b.html", true),
            ("/**/*.html", "/a/b/c.html", true),
            ("/**/x/*/y", "/a/x/b/c/x/d/y", true),
            ("/**/x/*/y", "/a/x/b/c/y", false),
            ("/", "/", true),
            ("/**", "/", true),
            ("/shop", "", false),
        ] {
            assert_eq!(
                matches_path(pattern, path) > 0.0,
                expected,
                "{pattern} {path}"
            );
        }
        let many = format!("/{}b", "a*".repeat(60));
        assert_eq!(matches_path(&many, &format!("/{}", "a".repeat(190))), 0.0);
    }

    #[test]
    fn more_written_out_fits_better() {
        let fit = |pattern| matches_path(pattern, "/shop/checkout.html");
        assert!(fit("/shop/checkout.html") > fit("/shop/checkout*"));
        assert!(fit("/shop/checkout*") > fit("/shop/**"));
        assert!(fit("/shop/**") > fit("/**"));
    }
}
