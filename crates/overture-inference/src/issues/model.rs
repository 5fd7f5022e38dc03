//! An issue classifier: vocabulary, 8-bit table and calibration together, and what they say about a text.

use std::cell::RefCell;

use overture_engine::{model::TextIssue, understand::IssueClassifier};

use crate::{ModelFileError, text::tokens::Tokens};

use super::{
    calibrate::{HeldOut, Rejection, SIGNS, Shares, largest},
    features::Features,
    file,
    learn::Weights,
    vocabulary::{Vocabulary, Weighed},
};

/// An issue classifier.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueModel {
    pub(super) name: String,
    /// The issues, in order. Where the training had messages out of scope, the table has one column more than this.
    pub(super) issues: Vec<String>,
    pub(super) columns: usize,
    pub(super) vocabulary: Vocabulary,
    /// By feature, `columns` weights.
    pub(super) rows: Vec<i8>,
    /// By feature, what one step of its weights is worth.
    pub(super) steps: Vec<f32>,
    /// By column.
    pub(super) intercepts: Vec<f32>,
    pub(super) shares: Shares,
    /// `None` where too little is known of what is out of scope: then only a text of which nothing is known is.
    pub(super) rejection: Option<Rejection>,
}

/// What a classifier says about one text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IssueReading {
    /// By issue, its probability. They and `out_of_scope` sum to one.
    pub issues: Vec<f32>,
    /// The probability that it is none of the issues.
    pub out_of_scope: f32,
    /// The issue that is named; `None` for out of scope.
    pub named: Option<usize>,
}

impl IssueReading {
    /// The likeliest issue with its probability, whether or not it is named; `None` only of a model without issues.
    pub fn likeliest(&self) -> Option<(usize, f32)> {
        largest(&self.issues).map(|place| (place, self.issues[place]))
    }

    /// The places of the `most` likeliest issues, the likeliest first; equals in the order of their names.
    pub fn ranked(&self, most: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.issues.len()).collect();
        let falling = |one: &usize, other: &usize| {
            self.issues[*other]
                .total_cmp(&self.issues[*one])
                .then(one.cmp(other))
        };
        if most < places.len() {
            places.select_nth_unstable_by(most, falling);
            places.truncate(most);
        }
        places.sort_unstable_by(falling);
        places
    }
}

thread_local! {
    /// Of whoever reads one text after another without a scratch of their own.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl IssueClassifier for IssueModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn issues(&self) -> &[String] {
        &self.issues
    }

    fn read(&self, text: &str) -> TextIssue {
        let reading = SCRATCH.with_borrow_mut(|scratch| IssueModel::read(self, text, scratch));
        let p = reading
            .named
            .map_or(reading.out_of_scope, |place| reading.issues[place]);
        TextIssue {
            model: self.name.clone(),
            named: reading.named.map(|place| self.issues[place].clone()),
            p: libm::roundf(p * 1e4) / 1e4,
        }
    }
}

/// What one message is read into; reused by who reads many.
#[derive(Debug, Default)]
pub struct Scratch {
    tokens: Tokens,
    features: Features,
    weighed: Vec<Weighed>,
    sums: Vec<f32>,
}

