//! Conditions: CEL over the declared signals, checked when loaded, compiled where plain.
//!
//! A condition is a tree of `&&`, `||` and `!` over parts. Plain parts (a signal compared
//! with a literal, `in` over literals, `startsWith`, `has`) become native predicates; any
//! other part stays CEL. A part over an absent signal is neither true nor false: `false &&
//! absent` is false, `true || absent` is true, everything else over it is absent, and a
//! condition that comes out absent does not hold. These are CEL's own rules for errors.

mod check;
mod lower;
mod part;
mod predicate;

use cel::parser::Parser;

pub use self::part::{Join, Part};
use self::predicate::Predicate;
use super::{SignalGroups, SignalSource};

/// The longest condition, in characters.
pub const CONDITION_CHARS_MAX: usize = 2_000;

/// How deep a condition may nest.
const DEPTH_MAX: u16 = 48;

/// What is wrong with a condition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionError {
    /// Characters before the place.
    pub offset: usize,
    /// What was expected there.
    pub message: String,
}

/// A condition that was checked against the schema.
#[derive(Debug, Clone)]
pub struct Condition {
    text: String,
    predicate: Predicate,
    groups: SignalGroups,
    absent: Vec<&'static str>,
}

impl Condition {
    /// Checks and compiles `text`.
    ///
    /// # Errors
    /// Every mistake with its place: syntax, unknown signals and functions, operands of
    /// the wrong type, a condition that is not true or false or reads no signal, or one
    /// over [`CONDITION_CHARS_MAX`].
    pub fn compile(text: &str) -> Result<Self, Vec<ConditionError>> {
        let one = |offset: usize, message: String| Err(vec![ConditionError { offset, message }]);
        if text.chars().count() > CONDITION_CHARS_MAX {
            return one(
                0,
                format!("expected at most {CONDITION_CHARS_MAX} characters"),
            );
        }
        if text.trim().is_empty() {
            return one(0, "expected a condition".to_owned());
        }
        let (expression, source) = match parse(text) {
            Some(Ok(parsed)) => parsed,
            Some(Err(errors)) => return Err(syntax_errors(text, &errors)),
            None => return one(0, "the condition cannot be read".to_owned()),
        };
        let checked = check::check(&expression, &source)?;
        let predicate = lower::lower(&expression, &source, text);
        Ok(Self {
            text: text.to_owned(),
            predicate,
            groups: checked.groups,
            absent: checked.absent,
        })
    }

    /// The condition as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The groups of the signals it reads.
    pub fn groups(&self) -> SignalGroups {
        self.groups
    }

    /// The signals it reads that nothing computes yet.
    pub fn not_computed(&self) -> &[&'static str] {
        &self.absent
    }

    /// Whether no part of it needs CEL.
    pub fn is_native(&self) -> bool {
        self.predicate.is_native()
    }

    /// Whether it holds; not when it depends on an absent signal.
    pub fn holds(&self, signals: &dyn SignalSource) -> bool {
        self.predicate.test(signals) == Some(true)
    }

    /// The condition as a tree, each part with whether it holds.
    pub fn laid_open(&self, signals: &dyn SignalSource) -> Part {
        self.predicate.laid_open(signals)
    }

    /// Each part with whether it holds, and each signal it reads with its value.
    pub fn explain(&self, signals: &dyn SignalSource) -> Explanation {
        let mut parts = Vec::new();
        let mut used = Vec::new();
        self.predicate.explain(signals, &mut parts, &mut used);
        (parts, used)
    }
}

/// Parts with whether they hold, and signals with their values.
pub type Explanation = (Vec<(String, bool)>, Vec<(String, String)>);

type Parsed = Result<(cel::IdedExpr, cel::common::ast::SourceInfo), cel::ParseErrors>;

/// Parses CEL; `None` if the parser itself failed, so that no text can bring us down.
fn parse(text: &str) -> Option<Parsed> {
    std::panic::catch_unwind(|| {
        Parser::new()
            .max_recursion_depth(DEPTH_MAX)
            .parse_with_source_info(text)
    })
    .ok()
}

fn syntax_errors(text: &str, errors: &cel::ParseErrors) -> Vec<ConditionError> {
    errors
        .errors
        .iter()
        .take(3)
        .map(|error| ConditionError {
            offset: offset_of(text, error.pos),
            message: error.msg.clone(),
        })
        .collect()
}

/// Characters before a line (from 1) and column (from 1) of `text`.
fn offset_of(text: &str, (line, column): (isize, isize)) -> usize {
    let lines_before: usize = text
        .split_inclusive('\n')
        .take(usize::try_from(line - 1).unwrap_or(0))
        .map(|line| line.chars().count())
        .sum();
    let offset = lines_before + usize::try_from(column - 1).unwrap_or(0);
    offset.min(text.chars().count())
}
