//! Makes an issue classifier from messages with labels.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::text::{rows::hash, tokens::Tokens};

use super::{
    OUT_OF_SCOPE,
    calibrate::{HeldOut, Rejection, Shares},
    features::Features,
    learn::{Example, Recipe, learn},
    model::{IssueModel, Scratch},
    vocabulary::Vocabulary,
};

/// How many issues a classifier can have.
pub const LABELS_MAX: usize = 1_000;
/// How many cells a table can have, and how many multipliers learning may keep: 32-bit numbers, so 256 MB each.
pub const CELLS_MAX: usize = 64 << 20;
/// Parts that take turns in being kept apart, where there are no messages to calibrate on.
const FOLDS: u64 = 5;

/// A message with its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Labelled<'a> {
    /// The message.
    pub text: &'a str,
    /// Its issue, or [`OUT_OF_SCOPE`].
    pub label: &'a str,
}

/// A classifier, and what it was made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The classifier.
    pub model: IssueModel,
    /// Messages that were learned from.
    pub learned: usize,
    /// Messages that were calibrated on.
    pub calibrated: usize,
    /// Whether the latter were kept apart in turns from the same messages.
    pub is_crossed: bool,
    /// Messages left out because the same text with the same label had been there already.
    pub repeated: usize,
    /// Texts that have more than one label; they are learned under each.
    pub contradictory: usize,
}

/// Why no classifier can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// One label only, or none.
    #[error("expected messages with at least two labels, got {found}")]
    TooFewLabels {
        /// How many there are, `oos` counted.
        found: usize,
    },
    /// Too many labels.
    #[error("expected at most {LABELS_MAX} labels, got {found}")]
    TooManyLabels {
        /// How many there are.
        found: usize,
    },
    /// More than memory is meant for.
    #[error(
        "{messages} messages with {labels} labels are too many: their product must be at most {CELLS_MAX}"
    )]
    TooLarge {
        /// How many messages there are.
        messages: usize,
        /// How many labels.
        labels: usize,
    },
    /// No message can be read.
    #[error("no message says anything that could be learned from")]
    Nothing,
}

/// Learns from `train`, then fits calibration and the out-of-scope threshold on `dev`, of which nothing was learned. Rows of
/// `dev` whose label `train` lacks are passed over.
///
/// Without any `dev`, a fifth of `train` is kept apart five times in turn (by the hash of the text, so that equal texts
/// stay together), calibration is fitted on all these fifths, and the classifier itself learns from everything. `progress`
/// hears the share done, `0.0..=1.0`.
///
/// # Errors
/// [`MakeError`]: fewer than two labels, too many, too much, or nothing to read.
pub fn make(
    name: &str,
    train: &[Labelled<'_>],
    dev: &[Labelled<'_>],
    recipe: Recipe,
    progress: &mut dyn FnMut(f32),
) -> Result<Made, MakeError> {
    let (train, repeated, contradictory) = distinct(train);
    let labels: BTreeSet<&str> = train.iter().map(|one| one.label).collect();
    check(train.len(), labels.len())?;
    let learner = Learner {
        name,
        issues: labels
            .iter()
            .filter(|label| **label != OUT_OF_SCOPE)
            .map(|label| (*label).to_owned())
            .collect(),
        columns: labels.len(),
        recipe,
    };
    let mut held_out = Vec::new();
    let model = if dev.is_empty() {
        let runs = (FOLDS + 1) as f32;
        for fold in 0..FOLDS {
            let is_apart = |one: &&Labelled<'_>| hash(one.text.as_bytes()) % FOLDS == fold;
            let apart: Vec<Labelled<'_>> = train.iter().filter(is_apart).copied().collect();
            let rest: Vec<Labelled<'_>> =
                train.iter().filter(|one| !is_apart(one)).copied().collect();
            if apart.is_empty() || rest.is_empty() {
                continue;
            }
            let model = learner.learn(&rest, &mut |share| progress((fold as f32 + share) / runs));
            learner.hold_out(&model, &apart, &mut held_out);
        }
        learner.learn(&train, &mut |share| progress((FOLDS as f32 + share) / runs))
    } else {
        let model = learner.learn(&train, progress);
        learner.hold_out(&model, dev, &mut held_out);
        model
    };
    if model.features() == 0 {
        return Err(MakeError::Nothing);
    }
    Ok(Made {
        model: IssueModel {
            shares: Shares::fit(&held_out),
            rejection: Rejection::fit(&held_out, recipe.refused_max),
            ..model
        },
        learned: train.len(),
        calibrated: held_out.len(),
        is_crossed: dev.is_empty(),
        repeated,
        contradictory,
    })
}

fn check(messages: usize, labels: usize) -> Result<(), MakeError> {
    if labels < 2 {
        return Err(MakeError::TooFewLabels { found: labels });
    }
    if labels > LABELS_MAX {
        return Err(MakeError::TooManyLabels { found: labels });
    }
    if messages > CELLS_MAX / labels {
        return Err(MakeError::TooLarge { messages, labels });
    }
    Ok(())
}

/// Without repetitions; how many there were, and how many texts have several labels.
fn distinct<'a>(given: &[Labelled<'a>]) -> (Vec<Labelled<'a>>, usize, usize) {
    let mut labels: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    let kept: Vec<Labelled<'a>> = given
        .iter()
        .filter(|one| labels.entry(one.text).or_default().insert(one.label))
        .copied()
        .collect();
    let repeated = given.len() - kept.len();
    let contradictory = labels.values().filter(|labels| labels.len() > 1).count();
    (kept, repeated, contradictory)
}

struct Learner<'a> {
    name: &'a str,
    issues: Vec<String>,
    /// The issues, and `oos` after them where the training has it.
    columns: usize,
    recipe: Recipe,
}

impl Learner<'_> {
    fn learn(&self, messages: &[Labelled<'_>], progress: &mut dyn FnMut(f32)) -> IssueModel {
        let places: BTreeMap<&str, usize> =
            self.issues.iter().map(String::as_str).zip(0..).collect();
        let mut tokens = Tokens::default();
        let read: Vec<Features> = messages
            .iter()
            .map(|one| {
                let mut features = Features::default();
                features.read(one.text, &mut tokens);
                features
            })
            .collect();
        let vocabulary = Vocabulary::of(&read, CELLS_MAX / self.columns);
        let examples: Vec<Example> = messages
            .iter()
            .zip(&read)
            .map(|(one, features)| {
                let mut weighed = Vec::new();
                vocabulary.weigh(features, &mut weighed);
                Example {
                    features: weighed,
                    label: places.get(one.label).copied().unwrap_or(self.issues.len()),
                }
            })
            .collect();
        drop(read);
        let weights = learn(
            &examples,
            self.columns,
            vocabulary.len(),
            self.recipe,
            progress,
        );
        IssueModel::of(self.name, self.issues.clone(), vocabulary, &weights)
    }

    fn hold_out(&self, model: &IssueModel, apart: &[Labelled<'_>], held_out: &mut Vec<HeldOut>) {
        let mut scratch = Scratch::default();
        for one in apart {
            let issue = model.issue(one.label);
            if issue.is_some() || one.label == OUT_OF_SCOPE {
                held_out.push(model.held_out(one.text, issue, &mut scratch));
            }
        }
    }
}
