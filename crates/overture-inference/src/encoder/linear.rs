//! A linear layer of 7-bit weights over 8-bit activations.
//!
//! Weights are rounded by output, activations by row when they come: `value = (whole - zero) * step`. The sums are whole
//! numbers, so the order of their addends does not matter.

use super::level::{BLOCK, BLOCKS, Four, GROUP, Kernel, TILE, Weights};
use super::reckon::{LANES, WHOLE};

/// Activations as 8-bit numbers.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    /// By tile of rows, by four inputs, by row of the tile.
    values: Vec<Four>,
    /// The row that is being rounded.
    bytes: Vec<u8>,
    /// What one step of a row is worth.
    steps: Vec<f32>,
    /// Which whole number of a row stands for zero.
    zeros: Vec<i32>,
}

impl Rounded {
    /// Rounds `rows`, each `width` long, a multiple of [`LANES`].
    #[inline(always)]
    pub(super) fn round(&mut self, rows: &[f32], width: usize) {
        let (all, groups) = (rows.len() / width, width / GROUP);
        self.values.resize(all * groups, [0; GROUP]);
        self.steps.clear();
        self.zeros.clear();
        for (number, row) in rows.chunks_exact(width).enumerate() {
            let (low, high) = ends(row);
            let step = ((high - low) / 255.0).max(f32::MIN_POSITIVE);
            let zero = (-low / step + WHOLE) - WHOLE;
            let inverse = 1.0 / step;
            let first = number / TILE * TILE;
            let in_tile = (all - first).min(TILE);
            self.bytes.clear();
            for lanes in row.as_chunks::<LANES>().0 {
                let mut bytes = [0; LANES];
                for (byte, value) in bytes.iter_mut().zip(lanes) {
                    let whole = value * inverse + zero;
                    let whole = if whole > 0.0 { whole } else { 0.0 };
                    let whole = if whole < 255.0 { whole } else { 255.0 };
                    // The last eight bits of a number this large are its whole part.
                    *byte = (whole + WHOLE).to_bits() as u8;
                }
                self.bytes.extend_from_slice(&bytes);
            }
            let tile = &mut self.values[first * groups..][number - first..];
            for (out, four) in tile
                .iter_mut()
                .step_by(in_tile)
                .zip(self.bytes.as_chunks::<GROUP>().0)
            {
                *out = *four;
            }
            self.steps.push(step);
            self.zeros.push(zero as i32);
        }
    }
}

/// The least and the largest of `row` and zero.
#[inline(always)]
fn ends(row: &[f32]) -> (f32, f32) {
    let (mut low, mut high) = ([0.0f32; LANES], [0.0f32; LANES]);
    for values in row.as_chunks::<LANES>().0 {
        for ((low, high), value) in low.iter_mut().zip(&mut high).zip(values) {
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
        assert!(outputs.is_multiple_of(BLOCKS * BLOCK) && inputs.is_multiple_of(GROUP));
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
        // Every output of every row is written below.
        out.resize(rows * self.outputs, 0.0);
        let groups = self.inputs / GROUP;
        for (pair, weights) in self.weights.chunks_exact(BLOCKS * groups).enumerate() {
            let (one, other) = weights.split_at(groups);
            let blocks = [one, other];
            for first in (0..rows).step_by(TILE) {
                let tile = &rounded.values[first * groups..];
                let pass = Pass {
                    first,
                    pair,
                    blocks,
                    rounded,
                };
                match rows - first {
                    1 => self.pass::<K, 1>(kernel, pass, &tile[..groups], out),
                    2 => self.pass::<K, 2>(kernel, pass, &tile[..2 * groups], out),
                    3 => self.pass::<K, 3>(kernel, pass, &tile[..3 * groups], out),
                    4 => self.pass::<K, 4>(kernel, pass, &tile[..4 * groups], out),
                    5 => self.pass::<K, 5>(kernel, pass, &tile[..5 * groups], out),
                    6 => self.pass::<K, 6>(kernel, pass, &tile[..6 * groups], out),
                    7 => self.pass::<K, 7>(kernel, pass, &tile[..7 * groups], out),
                    _ => self.pass::<K, TILE>(kernel, pass, &tile[..TILE * groups], out),
                }
            }
        }
    }

    #[inline(always)]
    fn pass<K: Kernel, const ROWS: usize>(
        &self,
        kernel: K,
        pass: Pass<'_>,
        tile: &[Four],
        out: &mut [f32],
    ) {
        let all = kernel.sums::<ROWS>(tile.as_chunks().0, pass.blocks);
        for (block, rows) in (BLOCKS * pass.pair..).zip(all) {
            let columns = block * BLOCK..(block + 1) * BLOCK;
            let steps = &self.steps[columns.clone()];
            let of_zero = &self.sums[columns.clone()];
            let bias = &self.bias[columns.clone()];
            for (row, sums) in (pass.first..).zip(rows) {
                let (zero, step) = (pass.rounded.zeros[row], pass.rounded.steps[row]);
                let out = &mut out[row * self.outputs..][columns.clone()];
                for place in 0..BLOCK {
                    let whole = sums[place] - zero * of_zero[place];
                    out[place] = whole as f32 * (step * steps[place]) + bias[place];
                }
            }
        }
    }
}

/// One tile and two blocks.
#[derive(Clone, Copy)]
struct Pass<'a> {
    /// The tile's first row.
    first: usize,
    /// The place of the two blocks among all pairs.
    pair: usize,
    blocks: [&'a [Weights]; BLOCKS],
    rounded: &'a Rounded,
}
