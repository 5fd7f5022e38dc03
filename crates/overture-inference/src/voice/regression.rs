//! Multinomial logistic regression with an L2 penalty, by L-BFGS: Nocedal, "Updating Quasi-Newton Matrices with Limited
//! Storage", 1980. Deterministic.

use super::EMOTIONS;

/// Steps remembered.
const MEMORY: usize = 8;
/// Steps at most.
const STEPS_MAX: usize = 250;
/// Where the gradient counts as nothing.
const GRADIENT_MIN: f64 = 1e-5;

/// Something to learn from.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) inputs: Vec<f32>,
    pub(super) label: usize,
    pub(super) weight: f32,
}

/// One weight for each emotion and input, and one offset an emotion at the end of each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Linear {
    pub(super) inputs: usize,
    pub(super) weights: Vec<f32>,
}

impl Linear {
    /// The sum of each emotion.
    pub(super) fn sums(&self, inputs: &[f32]) -> [f32; EMOTIONS] {
        debug_assert_eq!(inputs.len(), self.inputs);
        std::array::from_fn(|emotion| {
            let start = emotion * (self.inputs + 1);
            let (weights, offset) = self.weights[start..=start + self.inputs].split_at(self.inputs);
            weights
                .iter()
                .zip(inputs)
                .map(|(weight, input)| weight * input)
                .sum::<f32>()
                + offset[0]
        })
    }
}

/// Learns from `rows`; `penalty` is on the squares of the weights, against the mean loss of a row.
pub(super) fn learn(rows: &[Row], penalty: f64) -> Linear {
    let inputs = rows.first().map_or(0, |row| row.inputs.len());
    let size = EMOTIONS * (inputs + 1);
    let mut at = vec![0.0; size];
    let (mut loss, mut gradient) = evaluate(rows, inputs, penalty, &at);
    let mut memory: Vec<(Vec<f64>, Vec<f64>, f64)> = Vec::new();
    for _ in 0..STEPS_MAX {
        if dot(&gradient, &gradient).sqrt() < GRADIENT_MIN {
            break;
        }
        let direction = descent(&gradient, &memory);
        let slope = dot(&direction, &gradient);
        let mut length = if memory.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt()
        } else {
            1.0
        };
        let next = loop {
            let there: Vec<f64> = at
                .iter()
                .zip(&direction)
                .map(|(at, step)| at + length * step)
                .collect();
            let (there_loss, there_gradient) = evaluate(rows, inputs, penalty, &there);
            if there_loss <= loss + 1e-4 * length * slope {
                break Some((there, there_loss, there_gradient));
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        let Some((there, there_loss, there_gradient)) = next else {
            break;
        };
        let step: Vec<f64> = there
            .iter()
            .zip(&at)
            .map(|(there, at)| there - at)
            .collect();
        let change: Vec<f64> = there_gradient
            .iter()
            .zip(&gradient)
            .map(|(there, here)| there - here)
            .collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-12 {
            if memory.len() == MEMORY {
                memory.remove(0);
            }
            memory.push((step, change, 1.0 / curvature));
        }
        (at, loss, gradient) = (there, there_loss, there_gradient);
    }
    Linear {
        inputs,
        weights: at.into_iter().map(|weight| weight as f32).collect(),
    }
}

fn descent(gradient: &[f64], memory: &[(Vec<f64>, Vec<f64>, f64)]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|one| -one).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for (step, change, inverse) in memory.iter().rev() {
        let share = inverse * dot(step, &direction);
        add(&mut direction, change, -share);
        shares.push(share);
    }
    if let Some((_, change, inverse)) = memory.last() {
        let scale = 1.0 / (inverse * dot(change, change));
        direction.iter_mut().for_each(|one| *one *= scale);
    }
    for ((step, change, inverse), share) in memory.iter().zip(shares.iter().rev()) {
        let back = inverse * dot(change, &direction);
        add(&mut direction, step, share - back);
    }
    direction
}

/// The mean loss with the penalty, and its gradient.
fn evaluate(rows: &[Row], inputs: usize, penalty: f64, at: &[f64]) -> (f64, Vec<f64>) {
    let width = inputs + 1;
    let total: f64 = rows.iter().map(|row| f64::from(row.weight)).sum();
    let mut gradient = vec![0.0; at.len()];
    let mut loss = 0.0;
    for row in rows {
        let sums: [f64; EMOTIONS] = std::array::from_fn(|emotion| {
            let weights = &at[emotion * width..];
            let sum: f64 = row
                .inputs
                .iter()
                .zip(weights)
                .map(|(input, weight)| f64::from(*input) * weight)
                .sum();
            sum + weights[inputs]
        });
        let most = sums.iter().copied().fold(f64::MIN, f64::max);
        let whole: f64 = sums.iter().map(|sum| (sum - most).exp()).sum();
        let share = f64::from(row.weight) / total;
        loss += share * (most + whole.ln() - sums[row.label]);
        for (emotion, sum) in sums.iter().enumerate() {
            let is = if emotion == row.label { 1.0 } else { 0.0 };
            let error = share * ((sum - most).exp() / whole - is);
            let part = &mut gradient[emotion * width..(emotion + 1) * width];
            for (slot, input) in part.iter_mut().zip(&row.inputs) {
                *slot += error * f64::from(*input);
            }
            part[inputs] += error;
        }
    }
    for emotion in 0..EMOTIONS {
        for place in emotion * width..emotion * width + inputs {
            loss += 0.5 * penalty * at[place] * at[place];
            gradient[place] += penalty * at[place];
        }
    }
    (loss, gradient)
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn add(to: &mut [f64], what: &[f64], share: f64) {
    to.iter_mut()
        .zip(what)
        .for_each(|(to, what)| *to += share * what);
}
