//! Learns one linear separator a label, each against all others.
//!
//! Dual coordinate descent for the squared hinge loss with L2 regularisation: Hsieh, Chang, Lin, Keerthi and Sundararajan, "A
//! Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008 (LIBLINEAR's `L2R_L2LOSS_SVC_DUAL`). All labels
//! take their step at an example together, so the inner loops run over neighbouring numbers. Deterministic: one thread, the
//! order from a fixed seed.

use crate::text::learn::shuffle;

use super::vocabulary::Weighed;

/// How to learn.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// How much an example on the wrong side costs against large weights (`C`).
    pub cost: f32,
    /// How often every example is seen.
    pub epochs: u32,
    /// The seed of the order.
    pub seed: u64,
    /// The share of messages in scope that may be called out of scope although their issue would be named rightly.
    pub refused_max: f32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            cost: 1.0,
            epochs: 15,
            seed: 7,
            refused_max: 0.01,
        }
    }
}

/// One weight for each feature and label.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// By feature, one weight a label.
    pub rows: Vec<f32>,
    /// By label.
    pub intercepts: Vec<f32>,
}

/// An example: its features, and the place of its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its features.
    pub features: Vec<Weighed>,
    /// Its label.
    pub label: usize,
}

/// Learns `labels` separators over `features` features; calls `progress` with the share done, `0.0..=1.0`.
///
/// Takes `4 * labels * (features + examples)` bytes.
pub fn learn(
    examples: &[Example],
    labels: usize,
    features: usize,
    recipe: Recipe,
    progress: &mut dyn FnMut(f32),
) -> Weights {
    let mut learner = Learner {
        labels,
        ridge: 0.5 / recipe.cost,
        weights: Weights {
            rows: vec![0.0; features * labels],
            intercepts: vec![0.0; labels],
        },
        multipliers: vec![0.0; examples.len() * labels],
        margins: vec![0.0; labels],
    };
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = recipe.seed;
    for epoch in 0..recipe.epochs {
        shuffle(&mut order, &mut random);
        for place in &order {
            learner.see(&examples[*place], *place);
        }
        progress((epoch + 1) as f32 / recipe.epochs as f32);
    }
    learner.weights
}

struct Learner {
    labels: usize,
    /// `1 / 2C`, which the squared hinge adds to the diagonal.
    ridge: f32,
    weights: Weights,
    /// By example and label, the dual variable; never negative.
    multipliers: Vec<f32>,
    /// Of the example that is being seen; then by how much its multipliers changed, signed by side.
    margins: Vec<f32>,
}

impl Learner {
    fn see(&mut self, example: &Example, place: usize) {
        let labels = self.labels;
        let margins = &mut self.margins[..];
        margins.copy_from_slice(&self.weights.intercepts);
        // The intercept is the weight of a feature that every example has with the value 1.
        let mut square = 1.0f32;
        for one in &example.features {
            square += one.value * one.value;
            let row = &self.weights.rows[one.feature as usize * labels..][..labels];
            for (margin, weight) in margins.iter_mut().zip(row) {
                *margin += one.value * weight;
            }
        }
        let curve = square + self.ridge;
        let multipliers = &mut self.multipliers[place * labels..][..labels];
        for (label, (margin, multiplier)) in margins.iter_mut().zip(multipliers).enumerate() {
            let side = if label == example.label { 1.0 } else { -1.0 };
            let slope = side * *margin - 1.0 + self.ridge * *multiplier;
            let next = (*multiplier - slope / curve).max(0.0);
            *margin = (next - *multiplier) * side;
            *multiplier = next;
        }
        for one in &example.features {
            let row = &mut self.weights.rows[one.feature as usize * labels..][..labels];
            for (weight, step) in row.iter_mut().zip(&*margins) {
                *weight += one.value * step;
            }
        }
        for (weight, step) in self.weights.intercepts.iter_mut().zip(&*margins) {
            *weight += step;
        }
    }
}
