//! What a text model is worth on labelled messages: each figure with its 95 % interval.

use overture_engine::understand::DomainLexicon;
use overture_inference::text::{
    Scratch, TextHeads,
    heads::{
        COLUMNS, EKMAN_HEAD, EMOTION_HEAD, GOEMOTIONS_HEAD, GROUP_HEAD, Head, POLARITY_HEAD,
        SARCASM_HEAD, SENTIMENT_HEAD, URGENCY_HEAD, VALENCE_HEAD,
    },
    metrics::{best_threshold, correlation, macro_f1},
    targets::{EMOTIONS, known},
};
use serde_json::{Map, Value};

use super::data::Row;
use crate::figures::{calibration, insert};

/// A message's answers and what is known of it.
pub(super) struct Scored<'a> {
    row: &'a Row,
    said: [f32; COLUMNS],
    score: f32,
}

/// Scores every row, read by the lexicon.
pub(super) fn score<'a>(
    model: &dyn TextHeads,
    lexicon: &DomainLexicon,
    rows: impl Iterator<Item = &'a Row>,
) -> Vec<Scored<'a>> {
    let mut scratch = Scratch::default();
    rows.map(|row| {
        let rewritten = lexicon.rewrite(&row.example.text);
        let said = model.probabilities(rewritten.text(), &mut scratch);
        Scored {
            row,
            said,
            score: model.score(&said),
        }
    })
    .collect()
}

impl Scored<'_> {
    fn target(&self, column: usize) -> Option<f32> {
        known(&self.row.example.targets, column)
    }

    fn said(&self, column: usize) -> f64 {
        f64::from(self.said[column])
    }

    /// Negative 0, neutral 1, positive 2: what was said and what it is.
    fn classes(&self) -> Option<(usize, usize)> {
        let first = SENTIMENT_HEAD.first;
        let targets = [
            self.target(first)?,
            self.target(first + 1)?,
            self.target(first + 2)?,
        ];
        Some((
            largest([0, 1, 2].map(|place| self.said[first + place])),
            largest(targets),
        ))
    }

    /// The row's own kind.
    pub(super) fn kind(&self) -> &str {
        &self.row.kind
    }
}

fn largest(values: [f32; 3]) -> usize {
    (0..3)
        .max_by(|one, other| values[*one].total_cmp(&values[*other]))
        .unwrap_or(1)
}

