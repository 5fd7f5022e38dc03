//! Learns a [`Table`]: online AdaGrad over examples that each know some of the heads.
//!
//! Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", JMLR 2011.
//! Deterministic: the order of examples comes from a fixed seed, and one thread does the work.

use super::{
    authored::authored,
    heads::{COLUMNS, NORM_COLUMN, USED},
    lexicon::{Addend, Lexicon, SUMS},
    rows::{ROWS, Rows},
    table::{Columns, Table, probabilities},
    tokens::Tokens,
};

/// A message with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The message.
    pub text: String,
    /// By column, the probability that it holds, `0.0..=1.0`. Of a softmax head all columns or none.
    pub targets: Vec<(u8, f32)>,
    /// How much it counts; 1 is usual.
    pub weight: f32,
}

/// How to learn.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// How often every example is seen.
    pub epochs: u32,
    /// AdaGrad's step size.
    pub rate: f32,
    /// Weight decay on the rows that an example touches.
    pub decay: f32,
    /// The share of an example's rows that is left out each time it is seen.
    pub dropped: f32,
    /// The seed of the order and of what is left out.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            epochs: 8,
            rate: 0.1,
            decay: 1e-4,
            dropped: 0.2,
            seed: 7,
        }
    }
}

/// An example's features, ready to be summed.
struct Features {
    /// Rows of the words, then of the character n-grams.
    rows: Vec<u32>,
    words: usize,
    addends: Vec<Addend>,
}

impl Features {
    /// Without a random share of the rows.
    fn thinned(&self, dropped: f32, random: &mut u64) -> Features {
        let limit = (f64::from(1.0 - dropped) * f64::from(u32::MAX)) as u64;
        let mut rows = Vec::with_capacity(self.rows.len());
        let mut words = 0;
        for (place, row) in self.rows.iter().enumerate() {
            if next(random) & u64::from(u32::MAX) <= limit {
                rows.push(*row);
                words += usize::from(place < self.words);
            }
        }
        Features {
            rows,
            words,
            addends: self.addends.clone(),
        }
    }
}

/// Learns from `examples`; calls `progress` with the share done, `0.0..=1.0`.
pub fn learn(
    examples: &[Example],
    lexicon: &Lexicon,
    recipe: Recipe,
    progress: &mut dyn FnMut(f32),
) -> Table {
    let features: Vec<Features> = examples
        .iter()
        .map(|example| features(&example.text, lexicon))
        .collect();
    let idf = inverse_document_frequencies(&features);
    let mut learner = Learner::new(idf, recipe);
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = recipe.seed;
    for epoch in 0..recipe.epochs {
        shuffle(&mut order, &mut random);
        let rate = recipe.rate * (1.0 - 0.9 * epoch as f32 / recipe.epochs as f32);
        for (done, index) in order.iter().enumerate() {
            let kept = features[*index].thinned(recipe.dropped, &mut random);
            learner.see(&kept, &examples[*index], rate);
            if done % 4_096 == 0 {
                progress((epoch as f32 + done as f32 / order.len() as f32) / recipe.epochs as f32);
            }
        }
        if epoch >= recipe.epochs / 3 {
            learner.remember();
        }
    }
    progress(1.0);
    learner.average();
    learner.quantise()
}

fn features(text: &str, lexicon: &Lexicon) -> Features {
    let mut tokens = Tokens::default();
    let mut rows = Rows::default();
    let mut addends = Vec::new();
    tokens.read(text, &authored(text));
    rows.read(&tokens);
    lexicon.read(&tokens, &mut addends);
    let all = rows
        .words
        .iter()
        .chain(&rows.grams)
        .map(|row| row.row)
        .collect();
    Features {
        rows: all,
        words: rows.words.len(),
        addends,
    }
}

/// `ln((1 + messages) / (1 + messages with the row)) + 1`, at most 12.
fn inverse_document_frequencies(features: &[Features]) -> Vec<f32> {
    let mut seen = vec![0u32; ROWS];
    let mut last = vec![usize::MAX; ROWS];
    for (index, one) in features.iter().enumerate() {
        for row in &one.rows {
            let row = *row as usize;
            if last[row] != index {
                last[row] = index;
                seen[row] += 1;
            }
        }
    }
    let messages = features.len() as f32 + 1.0;
    seen.iter()
        .map(|seen| ((messages / (1.0 + *seen as f32)).ln() + 1.0).min(12.0))
        .collect()
}

struct Learner {
    idf: Vec<f32>,
    decay: f32,
    weights: Vec<[f32; COLUMNS]>,
    squares: Vec<[f32; COLUMNS]>,
    sums: [[f32; COLUMNS]; SUMS],
    sum_squares: [[f32; COLUMNS]; SUMS],
    intercepts: Columns,
    intercept_squares: Columns,
    /// Sums of what was remembered, and how often.
    remembered: Vec<[f32; COLUMNS]>,
    remembered_sums: [[f32; COLUMNS]; SUMS],
    remembered_intercepts: Columns,
    times: f32,
}

/// Keeps the first steps from being huge.
const SQUARES_AT_FIRST: f32 = 1e-3;

impl Learner {
    fn new(idf: Vec<f32>, recipe: Recipe) -> Self {
        Self {
            idf,
            decay: recipe.decay,
            weights: vec![[0.0; COLUMNS]; ROWS],
            squares: vec![[SQUARES_AT_FIRST; COLUMNS]; ROWS],
            sums: [[0.0; COLUMNS]; SUMS],
            sum_squares: [[1.0; COLUMNS]; SUMS],
            intercepts: [0.0; COLUMNS],
            intercept_squares: [1.0; COLUMNS],
            remembered: vec![[0.0; COLUMNS]; ROWS],
            remembered_sums: [[0.0; COLUMNS]; SUMS],
            remembered_intercepts: [0.0; COLUMNS],
            times: 0.0,
        }
    }

