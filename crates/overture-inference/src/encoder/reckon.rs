//! What happens between the linear layers, in 32-bit floating point: written so that every processor adds in the same order and
//! says exactly the same, and so that a compiler can do many at once.

/// How many sums run side by side.
pub(super) const LANES: usize = 16;

/// What a number is added to and taken from again to be rounded to a whole one: 1.5 times 2 to the 23rd, which leaves no bits behind
/// the point. Its last bits are then the whole number's.
pub(super) const WHOLE: f32 = 12_582_912.0;

/// The exponential function, within a few units in the last place between -87 and 88; beyond these it stays at its value there.
///
/// As in Cephes' `expf`: reduced to a power of two and a polynomial of degree six.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    const ONE: u32 = 127;
    let x = if x > -87.0 { x } else { -87.0 };
    let x = if x < 88.0 { x } else { 88.0 };
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let whole = shifted - WHOLE;
    let rest = x - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let sum = 1.987_569_1e-4 * rest + 1.398_199_9e-3;
    let sum = (sum * rest + 8.333_452e-3) * rest + 4.166_579_6e-2;
    let sum = (sum * rest + 0.166_666_65) * rest + 0.5;
    let exponent = shifted.to_bits().wrapping_sub(WHOLE.to_bits() - ONE);
    (sum * rest * rest + rest + 1.0) * f32::from_bits(exponent << 23)
}

/// Gaussian error linear units, in the tanh form (Hendrycks and Gimpel, 2016).
#[inline(always)]
pub(super) fn gelu(values: &mut [f32]) {
    // Twice the root of 2 / pi.
    const TWICE: f32 = 1.595_769;
    for value in values {
        let x = *value;
        *value = x / (1.0 + exp(-TWICE * (x + 0.044_715 * x * x * x)));
    }
}

/// The sum, in an order that does not depend on the processor.
#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += of(*value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane += of(*value);
    }
    lanes.into_iter().sum()
}

/// The sum of products.
#[inline(always)]
pub(super) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (ones, rest) = one.as_chunks::<LANES>();
    let (others, other_rest) = other.as_chunks::<LANES>();
    for (ones, others) in ones.iter().zip(others) {
        for ((lane, one), other) in lanes.iter_mut().zip(ones).zip(others) {
            *lane += one * other;
        }
    }
    for ((lane, one), other) in lanes.iter_mut().zip(rest).zip(other_rest) {
        *lane += one * other;
    }
    lanes.into_iter().sum()
}

/// Scale and shift after normalising.
#[derive(Debug, Clone)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Norm {
    /// Adds `added` to `rows` and normalises each (Ba, Kiros and Hinton, 2016).
    #[inline(always)]
    pub(super) fn add(&self, rows: &mut [f32], added: &[f32]) {
        for (value, added) in rows.iter_mut().zip(added) {
            *value += added;
        }
        self.apply(rows);
    }

    /// Normalises each row.
    #[inline(always)]
    pub(super) fn apply(&self, rows: &mut [f32]) {
        let width = self.scale.len();
        for row in rows.chunks_exact_mut(width) {
            let mean = sum(row, |value| value) / width as f32;
            let spread = sum(row, |value| (value - mean) * (value - mean)) / width as f32;
            let inverse = 1.0 / (spread + 1e-12).sqrt();
            for ((value, scale), shift) in row.iter_mut().zip(&self.scale).zip(&self.shift) {
                *value = (*value - mean) * inverse * scale + shift;
            }
        }
    }
}

/// The size of a head: one query, key or value.
pub(super) const HEAD: usize = 32;

/// Scaled dot-product attention of several heads (Vaswani and others, 2017).
///
/// `qkv` holds a row of queries, keys and values a piece, each `width` long, head after head; the heads' results go to `out`.
#[derive(Debug, Default)]
pub(super) struct Attention {
    /// Keys of one head, by as many pieces as there are lanes: `[pieces / LANES][dimension][LANES]`.
    keys: Vec<[[f32; LANES]; HEAD]>,
    /// How much one piece looks at each other.
    shares: Vec<[f32; LANES]>,
}

impl Attention {
    #[inline(always)]
    pub(super) fn apply(&mut self, qkv: &[f32], width: usize, out: &mut Vec<f32>) {
        let pieces = qkv.len() / (3 * width);
        out.resize(pieces * width, 0.0);
        let scale = 1.0 / (HEAD as f32).sqrt();
        let runs = pieces.div_ceil(LANES);
        self.keys.clear();
        self.keys.resize(runs, [[0.0; LANES]; HEAD]);
        for first in (0..width).step_by(HEAD) {
            for (piece, row) in qkv.chunks_exact(3 * width).enumerate() {
                let keys = &mut self.keys[piece / LANES];
                for (lanes, key) in keys.iter_mut().zip(&row[width + first..][..HEAD]) {
                    lanes[piece % LANES] = *key;
                }
            }
            for (row, out) in qkv.chunks_exact(3 * width).zip(out.chunks_exact_mut(width)) {
                let query: [f32; HEAD] = std::array::from_fn(|at| row[first + at] * scale);
                self.shares.clear();
                self.shares.extend(self.keys.iter().map(|keys| {
                    let mut lanes = [0.0; LANES];
                    for (query, keys) in query.iter().zip(keys) {
                        for (lane, key) in lanes.iter_mut().zip(keys) {
                            *lane += query * key;
                        }
                    }
                    lanes
                }));
                let shares = &mut self.shares.as_flattened_mut()[..pieces];
                softmax(shares);
                let mut seen = [0.0; HEAD];
                for (share, row) in shares.iter().zip(qkv.chunks_exact(3 * width)) {
                    for (seen, value) in seen.iter_mut().zip(&row[2 * width + first..][..HEAD]) {
                        *seen += share * value;
                    }
                }
                out[first..first + HEAD].copy_from_slice(&seen);
            }
        }
    }
}

#[inline(always)]
fn softmax(values: &mut [f32]) {
    let largest = values.iter().copied().fold(f32::MIN, f32::max);
    for value in values.iter_mut() {
        *value = exp(*value - largest);
    }
    let inverse = 1.0 / sum(values, |value| value);
    for value in values {
        *value *= inverse;
    }
}

#[cfg(test)]
mod tests {
    use super::{exp, gelu};

    #[test]
    fn exp_is_exact_to_a_few_units() {
        for step in -8_700..8_800 {
            let x = step as f32 / 100.0;
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 3e-7, "exp({x})");
        }
        assert!(exp(-1e9) < 1e-37 && exp(1e9) > 1e38);
    }

    #[test]
    fn gelu_at_known_places() {
        // Reference values of the tanh form.
        let mut values = [-10.0, -1.0, 0.0, 1.0, 3.0, 10.0];
        gelu(&mut values);
        let wanted = [0.0, -0.158_808, 0.0, 0.841_192, 2.996_363, 10.0];
        for (value, wanted) in values.iter().zip(wanted) {
            assert!((value - wanted).abs() < 1e-5, "{value} {wanted}");
        }
    }
}
