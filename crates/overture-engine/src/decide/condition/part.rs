//! A condition laid open for people.

use smallvec::{SmallVec, smallvec};

use crate::decide::SignalId;

/// How the parts in a part make it true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// There are none: it is one comparison.
    One,
    /// All have to hold.
    All,
    /// Any has to hold.
    Any,
    /// The one in it must not hold.
    Not,
}

impl Join {
    /// `one`, `all`, `any` or `not`.
    pub const fn name(self) -> &'static str {
        match self {
            Join::One => "one",
            Join::All => "all",
            Join::Any => "any",
            Join::Not => "not",
        }
    }
}

/// A condition or a part of one, with whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// How its parts are joined.
    pub join: Join,
    /// As CEL text.
    pub text: String,
    /// Whether it holds; `None` when it depends on an absent signal. Every part is looked at,
    /// also where another has decided already.
    pub holds: Option<bool>,
    /// The signals that it reads itself.
    pub reads: SmallVec<[SignalId; 2]>,
    /// Its parts; empty for one comparison.
    pub parts: Vec<Part>,
}

impl Part {
    /// That the page is one of a guide's.
    pub(in crate::decide) fn page(pages: &str, holds: bool) -> Self {
        Self {
            join: Join::One,
            text: format!("page {pages}"),
            holds: Some(holds),
            reads: SignalId::named("session.path").into_iter().collect(),
            parts: Vec::new(),
        }
    }

    /// That both `one` and `other` hold.
    pub(in crate::decide) fn both(one: Self, other: Self, holds: bool) -> Self {
        Self {
            join: Join::All,
            text: format!("{} && {}", one.text, other.text),
            holds: Some(holds),
            reads: smallvec![],
            parts: vec![one, other],
        }
    }

    /// Adds every signal that it or a part of it reads, each once.
    pub(in crate::decide) fn signals(&self, found: &mut Vec<SignalId>) {
        for signal in &self.reads {
            if !found.contains(signal) {
                found.push(*signal);
            }
        }
        for part in &self.parts {
            part.signals(found);
        }
    }
}