    /// Adds the weights to what will be averaged.
    fn remember(&mut self) {
        let now = self
            .weights
            .iter()
            .chain(&self.sums)
            .chain(std::iter::once(&self.intercepts));
        let sums = self.remembered.iter_mut().chain(&mut self.remembered_sums);
        for (sum, weights) in sums
            .chain(std::iter::once(&mut self.remembered_intercepts))
            .zip(now)
        {
            for (sum, weight) in sum.iter_mut().zip(weights) {
                *sum += weight;
            }
        }
        self.times += 1.0;
    }

    /// Replaces the weights by the mean of what was remembered (Polyak and Juditsky, 1992).
    fn average(&mut self) {
        let mean = |columns: &Columns| columns.map(|sum| sum / self.times);
        self.weights = self.remembered.iter().map(mean).collect();
        self.sums = self.remembered_sums.each_ref().map(mean);
        self.intercepts = mean(&self.remembered_intercepts);
    }

    fn see(&mut self, features: &Features, example: &Example, rate: f32) {
        let families = [
            &features.rows[..features.words],
            &features.rows[features.words..],
        ];
        let norms = families.map(|family| self.norm(family));
        let mut totals = self.intercepts;
        for (family, norm) in families.iter().zip(norms) {
            for row in *family {
                let value = self.idf[*row as usize] * norm;
                for (total, weight) in totals.iter_mut().zip(&self.weights[*row as usize]) {
                    *total += value * weight;
                }
            }
        }
        for addend in &features.addends {
            for (total, weight) in totals.iter_mut().zip(&self.sums[usize::from(addend.sum)]) {
                *total += addend.amount * weight;
            }
        }
        let errors = errors(&totals, example);
        for (family, norm) in families.iter().zip(norms) {
            for row in *family {
                let row = *row as usize;
                let value = self.idf[row] * norm;
                step(
                    &mut self.weights[row],
                    &mut self.squares[row],
                    &errors,
                    value,
                    rate,
                    self.decay,
                );
            }
        }
        for addend in &features.addends {
            let sum = usize::from(addend.sum);
            step(
                &mut self.sums[sum],
                &mut self.sum_squares[sum],
                &errors,
                addend.amount,
                rate,
                0.0,
            );
        }
        step(
            &mut self.intercepts,
            &mut self.intercept_squares,
            &errors,
            1.0,
            rate,
            0.0,
        );
    }

    fn norm(&self, family: &[u32]) -> f32 {
        let norm: f32 = family
            .iter()
            .map(|row| self.idf[*row as usize].powi(2))
            .sum();
        1.0 / norm.max(1.0).sqrt()
    }

    /// Rounds to 8 bits, the inverse document frequency folded in. What is beyond the 0.01 % largest of a column is cut.
    fn quantise(self) -> Table {
        let mut table = Table::zero();
        let largest = self.idf.iter().copied().fold(1.0, f32::max);
        table.norm_step = largest * largest / 255.0;
        table.sums = self.sums;
        table.intercepts = self.intercepts;
        let mut sizes: Vec<f32> = Vec::with_capacity(ROWS);
        for column in 0..USED {
            sizes.clear();
            sizes.extend(
                self.weights
                    .iter()
                    .zip(&self.idf)
                    .map(|(row, idf)| (row[column] * idf).abs()),
            );
            let place = ROWS - 1 - ROWS / 10_000;
            let (_, cut, _) = sizes.select_nth_unstable_by(place, f32::total_cmp);
            table.steps[column] = (*cut / 127.0).max(f32::MIN_POSITIVE);
        }
        for (index, row) in table.rows.iter_mut().enumerate() {
            let idf = self.idf[index];
            let weights = self.weights[index].iter().zip(table.steps);
            for (cell, (weight, step)) in row[..USED].iter_mut().zip(weights) {
                *cell = rounded(weight * idf / step);
            }
            row[NORM_COLUMN] = squared(idf * idf / table.norm_step);
        }
        table
    }
}

fn rounded(value: f32) -> i8 {
    value.round().clamp(-127.0, 127.0) as i8
}

fn squared(value: f32) -> i8 {
    (value.round().clamp(1.0, 255.0) as u8).cast_signed()
}

/// The derivative of the loss by the totals; zero where nothing is known.
fn errors(totals: &Columns, example: &Example) -> Columns {
    let said = probabilities(totals);
    let mut errors = [0.0; COLUMNS];
    for (column, target) in &example.targets {
        let column = usize::from(*column);
        errors[column] = (said[column] - target) * example.weight;
    }
    errors
}

fn step(
    weights: &mut Columns,
    squares: &mut Columns,
    errors: &Columns,
    value: f32,
    rate: f32,
    decay: f32,
) {
    for column in 0..COLUMNS {
        let error = errors[column];
        let slope = error * value
            + if error == 0.0 {
                0.0
            } else {
                decay * weights[column]
            };
        squares[column] += slope * slope;
        weights[column] -= rate * slope / squares[column].sqrt();
    }
}

/// Fisher and Yates' shuffle.
pub(crate) fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        let place = (next(random) % (last as u64 + 1)) as usize;
        order.swap(last, place);
    }
}

/// SplitMix64.
fn next(random: &mut u64) -> u64 {
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *random;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
