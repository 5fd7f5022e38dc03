//! From a checked expression to predicates.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, SourceInfo, operators as op},
};

use super::{
    check::name_of,
    predicate::{CelPart, Compare, Predicate},
};
use crate::decide::{SignalId, SignalType};

/// Turns a checked expression into predicates, the parts that are not plain into CEL.
pub(super) fn lower(expr: &IdedExpr, source: &SourceInfo, text: &str) -> Predicate {
    if let Expr::Call(call) = &expr.expr {
        let both = |call: &CallExpr| {
            call.args
                .iter()
                .map(|arg| lower(arg, source, text))
                .collect::<Vec<_>>()
        };
        match call.func_name.as_str() {
            op::LOGICAL_AND => return Predicate::And(both(call)),
            op::LOGICAL_OR => return Predicate::Or(both(call)),
            op::LOGICAL_NOT => {
                return Predicate::Not(Box::new(lower(&call.args[0], source, text)));
            }
            _ => {}
        }
    }
    plain(expr).unwrap_or_else(|| {
        let mut signals = Vec::new();
        collect(expr, &mut signals);
        Predicate::Cel(Box::new(CelPart {
            text: snippet(expr, source, text),
            expression: expr.clone(),
            signals,
        }))
    })
}

/// A native predicate for a plain part.
fn plain(expr: &IdedExpr) -> Option<Predicate> {
    match &expr.expr {
        Expr::Literal(LiteralValue::Boolean(flag)) => Some(Predicate::Always(*flag.inner())),
        Expr::Select(select) if select.test => {
            let mut plain = select.clone();
            plain.test = false;
            signal(&Expr::Select(plain)).map(Predicate::Present)
        }
        Expr::Ident(_) | Expr::Select(_) => signal(&expr.expr).map(Predicate::Flag),
        Expr::Call(call) => plain_call(call),
        _ => None,
    }
}

fn plain_call(call: &CallExpr) -> Option<Predicate> {
    let compare = match call.func_name.as_str() {
        op::LESS => Compare::Less,
        op::LESS_EQUALS => Compare::LessOrEqual,
        op::GREATER => Compare::Greater,
        op::GREATER_EQUALS => Compare::GreaterOrEqual,
        op::EQUALS => Compare::Equal,
        op::NOT_EQUALS => Compare::NotEqual,
        op::IN => return plain_in(call),
        "startsWith" => {
            let of = signal(&call.target.as_ref()?.expr)?;
            return Some(Predicate::StartsWith(of, text(&call.args[0].expr)?));
        }
        _ => return None,
    };
    let (left, right) = (&call.args[0].expr, &call.args[1].expr);
    match (signal(left), signal(right)) {
        (Some(one), Some(other)) => {
            both_numbers(one, other).then_some(Predicate::Signals(one, compare, other))
        }
        (Some(one), None) => against(one, compare, right),
        (None, Some(other)) => against(other, compare.mirrored(), left),
        (None, None) => None,
    }
}

fn both_numbers(one: SignalId, other: SignalId) -> bool {
    one.spec().kind == SignalType::Number && other.spec().kind == SignalType::Number
}

fn against(signal: SignalId, compare: Compare, literal: &Expr) -> Option<Predicate> {
    if let Some(value) = number(literal) {
        return Some(Predicate::Number(signal, compare, value));
    }
    let equal = match compare {
        Compare::Equal => true,
        Compare::NotEqual => false,
        _ => return None,
    };
    if let Some(value) = text(literal) {
        return Some(Predicate::Text(signal, equal, value));
    }
    match literal {
        Expr::Literal(LiteralValue::Boolean(flag)) => {
            Some(Predicate::FlagIs(signal, *flag.inner() == equal))
        }
        _ => None,
    }
}

fn plain_in(call: &CallExpr) -> Option<Predicate> {
    let of = signal(&call.args[0].expr)?;
    let Expr::List(list) = &call.args[1].expr else {
        return None;
    };
    if list.elements.is_empty() {
        return None;
    }
    let elements = || list.elements.iter().map(|element| &element.expr);
    if let Some(texts) = elements().map(text).collect() {
        return Some(Predicate::TextIn(of, texts));
    }
    let numbers = elements().map(number).collect::<Option<_>>()?;
    Some(Predicate::NumberIn(of, numbers))
}

fn signal(expr: &Expr) -> Option<SignalId> {
    SignalId::named(&name_of(expr)?)
}

fn text(expr: &Expr) -> Option<Box<str>> {
    match expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().into()),
        _ => None,
    }
}

fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(LiteralValue::Double(number)) => Some(*number.inner()),
        Expr::Literal(LiteralValue::Int(number)) => Some(*number.inner() as f64),
        Expr::Literal(LiteralValue::UInt(number)) => Some(*number.inner() as f64),
        Expr::Call(call) if call.func_name == op::NEGATE => number(&call.args[0].expr).map(|n| -n),
        _ => None,
    }
}

/// Every signal that `expr` reads, once.
fn collect(expr: &IdedExpr, signals: &mut Vec<SignalId>) {
    if let Some(signal) = signal(&expr.expr) {
        if !signals.contains(&signal) {
            signals.push(signal);
        }
        return;
    }
    for child in children(expr) {
        collect(child, signals);
    }
}

fn children(expr: &IdedExpr) -> Vec<&IdedExpr> {
    match &expr.expr {
        Expr::Call(call) => call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&*select.operand],
        Expr::Comprehension(each) => vec![
            &each.iter_range,
            &each.accu_init,
            &each.loop_cond,
            &each.loop_step,
            &each.result,
        ],
        _ => Vec::new(),
    }
}

/// The first byte and one past the start of the last character of the tokens in `expr`.
pub(super) fn range_of(expr: &IdedExpr, source: &SourceInfo) -> Option<(usize, usize)> {
    let own = source.offset_for(expr.id).map(|(start, stop)| {
        let start = start as usize;
        // A call is placed at its bracket; its name stands before.
        let before = source.source.get(..start).unwrap_or_default();
        let name = match &expr.expr {
            Expr::Call(call) if call.target.is_none() => call.func_name.as_str(),
            Expr::Select(select) if select.test => op::HAS,
            _ => "",
        };
        let named = before.ends_with(name);
        let start = start - if named { name.len() } else { 0 };
        (start, stop as usize + 1)
    });
    children(expr)
        .into_iter()
        .filter_map(|child| range_of(child, source))
        .chain(own)
        .reduce(|(start, stop), (from, to)| (start.min(from), stop.max(to)))
}

/// The text of `expr` as written, closed where its last token opens a bracket.
fn snippet(expr: &IdedExpr, source: &SourceInfo, text: &str) -> String {
    let Some((start, stop)) = range_of(expr, source) else {
        return text.to_owned();
    };
    let mut shown = String::new();
    let mut open = 0i32;
    for (index, letter) in text.char_indices().skip_while(|(index, _)| *index < start) {
        if index >= stop && open <= 0 {
            break;
        }
        open += i32::from(letter == '(') + i32::from(letter == '[');
        open -= i32::from(letter == ')') + i32::from(letter == ']');
        shown.push(letter);
    }
    shown.trim_end().to_owned()
}