impl IssueModel {
    /// Rounds learned weights to 8 bits, each feature on a scale of its own; not calibrated yet.
    pub(super) fn of(
        name: &str,
        issues: Vec<String>,
        vocabulary: Vocabulary,
        weights: &Weights,
    ) -> Self {
        let columns = weights.intercepts.len();
        let mut rows = Vec::with_capacity(weights.rows.len());
        let mut steps = Vec::with_capacity(vocabulary.len());
        for row in weights.rows.chunks_exact(columns) {
            let most = row
                .iter()
                .fold(0.0f32, |most, weight| most.max(weight.abs()));
            let step = (most / 127.0).max(f32::MIN_POSITIVE);
            steps.push(step);
            rows.extend(row.iter().map(|weight| (weight / step).round() as i8));
        }
        Self {
            name: name.to_owned(),
            issues,
            columns,
            vocabulary,
            rows,
            steps,
            intercepts: weights.intercepts.clone(),
            shares: Shares::UNFITTED,
            rejection: None,
        }
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// [`ModelFileError`], as [`file::read`] says.
    pub fn from_file(bytes: &[u8]) -> Result<Self, ModelFileError> {
        file::read(bytes)
    }

    /// The model's file: the same bytes for the same training.
    pub fn to_file(&self) -> Vec<u8> {
        file::write(self)
    }

    /// What it was called when it was made.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The issues, in ascending order.
    pub fn issues(&self) -> &[String] {
        &self.issues
    }

    /// The place of an issue; `None` where the model does not know it.
    pub fn issue(&self, label: &str) -> Option<usize> {
        self.issues
            .binary_search_by(|issue| issue.as_str().cmp(label))
            .ok()
    }

    /// The probability from which on a message is called out of scope; `None` where it never is.
    pub fn threshold(&self) -> Option<f32> {
        self.rejection.map(|rejection| rejection.threshold)
    }

    /// How many features it knows.
    pub fn features(&self) -> usize {
        self.vocabulary.len()
    }

    /// What `text` is about. `scratch` is overwritten.
    ///
    /// A text without any feature that the training knew is out of scope for certain, and no issue is likely.
    pub fn read(&self, text: &str, scratch: &mut Scratch) -> IssueReading {
        let signs = self.look(text, scratch);
        if scratch.weighed.is_empty() {
            return IssueReading {
                issues: vec![0.0; self.issues.len()],
                out_of_scope: 1.0,
                named: None,
            };
        }
        let margins = &scratch.sums[..self.issues.len()];
        let mut issues = self.shares.of(margins);
        let out_of_scope = self
            .rejection
            .map_or(0.0, |rejection| rejection.probability(&signs));
        for share in &mut issues {
            *share *= 1.0 - out_of_scope;
        }
        let is_outside = self
            .rejection
            .is_some_and(|rejection| out_of_scope >= rejection.threshold);
        IssueReading {
            named: if is_outside { None } else { largest(margins) },
            issues,
            out_of_scope,
        }
    }

    /// Margins and signs of a message that nothing was learned from, for calibration.
    pub(super) fn held_out(
        &self,
        text: &str,
        issue: Option<usize>,
        scratch: &mut Scratch,
    ) -> HeldOut {
        let signs = self.look(text, scratch);
        HeldOut {
            margins: scratch.sums[..self.issues.len()].to_vec(),
            signs,
            issue,
        }
    }

    /// Fills `scratch` with the sum of every column; gives the signs of being out of scope.
    fn look(&self, text: &str, scratch: &mut Scratch) -> [f32; SIGNS] {
        let Scratch {
            tokens,
            features,
            weighed,
            sums,
        } = scratch;
        features.read(text, tokens);
        let unknown = self.vocabulary.weigh(features, weighed);
        sums.clear();
        sums.extend_from_slice(&self.intercepts);
        for one in &*weighed {
            let feature = one.feature as usize;
            let value = one.value * self.steps[feature];
            let row = &self.rows[feature * self.columns..][..self.columns];
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += value * f32::from(*weight);
            }
        }
        signs(sums, self.issues.len(), unknown)
    }
}

/// What speaks for a message being out of scope: the margin of `oos` where it was learned, the largest margin of an issue,
/// how far it leads, the evenness of the margins (their log-sum-exp), and the share of unknown words.
fn signs(sums: &[f32], issues: usize, unknown: f32) -> [f32; SIGNS] {
    let margins = &sums[..issues];
    let (mut first, mut second) = (f32::MIN, f32::MIN);
    for margin in margins {
        if *margin > first {
            (first, second) = (*margin, first);
        } else if *margin > second {
            second = *margin;
        }
    }
    let lead = if issues > 1 { first - second } else { 0.0 };
    let sum: f32 = margins
        .iter()
        .map(|margin| libm::expf(4.0 * (margin - first)))
        .sum();
    let outside = sums.get(issues).copied().unwrap_or(0.0);
    [outside, first, lead, first + libm::logf(sum) / 4.0, unknown]
}
