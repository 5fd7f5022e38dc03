//! Patterns for the organisation's own numbers: a small language without surprises.

mod automaton;
mod parse;

use std::sync::Arc;

pub(in crate::understand) use automaton::Automaton;

use super::{fold::Folded, marker};

/// How an organisation writes one kind of reference.
///
/// | in a pattern | matches |
/// |---|---|
/// | `#` | a digit |
/// | `@` | a letter |
/// | `*` | a letter or a digit |
/// | `[..]` | what is inside, or nothing; may be nested |
/// | `{n}`, `{n,m}` | what is before, `n` to `m` times: one character, not a `[..]` |
/// | `\` | the next character as itself |
/// | anything else, in ASCII | itself; letters in either case |
///
/// `ORD-######`, `[#]#{5,7}-@@`, `ACC[-]#{8}`. A match begins and ends at a border of a
/// word, and the longest one counts. A pattern must ask for a digit, or for two
/// characters as themselves, so that it cannot take every word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferencePattern {
    /// The name in the marker: `order`, `account`; `a` to `z`, digits and `_`.
    pub kind: String,
    /// The pattern.
    pub pattern: String,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use pattern `{pattern}` of `{kind}` at character {position}: {problem}")]
pub struct PatternError {
    /// The name of the pattern.
    pub kind: String,
    /// The pattern as it was given.
    pub pattern: String,
    /// The place in it, in characters from 0.
    pub position: usize,
    /// What is wrong there.
    pub problem: PatternProblem,
}

impl PatternError {
    /// Which part of the pattern is wrong: `kind` or `pattern`.
    pub fn key(&self) -> &'static str {
        match self.problem {
            PatternProblem::Name | PatternProblem::NameTaken | PatternProblem::TooMany => "kind",
            _ => "pattern",
        }
    }
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternProblem {
    /// The name is empty, too long, or has other characters than `a` to `z`, digits, `_`.
    #[error("the name must be 1 to 24 of a-z, 0-9 and _")]
    Name,
    /// The name is one of the built-in kinds.
    #[error("the name is taken by a built-in kind")]
    NameTaken,
    /// There are more than [`PATTERNS_MAX`] patterns.
    #[error("there are more than 32 patterns")]
    TooMany,
    /// A character that is not printable ASCII.
    #[error("only printable ASCII can be matched")]
    NotAscii,
    /// A `[` that is never closed.
    #[error("this bracket is never closed")]
    Unclosed,
    /// A `]` or `}` that nothing opened.
    #[error("nothing opened this bracket")]
    Unopened,
    /// Brackets in brackets in brackets.
    #[error("brackets are nested too deep")]
    TooDeep,
    /// A repeat that follows nothing, another repeat or a `[..]`.
    #[error("a repeat must follow one character")]
    NothingToRepeat,
    /// A repeat that is not `{n}` or `{n,m}` with `1 <= m` and `n <= m`.
    #[error("a repeat is {{n}} or {{n,m}} with n not above m")]
    Repeat,
    /// A `\` at the end.
    #[error("nothing follows the backslash")]
    Escape,
    /// It would match more than 96 characters.
    #[error("it matches more than 96 characters")]
    TooLong,
    /// It would match ordinary words.
    #[error("it must ask for a digit, or for two characters as themselves")]
    TooWide,
}

/// How many patterns there may be.
pub const PATTERNS_MAX: usize = 32;

/// One pattern, ready to be tried.
#[derive(Debug, Clone)]
struct Reference {
    name: Arc<str>,
    automaton: Automaton,
}

/// All patterns of an organisation, tried together.
#[derive(Debug, Clone)]
pub(in crate::understand) struct References {
    all: Vec<Reference>,
    /// Which patterns a byte can begin, a bit each.
    begins: Box<[u32; 256]>,
    /// Whether a byte that is in no word is among them.
    signs: bool,
}

impl References {
    /// Reads the patterns.
    pub(in crate::understand) fn new(patterns: &[ReferencePattern]) -> Result<Self, PatternError> {
        let mut all = Vec::with_capacity(patterns.len());
        let mut begins = Box::new([0; 256]);
        for (place, pattern) in patterns.iter().enumerate() {
            let error = |(position, problem)| PatternError {
                kind: pattern.kind.clone(),
                pattern: pattern.pattern.clone(),
                position,
                problem,
            };
            check_name(&pattern.kind).map_err(|problem| error((0, problem)))?;
            if place == PATTERNS_MAX {
                return Err(error((0, PatternProblem::TooMany)));
            }
            let automaton = parse::parse(&pattern.pattern).map_err(error)?;
            for byte in (0..=u8::MAX).filter(|byte| automaton.begins_with(*byte)) {
                begins[usize::from(byte)] |= 1 << place;
            }
            let name = Arc::from(pattern.kind.as_str());
            all.push(Reference { name, automaton });
        }
        let signs = (0..=u8::MAX)
            .any(|byte| begins[usize::from(byte)] != 0 && !super::class::is_word(byte));
        Ok(Self { all, begins, signs })
    }

