//! The shipped engagement model puts behaviour where a person would.
#![allow(clippy::unwrap_used, reason = "tests")]

use overture_engine::understand::{EngagementInputs, EngagementModel, Factor};
use overture_inference::{Logistic, ModelError};
use proptest::prelude::*;

/// Three minutes of reading with a few clicks.
fn reading() -> EngagementInputs {
    EngagementInputs::default()
        .with(Factor::PageTime, 180.0)
        .with(Factor::ActiveTime, 120.0)
        .with(Factor::Clicks, 3.0)
}

/// Most of a minute in a form.
fn filling() -> EngagementInputs {
    EngagementInputs::default()
        .with(Factor::PageTime, 50.0)
        .with(Factor::ActiveTime, 45.0)
        .with(Factor::Clicks, 5.0)
}

fn refused(times: f64) -> EngagementInputs {
    filling()
        .with(Factor::FailedSubmits, times)
        .with(Factor::FormErrors, times)
        .with(Factor::FormStruggles, if times >= 2.0 { 1.0 } else { 0.0 })
}

#[test]
fn behaviour_falls_where_a_person_would_put_it() {
    let cases: [(&str, EngagementInputs, f64); 11] = [
        ("just arrived", EngagementInputs::default(), 0.05),
        ("quiet reading, three minutes", reading(), 0.10),
        (
            "half an hour on one page, nothing else",
            EngagementInputs::default()
                .with(Factor::PageTime, 1_800.0)
                .with(Factor::ActiveTime, 1_200.0),
            0.13,
        ),
        (
            "one field error while filling in a form",
            filling().with(Factor::FormErrors, 1.0),
            0.17,
        ),
        (
            "one refused submit with one field error",
            refused(1.0),
            0.30,
        ),
        (
            "one rage click",
            filling().with(Factor::RageClicks, 1.0),
            0.34,
        ),
        (
            "two errors on one field",
            filling()
                .with(Factor::FormErrors, 2.0)
                .with(Factor::FormStruggles, 1.0),
            0.51,
        ),
        (
            "a rage click and a click without effect",
            filling()
                .with(Factor::RageClicks, 1.0)
                .with(Factor::DeadClicks, 1.0),
            0.54,
        ),
        (
            "two refused submits with two field errors",
            refused(2.0),
            0.76,
        ),
        (
            "three refused submits with three field errors",
            refused(3.0),
            0.86,
        ),
        (
            "two refused submits, two field errors, a rage click",
            refused(2.0).with(Factor::RageClicks, 1.0),
            0.95,
        ),
    ];
    let card = include_str!("../../../models/README.md");
    let model = Logistic::shipped();
    let mut wrong = Vec::new();
    for (behaviour, inputs, score) in cases {
        let found = model.probability(&inputs);
        if (found - score).abs() > 0.0055 {
            wrong.push(format!("{behaviour}: {found:.3}, expected {score}"));
        }
        let row = format!("| {behaviour} | {score:.2} |");
        assert!(card.contains(&row), "the card lacks: {row}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_model_file_is_in_the_registry() {
    let registry: toml::Table =
        toml::from_str(include_str!("../../../models/registry.toml")).unwrap();
    let names: Vec<&str> = registry["model"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            Logistic::shipped().name(),
            "text-1-encoder",
            "text-1",
            "voice-1"
        ]
    );
}

#[test]
fn a_broken_model_file_is_refused() {
    let head = "name = \"m\"\nintercept = 0.0\n";
    let factor = |body: &str| format!("{head}[[factor]]\n{body}\n");
    let cases = [
        ("not toml".to_owned(), "cannot read"),
        (
            "name = \"m\"\nintercept = nan\nfactor = []".to_owned(),
            "intercept",
        ),
        (
            "name = \"other\"\nintercept = 0.0\nfactor = []".to_owned(),
            "other",
        ),
        (
            factor("name = \"clikcs\"\nweight = 1.0\ntransform = \"log1p\""),
            "clikcs",
        ),
        (
            factor("name = \"clicks\"\nweight = inf\ntransform = \"log1p\""),
            "clicks",
        ),
        (
            factor("name = \"clicks\"\nweight = 1.0\ntransform = \"saturate\""),
            "clicks",
        ),
    ];
    for (toml, part) in cases {
        let error: ModelError = Logistic::parse("m", &toml).unwrap_err();
        assert!(error.to_string().contains(part), "{error} / {toml}");
    }
}

fn any_inputs() -> impl Strategy<Value = EngagementInputs> {
    prop::array::uniform14(prop_oneof![Just(0.0), 0.0..5.0f64, 0.0..1e6f64])
        .prop_map(|values| EngagementInputs { values })
}

proptest! {
    #[test]
    fn contributions_sum_to_the_log_odds(inputs in any_inputs()) {
        let model = Logistic::shipped();
        let scored = model.score(&inputs);
        let sum: f64 = scored.intercept
            + scored.contributions.iter().map(|one| one.contribution).sum::<f64>();
        let p = scored.score.get();
        prop_assert!((p - 1.0 / (1.0 + (-sum).exp())).abs() < 1e-12);
        prop_assert_eq!(p, model.probability(&inputs));
        let sizes: Vec<f64> = scored.contributions.iter().map(|c| c.contribution.abs()).collect();
        prop_assert!(sizes.is_sorted_by(|one, other| one >= other));
    }

    #[test]
    fn more_struggle_never_lowers_the_score(inputs in any_inputs(), more in 0.01..10.0f64) {
        let model = Logistic::shipped();
        let before = model.probability(&inputs);
        for factor in [Factor::RageClicks, Factor::FormErrors, Factor::FailedSubmits, Factor::FormStruggles] {
            let worse = inputs.with(factor, inputs.get(factor) + more);
            prop_assert!(model.probability(&worse) >= before);
        }
    }
}
