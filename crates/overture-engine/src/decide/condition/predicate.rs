//! Predicates: what conditions are evaluated as.

use std::sync::LazyLock;

use cel::{
    Context, IdedExpr, Value,
    common::{
        types::{CelBool, CelDouble, CelString},
        value::CowVal,
    },
    context::VariableResolver,
};

use smallvec::{SmallVec, smallvec};

use super::part::{Join, Part};
use crate::decide::{SignalId, SignalSource, SignalValue};

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Compare {
    /// The same comparison with its sides exchanged.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Compare::Less => Compare::Greater,
            Compare::LessOrEqual => Compare::GreaterOrEqual,
            Compare::Greater => Compare::Less,
            Compare::GreaterOrEqual => Compare::LessOrEqual,
            same => same,
        }
    }

    fn test(self, left: f64, right: f64) -> bool {
        match self {
            Compare::Less => left < right,
            Compare::LessOrEqual => left <= right,
            Compare::Greater => left > right,
            Compare::GreaterOrEqual => left >= right,
            Compare::Equal => left == right,
            Compare::NotEqual => left != right,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Compare::Less => "<",
            Compare::LessOrEqual => "<=",
            Compare::Greater => ">",
            Compare::GreaterOrEqual => ">=",
            Compare::Equal => "==",
            Compare::NotEqual => "!=",
        }
    }
}

/// A part of a condition that is evaluated as CEL.
#[derive(Debug, Clone)]
pub(super) struct CelPart {
    pub(super) text: String,
    pub(super) expression: IdedExpr,
    pub(super) signals: Vec<SignalId>,
}

/// A condition, or a part of one.
#[derive(Debug, Clone)]
pub(super) enum Predicate {
    And(Vec<Predicate>),
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Always(bool),
    Present(SignalId),
    Flag(SignalId),
    FlagIs(SignalId, bool),
    Number(SignalId, Compare, f64),
    Signals(SignalId, Compare, SignalId),
    NumberIn(SignalId, Box<[f64]>),
    /// Equal to the text, or with `false` different from it.
    Text(SignalId, bool, Box<str>),
    TextIn(SignalId, Box<[Box<str>]>),
    StartsWith(SignalId, Box<str>),
    Cel(Box<CelPart>),
}

impl Predicate {
    /// Whether it is true, false, or (`None`) depends on an absent signal.
    pub(super) fn test(&self, signals: &dyn SignalSource) -> Option<bool> {
        match self {
            Predicate::And(parts) => fold(parts, signals, false),
            Predicate::Or(parts) => fold(parts, signals, true),
            Predicate::Not(part) => part.test(signals).map(|holds| !holds),
            Predicate::Always(holds) => Some(*holds),
            Predicate::Present(signal) => {
                Some(!matches!(signals.value(*signal), SignalValue::Absent))
            }
            Predicate::Flag(signal) => flag(signals, *signal),
            Predicate::FlagIs(signal, wanted) => {
                flag(signals, *signal).map(|found| found == *wanted)
            }
            Predicate::Number(signal, compare, value) => {
                number(signals, *signal).map(|found| compare.test(found, *value))
            }
            Predicate::Signals(one, compare, other) => {
                let (one, other) = (number(signals, *one)?, number(signals, *other)?);
                Some(compare.test(one, other))
            }
            Predicate::NumberIn(signal, values) => {
                number(signals, *signal).map(|found| values.contains(&found))
            }
            Predicate::Text(signal, equal, value) => {
                text(signals, *signal).map(|found| (found == &**value) == *equal)
            }
            Predicate::TextIn(signal, values) => {
                text(signals, *signal).map(|found| values.iter().any(|value| found == &**value))
            }
            Predicate::StartsWith(signal, prefix) => {
                text(signals, *signal).map(|found| found.starts_with(&**prefix))
            }
            Predicate::Cel(part) => in_cel(&part.expression, signals),
        }
    }

    pub(super) fn is_native(&self) -> bool {
        match self {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(Self::is_native),
            Predicate::Not(part) => part.is_native(),
            Predicate::Cel(_) => false,
            _ => true,
        }
    }

    /// Lists the parts with whether they hold, and the signals read with their values.
    pub(super) fn explain(
        &self,
        signals: &dyn SignalSource,
        parts: &mut Vec<(String, bool)>,
        used: &mut Vec<(String, String)>,
    ) {
        let read: &[SignalId] = match self {
            Predicate::And(inner) | Predicate::Or(inner) => {
                for part in inner {
                    part.explain(signals, parts, used);
                }
                return;
            }
            Predicate::Not(part) if matches!(**part, Predicate::And(_) | Predicate::Or(_)) => {
                part.explain(signals, parts, used);
                return;
            }
            Predicate::Not(part) => {
                parts.push((
                    format!("!({})", part.shown()),
                    self.test(signals) == Some(true),
                ));
                let mut inner = Vec::new();
                part.explain(signals, &mut inner, used);
                return;
            }
            _ => &self.reads(),
        };
        parts.push((self.shown(), self.test(signals) == Some(true)));
        for signal in read {
            let name = signal.spec().name;
            if !used.iter().any(|(known, _)| known == name) {
                used.push((name.to_owned(), signals.value(*signal).render()));
            }
        }
    }

