//! Calibration: margins become probabilities, and a threshold says when a message belongs to no issue.
//!
//! Among the issues a softmax over the margins times one factor, and a little spread evenly (temperature scaling: Guo, Pleiss,
//! Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017; mixed with the uniform: Zhang, Kailkhura and
//! Han, "Mix-n-Match", ICML 2020). Whether it is any of them: a logistic function of five signs (after
//! Platt, "Probabilistic Outputs for Support Vector Machines", 1999). Both are fitted on messages that nothing was learned from.

/// How many signs of being out of scope there are.
pub const SIGNS: usize = 5;
/// Unknowns of the logistic function: a weight for each sign and the offset.
const UNKNOWNS: usize = SIGNS + 1;
/// How few messages of either kind are too few to fit on.
const LEAST: usize = 10;
/// Newton's steps; the problem is convex and small.
const STEPS: usize = 30;
/// What may be spread evenly.
const DOUBTS: [f64; 8] = [0.0, 0.005, 0.01, 0.02, 0.04, 0.07, 0.12, 0.2];
/// Narrowings of the search for a sharpness: to three digits.
const SEARCHES: usize = 18;
/// A little ridge, so that signs that always agree do no harm.
const RIDGE: f64 = 1e-2;

/// A message that nothing was learned from.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldOut {
    /// By issue, how far on its side of the separator the message is.
    pub margins: Vec<f32>,
    /// What speaks for being out of scope.
    pub signs: [f32; SIGNS],
    /// Its issue; `None` for out of scope.
    pub issue: Option<usize>,
}

/// When a message belongs to no issue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rejection {
    /// By sign, what it adds to the log-odds of being out of scope.
    pub weights: [f32; SIGNS],
    /// The log-odds without any sign.
    pub offset: f32,
    /// The probability from which on a message is called out of scope.
    pub threshold: f32,
}

impl Rejection {
    /// The probability of being out of scope, `0.0..=1.0`.
    pub fn probability(&self, signs: &[f32; SIGNS]) -> f32 {
        let sum: f32 = self.weights.iter().zip(signs).map(|(w, s)| w * s).sum();
        1.0 / (1.0 + libm::expf(-(sum + self.offset)))
    }

    /// Fits the probability, then the threshold: the lowest that calls at most the share `refused_max` of the messages in
    /// scope out of scope although their issue would have been named rightly. `None` with fewer than ten messages in or out
    /// of scope.
    pub fn fit(rows: &[HeldOut], refused_max: f32) -> Option<Self> {
        let outside = rows.iter().filter(|row| row.issue.is_none()).count();
        if outside < LEAST || rows.len() - outside < LEAST {
            return None;
        }
        let fitted = logistic(rows);
        let mut rejection = Self {
            weights: std::array::from_fn(|place| fitted[place] as f32),
            offset: fitted[SIGNS] as f32,
            threshold: 1.0,
        };
        rejection.threshold = threshold(rows, &rejection, refused_max);
        Some(rejection)
    }
}

/// How margins become probabilities: `(1 - doubt) * softmax(sharpness * margins) + doubt / issues`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// The factor on margins, above 0.
    pub sharpness: f32,
    /// What is spread evenly, `0.0..1.0`: how often a message is about something that its words do not show.
    pub doubt: f32,
}

impl Shares {
    /// Where nothing is known.
    pub const UNFITTED: Self = Self {
        sharpness: 4.0,
        doubt: 0.05,
    };

    /// The probability of each issue, from its margin; they sum to one.
    pub fn of(&self, margins: &[f32]) -> Vec<f32> {
        let most = margins.iter().copied().fold(f32::MIN, f32::max);
        let mut shares: Vec<f32> = margins
            .iter()
            .map(|margin| libm::expf(self.sharpness * (margin - most)))
            .collect();
        let sum: f32 = shares.iter().sum();
        let even = self.doubt / margins.len().max(1) as f32;
        for share in &mut shares {
            *share = (1.0 - self.doubt) * *share / sum + even;
        }
        shares
    }

    /// The most likely sharpness, `0.1..=100.0`, and doubt, `0.0..=0.2`, given rows in scope.
    pub fn fit(rows: &[HeldOut]) -> Self {
        let known: Vec<(&[f32], usize)> = rows
            .iter()
            .filter_map(|row| Some((&row.margins[..], row.issue?)))
            .collect();
        if known.is_empty() {
            return Self::UNFITTED;
        }
        let fitted = DOUBTS.map(|doubt| {
            let (sharpness, loss) = sharpest(&known, doubt);
            (
                loss,
                Self {
                    sharpness,
                    doubt: doubt as f32,
                },
            )
        });
        fitted
            .into_iter()
            .min_by(|one, other| one.0.total_cmp(&other.0))
            .map_or(Self::UNFITTED, |(_, shares)| shares)
    }
}

