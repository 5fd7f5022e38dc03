//! Calibration: what a head says becomes how often it is so.
//!
//! Platt, "Probabilistic Outputs for Support Vector Machines", 1999, with his smoothed targets; a softmax head gets one
//! temperature and an offset a class. Fitted on messages that nothing was learned from.

use super::{
    heads::{COLUMNS, HEADS, Head, Link},
    table::Columns,
    targets,
};

/// By column: calibrated total = `slope * total + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// By column.
    pub slope: Columns,
    /// By column.
    pub offset: Columns,
}

impl Default for Calibration {
    fn default() -> Self {
        Self {
            slope: [1.0; COLUMNS],
            offset: [0.0; COLUMNS],
        }
    }
}

/// A message's sums, and what is known of it.
#[derive(Debug, Clone)]
pub struct Known {
    /// The uncalibrated sums.
    pub totals: Columns,
    /// As in [`super::learn::Example::targets`].
    pub targets: Vec<(u8, f32)>,
    /// How much it counts.
    pub weight: f32,
}

/// How many messages with and without a label are needed to calibrate it.
const LEAST: f32 = 20.0;
/// Steps of gradient descent; the problem has two unknowns a column and is convex.
const STEPS: usize = 400;

impl Calibration {
    /// Fits every column of which enough is known; the others stay as they are.
    pub fn fit(known: &[Known]) -> Self {
        let mut calibration = Self::default();
        for head in HEADS {
            match head.link {
                Link::Logistic => head
                    .columns()
                    .for_each(|column| calibration.fit_logistic(known, column)),
                Link::Softmax => calibration.fit_softmax(known, head),
            }
        }
        calibration
    }

    /// The calibrated sums.
    pub fn apply(&self, totals: &Columns) -> Columns {
        let mut out = *totals;
        for ((out, slope), offset) in out.iter_mut().zip(self.slope).zip(self.offset) {
            *out = *out * slope + offset;
        }
        out
    }

    fn fit_logistic(&mut self, known: &[Known], column: usize) {
        let rows: Vec<_> = known
            .iter()
            .filter_map(|one| {
                let target = targets::known(&one.targets, column)?;
                Some((
                    [f64::from(one.totals[column]), 1.0],
                    f64::from(target),
                    f64::from(one.weight),
                ))
            })
            .collect();
        if !are_enough(&rows) {
            return;
        }
        let [slope, offset] = logistic(&rows, [1.0, 0.0]);
        // A head that says nothing keeps its order.
        self.slope[column] = slope.max(0.05) as f32;
        self.offset[column] = offset as f32;
    }

    fn fit_softmax(&mut self, known: &[Known], head: Head) {
        let rows: Vec<_> = known
            .iter()
            .filter_map(|one| {
                let totals = head
                    .columns()
                    .map(|column| f64::from(one.totals[column]))
                    .collect();
                Some(Shared {
                    opinions: [totals],
                    shares: shares(one, head)?,
                    weight: f64::from(one.weight),
                })
            })
            .collect();
        if rows.len() < 10 * head.len {
            return;
        }
        let ([slope], offsets) = softmax(&rows, [1.0], STEPS);
        for (place, column) in head.columns().enumerate() {
            self.slope[column] = slope as f32;
            self.offset[column] = offsets[place] as f32;
        }
    }
}

/// What is known of a head's columns, if all is.
pub(crate) fn shares(known: &Known, head: Head) -> Option<Vec<f64>> {
    head.columns()
        .map(|column| targets::known(&known.targets, column).map(f64::from))
        .collect()
}

/// Whether enough is known of a column to fit it: `rows` hold a target each.
pub(crate) fn are_enough<const N: usize>(rows: &[([f64; N], f64, f64)]) -> bool {
    let with = rows.iter().filter(|row| row.1 > 0.5).count() as f32;
    with >= LEAST && rows.len() as f32 - with >= LEAST
}

/// Logistic regression by Newton's method with a little ridge: the factor of each input. `rows` are inputs, target and weight.
pub(crate) fn logistic<const N: usize>(
    rows: &[([f64; N], f64, f64)],
    mut factors: [f64; N],
) -> [f64; N] {
    for _ in 0..25 {
        let (mut slope, mut curve) = ([0.0; N], [[0.0; N]; N]);
        for (place, curve) in curve.iter_mut().enumerate() {
            curve[place] = 1e-6;
        }
        for (inputs, target, weight) in rows {
            let total: f64 = inputs
                .iter()
                .zip(&factors)
                .map(|(one, two)| one * two)
                .sum();
            let said = 1.0 / (1.0 + libm::exp(-total));
            let error = weight * (said - target);
            let bend = weight * (said * (1.0 - said)).max(1e-6);
            for one in 0..N {
                slope[one] += error * inputs[one];
                for other in 0..N {
                    curve[one][other] += bend * inputs[one] * inputs[other];
                }
            }
        }
        for (factor, step) in factors.iter_mut().zip(solve(curve, slope)) {
            *factor -= step.clamp(-1.0, 1.0);
        }
    }
    factors
}

/// Solves `matrix * x = right` by elimination; the matrix is positive definite.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in pivot + 1..N {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let (above, below) = matrix.split_at_mut(row);
            for (value, over) in below[0].iter_mut().zip(above[pivot]).skip(pivot) {
                *value -= factor * over;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for row in (0..N).rev() {
        for column in row + 1..N {
            right[row] -= matrix[row][column] * right[column];
        }
        right[row] /= matrix[row][row];
    }
    right
}

/// A message of which the shares of some classes are known.
pub(crate) struct Shared<const S: usize> {
    /// What each of `S` models says of each class, as log-odds.
    pub(crate) opinions: [Vec<f64>; S],
    /// The classes' shares.
    pub(crate) shares: Vec<f64>,
    /// How much it counts.
    pub(crate) weight: f64,
}

/// Multinomial regression by gradient descent: a factor for each of `S` opinions, shared by the classes, and an offset a class.
pub(crate) fn softmax<const S: usize>(
    rows: &[Shared<S>],
    mut factors: [f64; S],
    steps: usize,
) -> ([f64; S], Vec<f64>) {
    let classes = rows.first().map_or(0, |row| row.shares.len());
    let total_weight: f64 = rows.iter().map(|row| row.weight).sum();
    let mut offsets = vec![0.0; classes];
    for _ in 0..steps {
        let (mut slopes, mut offset_slopes) = ([0.0; S], vec![0.0; classes]);
        for Shared {
            opinions,
            shares,
            weight,
        } in rows
        {
            let sums: Vec<f64> = (0..classes)
                .map(|class| {
                    let said: f64 = opinions
                        .iter()
                        .zip(factors)
                        .map(|(opinion, factor)| factor * opinion[class])
                        .sum();
                    libm::exp(said + offsets[class])
                })
                .collect();
            let all: f64 = sums.iter().sum();
            for class in 0..classes {
                let error = weight * (sums[class] / all - shares[class]);
                for (slope, opinion) in slopes.iter_mut().zip(opinions) {
                    *slope += error * opinion[class];
                }
                offset_slopes[class] += error;
            }
        }
        for (factor, slope) in factors.iter_mut().zip(slopes) {
            *factor -= 0.5 * slope / total_weight;
        }
        for (offset, slope) in offsets.iter_mut().zip(&offset_slopes) {
            *offset -= slope / total_weight;
        }
    }
    (factors, offsets)
}
