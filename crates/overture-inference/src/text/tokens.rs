//! A message as tokens: where each stands, and the normalised bytes that features are made of.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What of a message is read, in bytes; the rest is not looked at.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// How many tokens of a message are read.
pub const TOKENS_MAX: usize = 2_048;

/// The longest normalised word, in bytes; what is longer is no word.
const WORD_BYTES_MAX: usize = 40;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters, with apostrophes and inner hyphens.
    Word,
    /// Digits, with their separators.
    Number,
    /// One mark or a run of the same.
    Mark,
    /// One emoji with its modifiers.
    Emoji,
    /// An address, a name of a person's, or a marker that stands for something redacted.
    Reference,
}

/// A piece of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// First byte in the message.
    pub start: u32,
    /// One past its last byte in the message.
    pub end: u32,
    /// First byte of its normalised form in [`Tokens::normal`].
    normal_start: u32,
    normal_end: u32,
    /// What it is.
    pub kind: Kind,
    /// Two or more letters, none of them small.
    pub is_shouted: bool,
    /// A letter three times or more in a row ("sooo"), or a mark repeated.
    pub is_stretched: bool,
    /// The first token of a clause: after a mark, "but" or a line break.
    pub starts_clause: bool,
}

/// The tokens of one message. Made once and filled again for every message.
#[derive(Debug, Default)]
pub struct Tokens {
    normal: Vec<u8>,
    tokens: Vec<Token>,
}

impl Tokens {
    /// The tokens in order.
    pub fn all(&self) -> &[Token] {
        &self.tokens
    }

    /// The normalised form of one: small letters, compatibility forms replaced, no combining marks
    /// beyond a letter's own, digits as `0`, at most two equal letters in a row.
    pub fn normal(&self, token: &Token) -> &[u8] {
        &self.normal[token.normal_start as usize..token.normal_end as usize]
    }

    /// Reads the parts of `text` that `ranges` name (byte ranges on character borders), up to
    /// [`TEXT_BYTES_MAX`] and [`TOKENS_MAX`].
    pub fn read(&mut self, text: &str, ranges: &[std::ops::Range<usize>]) {
        self.normal.clear();
        self.tokens.clear();
        let mut left = TEXT_BYTES_MAX;
        for range in ranges {
            let part = &text[range.clone()];
            let part = &part[..part.floor_char_boundary(left)];
            left -= part.len();
            self.read_part(part, range.start);
            if left == 0 || self.tokens.len() >= TOKENS_MAX {
                break;
            }
        }
    }

    fn read_part(&mut self, part: &str, offset: usize) {
        let bytes = part.as_bytes();
        let mut at = 0;
        let mut clause = true;
        while at < bytes.len() && self.tokens.len() < TOKENS_MAX {
            let byte = bytes[at];
            if byte.is_ascii_whitespace() || byte.is_ascii_control() {
                clause |= byte == b'\n';
                at += 1;
                continue;
            }
            let (kind, end) = span(part, at);
            let Some(kind) = kind else {
                at = end;
                continue;
            };
            self.push(part, at, end, kind, offset, clause);
            clause = kind == Kind::Mark && !matches!(byte, b'\'' | b'"' | b'-' | b'*' | b'/');
            at = end;
        }
    }

    fn push(&mut self, part: &str, at: usize, end: usize, kind: Kind, offset: usize, clause: bool) {
        let normal_start = self.normal.len();
        let piece = &part[at..end];
        let (is_shouted, is_stretched) = match kind {
            Kind::Word => self.push_word(piece),
            Kind::Number => {
                let digits = piece.bytes().filter(u8::is_ascii_digit).count().clamp(1, 5);
                self.normal.extend(std::iter::repeat_n(b'0', digits));
                (false, false)
            }
            Kind::Mark => {
                let first = piece.chars().next().map_or(0, char::len_utf8);
                self.normal.extend_from_slice(&piece.as_bytes()[..first]);
                let repeated = piece.len() > first;
                if repeated {
                    self.normal.push(b'+');
                }
                (false, repeated)
            }
            Kind::Emoji => {
                self.push_emoji(piece);
                (false, false)
            }
            Kind::Reference => {
                self.normal.extend_from_slice(reference_name(piece));
                (false, false)
            }
        };
        let place = |value: usize| u32::try_from(value).expect("a message is short");
        self.tokens.push(Token {
            start: place(offset + at),
            end: place(offset + end),
            normal_start: place(normal_start),
            normal_end: place(self.normal.len()),
            kind,
            is_shouted,
            is_stretched,
            starts_clause: clause,
        });
    }

