//! Makes a model of tier 0 from messages with labels.

use super::{
    calibrate::{Calibration, Known},
    heads::{COLUMNS, EKMAN_HEAD, EMOTION_HEAD, GOEMOTIONS_HEAD, GROUP_HEAD, POLARITY_HEAD},
    learn::{Example, Recipe, learn},
    lexicon::Lexicon,
    metrics::best_threshold,
    model::{Scratch, TextTables},
    say::raw_polarity,
    table::{Columns, probabilities},
    targets,
};

/// Labels with fewer positive messages than this keep the threshold of one half.
const POSITIVES_MIN: usize = 10;

/// Learns from `train`, then fits calibration, thresholds and the scale of the polarity on `apart`, of which nothing
/// was learned. `progress` hears the share done, `0.0..=1.0`.
pub fn make(
    name: &str,
    train: &[Example],
    apart: &[Example],
    lexicon: Lexicon,
    recipe: Recipe,
    progress: &mut dyn FnMut(f32),
) -> TextTables {
    let table = learn(train, &lexicon, recipe, progress);
    let half = [0.5; COLUMNS];
    let mut model = TextTables::new(name, table, lexicon, Calibration::default(), half, 1.0);
    let mut scratch = Scratch::default();
    let known: Vec<Known> = apart
        .iter()
        .map(|example| Known {
            totals: model.totals(&example.text, &mut scratch),
            targets: example.targets.clone(),
            weight: example.weight,
        })
        .collect();
    model.calibration = Calibration::fit(&known);
    let said: Vec<Columns> = known
        .iter()
        .map(|one| probabilities(&model.calibration.apply(&one.totals)))
        .collect();
    model.thresholds = thresholds(&known, &said);
    model.polarity = scale(&known, &said);
    model
}

/// From which probability on each label is said: where its F1 over `known` is best.
pub(crate) fn thresholds(known: &[Known], said: &[Columns]) -> Columns {
    let mut thresholds = [0.5; COLUMNS];
    for head in [GOEMOTIONS_HEAD, EKMAN_HEAD, GROUP_HEAD, EMOTION_HEAD] {
        for column in head.columns() {
            thresholds[column] = threshold(known, said, column);
        }
    }
    thresholds
}

fn threshold(known: &[Known], said: &[Columns], column: usize) -> f32 {
    let answers: Vec<(f64, bool)> = known
        .iter()
        .zip(said)
        .filter_map(|(one, said)| {
            let target = targets::known(&one.targets, column)?;
            Some((f64::from(said[column]), target > 0.5))
        })
        .collect();
    if answers.iter().filter(|answer| answer.1).count() < POSITIVES_MIN {
        return 0.5;
    }
    best_threshold(&answers) as f32
}

/// How far the heads' mean is stretched so that scores spread as widely as the labels: the standard deviation of
/// `tanh(scale * raw)` becomes that of the known polarity. Least squares would draw every score towards the middle, and
/// nothing would ever be extreme.
pub(crate) fn scale(known: &[Known], said: &[Columns]) -> f32 {
    let pairs: Vec<(f64, f64, f64)> = known
        .iter()
        .zip(said)
        .filter_map(|(one, said)| {
            let target = targets::known(&one.targets, POLARITY_HEAD.first)?;
            Some((
                f64::from(one.weight),
                f64::from(raw_polarity(said)),
                2.0 * f64::from(target) - 1.0,
            ))
        })
        .collect();
    let spread = |value: &dyn Fn(&(f64, f64, f64)) -> f64| {
        let total: f64 = pairs.iter().map(|pair| pair.0).sum();
        let square: f64 = pairs
            .iter()
            .map(|pair| pair.0 * value(pair) * value(pair))
            .sum();
        (square / total.max(f64::MIN_POSITIVE)).sqrt()
    };
    let wanted = spread(&|pair| pair.2);
    let (mut low, mut high) = (0.2, 10.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if spread(&|pair| libm::tanh(middle * pair.1)) < wanted {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high) as f32
}
