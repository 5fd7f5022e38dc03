//! Splits Rust source into its code and its string literals, line numbers kept.

/// A source file with what a rule must not trip over blanked out by spaces.
pub(super) struct SourceText {
    /// The code: comments and the contents of literals are blank.
    pub(super) code: String,
    /// The contents of string literals: all else is blank.
    pub(super) strings: String,
}

/// Splits `source`, and blanks modules under `#[cfg(test)]` in both parts.
pub(super) fn split(source: &str) -> SourceText {
    let mut scanner = Scanner {
        rest: source,
        code: String::with_capacity(source.len()),
        strings: String::with_capacity(source.len()),
    };
    while !scanner.rest.is_empty() {
        scanner.step();
    }
    blank_test_modules(SourceText {
        code: scanner.code,
        strings: scanner.strings,
    })
}

struct Scanner<'a> {
    rest: &'a str,
    code: String,
    strings: String,
}

impl Scanner<'_> {
    fn step(&mut self) {
        if self.rest.starts_with("//") {
            let end = self.rest.find('\n').unwrap_or(self.rest.len());
            self.skip(end);
        } else if self.rest.starts_with("/*") {
            self.skip(comment_end(self.rest));
        } else if let Some((opening, closing)) = self.raw_string() {
            self.code(opening);
            let end = self.rest.find(&closing).unwrap_or(self.rest.len());
            self.string(end);
            self.code(closing.len().min(self.rest.len()));
        } else if self.rest.starts_with('"') {
            self.code(1);
            self.string(quoted_end(self.rest));
            self.code(1.min(self.rest.len()));
        } else if let Some(end) = char_literal(self.rest) {
            self.skip(end);
        } else {
            let next = self.rest.chars().next().map_or(0, char::len_utf8);
            self.code(next);
        }
    }

    /// `r"`, `r#"`, `br##"`: the opening's length and the closing text.
    fn raw_string(&self) -> Option<(usize, String)> {
        let in_word = self
            .code
            .ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if in_word {
            return None;
        }
        let after_b = self.rest.strip_prefix('b').unwrap_or(self.rest);
        let after_r = after_b.strip_prefix('r')?;
        let hashes = after_r.len() - after_r.trim_start_matches('#').len();
        after_r[hashes..].starts_with('"').then(|| {
            let opening = self.rest.len() - after_r.len() + hashes + 1;
            (opening, format!("\"{}", "#".repeat(hashes)))
        })
    }

    fn code(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.code.push_str(taken);
        self.strings.push_str(&blank(taken));
        self.rest = rest;
    }

    fn string(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        self.code.push_str(&blank(taken));
        self.strings.push_str(taken);
        self.rest = rest;
    }

    fn skip(&mut self, length: usize) {
        let (taken, rest) = self.rest.split_at(length);
        let blanked = blank(taken);
        self.code.push_str(&blanked);
        self.strings.push_str(&blanked);
        self.rest = rest;
    }
}

/// One space a byte, so that both parts keep the same offsets.
fn blank(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect()
}

fn comment_end(text: &str) -> usize {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

fn quoted_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// The length of a char literal at the start of `text`; a lifetime is none.
fn char_literal(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    let (_, first) = chars.next()?;
    if first == '\\' {
        chars.next()?;
        let (end, _) = chars.find(|(_, c)| *c == '\'')?;
        return Some(end + 2);
    }
    let (end, second) = chars.next()?;
    (second == '\'').then_some(end + 2)
}

fn blank_test_modules(text: SourceText) -> SourceText {
    let SourceText {
        mut code,
        mut strings,
    } = text;
    let mut from = 0;
    while let Some(found) = code[from..].find("#[cfg(test)]") {
        let start = from + found;
        let after = start + "#[cfg(test)]".len();
        let end = item_end(&code[after..]).map_or(code.len(), |length| after + length);
        let blanked = blank(&code[start..end]);
        code.replace_range(start..end, &blanked);
        let blanked = blank(&strings[start..end]);
        strings.replace_range(start..end, &blanked);
        from = end;
    }
    SourceText { code, strings }
}

/// Where the item at the start of `code` ends: after its braces, or its semicolon.
fn item_end(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            b';' if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn comments_and_literals_are_not_code() {
        let source = "let a = \"SELECT \\\" 1\"; // b.unwrap()\n/* c /* d */ */ e('\"', 'f');";
        let text = split(source);
        assert_eq!(text.strings.trim(), "SELECT \\\" 1");
        let words: Vec<&str> = text.code.split_whitespace().collect();
        assert_eq!(words, ["let", "a", "=", "\"", "\";", "e(", ",", ");"]);
    }

    #[test]
    fn raw_strings_lifetimes_and_offsets() {
        let source = "fn f<'a>(x: &'a str) { r#\"DELETE \"FROM\" é\"#; g('\\n', b'x') }";
        let text = split(source);
        assert_eq!(text.code.len(), source.len());
        assert_eq!(text.strings.trim(), "DELETE \"FROM\" é");
        assert!(text.code.contains("&'a str") && text.code.contains("g("));
    }

    #[test]
    fn test_modules_are_blank() {
        let text = split("a();\n#[cfg(test)]\nmod tests { fn b() { \"}\".unwrap(); } }\nc();");
        assert!(text.code.contains("a()") && text.code.contains("c()"));
        assert!(!text.code.contains("unwrap"));
        assert_eq!(text.code.lines().count(), 4);
    }
}