    /// Appends an emoji without its modifiers, or the eyes and the mouth of an emoticon.
    fn push_emoji(&mut self, piece: &str) {
        let bytes = piece.as_bytes();
        if piece.is_ascii() {
            let mouth = bytes[bytes.len() - 1].to_ascii_lowercase();
            self.normal.extend_from_slice(&[bytes[0], mouth]);
        } else {
            let first = piece.chars().next().map_or(0, char::len_utf8);
            self.normal.extend_from_slice(&bytes[..first]);
        }
    }

    /// Appends the normalised word; says whether it was shouted and whether it was stretched.
    fn push_word(&mut self, word: &str) -> (bool, bool) {
        let start = self.normal.len();
        let mut letters = 0usize;
        let mut small = 0usize;
        if word.is_ascii() {
            for byte in word.bytes() {
                letters += usize::from(byte.is_ascii_alphabetic());
                small += usize::from(byte.is_ascii_lowercase());
                self.normal.push(if byte.is_ascii_digit() {
                    b'0'
                } else {
                    byte.to_ascii_lowercase()
                });
            }
        } else {
            for char in word.nfkc().filter(|char| !is_invisible(*char)) {
                if is_combining_mark(char) {
                    continue;
                }
                letters += usize::from(char.is_alphabetic());
                small += usize::from(char.is_lowercase());
                let char = if matches!(char, '’' | '‘' | 'ʼ') {
                    '\''
                } else {
                    char
                };
                for lower in char.to_lowercase() {
                    let mut place = [0; 4];
                    self.normal
                        .extend_from_slice(lower.encode_utf8(&mut place).as_bytes());
                }
            }
        }
        let stretched = squeeze(&mut self.normal, start);
        let cut = start + WORD_BYTES_MAX;
        if self.normal.len() > cut {
            self.normal.truncate(cut);
        }
        (letters >= 2 && small == 0, stretched)
    }
}

/// Leaves at most two equal bytes in a row from `start` on; says whether there were more.
fn squeeze(bytes: &mut Vec<u8>, start: usize) -> bool {
    let mut kept = start;
    let mut stretched = false;
    for read in start..bytes.len() {
        let byte = bytes[read];
        if byte < 0x80 && kept >= start + 2 && bytes[kept - 1] == byte && bytes[kept - 2] == byte {
            stretched |= byte.is_ascii_alphabetic();
            continue;
        }
        bytes[kept] = byte;
        kept += 1;
    }
    bytes.truncate(kept);
    stretched
}

/// What stands at `at`, and where it ends; `None` for what is passed over.
fn span(part: &str, at: usize) -> (Option<Kind>, usize) {
    let bytes = part.as_bytes();
    let byte = bytes[at];
    if byte.is_ascii_alphabetic() {
        if let Some(end) = address_end(bytes, at) {
            return (Some(Kind::Reference), end);
        }
        return (Some(Kind::Word), word_end(part, at));
    }
    if byte.is_ascii_digit() {
        let end = number_end(bytes, at);
        // "3rd", "2x", "4G": letters that cling to a number make it a word.
        if end < bytes.len() && bytes[end].is_ascii_alphabetic() {
            return (Some(Kind::Word), word_end(part, at));
        }
        return (Some(Kind::Number), end);
    }
    if byte < 0x80 {
        return ascii_mark(bytes, at);
    }
    let char = part[at..].chars().next().expect("at is before the end");
    let next = at + char.len_utf8();
    if is_emoji(char) {
        return (Some(Kind::Emoji), emoji_end(part, next));
    }
    if char.is_alphanumeric() {
        return (Some(Kind::Word), word_end(part, at));
    }
    if char.is_whitespace() || is_invisible(char) || is_combining_mark(char) || char.is_control() {
        return (None, next);
    }
    let mut end = next;
    while part[end..].starts_with(char) {
        end += char.len_utf8();
    }
    (Some(Kind::Mark), end)
}

fn word_end(part: &str, at: usize) -> usize {
    let bytes = part.as_bytes();
    let mut end = at;
    while end < bytes.len() {
        let byte = bytes[end];
        let is_inner = byte == b'\'' && bytes.get(end + 1).is_some_and(u8::is_ascii_alphabetic);
        if byte.is_ascii_alphanumeric() || is_inner {
            end += 1;
        } else if byte < 0x80 {
            break;
        } else {
            let char = part[end..].chars().next().expect("end is before the end");
            let apostrophe = matches!(char, '’' | '‘' | 'ʼ')
                && part[end + char.len_utf8()..].starts_with(char::is_alphabetic);
            let joins = char.is_alphanumeric() && !is_emoji(char)
                || is_combining_mark(char)
                || is_invisible(char) && char != '\u{200b}';
            if !(apostrophe || joins) {
                break;
            }
            end += char.len_utf8();
        }
    }
    end
}