    /// Whether a match may begin with what is neither a letter nor a digit.
    pub(in crate::understand) fn begin_with_signs(&self) -> bool {
        self.signs
    }

    /// Whether a match may begin with `byte`.
    pub(in crate::understand) fn may_begin(&self, byte: u8) -> bool {
        self.begins[usize::from(byte)] != 0
    }

    /// The longest match that begins at `at`: its pattern and its end.
    pub(in crate::understand) fn at(&self, bytes: &[u8], at: usize) -> Option<(u8, usize)> {
        let mut left = self.begins[usize::from(*bytes.get(at)?)];
        if left == 0 || !is_border(bytes, at) {
            return None;
        }
        let mut best: Option<(u8, usize)> = None;
        while left != 0 {
            let place = left.trailing_zeros() as u8;
            left &= left - 1;
            let end = self.all[usize::from(place)].automaton.longest(bytes, at);
            if let Some(end) = end.filter(|end| best.is_none_or(|(_, best)| *end > best)) {
                best = Some((place, end));
            }
        }
        best
    }

    /// The name of a pattern.
    pub(in crate::understand) fn name(&self, place: u8) -> &Arc<str> {
        &self.all[usize::from(place)].name
    }

    /// Every match in a text, none in another.
    pub(in crate::understand) fn all_in(&self, folded: &Folded<'_>) -> Vec<(u8, usize, usize)> {
        let bytes = folded.bytes();
        let mut found = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            match self.at(bytes, at) {
                Some((place, end)) => {
                    found.push((place, at, end));
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }
}

/// Whether no word goes on across `at`.
pub(in crate::understand) fn is_border(bytes: &[u8], at: usize) -> bool {
    let is_word = |place: usize| {
        bytes
            .get(place)
            .is_some_and(|byte| super::class::is_word(*byte))
    };
    at == 0 || !is_word(at - 1) || !is_word(at)
}

fn check_name(name: &str) -> Result<(), PatternProblem> {
    const TAKEN: [&str; 7] = ["card", "iban", "email", "phone", "secret", "ip", "ssn"];
    if !marker::is_name(name) {
        return Err(PatternProblem::Name);
    }
    match TAKEN.contains(&name) {
        true => Err(PatternProblem::NameTaken),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(pattern: &str) -> Result<References, PatternError> {
        References::new(&[ReferencePattern {
            kind: "order".to_owned(),
            pattern: pattern.to_owned(),
        }])
    }

    #[test]
    fn patterns_match_at_borders_and_as_long_as_they_can() {
        for (pattern, text, expected) in [
            ("ORD-######", "my ord-123456.", "ord-123456"),
            ("ORD-######", "ord-1234567 XORD-123456 ord-12345", ""),
            ("ORD-######", "ord–１２３４５６", "ord–１２３４５６"),
            ("ACC[-]#{6,8}", "ACC1234567", "ACC1234567"),
            ("ACC[-]#{6,8}", "acc-12345678", "acc-12345678"),
            ("##[-##][-##]", "a 12-34-56", "12-34-56"),
            ("@@##[ *{2,3}]", "gb29 nwbk", "gb29"),
            ("@@##[ *{2,3}]", "gb29 nwb", "gb29 nwb"),
            (r"\######", "no #12345!", "#12345"),
            ("[A[B[C]]]##", "abc12", "abc12"),
            ("A#", "éA1", ""),
        ] {
            let folded = Folded::new(text);
            let found = references(pattern).unwrap().all_in(&folded);
            let found: Vec<&str> = found
                .iter()
                .map(|(_, start, end)| &text[folded.original(*start..*end)])
                .collect();
            assert_eq!(found.join("|"), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn a_bad_pattern_names_its_place() {
        use PatternProblem as Problem;
        for (pattern, position, problem) in [
            ("ORD-[##", 4, Problem::Unclosed),
            ("ORD##]", 5, Problem::Unopened),
            ("##}", 2, Problem::Unopened),
            ("{3}##", 0, Problem::NothingToRepeat),
            ("[##]{2}", 4, Problem::NothingToRepeat),
            ("#{2}{2}", 4, Problem::NothingToRepeat),
            ("##{3,2}", 2, Problem::Repeat),
            ("##{0}", 2, Problem::Repeat),
            ("##{x}", 2, Problem::Repeat),
            ("##{2", 2, Problem::Repeat),
            ("##\\", 2, Problem::Escape),
            ("#{90}#{9}", 5, Problem::TooLong),
            ("ö##", 0, Problem::NotAscii),
            ("******", 0, Problem::TooWide),
            ("[##]@@@@@@", 0, Problem::TooWide),
            ("", 0, Problem::TooWide),
            ("[[[[[#]]]]]#", 4, Problem::TooDeep),
        ] {
            let error = references(pattern).unwrap_err();
            assert_eq!(
                (error.position, error.problem),
                (position, problem),
                "{pattern}"
            );
            assert!(error.to_string().contains(pattern));
        }
        let taken = ReferencePattern {
            kind: "card".to_owned(),
            pattern: "####".to_owned(),
        };
        let error = References::new(&[taken]).unwrap_err();
        assert_eq!(error.problem, Problem::NameTaken);
    }
}
