//! Reading a pattern.

use super::{
    PatternProblem as Problem,
    automaton::{Automaton, Builder, Matches},
};

/// How deep brackets may be nested.
const DEPTH_MAX: usize = 4;

/// What is read, and where it is wrong.
pub(super) fn parse(pattern: &str) -> Result<Automaton, (usize, Problem)> {
    let characters: Vec<char> = pattern.chars().collect();
    let mut reader = Reader {
        builder: Builder::default(),
        open: Vec::new(),
        asked: 0,
    };
    let mut at = 0;
    while at < characters.len() {
        at = reader.step(&characters, at)?;
    }
    if let Some(start) = reader.open.last() {
        return Err((*start, Problem::Unclosed));
    }
    if reader.asked < 2 {
        return Err((0, Problem::TooWide));
    }
    Ok(reader.builder.finish())
}

struct Reader {
    builder: Builder,
    /// Where the open brackets are.
    open: Vec<usize>,
    /// What every match has: two a digit, one a character as itself.
    asked: usize,
}

impl Reader {
    /// Takes what is at `at`; where the next thing is.
    fn step(&mut self, characters: &[char], at: usize) -> Result<usize, (usize, Problem)> {
        let (matches, next) = match characters[at] {
            '[' if self.open.len() == DEPTH_MAX => return Err((at, Problem::TooDeep)),
            '[' => {
                self.open.push(at);
                self.builder.open();
                return Ok(at + 1);
            }
            ']' => {
                self.open.pop().ok_or((at, Problem::Unopened))?;
                self.builder.close();
                return Ok(at + 1);
            }
            '{' => return Err((at, Problem::NothingToRepeat)),
            '}' => return Err((at, Problem::Unopened)),
            '#' => (Matches::Digit, at + 1),
            '@' => (Matches::Letter, at + 1),
            '*' => (Matches::Either, at + 1),
            '\\' => {
                let escaped = characters.get(at + 1).ok_or((at, Problem::Escape))?;
                (itself(*escaped, at + 1)?, at + 2)
            }
            other => (itself(other, at)?, at + 1),
        };
        let (least, most, next) = match characters.get(next) {
            Some('{') => repeat(characters, next)?,
            _ => (1, 1, next),
        };
        for _ in 0..least {
            self.push(matches, at)?;
        }
        for _ in least..most {
            self.builder.open();
            self.push(matches, at)?;
            self.builder.close();
        }
        if self.open.is_empty() {
            self.asked += least
                * match matches {
                    Matches::Digit => 2,
                    Matches::Itself(_) => 1,
                    Matches::Letter | Matches::Either => 0,
                };
        }
        Ok(next)
    }

    fn push(&mut self, matches: Matches, at: usize) -> Result<(), (usize, Problem)> {
        match self.builder.push(matches) {
            true => Ok(()),
            false => Err((at, Problem::TooLong)),
        }
    }
}

fn itself(character: char, at: usize) -> Result<Matches, (usize, Problem)> {
    match u8::try_from(character) {
        Ok(byte @ b' '..=b'~') => Ok(Matches::Itself(byte.to_ascii_lowercase())),
        _ => Err((at, Problem::NotAscii)),
    }
}

/// Reads `{n}` or `{n,m}` at `at`: least, most, and where the next thing is.
fn repeat(characters: &[char], at: usize) -> Result<(usize, usize, usize), (usize, Problem)> {
    let wrong = (at, Problem::Repeat);
    let length = characters[at..]
        .iter()
        .position(|character| *character == '}');
    let end = at + length.ok_or(wrong)?;
    let inside: String = characters[at + 1..end].iter().collect();
    let number = |text: &str| match text.parse::<u8>() {
        Ok(number) if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(usize::from(number)),
        _ => Err(wrong),
    };
    let (least, most) = match inside.split_once(',') {
        Some((least, most)) => (number(least)?, number(most)?),
        None => (number(&inside)?, number(&inside)?),
    };
    if most == 0 || least > most {
        return Err(wrong);
    }
    match characters.get(end + 1) {
        Some('{') => Err((end + 1, Problem::NothingToRepeat)),
        _ => Ok((least, most, end + 1)),
    }
}
