//! A linear layer of 7-bit weights over 8-bit activations.
//!
//! Weights are rounded by output, activations by row when they come: `value = (whole - zero) * step`. The sums are whole
//! numbers, so the order of their addends does not matter.

use super::level::{BLOCK, Four, GROUP, Kernel, ROWS_A_PASS, Weights};

/// Activations as 8-bit numbers.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    values: Vec<Four>,
    /// What one step of a row is worth.
    steps: Vec<f32>,
    /// Which whole number of a row stands for zero.
    zeros: Vec<i32>,
}

impl Rounded {
    /// Rounds `rows`, each `width` long, a multiple of four.
    #[inline(always)]
    pub(super) fn round(&mut self, rows: &[f32], width: usize) {
        self.values.clear();
        self.steps.clear();
        self.zeros.clear();
        for row in rows.chunks_exact(width) {
            let (low, high) = ends(row);
            let step = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-low / step + 0.5).floor();
            let inverse = 1.0 / step;
            self.values.extend(
                row.as_chunks::<GROUP>()
                    .0
                    .iter()
                    .map(|four| four.map(|value| (value * inverse + (zero + 0.5)) as u8)),
            );
            self.steps.push(step);
            self.zeros.push(zero as i32);
        }
    }
}

/// The least and the largest of `row` and zero.
#[inline(always)]
fn ends(row: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([0.0f32; GROUP], [0.0f32; GROUP]);
    for four in row.as_chunks::<GROUP>().0 {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(four) {
            *low = if value < low { *value } else { *low };
            *high = if value > high { *value } else { *high };
        }
    }
    (
        low.into_iter().fold(0.0, f32::min),
        high.into_iter().fold(0.0, f32::max),
    )
}

/// The layer.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    inputs: usize,
    outputs: usize,
    /// By block of outputs, by four inputs.
    weights: Vec<Weights>,
    steps: Vec<f32>,
    /// The sum of each output's weights: what a zero that is not 0 adds.
    sums: Vec<i32>,
    bias: Vec<f32>,
}

impl Linear {
    /// A layer of `rows`, the whole weights of each output in order.
    ///
    /// # Panics
    /// The parts do not fit each other; who calls has checked that.
    pub(super) fn new(rows: &[i8], steps: Vec<f32>, bias: Vec<f32>) -> Self {
        let outputs = steps.len();
        let inputs = rows.len() / outputs;
        assert!(outputs.is_multiple_of(BLOCK) && inputs.is_multiple_of(GROUP));
        let mut weights = vec![[0; BLOCK * GROUP]; outputs / BLOCK * (inputs / GROUP)];
        for (output, row) in rows.chunks_exact(inputs).enumerate() {
            let first = output / BLOCK * (inputs / GROUP);
            let place = output % BLOCK * GROUP;
            for (weights, four) in weights[first..].iter_mut().zip(row.as_chunks::<GROUP>().0) {
                weights[place..place + GROUP].copy_from_slice(four);
            }
        }
        let sum = |row: &[i8]| row.iter().copied().map(i32::from).sum();
        Self {
            inputs,
            outputs,
            weights,
            steps,
            sums: rows.chunks_exact(inputs).map(sum).collect(),
            bias,
        }
    }

    /// The whole weights of each output in order, as [`Self::new`] took them.
    pub(super) fn rows(&self) -> Vec<i8> {
        let groups = self.inputs / GROUP;
        let mut rows = vec![0; self.outputs * self.inputs];
        for (output, row) in rows.chunks_exact_mut(self.inputs).enumerate() {
            let first = output / BLOCK * groups;
            let place = output % BLOCK * GROUP;
            for (four, weights) in row
                .as_chunks_mut::<GROUP>()
                .0
                .iter_mut()
                .zip(&self.weights[first..])
            {
                four.copy_from_slice(&weights[place..place + GROUP]);
            }
        }
        rows
    }

    /// What one step of each output is worth, and what is added to it.
    pub(super) fn numbers(&self) -> [&[f32]; 2] {
        [&self.steps, &self.bias]
    }

    /// The outputs for each of the rows, one row after another.
    #[inline(always)]
    pub(super) fn apply<K: Kernel>(&self, kernel: K, rounded: &Rounded, out: &mut Vec<f32>) {
        let rows = rounded.steps.len();
        out.clear();
        out.resize(rows * self.outputs, 0.0);
        let groups = self.inputs / GROUP;
        for (block, weights) in self.weights.chunks_exact(groups).enumerate() {
            let mut row = 0;
            while row + ROWS_A_PASS <= rows {
                self.pass::<K, ROWS_A_PASS>(kernel, rounded, row, block, weights, out);
                row += ROWS_A_PASS;
            }
            if row + 4 <= rows {
                self.pass::<K, 4>(kernel, rounded, row, block, weights, out);
                row += 4;
            }
            match rows - row {
                3 => self.pass::<K, 3>(kernel, rounded, row, block, weights, out),
                2 => self.pass::<K, 2>(kernel, rounded, row, block, weights, out),
                1 => self.pass::<K, 1>(kernel, rounded, row, block, weights, out),
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn pass<K: Kernel, const ROWS: usize>(
        &self,
        kernel: K,
        rounded: &Rounded,
        first: usize,
        block: usize,
        weights: &[Weights],
        out: &mut [f32],
    ) {
        let groups = self.inputs / GROUP;
        let rows: [&[Four]; ROWS] = std::array::from_fn(|row| {
            let start = (first + row) * groups;
            &rounded.values[start..start + groups]
        });
        let all = kernel.sums(rows, weights);
        let columns = block * BLOCK..(block + 1) * BLOCK;
        for (row, sums) in (first..).zip(all) {
            let (zero, step) = (rounded.zeros[row], rounded.steps[row]);
            let out = &mut out[row * self.outputs..][columns.clone()];
            for place in 0..BLOCK {
                let column = columns.start + place;
                let whole = sums[place] - zero * self.sums[column];
                out[place] = whole as f32 * (step * self.steps[column]) + self.bias[column];
            }
        }
    }
}
