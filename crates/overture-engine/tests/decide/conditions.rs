use std::collections::BTreeMap;

use cel::{
    Context, Program,
    common::{
        types::{CelBool, CelDouble, CelString},
        value::CowVal,
    },
    context::VariableResolver,
};
use overture_engine::decide::{Condition, SignalValue};
use proptest::prelude::*;

use crate::support::{
    Entry::{self, Flag, Number, Text},
    Table,
};

fn text(value: &str) -> Entry {
    Text(value.to_owned())
}

#[test]
fn conditions_hold_as_written() {
    let known = Table::of(&[
        ("engagement.score", Number(0.6)),
        ("engagement.level", text("medium")),
        ("session.path", text("/checkout/pay")),
        ("session.active_s", Number(90.0)),
        ("offer.open", Flag(false)),
        ("history.visits", Number(3.0)),
    ]);
    let cases = [
        ("engagement.score > 0.6", false, true),
        ("engagement.score >= 0.6", true, true),
        ("0.5 < engagement.score", true, true),
        ("history.visits > 2", true, true),
        ("history.visits == 3", true, true),
        ("engagement.level in ['medium', 'high']", true, true),
        ("engagement.level != 'medium'", false, true),
        ("session.path.startsWith('/checkout')", true, true),
        ("!offer.open && engagement.score > 0.5", true, true),
        ("offer.open == false", true, true),
        ("engagement.score > history.visits", false, true),
        ("has(engagement.score) && !has(sentiment.score)", true, true),
        ("session.active_s / 60.0 > 1.4", true, false),
        (
            "session.path.endsWith('/pay') && engagement.score > 0.5",
            true,
            false,
        ),
        (
            "['/checkout', '/cart'].exists(p, session.path.startsWith(p))",
            true,
            false,
        ),
        (
            "offer.open ? engagement.score > 0.9 : engagement.score > 0.5",
            true,
            false,
        ),
        ("size(session.path) > 5", true, false),
        // Over an absent signal nothing is true, and nothing is false either.
        ("sentiment.score < -0.7", false, true),
        ("!(sentiment.score < -0.7)", false, true),
        (
            "sentiment.score < -0.7 || engagement.score > 0.5",
            true,
            true,
        ),
        (
            "sentiment.score < -0.7 && emotion.anger >= 0.5",
            false,
            true,
        ),
        ("sentiment.score + 0.1 < 0.0", false, false),
    ];
    for (condition, holds, native) in cases {
        let compiled =
            Condition::compile(condition).unwrap_or_else(|e| panic!("{condition}: {e:?}"));
        assert_eq!(compiled.holds(&known), holds, "{condition}");
        assert_eq!(compiled.is_native(), native, "{condition}");
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let cases = [
        (
            "engagement.scor > 0.5",
            0,
            "there is no signal `engagement.scor`; did you mean `engagement.score`?",
        ),
        (
            "true && engagement.score > 'high'",
            8,
            "a number cannot be compared with a text",
        ),
        (
            "engagement.score",
            0,
            "a condition is true or false, this is a number",
        ),
        (
            "engagement.level == 'hihg'",
            20,
            "`engagement.level` is never \"hihg\"; expected one of low, medium, high",
        ),
        (
            "engagement.level > 'low'",
            0,
            "only numbers have an order; compare a text with ==, != or in",
        ),
        (
            "offer.open && engagement.score",
            14,
            "&&, || and ! join what is true or false, this is a number",
        ),
        (
            "session.active_s / 60 > 1.0",
            0,
            "signals are decimal numbers: write 60.0 instead of 60 here",
        ),
        (
            "session.path.beginsWith('/a')",
            0,
            "there is no function `beginsWith`",
        ),
        (
            "1 < 2",
            0,
            "the condition reads no signal, so it would never be looked at",
        ),
        (
            "session.path in [1, 2]",
            0,
            "a text cannot be in a list of whole numbers",
        ),
        (
            "has(offer.open) ? true : false",
            0,
            "has(..) stands alone, or is joined with &&, || and !",
        ),
        (
            "session.path == 'größe' && scroll > 1.0",
            27,
            "there is no signal `scroll`",
        ),
    ];
    for (condition, offset, message) in cases {
        let errors = Condition::compile(condition).unwrap_err();
        assert_eq!(
            (errors[0].offset, errors[0].message.as_str()),
            (offset, message),
            "{condition}"
        );
    }
    let errors = Condition::compile("session.path == 'größe' && )").unwrap_err();
    assert_eq!(errors[0].offset, 27);
    let errors = Condition::compile("offer.open\n&& 'ü' == session.path && )").unwrap_err();
    assert_eq!(errors[0].offset, 37);
    for broken in [
        "engagement.score >",
        "(((",
        "",
        "'",
        "a..b",
        "\u{0}",
        "offer.open ||| true",
    ] {
        assert!(Condition::compile(broken).is_err(), "{broken}");
    }
    let deep = format!("{}offer.open{}", "(".repeat(900), ")".repeat(900));
    assert!(Condition::compile(&deep).is_err());
    for chain in [
        "1 + ",
        "offer.open == ",
        "1 in ",
        "-1 - ",
        "!!-",
        "[",
        "size(",
    ] {
        let text = chain.repeat(1_980 / chain.len()) + "offer.open";
        assert!(Condition::compile(&text).is_err(), "{chain}");
    }
    let long = format!("offer.open || {}", "offer.open || ".repeat(200));
    assert!(Condition::compile(&long).is_err());
}

#[test]
fn an_explanation_names_each_part_and_each_signal() {
    let table = Table::of(&[
        ("engagement.score", Number(0.912_345)),
        ("session.path", text("/a")),
    ]);
    let condition = Condition::compile(
        "engagement.score > 0.8 && (session.path.startsWith('/b') || size(session.path) < 5) && !(sentiment.score < 0.0)",
    )
    .unwrap();
    let (parts, signals) = condition.explain(&table);
    let parts: Vec<(&str, bool)> = parts
        .iter()
        .map(|(text, holds)| (text.as_str(), *holds))
        .collect();
    assert_eq!(
        parts,
        [
            ("engagement.score > 0.8", true),
            ("session.path.startsWith(\"/b\")", false),
            ("size(session.path) < 5", true),
            ("!(sentiment.score < 0)", false),
        ]
    );
    let signals: BTreeMap<String, String> = signals.into_iter().collect();
    assert_eq!(signals["engagement.score"], "0.9123");
    assert_eq!(signals["session.path"], "/a");
    assert_eq!(signals["sentiment.score"], "");
}

struct Resolver<'a>(&'a Table);

