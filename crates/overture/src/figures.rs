//! Figures of the `evaluate` commands as JSON, each with its interval.

use overture_inference::text::metrics::{calibration_error_in, interval, reliability};
use serde_json::{Map, Value, json};

/// Bins of the reliability diagrams.
const BINS: usize = 15;

/// How far probabilities are from how often it was so, as `NAME_calibration`.
pub(crate) fn calibration(all: &mut Map<String, Value>, name: &str, answers: &[(f64, bool)]) {
    calibration_in(all, name, answers, BINS);
}

/// [`calibration`] over another number of bins.
pub(crate) fn calibration_in(
    all: &mut Map<String, Value>,
    name: &str,
    answers: &[(f64, bool)],
    bins: usize,
) {
    let error = calibration_error_in(answers, bins);
    let bins: Vec<Value> = reliability(answers, bins)
        .iter()
        .map(
            |bin| json!({ "said": rounded(bin.said), "was": rounded(bin.was), "count": bin.count }),
        )
        .collect();
    all.insert(
        format!("{name}_calibration"),
        json!({ "expected_calibration_error": rounded(error), "messages": answers.len(), "bins": bins }),
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

/// One figure of all rows with its 95 % interval over resamples of the groups that they are in: what rows of one group have in common
/// does not count as many times as there are rows.
pub(crate) fn insert_by_group<T>(
    all: &mut Map<String, Value>,
    name: &str,
    groups: &[Vec<T>],
    rounds: usize,
    figure: impl Fn(&[&T]) -> f64,
) {
    let whole: Vec<&T> = groups.iter().flatten().collect();
    let (low, high) = interval(groups.len(), rounds, |places| {
        let sample: Vec<&T> = places.iter().flat_map(|place| &groups[*place]).collect();
        figure(&sample)
    });
    all.insert(
        name.to_owned(),
        json!({ "value": rounded(figure(&whole)), "interval_95": [rounded(low), rounded(high)] }),
    );
}

/// How well what was said ranks: the area under the ROC curve, from ranks; equal answers share theirs. 0.5 where there is nothing to
/// tell apart.
pub(crate) fn area(answers: &[(f64, bool)]) -> f64 {
    let mut sorted = answers.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let so = sorted.iter().filter(|one| one.1).count() as f64;
    let rest = sorted.len() as f64 - so;
    let (mut ranks, mut below) = (0.0, 0.0);
    for equal in sorted.chunk_by(|one, other| one.0 == other.0) {
        let rank = below + (equal.len() as f64 + 1.0) / 2.0;
        ranks += rank * equal.iter().filter(|one| one.1).count() as f64;
        below += equal.len() as f64;
    }
    if so == 0.0 || rest == 0.0 {
        return 0.5;
    }
    (ranks - so * (so + 1.0) / 2.0) / (so * rest)
}

/// The mean squared error of what was said.
pub(crate) fn brier(answers: &[(f64, bool)]) -> f64 {
    let errors = answers
        .iter()
        .map(|(said, was)| (said - f64::from(u8::from(*was))).powi(2));
    errors.sum::<f64>() / answers.len().max(1) as f64
}

/// Four decimals.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
