//! A folded text in words, numbers and signs.

/// How many digits a number may have; longer ones are no amounts.
const DIGITS_MAX: usize = 15;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Letters.
    Word,
    /// Digits, with dots and commas between them.
    Number,
    /// One other byte.
    Sign,
}

/// One token; spaces are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) sort: Sort,
}

/// All tokens of a folded text.
pub(super) fn tokens(bytes: &[u8]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(bytes.len() / 5);
    let mut start = 0;
    while start < bytes.len() {
        let rest = &bytes[start..];
        let (length, sort) = match rest[0] {
            b'0'..=b'9' => (number_length(rest), Sort::Number),
            byte if is_letter(byte) => (
                rest.iter().take_while(|byte| is_letter(**byte)).count(),
                Sort::Word,
            ),
            byte if byte.is_ascii_whitespace() => {
                start += 1;
                continue;
            }
            _ => (1, Sort::Sign),
        };
        let end = start + length;
        tokens.push(Token { start, end, sort });
        start = end;
    }
    tokens
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == 0xff
}

fn number_length(rest: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = rest.get(length) {
        let inner =
            matches!(byte, b'.' | b',') && rest.get(length + 1).is_some_and(u8::is_ascii_digit);
        if !byte.is_ascii_digit() && !inner {
            break;
        }
        length += 1;
    }
    length
}

impl Token {
    /// The bytes of the token.
    pub(super) fn of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start..self.end]
    }

    /// Whether it is one of `words`, in either case.
    pub(super) fn is(&self, bytes: &[u8], words: &[&[u8]]) -> bool {
        self.sort == Sort::Word
            && words
                .iter()
                .any(|word| self.of(bytes).eq_ignore_ascii_case(word))
    }

    /// Whether it is this sign.
    pub(super) fn is_sign(&self, bytes: &[u8], sign: u8) -> bool {
        self.of(bytes) == [sign] && self.sort == Sort::Sign
    }

    /// Its value, where it is a number of plain digits.
    pub(super) fn whole(&self, bytes: &[u8]) -> Option<u32> {
        let digits = self.of(bytes);
        let plain = self.sort == Sort::Number && digits.len() <= 9;
        (plain && digits.iter().all(u8::is_ascii_digit)).then(|| value(digits))
    }

    /// Its value as a decimal, in any of the ways to set it: `1,299.00`, `1.299,00`, `12,5`.
    ///
    /// A single separator before three digits parts thousands, unless nothing but a zero
    /// is before it.
    pub(super) fn decimal(&self, bytes: &[u8]) -> Option<String> {
        let number = str::from_utf8(self.of(bytes)).ok()?;
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        if self.sort != Sort::Number || digits > DIGITS_MAX {
            return None;
        }
        let separators: Vec<(usize, u8)> = number
            .bytes()
            .enumerate()
            .filter(|(_, byte)| !byte.is_ascii_digit())
            .collect();
        let (whole, part) = match separators.last() {
            None => (number, ""),
            Some((at, sign)) => {
                let (whole, part) = (&number[..*at], &number[at + 1..]);
                let alone = separators.iter().filter(|(_, other)| other == sign).count() == 1;
                let thousands =
                    part.len() == 3 && separators.len() == 1 && whole != "0" && whole.len() <= 3;
                match alone && !thousands {
                    true => (whole, part),
                    false => (number, ""),
                }
            }
        };
        let groups: Vec<&str> = whole.split(['.', ',']).collect();
        let set = groups[1..].iter().all(|group| group.len() == 3)
            && (groups.len() == 1 || groups[0].len() <= 3);
        let whole = groups.concat();
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            rest => rest,
        };
        set.then(|| match part {
            "" => whole.to_owned(),
            part => format!("{whole}.{part}"),
        })
    }
}

/// The value of up to nine digits.
fn value(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}