    /// The signals that the part itself reads, not those of parts in it.
    fn reads(&self) -> SmallVec<[SignalId; 2]> {
        match self {
            Predicate::And(_) | Predicate::Or(_) | Predicate::Not(_) | Predicate::Always(_) => {
                SmallVec::new()
            }
            Predicate::Present(signal)
            | Predicate::Flag(signal)
            | Predicate::FlagIs(signal, _)
            | Predicate::Number(signal, ..)
            | Predicate::NumberIn(signal, _)
            | Predicate::Text(signal, ..)
            | Predicate::TextIn(signal, _)
            | Predicate::StartsWith(signal, _) => smallvec![*signal],
            Predicate::Signals(one, _, other) => smallvec![*one, *other],
            Predicate::Cel(part) => SmallVec::from_slice(&part.signals),
        }
    }

    /// The part as a tree, each part in it with whether it holds. A list joined like its own
    /// parent is one list with it.
    pub(super) fn laid_open(&self, signals: &dyn SignalSource) -> Part {
        let (join, inner) = match self {
            Predicate::And(parts) => (Join::All, &**parts),
            Predicate::Or(parts) => (Join::Any, &**parts),
            Predicate::Not(part) => (Join::Not, std::slice::from_ref(&**part)),
            _ => (Join::One, &[][..]),
        };
        let mut parts = Vec::new();
        for part in inner {
            let open = part.laid_open(signals);
            if open.join == join && join != Join::Not {
                parts.extend(open.parts);
            } else {
                parts.push(open);
            }
        }
        Part {
            join,
            text: self.shown(),
            holds: self.test(signals),
            reads: self.reads(),
            parts,
        }
    }

    /// The part as CEL text.
    fn shown(&self) -> String {
        let name = |signal: &SignalId| signal.spec().name;
        match self {
            Predicate::And(parts) => joined(parts, " && "),
            Predicate::Or(parts) => joined(parts, " || "),
            Predicate::Not(part) => format!("!({})", part.shown()),
            Predicate::Always(holds) => holds.to_string(),
            Predicate::Present(signal) => format!("has({})", name(signal)),
            Predicate::Flag(signal) => name(signal).to_owned(),
            Predicate::FlagIs(signal, wanted) => format!("{} == {wanted}", name(signal)),
            Predicate::Number(signal, compare, value) => {
                format!("{} {} {value}", name(signal), compare.sign())
            }
            Predicate::Signals(one, compare, other) => {
                format!("{} {} {}", name(one), compare.sign(), name(other))
            }
            Predicate::NumberIn(signal, values) => format!("{} in {values:?}", name(signal)),
            Predicate::Text(signal, equal, value) => {
                let sign = if *equal { "==" } else { "!=" };
                format!("{} {sign} {value:?}", name(signal))
            }
            Predicate::TextIn(signal, values) => format!("{} in {values:?}", name(signal)),
            Predicate::StartsWith(signal, prefix) => {
                format!("{}.startsWith({prefix:?})", name(signal))
            }
            Predicate::Cel(part) => part.text.clone(),
        }
    }
}

fn joined(parts: &[Predicate], sign: &str) -> String {
    let parts: Vec<String> = parts.iter().map(Predicate::shown).collect();
    parts.join(sign)
}

/// `&&` (`decisive` false) or `||` (`decisive` true) over parts that may be absent.
fn fold(parts: &[Predicate], signals: &dyn SignalSource, decisive: bool) -> Option<bool> {
    let mut result = Some(!decisive);
    for part in parts {
        match part.test(signals) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => result = None,
        }
    }
    result
}

fn number(signals: &dyn SignalSource, signal: SignalId) -> Option<f64> {
    match signals.value(signal) {
        SignalValue::Number(number) => Some(number),
        _ => None,
    }
}

fn text(signals: &dyn SignalSource, signal: SignalId) -> Option<&str> {
    match signals.value(signal) {
        SignalValue::Text(text) => Some(text),
        _ => None,
    }
}

fn flag(signals: &dyn SignalSource, signal: SignalId) -> Option<bool> {
    match signals.value(signal) {
        SignalValue::Flag(flag) => Some(flag),
        _ => None,
    }
}

/// The context with CEL's own functions, built once: building it costs more than an
/// evaluation.
static ROOT: LazyLock<Context<'static, 'static>> = LazyLock::new(Context::default);

/// Evaluates `expression` as CEL; `None` where it has no value, as with an absent signal.
pub(super) fn in_cel(expression: &IdedExpr, signals: &dyn SignalSource) -> Option<bool> {
    let resolver = Resolver(signals);
    match with_resolver(&ROOT, &resolver).resolve(expression) {
        Ok(Value::Bool(holds)) => Some(holds),
        _ => None,
    }
}

fn with_resolver<'a>(root: &'a Context<'a, 'a>, resolver: &'a Resolver<'a>) -> Context<'a, 'a> {
    let mut scope = root.new_inner_scope();
    scope.set_variable_resolver(resolver);
    scope
}

/// Answers CEL's look-ups of dotted names from the signals.
struct Resolver<'a>(&'a dyn SignalSource);

impl VariableResolver for Resolver<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match self.0.value(SignalId::named(variable)?) {
            SignalValue::Number(number) => Some(CowVal::owned(CelDouble::from(number))),
            SignalValue::Text(text) => Some(CowVal::owned(CelString::from(text))),
            SignalValue::Flag(flag) => Some(CowVal::owned(CelBool::from(flag))),
            SignalValue::Absent => None,
        }
    }
}