fn number_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    while end < bytes.len() {
        let inner = matches!(bytes[end], b'.' | b',' | b':' | b'/')
            && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
        if !bytes[end].is_ascii_digit() && !inner {
            break;
        }
        end += 1;
    }
    end
}

/// The end of an address (`https://…`, `www.…`, `name@host`) that begins at `at`.
fn address_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let is_web =
        rest.starts_with(b"http://") || rest.starts_with(b"https://") || rest.starts_with(b"www.");
    let until = || {
        rest.iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(rest.len())
    };
    if is_web {
        return Some(at + until());
    }
    let local = rest.iter().take(64).position(|byte| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+'))
    })?;
    let host = rest
        .get(local..)
        .filter(|host| host[0] == b'@' && local > 0)?;
    let end = host[1..]
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')))
        .unwrap_or(host.len() - 1);
    (end > 2).then_some(at + local + 1 + end)
}

fn ascii_mark(bytes: &[u8], at: usize) -> (Option<Kind>, usize) {
    let byte = bytes[at];
    if byte == b'@' {
        let name = bytes[at + 1..]
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'))
            .unwrap_or(bytes.len() - at - 1);
        if name > 1 {
            return (Some(Kind::Reference), at + 1 + name);
        }
    }
    if byte == b'[' {
        // A marker that stands for something redacted: `[card]`, `[order:7f3a9c]`.
        let inner = &bytes[at + 1..bytes.len().min(at + 40)];
        if let Some(close) = inner.iter().position(|byte| *byte == b']') {
            let is_marker = close > 1
                && inner[..close].iter().all(|byte| {
                    byte.is_ascii_lowercase()
                        || byte.is_ascii_digit()
                        || matches!(byte, b':' | b'_' | b'-')
                });
            if is_marker {
                return (Some(Kind::Reference), at + close + 2);
            }
        }
    }
    if let Some(length) = emoticon(&bytes[at..]) {
        return (Some(Kind::Emoji), at + length);
    }
    let run = bytes[at..]
        .iter()
        .take_while(|other| **other == byte)
        .count();
    (Some(Kind::Mark), at + run)
}

/// The length of an emoticon such as `:)`, `:-(`, `;)`, `:D`, `:'(`, `<3` at the beginning.
fn emoticon(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(b"<3") {
        return Some(2);
    }
    if !matches!(bytes[0], b':' | b';' | b'=') {
        return None;
    }
    let mut at = 1;
    while at < 3 && matches!(bytes.get(at), Some(b'-' | b'\'' | b'o')) {
        at += 1;
    }
    let mouth = *bytes.get(at)?;
    let ends = bytes
        .get(at + 1)
        .is_none_or(|next| !next.is_ascii_alphanumeric());
    let is_mouth = matches!(mouth, b')' | b'(' | b'/' | b'|' | b']' | b'[')
        || matches!(mouth, b'D' | b'P' | b'p' | b'O') && ends;
    // "https://" is no face.
    let is_path = mouth == b'/' && bytes.get(at + 1) == Some(&b'/');
    (is_mouth && !is_path).then_some(at + 1)
}

/// What stands for a reference in features: its kind alone.
fn reference_name(piece: &str) -> &'static [u8] {
    match piece.as_bytes()[0] {
        b'@' => b"<name>",
        b'[' => b"<redacted>",
        _ if piece.contains('@') => b"<mail>",
        _ => b"<link>",
    }
}

fn emoji_end(part: &str, from: usize) -> usize {
    let mut end = from;
    let mut joined = false;
    for char in part[from..].chars() {
        let modifies = matches!(
            char,
            '\u{fe0f}' | '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}'
        );
        if !modifies && !joined {
            break;
        }
        joined = char == '\u{200d}';
        end += char.len_utf8();
    }
    end
}

fn is_emoji(char: char) -> bool {
    matches!(char,
        '\u{1f300}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b50}' | '\u{2b55}' | '\u{231a}'..='\u{231b}'
        | '\u{23e9}'..='\u{23f3}' | '\u{1f1e6}'..='\u{1f1ff}')
}

/// Characters that show nothing: joiners, soft hyphens, direction marks, variation selectors.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}
