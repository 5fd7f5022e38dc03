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
        let rows: Vec<(f64, f64, f64)> = known
            .iter()
            .filter_map(|one| {
                let target = targets::known(&one.targets, column)?;
                Some((
                    f64::from(one.totals[column]),
                    f64::from(target),
                    f64::from(one.weight),
                ))
            })
            .collect();
        let with = rows.iter().filter(|row| row.1 > 0.5).count() as f32;
        if with < LEAST || rows.len() as f32 - with < LEAST {
            return;
        }
        let (mut slope, mut offset) = (1.0, 0.0);
        // Newton's method with a little ridge.
        for _ in 0..25 {
            let (mut g, mut h) = ([0.0; 2], [[1e-6, 0.0], [0.0, 1e-6]]);
            for (total, target, weight) in &rows {
                let said = 1.0 / (1.0 + libm::exp(-(slope * total + offset)));
                let error = weight * (said - target);
                let curve = weight * (said * (1.0 - said)).max(1e-6);
                g[0] += error * total;
                g[1] += error;
                h[0][0] += curve * total * total;
                h[0][1] += curve * total;
                h[1][1] += curve;
            }
            let det = h[0][0] * h[1][1] - h[0][1] * h[0][1];
            let step = [
                (h[1][1] * g[0] - h[0][1] * g[1]) / det,
                (h[0][0] * g[1] - h[0][1] * g[0]) / det,
            ];
            slope -= step[0].clamp(-1.0, 1.0);
            offset -= step[1].clamp(-1.0, 1.0);
        }
        // A head that says nothing keeps its order.
        self.slope[column] = slope.max(0.05) as f32;
        self.offset[column] = offset as f32;
    }

    fn fit_softmax(&mut self, known: &[Known], head: Head) {
        let rows: Vec<(Vec<f64>, Vec<f64>, f64)> = known
            .iter()
            .filter_map(|one| {
                let of = |column| targets::known(&one.targets, column).map(f64::from);
                let targets: Option<Vec<f64>> = head.columns().map(of).collect();
                let totals = head
                    .columns()
                    .map(|column| f64::from(one.totals[column]))
                    .collect();
                Some((totals, targets?, f64::from(one.weight)))
            })
            .collect();
        if rows.len() < 10 * head.len {
            return;
        }
        let total_weight: f64 = rows.iter().map(|row| row.2).sum();
        let (mut slope, mut offsets) = (1.0, vec![0.0; head.len]);
        for _ in 0..STEPS {
            let (mut slope_g, mut offset_g) = (0.0, vec![0.0; head.len]);
            for (totals, targets, weight) in &rows {
                let sums: Vec<f64> = totals
                    .iter()
                    .zip(&offsets)
                    .map(|(total, offset)| libm::exp(slope * total + offset))
                    .collect();
                let all: f64 = sums.iter().sum();
                for place in 0..head.len {
                    let error = weight * (sums[place] / all - targets[place]);
                    slope_g += error * totals[place];
                    offset_g[place] += error;
                }
            }
            slope -= 0.5 * slope_g / total_weight;
            for (offset, g) in offsets.iter_mut().zip(&offset_g) {
                *offset -= 1.0 * g / total_weight;
            }
        }
        for (place, column) in head.columns().enumerate() {
            self.slope[column] = slope as f32;
            self.offset[column] = offsets[place] as f32;
        }
    }
}
