//! The type check: every name and operand against the declared schema.

use std::collections::BTreeMap;

use cel::{
    IdedExpr,
    common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SourceInfo, operators as op},
};

use super::ConditionError;
use crate::decide::{SIGNAL_SCHEMA, SignalGroups, SignalId, SignalType, policy::suggestion};

/// How deep operators may nest: `a + b + c` nests twice. What evaluates a condition calls
/// itself so often, and must fit on any thread's stack.
const DEPTH_MAX: usize = 100;

/// How many mistakes of one condition are told.
const ERRORS_MAX: usize = 10;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Number,
    Int,
    Text,
    Flag,
    List(Box<Kind>),
    /// The element of an empty list.
    Any,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Int => "whole number",
            Kind::Text => "text",
            Kind::Flag => "true/false",
            Kind::List(_) => "list",
            Kind::Any => "value",
        }
    }

    fn is_numeric(&self) -> bool {
        matches!(self, Kind::Number | Kind::Int)
    }

    fn fits(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::Any, _) | (_, Kind::Any) => true,
            (Kind::List(one), Kind::List(other)) => one.fits(other),
            _ => self == other || (self.is_numeric() && other.is_numeric()),
        }
    }
}

impl From<SignalType> for Kind {
    fn from(kind: SignalType) -> Self {
        match kind {
            SignalType::Number => Kind::Number,
            SignalType::Text => Kind::Text,
            SignalType::Flag => Kind::Flag,
        }
    }
}

/// What a checked condition reads.
pub(super) struct Checked {
    pub(super) groups: SignalGroups,
    pub(super) absent: Vec<&'static str>,
}

/// Checks that `root` is true or false, and everything in it.
pub(super) fn check(root: &IdedExpr, source: &SourceInfo) -> Result<Checked, Vec<ConditionError>> {
    let mut checker = Checker {
        source,
        at: 0,
        depth: 0,
        errors: Vec::new(),
        groups: SignalGroups::NONE,
        absent: Vec::new(),
        variables: BTreeMap::new(),
    };
    let kind = checker.kind_of(root, Place::Skeleton);
    if checker.errors.is_empty() {
        match kind {
            Some(Kind::Flag) if checker.groups == SignalGroups::NONE => checker.refuse(
                root,
                "the condition reads no signal, so it would never be looked at".to_owned(),
            ),
            Some(Kind::Flag) | None => {}
            Some(other) => checker.refuse(
                root,
                format!("a condition is true or false, this is a {}", other.name()),
            ),
        }
    }
    if checker.errors.is_empty() {
        Ok(Checked {
            groups: checker.groups,
            absent: checker.absent,
        })
    } else {
        checker.errors.truncate(ERRORS_MAX);
        Err(checker.errors)
    }
}

/// Whether an expression is joined to the root by `&&`, `||` and `!` alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Skeleton,
    Inside,
}

struct Checker<'a> {
    source: &'a SourceInfo,
    at: usize,
    depth: usize,
    errors: Vec<ConditionError>,
    groups: SignalGroups,
    absent: Vec<&'static str>,
    variables: BTreeMap<String, Kind>,
}