/// Golden-section search for the best sharpness, on its logarithm; gives it with its loss.
fn sharpest(known: &[(&[f32], usize)], doubt: f64) -> (f32, f64) {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let loss = |place: f64| -> f64 {
        let factor = libm::expf(place as f32);
        let of = |(margins, issue): &(&[f32], usize)| {
            let own = margins[*issue];
            let sum: f32 = margins
                .iter()
                .map(|margin| libm::expf(factor * (margin - own)))
                .sum();
            let share = (1.0 - doubt) / f64::from(sum) + doubt / margins.len() as f64;
            -libm::log(share.max(1e-30))
        };
        known.iter().map(of).sum()
    };
    let (mut low, mut high) = (libm::log(0.1), libm::log(100.0));
    let mut inner = [high - RATIO * (high - low), low + RATIO * (high - low)];
    let mut losses = inner.map(loss);
    for _ in 0..SEARCHES {
        if losses[0] < losses[1] {
            high = inner[1];
            inner = [high - RATIO * (high - low), inner[0]];
            losses = [loss(inner[0]), losses[0]];
        } else {
            low = inner[0];
            inner = [inner[1], low + RATIO * (high - low)];
            losses = [losses[1], loss(inner[1])];
        }
    }
    let best = f64::midpoint(low, high);
    (libm::exp(best) as f32, loss(best))
}

/// The lowest threshold that still calls at most the share `refused_max` of the messages in scope out of scope although their
/// issue would have been named rightly.
fn threshold(rows: &[HeldOut], rejection: &Rejection, refused_max: f32) -> f32 {
    let inside = rows.iter().filter(|row| row.issue.is_some()).count();
    let mut right: Vec<f32> = rows
        .iter()
        .filter(|row| row.issue.is_some() && largest(&row.margins) == row.issue)
        .map(|row| rejection.probability(&row.signs))
        .collect();
    right.sort_by(|one, other| other.total_cmp(one));
    let refused = (f64::from(refused_max) * inside as f64) as usize;
    // Above the first that has to stay, at most half way to the one before it.
    let stays = right.get(refused).copied().unwrap_or(0.0);
    let before = refused
        .checked_sub(1)
        .and_then(|place| right.get(place).copied())
        .unwrap_or(1.0);
    f32::midpoint(stays, before).max(stays.next_up())
}

/// The place of the largest; the first of equals.
pub(super) fn largest(values: &[f32]) -> Option<usize> {
    (0..values.len()).reduce(|best, next| {
        if values[next] > values[best] {
            next
        } else {
            best
        }
    })
}

/// Newton's method for a logistic function: the weights of the signs, then the offset.
fn logistic(rows: &[HeldOut]) -> [f64; UNKNOWNS] {
    let mut fitted = [0.0; UNKNOWNS];
    for _ in 0..STEPS {
        let mut slope = fitted.map(|value| RIDGE * value);
        let mut curve = [[0.0; UNKNOWNS]; UNKNOWNS];
        for (place, row) in curve.iter_mut().enumerate() {
            row[place] = RIDGE;
        }
        for row in rows {
            let mut signs = [1.0; UNKNOWNS];
            for (sign, given) in signs.iter_mut().zip(row.signs) {
                *sign = f64::from(given);
            }
            let sum: f64 = fitted.iter().zip(signs).map(|(w, s)| w * s).sum();
            let said = 1.0 / (1.0 + libm::exp(-sum));
            let target = if row.issue.is_none() { 1.0 } else { 0.0 };
            let bend = (said * (1.0 - said)).max(1e-9);
            for one in 0..UNKNOWNS {
                slope[one] += (said - target) * signs[one];
                for other in 0..UNKNOWNS {
                    curve[one][other] += bend * signs[one] * signs[other];
                }
            }
        }
        let step = solved(curve, slope);
        // Far from the minimum the whole step may overshoot.
        let length: f64 = step.iter().map(|part| part.abs()).fold(0.0, f64::max);
        let share = 1.0 / (length / 4.0).max(1.0);
        for (value, part) in fitted.iter_mut().zip(step) {
            *value -= share * part;
        }
    }
    fitted
}

/// Solves a symmetric positive definite system by elimination.
fn solved(mut matrix: [[f64; UNKNOWNS]; UNKNOWNS], mut right: [f64; UNKNOWNS]) -> [f64; UNKNOWNS] {
    for pivot in 0..UNKNOWNS {
        let head = matrix[pivot];
        for below in pivot + 1..UNKNOWNS {
            let factor = matrix[below][pivot] / head[pivot];
            for (cell, above) in matrix[below].iter_mut().zip(head).skip(pivot) {
                *cell -= factor * above;
            }
            right[below] -= factor * right[pivot];
        }
    }
    for row in (0..UNKNOWNS).rev() {
        let known: f64 = (row + 1..UNKNOWNS)
            .map(|column| matrix[row][column] * right[column])
            .sum();
        right[row] = (right[row] - known) / matrix[row][row];
    }
    right
}
