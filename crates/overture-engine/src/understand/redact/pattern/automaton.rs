//! A pattern as positions and what may follow each, all in the bits of one number.
//!
//! Glushkov's construction: no backtracking, so a match costs one step a byte.

use super::{super::fold::LETTER, is_border};

/// How many characters a pattern may match.
const POSITIONS_MAX: usize = 96;

/// What one position matches.
#[derive(Debug, Clone, Copy)]
pub(super) enum Matches {
    Digit,
    Letter,
    Either,
    /// A byte, in lower case.
    Itself(u8),
}

impl Matches {
    fn takes(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Letter => byte.is_ascii_alphabetic() || byte == LETTER,
            Self::Either => byte.is_ascii_alphanumeric() || byte == LETTER,
            Self::Itself(wanted) => byte.to_ascii_lowercase() == wanted,
        }
    }
}

/// Finds the longest match of one pattern.
#[derive(Debug, Clone)]
pub(in crate::understand) struct Automaton {
    positions: Vec<Matches>,
    first: u128,
    follow: Vec<u128>,
    last: u128,
}

impl Automaton {
    /// Whether a match may begin with `byte`.
    pub(super) fn begins_with(&self, byte: u8) -> bool {
        self.taking(self.first, byte) != 0
    }

    /// Where the longest match from `at` ends that ends at a border.
    pub(super) fn longest(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let mut may = self.first;
        let mut longest = None;
        for (place, byte) in bytes.iter().enumerate().skip(at) {
            let took = self.taking(may, *byte);
            if took == 0 {
                break;
            }
            if took & self.last != 0 && is_border(bytes, place + 1) {
                longest = Some(place + 1);
            }
            may = places(took).fold(0, |may, place| may | self.follow[place]);
        }
        longest
    }

    /// Those of the positions `may` that take `byte`.
    fn taking(&self, may: u128, byte: u8) -> u128 {
        places(may)
            .filter(|place| self.positions[*place].takes(byte))
            .fold(0, |took, place| took | 1 << place)
    }
}

fn places(mut bits: u128) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(place)
    })
}

/// Builds an automaton from left to right.
pub(super) struct Builder {
    positions: Vec<Matches>,
    first: u128,
    follow: Vec<u128>,
    /// The positions that the next one may follow.
    ends: u128,
    /// Whether nothing has to come before the next position.
    at_start: bool,
    /// `ends` and `at_start` before each open bracket.
    open: Vec<(u128, bool)>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            positions: Vec::new(),
            first: 0,
            follow: Vec::new(),
            ends: 0,
            at_start: true,
            open: Vec::new(),
        }
    }
}

impl Builder {
    /// Adds a position; `false` where there are too many.
    pub(super) fn push(&mut self, matches: Matches) -> bool {
        let place = self.positions.len();
        if place == POSITIONS_MAX {
            return false;
        }
        self.positions.push(matches);
        self.follow.push(0);
        for before in places(self.ends) {
            self.follow[before] |= 1 << place;
        }
        if self.at_start {
            self.first |= 1 << place;
        }
        (self.ends, self.at_start) = (1 << place, false);
        true
    }

    /// Begins a part that may be left out.
    pub(super) fn open(&mut self) {
        self.open.push((self.ends, self.at_start));
    }

    /// Ends a part that may be left out.
    pub(super) fn close(&mut self) {
        let (ends, at_start) = self.open.pop().unwrap_or_default();
        self.ends |= ends;
        self.at_start |= at_start;
    }

    pub(super) fn finish(self) -> Automaton {
        Automaton {
            positions: self.positions,
            first: self.first,
            follow: self.follow,
            last: self.ends,
        }
    }
}