impl Checker<'_> {
    /// The kind of `expr`; `None` when it was refused.
    fn kind_of(&mut self, expr: &IdedExpr, place: Place) -> Option<Kind> {
        if let Some((at, _)) = self.source.offset_for(expr.id) {
            self.at = at as usize;
        }
        if self.depth == DEPTH_MAX {
            self.refuse(
                expr,
                format!("expected no more than {DEPTH_MAX} operators inside each other"),
            );
            return None;
        }
        self.depth += 1;
        let kind = self.kind_inside(expr, place);
        self.depth -= 1;
        kind
    }

    fn kind_inside(&mut self, expr: &IdedExpr, place: Place) -> Option<Kind> {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) if self.variables.contains_key(name) => {
                self.variables.get(name).cloned()
            }
            Expr::Select(select) if select.test => {
                if place == Place::Inside {
                    self.refuse(
                        expr,
                        "has(..) stands alone, or is joined with &&, || and !".to_owned(),
                    );
                    return None;
                }
                let mut plain = select.clone();
                plain.test = false;
                let name = name_of(&Expr::Select(plain));
                self.signal(expr, name).map(|_| Kind::Flag)
            }
            Expr::Ident(_) | Expr::Select(_) => self.signal(expr, name_of(&expr.expr)),
            Expr::Call(call) => self.call(expr, call, place),
            Expr::List(list) => self.list(&list.elements),
            Expr::Comprehension(each) => self.comprehension(each),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                self.refuse(
                    expr,
                    "expected signals, numbers, texts, lists and comparisons only".to_owned(),
                );
                None
            }
        }
    }

    fn literal(&mut self, expr: &IdedExpr, literal: &LiteralValue) -> Option<Kind> {
        match literal {
            LiteralValue::Boolean(_) => Some(Kind::Flag),
            LiteralValue::Double(_) => Some(Kind::Number),
            LiteralValue::Int(_) | LiteralValue::UInt(_) => Some(Kind::Int),
            LiteralValue::String(_) => Some(Kind::Text),
            LiteralValue::Bytes(_) | LiteralValue::Null => {
                self.refuse(expr, "expected a number, a text, true or false".to_owned());
                None
            }
        }
    }

    fn signal(&mut self, expr: &IdedExpr, name: Option<String>) -> Option<Kind> {
        let Some(name) = name else {
            self.refuse(expr, "expected the name of a signal".to_owned());
            return None;
        };
        let Some(signal) = SignalId::named(&name) else {
            let known = SIGNAL_SCHEMA.iter().map(|spec| spec.name);
            let hint = suggestion(&name, known);
            self.refuse(expr, format!("there is no signal `{name}`{hint}"));
            return None;
        };
        let spec = signal.spec();
        self.groups |= spec.group;
        if spec.is_not_computed() && !self.absent.contains(&spec.name) {
            self.absent.push(spec.name);
        }
        Some(spec.kind.into())
    }

    fn list(&mut self, elements: &[IdedExpr]) -> Option<Kind> {
        let mut kind = Kind::Any;
        for element in elements {
            let found = self.kind_of(element, Place::Inside)?;
            if !found.fits(&kind) {
                self.refuse(
                    element,
                    format!("expected a {} like the others in the list", kind.name()),
                );
                return None;
            }
            if kind == Kind::Any {
                kind = found;
            }
        }
        Some(Kind::List(Box::new(kind)))
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr, place: Place) -> Option<Kind> {
        let joins = [op::LOGICAL_AND, op::LOGICAL_OR, op::LOGICAL_NOT];
        let inner = if place == Place::Skeleton && joins.contains(&call.func_name.as_str()) {
            Place::Skeleton
        } else {
            Place::Inside
        };
        let operands: Vec<&IdedExpr> = call
            .target
            .as_deref()
            .into_iter()
            .chain(&call.args)
            .collect();
        // All operands are looked at, so that every mistake is told at once.
        let kinds: Vec<Option<Kind>> = operands
            .iter()
            .map(|operand| self.kind_of(operand, inner))
            .collect();
        let kinds: Vec<Kind> = kinds.into_iter().collect::<Option<_>>()?;
        let text_function =
            |kinds: &[Kind]| call.target.is_some() && matches!(kinds, [Kind::Text, Kind::Text]);
        let numeric = |kinds: &[Kind]| match kinds {
            [Kind::Number, Kind::Number] => Some(Kind::Number),
            [Kind::Int, Kind::Int] => Some(Kind::Int),
            _ => None,
        };
        let found = match (call.func_name.as_str(), kinds.as_slice()) {
            (op::LOGICAL_AND | op::LOGICAL_OR, _)
            | (op::LOGICAL_NOT | op::NOT_STRICTLY_FALSE, _) => {
                return self.joined(&operands, &kinds);
            }
            (op::EQUALS | op::NOT_EQUALS, [left, right]) => {
                return self.compared(expr, &operands, left, right);
            }
            (op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS, [left, right]) => {
                return self.ordered(expr, &operands, left, right);
            }
            (op::IN, [one, Kind::List(of)]) => {
                return self.contained(expr, &operands, one, of);
            }
            (op::CONDITIONAL, [Kind::Flag, yes, no]) if yes.fits(no) => Some(yes.clone()),
            (op::ADD, [Kind::Text, Kind::Text]) => Some(Kind::Text),
            (op::ADD, [Kind::List(one), Kind::List(other)]) if one.fits(other) => {
                let of = if **one == Kind::Any { other } else { one };
                Some(Kind::List(of.clone()))
            }
            (op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE, kinds) => numeric(kinds),
            (op::MODULO, [Kind::Int, Kind::Int]) => Some(Kind::Int),
            (op::NEGATE, [kind]) if kind.is_numeric() => Some(kind.clone()),
            ("startsWith" | "endsWith" | "contains", kinds) if text_function(kinds) => {
                Some(Kind::Flag)
            }
            ("size", [Kind::Text | Kind::List(_)]) => Some(Kind::Int),
            ("double", [kind]) if kind.is_numeric() && call.target.is_none() => Some(Kind::Number),
            ("int", [kind]) if kind.is_numeric() && call.target.is_none() => Some(Kind::Int),
            _ => None,
        };
        if found.is_none() {
            let message = misuse(&call.func_name, &kinds);
            self.refuse(expr, message);
        }
        found
    }

    fn joined(&mut self, operands: &[&IdedExpr], kinds: &[Kind]) -> Option<Kind> {
        let wrong = kinds.iter().position(|kind| *kind != Kind::Flag);
        if let Some(place) = wrong {
            let name = kinds[place].name();
            self.refuse(
                operands[place],
                format!("&&, || and ! join what is true or false, this is a {name}"),
            );
            return None;
        }
        Some(Kind::Flag)
    }

    fn compared(
        &mut self,
        expr: &IdedExpr,
        operands: &[&IdedExpr],
        left: &Kind,
        right: &Kind,
    ) -> Option<Kind> {
        if !left.fits(right) {
            let (left, right) = (left.name(), right.name());
            self.refuse(expr, format!("a {left} cannot be compared with a {right}"));
            return None;
        }
        self.known_value(operands[0], operands[1])?;
        self.known_value(operands[1], operands[0])?;
        Some(Kind::Flag)
    }

    fn ordered(
        &mut self,
        expr: &IdedExpr,
        operands: &[&IdedExpr],
        left: &Kind,
        right: &Kind,
    ) -> Option<Kind> {
        self.compared(expr, operands, left, right)?;
        if !(left.is_numeric() && right.is_numeric()) {
            self.refuse(
                expr,
                format!(
                    "only numbers have an order; compare a {} with ==, != or in",
                    left.name()
                ),
            );
            return None;
        }
        Some(Kind::Flag)
    }

    fn contained(
        &mut self,
        expr: &IdedExpr,
        operands: &[&IdedExpr],
        one: &Kind,
        of: &Kind,
    ) -> Option<Kind> {
        if !one.fits(of) {
            let (one, of) = (one.name(), of.name());
            self.refuse(expr, format!("a {one} cannot be in a list of {of}s"));
            return None;
        }
        if let Expr::List(list) = &operands[1].expr {
            for element in &list.elements {
                self.known_value(operands[0], element)?;
            }
        }
        Some(Kind::Flag)
    }

    /// Refuses a text that a signal with few values never has.
    fn known_value(&mut self, signal: &IdedExpr, literal: &IdedExpr) -> Option<()> {
        let spec = name_of(&signal.expr).and_then(|name| SignalId::named(&name));
        let Expr::Literal(LiteralValue::String(text)) = &literal.expr else {
            return Some(());
        };
        let Some(spec) = spec.map(SignalId::spec) else {
            return Some(());
        };
        if spec.values.is_empty() || spec.values.contains(&text.inner()) {
            return Some(());
        }
        let all = spec.values.join(", ");
        self.refuse(
            literal,
            format!(
                "`{}` is never \"{}\"; expected one of {all}",
                spec.name,
                text.inner()
            ),
        );
        None
    }

    /// A macro over a list: `all`, `exists`, `exists_one`, `map`, `filter`.
    fn comprehension(&mut self, each: &ComprehensionExpr) -> Option<Kind> {
        let Kind::List(element) = self.kind_of(&each.iter_range, Place::Inside)? else {
            self.refuse(&each.iter_range, "expected a list".to_owned());
            return None;
        };
        if each.iter_var2.is_some() {
            self.refuse(&each.iter_range, "expected one variable".to_owned());
            return None;
        }
        let start = self.kind_of(&each.accu_init, Place::Inside)?;
        let shadowed = [
            (each.iter_var.clone(), *element),
            (each.accu_var.clone(), start.clone()),
        ]
        .map(|(name, kind)| (name.clone(), self.variables.insert(name, kind)));
        let step = self
            .kind_of(&each.loop_cond, Place::Inside)
            .and_then(|_| self.kind_of(&each.loop_step, Place::Inside));
        if let Some(step) = &step {
            self.variables.insert(each.accu_var.clone(), step.clone());
        }
        let result = self.kind_of(&each.result, Place::Inside);
        for (name, before) in shadowed.into_iter().rev() {
            match before {
                Some(kind) => self.variables.insert(name, kind),
                None => self.variables.remove(&name),
            };
        }
        let step = step?;
        if !step.fits(&start) {
            self.refuse(
                &each.iter_range,
                format!(
                    "expected true or false for each element, this is a {}",
                    step.name()
                ),
            );
            return None;
        }
        result
    }

    fn refuse(&mut self, expr: &IdedExpr, message: String) {
        let at = start_of(expr, self.source).unwrap_or(self.at);
        let letters = self.source.source.char_indices();
        let offset = letters.take_while(|(index, _)| *index < at).count();
        self.errors.push(ConditionError { offset, message });
    }
}