/// Every figure that the rows' labels allow.
pub(super) fn figures(rows: &[Scored<'_>], model: &dyn TextHeads, rounds: usize) -> Value {
    let mut all = Map::new();
    all.insert("messages".to_owned(), rows.len().into());
    sentiment(rows, rounds, &mut all);
    for (name, head) in [("polarity", POLARITY_HEAD), ("valence", VALENCE_HEAD)] {
        let pairs: Vec<(f64, f64, f64)> = rows
            .iter()
            .filter_map(|row| {
                let target = f64::from(row.target(head.first)?);
                Some((f64::from(row.score), row.said(head.first), target))
            })
            .collect();
        if pairs.len() > 1 {
            let by_score = |one: &(f64, f64, f64)| (one.0, one.2);
            insert(
                &mut all,
                &format!("{name}_r_of_score"),
                &pairs,
                rounds,
                |sample| correlation(&sample.iter().map(|one| by_score(one)).collect::<Vec<_>>()),
            );
            insert(
                &mut all,
                &format!("{name}_r_of_head"),
                &pairs,
                rounds,
                |sample| correlation(&sample.iter().map(|one| (one.1, one.2)).collect::<Vec<_>>()),
            );
        }
    }
    for head in [GOEMOTIONS_HEAD, EKMAN_HEAD, GROUP_HEAD, EMOTION_HEAD] {
        labels(rows, model, head, rounds, &mut all);
    }
    for (place, name) in EMOTIONS.iter().enumerate() {
        one_label(rows, EMOTION_HEAD.first + place, name, rounds, &mut all);
    }
    one_label(rows, SARCASM_HEAD.first, "sarcasm", rounds, &mut all);
    one_label(rows, URGENCY_HEAD.first, "urgency", rounds, &mut all);
    Value::Object(all)
}

fn sentiment(rows: &[Scored<'_>], rounds: usize, all: &mut Map<String, Value>) {
    let pairs: Vec<(usize, usize)> = rows.iter().filter_map(Scored::classes).collect();
    if pairs.is_empty() {
        return;
    }
    insert(all, "sentiment_accuracy", &pairs, rounds, |sample| {
        sample.iter().filter(|(said, is)| said == is).count() as f64 / sample.len() as f64
    });
    insert(all, "sentiment_macro_f1", &pairs, rounds, |sample| {
        three_class_f1(sample)
    });
    let signs: Vec<(bool, bool)> = rows
        .iter()
        .filter(|row| row.classes().is_some_and(|(_, is)| is != 1))
        .filter_map(|row| Some((row.score > 0.0, row.classes()?.1 == 2)))
        .collect();
    if !signs.is_empty() {
        insert(
            all,
            "negative_or_positive_accuracy",
            &signs,
            rounds,
            |sample| {
                sample.iter().filter(|(said, is)| said == is).count() as f64 / sample.len() as f64
            },
        );
    }
    let sure: Vec<(f64, bool)> = rows
        .iter()
        .filter_map(|row| {
            let (said, is) = row.classes()?;
            Some((row.said(SENTIMENT_HEAD.first + said), said == is))
        })
        .collect();
    calibration(all, "sentiment_label", &sure);
}

/// The mean F1 over the classes that occur.
fn three_class_f1(pairs: &[&(usize, usize)]) -> f64 {
    let classes: Vec<usize> = (0..3)
        .filter(|class| pairs.iter().any(|(_, is)| is == class))
        .collect();
    let row = |class: usize| classes.iter().map(|one| *one == class).collect::<Vec<_>>();
    let truth: Vec<_> = pairs.iter().map(|(_, is)| row(*is)).collect();
    let said: Vec<_> = pairs.iter().map(|(said, _)| row(*said)).collect();
    macro_f1(&truth, &said)
}

/// Macro F1 of a head at the model's thresholds.
fn labels(
    rows: &[Scored<'_>],
    model: &dyn TextHeads,
    head: Head,
    rounds: usize,
    all: &mut Map<String, Value>,
) {
    let known: Vec<(Vec<bool>, Vec<bool>)> = rows
        .iter()
        .filter_map(|row| {
            let is: Option<Vec<bool>> = head
                .columns()
                .map(|column| Some(row.target(column)? > 0.5))
                .collect();
            let says = head
                .columns()
                .map(|column| row.said[column] > model.thresholds()[column])
                .collect();
            Some((is?, says))
        })
        .collect();
    if known.is_empty() {
        return;
    }
    insert(
        all,
        &format!("{}_macro_f1", head.name),
        &known,
        rounds,
        |sample| {
            let truth: Vec<_> = sample.iter().map(|one| one.0.clone()).collect();
            let said: Vec<_> = sample.iter().map(|one| one.1.clone()).collect();
            macro_f1(&truth, &said)
        },
    );
}

/// Best F1 and calibration of one probability.
fn one_label(
    rows: &[Scored<'_>],
    column: usize,
    name: &str,
    rounds: usize,
    all: &mut Map<String, Value>,
) {
    let answers: Vec<(f64, bool)> = rows
        .iter()
        .filter_map(|row| Some((row.said(column), row.target(column)? > 0.5)))
        .collect();
    if answers.iter().filter(|answer| answer.1).count() < 5 {
        return;
    }
    let threshold = best_threshold(&answers);
    insert(
        all,
        &format!("{name}_best_f1"),
        &answers,
        rounds,
        |sample| {
            let truth: Vec<_> = sample.iter().map(|one| vec![one.1]).collect();
            let said: Vec<_> = sample.iter().map(|one| vec![one.0 > threshold]).collect();
            macro_f1(&truth, &said)
        },
    );
    calibration(all, name, &answers);
}
