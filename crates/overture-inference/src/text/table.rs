//! The weights: a table of 8-bit rows, one cache line a feature, and the sums of a message over it.

use super::{
    heads::{COLUMNS, HEADS, Head, Link, NORM_COLUMN, USED},
    lexicon::{Addend, SUMS},
    rows::{ROWS, Row, Rows},
};

/// Rows that may be added before the 16-bit sums have to be emptied.
const ROWS_A_BLOCK: usize = 256;

/// Linear weights for every head.
#[derive(Clone)]
pub struct Table {
    /// `ROWS` rows of 8-bit weights; the last column holds the squared inverse document frequency, unsigned.
    pub(super) rows: Box<[[i8; COLUMNS]]>,
    /// What one step of a column is worth.
    pub(super) steps: [f32; COLUMNS],
    /// What one step of the norm column is worth.
    pub(super) norm_step: f32,
    /// Weights of the lexicon's sums.
    pub(super) sums: [[f32; COLUMNS]; SUMS],
    pub(super) intercepts: [f32; COLUMNS],
}

/// One value for every column.
pub type Columns = [f32; COLUMNS];

impl Table {
    /// A table that says nothing.
    pub(super) fn zero() -> Self {
        Self {
            rows: vec![[0; COLUMNS]; ROWS].into_boxed_slice(),
            steps: [0.0; COLUMNS],
            norm_step: 1.0,
            sums: [[0.0; COLUMNS]; SUMS],
            intercepts: [0.0; COLUMNS],
        }
    }

    /// The sum of every column for one message.
    pub fn totals(&self, rows: &Rows, addends: &[Addend]) -> Columns {
        let mut totals = self.intercepts;
        for family in [&rows.words, &rows.grams] {
            let (sums, norm) = self.family(family);
            for ((total, sum), step) in totals.iter_mut().zip(sums).zip(self.steps).take(USED) {
                *total += sum as f32 * step * norm;
            }
        }
        for addend in addends {
            for (total, weight) in totals
                .iter_mut()
                .zip(&self.sums[usize::from(addend.sum)])
                .take(USED)
            {
                *total += weight * addend.amount;
            }
        }
        totals
    }

    /// What every token adds to the sum of columns weighed by `direction`; together with the intercepts and what
    /// belongs to no token, exactly the weighed total.
    pub fn contributions(
        &self,
        rows: &Rows,
        addends: &[Addend],
        direction: &[(usize, f32)],
        tokens: usize,
    ) -> Vec<f32> {
        let mut by_token = vec![0.0; tokens];
        for family in [&rows.words, &rows.grams] {
            let norm = self.norm(family);
            for row in family {
                let weights = &self.rows[row.row as usize];
                let amount: f32 = direction
                    .iter()
                    .map(|(column, sign)| f32::from(weights[*column]) * self.steps[*column] * sign)
                    .sum();
                let half = amount * norm * 0.5;
                by_token[usize::from(row.token)] += half;
                by_token[usize::from(row.other)] += half;
            }
        }
        for addend in addends {
            let Some(token) = addend.token else { continue };
            let weights = &self.sums[usize::from(addend.sum)];
            let amount: f32 = direction
                .iter()
                .map(|(column, sign)| weights[*column] * sign)
                .sum();
            by_token[usize::from(token)] += amount * addend.amount;
        }
        by_token
    }

    fn family(&self, family: &[Row]) -> ([i32; COLUMNS], f32) {
        let mut sums = [0i32; COLUMNS];
        let mut norm = 0u32;
        for block in family.chunks(ROWS_A_BLOCK) {
            let mut part = [0i16; COLUMNS];
            for row in block {
                let weights = &self.rows[row.row as usize];
                for (sum, weight) in part.iter_mut().zip(weights) {
                    *sum += i16::from(*weight);
                }
                norm += u32::from(weights[NORM_COLUMN].cast_unsigned());
            }
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += i32::from(part);
            }
        }
        (sums, self.scale(norm))
    }

    fn norm(&self, family: &[Row]) -> f32 {
        let norm = family
            .iter()
            .map(|row| u32::from(self.rows[row.row as usize][NORM_COLUMN].cast_unsigned()))
            .sum();
        self.scale(norm)
    }

    fn scale(&self, norm: u32) -> f32 {
        1.0 / (norm as f32 * self.norm_step).max(1.0).sqrt()
    }
}

/// The probability of every column, from its sum.
pub(crate) fn probabilities(totals: &Columns) -> Columns {
    let mut all = [0.0; COLUMNS];
    for head in HEADS {
        match head.link {
            Link::Logistic => {
                for column in head.columns() {
                    all[column] = 1.0 / (1.0 + libm::expf(-totals[column]));
                }
            }
            Link::Softmax => {
                let shares = softmax(totals, head);
                all[head.columns()].copy_from_slice(&shares[..head.len]);
            }
        }
    }
    all
}

/// The shares of a softmax head, in the order of its columns.
fn softmax(totals: &Columns, head: Head) -> [f32; 4] {
    let mut shares = [0.0; 4];
    let part = &totals[head.columns()];
    let largest = part.iter().copied().fold(f32::MIN, f32::max);
    for (share, total) in shares.iter_mut().zip(part) {
        *share = libm::expf(total - largest);
    }
    let sum: f32 = shares.iter().sum();
    shares.map(|share| share / sum)
}