/// The dotted name that an expression spells, if it spells one.
pub(super) fn name_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            name_of(&select.operand.expr).map(|operand| format!("{operand}.{}", select.field))
        }
        _ => None,
    }
}

/// Bytes before the first token of `expr`, its operands included.
fn start_of(expr: &IdedExpr, source: &SourceInfo) -> Option<usize> {
    super::lower::range_of(expr, source).map(|(start, _)| start)
}

fn misuse(function: &str, kinds: &[Kind]) -> String {
    let shown: Vec<&str> = kinds.iter().map(Kind::name).collect();
    let shown = shown.join(" and ");
    match function {
        op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO
            if kinds.iter().all(Kind::is_numeric) =>
        {
            "signals are decimal numbers: write 60.0 instead of 60 here".to_owned()
        }
        op::ADD | op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO | op::NEGATE => {
            format!("expected numbers, this is {shown}")
        }
        op::CONDITIONAL => {
            format!("expected true/false ? one : another of its kind, this is {shown}")
        }
        op::IN => format!("expected a value in a list, this is {shown}"),
        op::INDEX | op::OPT_INDEX | op::OPT_SELECT => "expected no [..] here".to_owned(),
        "startsWith" | "endsWith" | "contains" => {
            format!("expected text.{function}(text), this is {shown}")
        }
        "size" | "double" | "int" => format!("{function}(..) does not take {shown}"),
        other => {
            let known = [
                "startsWith",
                "endsWith",
                "contains",
                "size",
                "double",
                "int",
                "has",
                "exists",
                "all",
            ];
            let hint = suggestion(other, known.into_iter());
            format!("there is no function `{other}`{hint}")
        }
    }
}
