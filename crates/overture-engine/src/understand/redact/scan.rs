//! One walk over a folded text: each word, number and sign goes to the scanners it may
//! begin, and what they find is made free of overlaps.

use super::{
    address,
    class::{CLASS, LETTERS, SIGNS, WORD, word_length},
    cues, email, iban, number,
    pattern::References,
    secret,
    span::{Span, settle},
    token, url,
};

pub(super) use super::{class::is_word, span::What};

/// The walk's state.
pub(super) struct Scan<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) references: &'a References,
    pub(super) spans: Vec<Span>,
    /// The digits' groups of the number under way, kept for their storage.
    pub(super) groups: Vec<number::Group>,
    /// The `@` after a URL's user and password: no e-mail address.
    pub(super) userinfo_at: Option<usize>,
    /// How many bytes were looked at, for the tests of linear time.
    pub(super) steps: usize,
}

/// Everything in `bytes`, in order and without overlaps, and how many bytes that took.
pub(super) fn scan(bytes: &[u8], references: &References) -> (Vec<Span>, usize) {
    let mut scan = Scan {
        bytes,
        references,
        spans: Vec::new(),
        groups: Vec::new(),
        userinfo_at: None,
        steps: 0,
    };
    scan.walk();
    scan.steps += bytes.len();
    (settle(scan.spans), scan.steps)
}

impl Scan<'_> {
    fn walk(&mut self) {
        let bytes = self.bytes;
        let signs_begin = self.references.begin_with_signs();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            let class = CLASS[usize::from(*byte)];
            if class & WORD == 0 && signs_begin {
                self.reference(at);
            }
            at = match class {
                0 => at + 1,
                SIGNS => self.sign(at, *byte),
                _ => self.word(at),
            };
        }
    }

    /// A word begins or, after a number, goes on at `at`; where to go on.
    fn word(&mut self, at: usize) -> usize {
        let bytes = self.bytes;
        let (length, seen) = word_length(&bytes[at..]);
        let end = at + length;
        if at > 0 && is_word(bytes[at - 1]) {
            return end;
        }
        // One branch for all the words that are nothing else.
        let special = seen != LETTERS
            || self.references.may_begin(bytes[at])
                | cues::may_be_cue(&bytes[at..end])
                | token::may_begin(length, self.byte(end))
                | (length == 2) & self.byte(at + 3).is_ascii_digit();
        if !special {
            return end;
        }
        if self.references.may_begin(bytes[at]) {
            self.reference(at);
        }
        if let Some(end) = self.announced(at, end) {
            return end;
        }
        if seen == LETTERS {
            return (length == 2)
                .then(|| iban::at(self, at))
                .flatten()
                .unwrap_or(end);
        }
        if let Some(end) = iban::at(self, at).or_else(|| token::long(self, at, end)) {
            return end;
        }
        if bytes[at].is_ascii_digit() {
            return number::run(self, at, number::Border::Clean);
        }
        self.glued(at, end).unwrap_or(end)
    }

    /// What a word is by its looks, or announces.
    #[inline]
    fn announced(&mut self, at: usize, end: usize) -> Option<usize> {
        if token::may_begin(end - at, self.byte(end)) {
            let found = token::known_key(self, at, end);
            if found.is_some() {
                return found;
            }
        }
        let word = &self.bytes[at..end];
        match email::is_at_word(word) {
            true => email::spoken(self, at, end),
            false if cues::may_be_cue(word) => secret::after_cue(self, at, end),
            false => None,
        }
    }

    /// A number glued to the end of a word.
    fn glued(&mut self, at: usize, end: usize) -> Option<usize> {
        let digits = self.bytes[at..end]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        self.steps += end - at;
        (digits > 0).then(|| number::run(self, end - digits, number::Border::Glued))
    }

    fn sign(&mut self, at: usize, byte: u8) -> usize {
        let found = match byte {
            b'@' => email::written(self, at, at + 1),
            b'%' if self.bytes[at..].starts_with(b"%40") => email::written(self, at, at + 3),
            b'%' => None,
            b':' => url::authority(self, at).or_else(|| address::v6(self, at)),
            b'=' => url::assigned(self, at),
            b'/' => token::path_part(self, at + 1),
            _ => email::bracketed(self, at),
        };
        found.unwrap_or(at + 1)
    }

    /// Marks what a configured pattern finds at `at`; the walk goes on inside it.
    pub(super) fn reference(&mut self, at: usize) {
        if let Some((place, end)) = self.references.at(self.bytes, at) {
            self.steps += end - at;
            self.mark(at, end, What::Reference(place));
        }
    }

    /// Keeps a find; answers its end.
    pub(super) fn mark(&mut self, start: usize, end: usize, what: What) -> usize {
        self.spans.push(Span { start, end, what });
        end
    }

    /// Keeps a secret whose last digits may begin another find; answers where they start.
    pub(super) fn mark_open(&mut self, start: usize, end: usize) -> usize {
        self.mark(start, end, What::Secret);
        self.skip_back(end, end - start, |byte| byte.is_ascii_digit())
    }

    /// The byte at `at`; outside zero, which no folded text has.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The byte before `at`; outside zero.
    pub(super) fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |place| self.bytes[place])
    }

    /// The first place from `at` whose byte is not `wanted`, `most` bytes on at the latest.
    pub(super) fn skip(&mut self, at: usize, most: usize, wanted: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[at.min(self.bytes.len())..];
        let run = rest.iter().take(most).take_while(|byte| wanted(**byte));
        let length = run.count();
        self.steps += length + 1;
        at + length
    }

    /// The first place of the run of `wanted` bytes that ends at `at`, `most` back at most.
    pub(super) fn skip_back(
        &mut self,
        at: usize,
        most: usize,
        wanted: impl Fn(u8) -> bool,
    ) -> usize {
        let run = self.bytes[..at].iter().rev().take(most);
        let length = run.take_while(|byte| wanted(**byte)).count();
        self.steps += length + 1;
        at - length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_texts_cost_a_bounded_number_of_steps_a_byte() {
        let references = References::new(&[]).unwrap();
        for piece in [
            "1",
            "@",
            "a@",
            "a@a.",
            "1 ",
            "4111 ",
            "0",
            "00",
            "+1",
            "(",
            "((1",
            "[at]",
            " at ",
            "a at b dot ",
            " dot ",
            ":",
            "::",
            "a:",
            "1:",
            "://",
            "http://a:",
            "=",
            "key=",
            "/",
            "aA1/",
            "sk-",
            "eyJ",
            "eyJ.",
            "password ",
            "password: ",
            "password is ",
            "pin ",
            "pin: 1 ",
            "DE89 ",
            "DE89",
            "1.",
            "1.1.1.1",
            "1-",
            "01/02/2026 ",
            "a",
            "A1",
            ".",
            "-",
            "x@x-",
            "1\n",
            "555-",
            "\"",
            "password \"",
            "bearer ",
            "&key=a",
            "token=a=",
            "-a",
            "a_",
            "%",
            "a.b@c.d ",
            "code ",
            "security code ",
            "call 1 ",
        ] {
            let text = piece.repeat(200_000 / piece.len());
            let (_, steps) = scan(text.as_bytes(), &references);
            let bound = 100 * text.len();
            assert!(
                steps <= bound,
                "{piece:?}: {} steps a byte",
                steps / text.len()
            );
        }
    }
}