impl VariableResolver for Resolver<'_> {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        match self.0.named(variable) {
            SignalValue::Number(number) => Some(CowVal::owned(CelDouble::from(number))),
            SignalValue::Text(text) => Some(CowVal::owned(CelString::from(text))),
            SignalValue::Flag(flag) => Some(CowVal::owned(CelBool::from(flag))),
            SignalValue::Absent => None,
        }
    }
}

/// The whole condition by the CEL interpreter alone; no value means it does not hold.
fn holds_in_cel(condition: &str, table: &Table) -> bool {
    let program = Program::compile(condition).unwrap();
    let resolver = Resolver(table);
    let root = Context::default();
    let mut context = root.new_inner_scope();
    context.set_variable_resolver(&resolver);
    program.execute(&context) == Ok(true.into())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (-2..4i32).prop_map(|n| n.to_string()),
        prop_oneof![Just(0.0), Just(0.5), Just(-0.7), -1.0..3.0f64].prop_map(|n| format!("{n:?}")),
    ]
}

fn part() -> impl Strategy<Value = String> {
    let numbers = prop::sample::select(vec![
        "engagement.score",
        "session.active_s",
        "sentiment.score",
    ]);
    let texts = prop::sample::select(vec!["session.path", "customer.language"]);
    let values = prop::sample::select(vec!["", "/a", "/a/b", "de", "d"]);
    let compare = prop::sample::select(vec!["<", "<=", ">", ">=", "==", "!="]);
    let flags = prop::sample::select(vec![
        "offer.open",
        "sentiment.repeated_negatives",
        "true",
        "false",
    ]);
    prop_oneof![
        (numbers.clone(), compare.clone(), number()).prop_map(|(s, c, n)| format!("{s} {c} {n}")),
        (number(), compare.clone(), numbers.clone()).prop_map(|(n, c, s)| format!("{n} {c} {s}")),
        (numbers.clone(), compare, numbers.clone()).prop_map(|(s, c, t)| format!("{s} {c} {t}")),
        (numbers, prop::collection::vec(number(), 1..3))
            .prop_map(|(s, n)| format!("{s} in [{}]", n.join(", "))),
        (texts.clone(), values.clone()).prop_map(|(s, v)| format!("{s} == '{v}'")),
        (texts.clone(), values.clone()).prop_map(|(s, v)| format!("{s}.startsWith('{v}')")),
        (texts.clone(), values.clone()).prop_map(|(s, v)| format!("{s}.contains('{v}')")),
        (texts, values.clone(), values).prop_map(|(s, v, w)| format!("{s} in ['{v}', '{w}']")),
        flags.prop_map(str::to_owned),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    part().prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn table() -> impl Strategy<Value = Table> {
    let number = || prop::option::of(prop_oneof![Just(0.0), Just(0.5), Just(-0.7), -1.0..3.0f64]);
    let text = || prop::option::of(prop::sample::select(vec!["", "/a", "/a/b", "/b", "de"]));
    let flag = || prop::option::of(any::<bool>());
    (number(), number(), number(), text(), text(), flag(), flag()).prop_map(
        |(score, active, sentiment, path, language, open, negatives)| {
            let mut table = Table::default();
            let mut put = |name, entry: Option<Entry>| {
                if let Some(entry) = entry {
                    table.0.insert(name, entry);
                }
            };
            put("engagement.score", score.map(Number));
            put("session.active_s", active.map(Number));
            put("sentiment.score", sentiment.map(Number));
            put("session.path", path.map(|t| Text(t.to_owned())));
            put("customer.language", language.map(|t| Text(t.to_owned())));
            put("offer.open", open.map(Flag));
            put("sentiment.repeated_negatives", negatives.map(Flag));
            table
        },
    )
}

proptest! {


    #[test]
    fn native_predicates_agree_with_cel(condition in condition(), table in table()) {
        // At least one signal, or the condition would be refused.
        let condition = format!("({condition}) && engagement.score >= -5.0");
        let compiled = Condition::compile(&condition).unwrap();
        prop_assert_eq!(compiled.holds(&table), holds_in_cel(&condition, &table), "{}", condition);
    }

    #[test]
    fn no_text_brings_the_compiler_down(text in "[a-z.()'\"!&|<>=\\[\\]0-9?: ,{}\\\\ü]{0,60}") {
        let _ = Condition::compile(&text);
    }
}
