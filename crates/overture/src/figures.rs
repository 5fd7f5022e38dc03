//! Figures of the `evaluate` commands as JSON, each with its interval.

use overture_inference::text::metrics::{calibration_error, interval, reliability};
use serde_json::{Map, Value, json};

/// Bins of the reliability diagrams.
const BINS: usize = 15;

/// How far probabilities are from how often it was so, as `NAME_calibration`.
pub(crate) fn calibration(all: &mut Map<String, Value>, name: &str, answers: &[(f64, bool)]) {
    let bins: Vec<Value> = reliability(answers, BINS)
        .iter()
        .map(
            |bin| json!({ "said": rounded(bin.said), "was": rounded(bin.was), "count": bin.count }),
        )
        .collect();
    all.insert(
        format!("{name}_calibration"),
        json!({ "expected_calibration_error": rounded(calibration_error(answers)), "messages": answers.len(), "bins": bins }),
    );
}

/// One figure of all rows with its 95 % interval over resamples of them.
pub(crate) fn insert<T>(
    all: &mut Map<String, Value>,
    name: &str,
    rows: &[T],
    rounds: usize,
    figure: impl Fn(&[&T]) -> f64,
) {
    let whole: Vec<&T> = rows.iter().collect();
    let (low, high) = interval(rows.len(), rounds, |places| {
        let sample: Vec<&T> = places.iter().map(|place| &rows[*place]).collect();
        figure(&sample)
    });
    all.insert(
        name.to_owned(),
        json!({ "value": rounded(figure(&whole)), "interval_95": [rounded(low), rounded(high)], "messages": rows.len() }),
    );
}

/// Four decimals.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
