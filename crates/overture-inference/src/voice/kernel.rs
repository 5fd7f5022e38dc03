//! Random Fourier features: a linear reading of them is a reading with a Gaussian kernel (Rahimi and Recht, "Random Features for
//! Large-Scale Kernel Machines", 2007). Their frequencies are orthogonal and made of signs and Hadamard transforms, so they need
//! neither room nor many products (Yu and others, "Orthogonal Random Features", 2016).

use super::telephone::Random;

/// The length that inputs are filled up to.
const LENGTH: usize = 512;
/// Blocks of as many features.
const BLOCKS: usize = 2;
/// How many features there are.
pub(super) const WAVES: usize = BLOCKS * LENGTH;

/// The features of inputs of up to 512 numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Waves {
    width: f32,
    seed: u64,
    /// For each block three times `LENGTH` signs, 1 or -1.
    signs: Vec<f32>,
    phases: Vec<f32>,
}

impl Waves {
    /// For a kernel `exp(-width * squared distance)`. The same numbers on every machine.
    pub(super) fn new(width: f32, seed: u64) -> Self {
        let mut random = Random(seed);
        let mut sign = || if random.share() < 0.5 { -1.0 } else { 1.0 };
        let signs = (0..3 * WAVES).map(|_| sign()).collect();
        let phases = (0..WAVES)
            .map(|_| 2.0 * std::f32::consts::PI * random.share())
            .collect();
        Self {
            width,
            seed,
            signs,
            phases,
        }
    }

    /// The width they were made for.
    pub(super) fn width(&self) -> f32 {
        self.width
    }

    /// The seed they were made from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// The features of `inputs`.
    pub(super) fn of(&self, inputs: &[f32]) -> Vec<f32> {
        debug_assert!(inputs.len() <= LENGTH);
        let length = LENGTH as f32;
        // Each transform lengthens by the root of the length; together they shall do so once, and the width comes in.
        let scale = (2.0 * self.width).sqrt() / length;
        let height = (2.0 / WAVES as f32).sqrt();
        let mut features = Vec::with_capacity(WAVES);
        for block in self.signs.chunks_exact(3 * LENGTH) {
            let mut values = [0.0; LENGTH];
            values[..inputs.len()].copy_from_slice(inputs);
            for signs in block.chunks_exact(LENGTH) {
                values
                    .iter_mut()
                    .zip(signs)
                    .for_each(|(value, sign)| *value *= sign);
                hadamard(&mut values);
            }
            features.extend(values);
        }
        for (feature, phase) in features.iter_mut().zip(&self.phases) {
            *feature = height * (scale * *feature + phase).cos();
        }
        features
    }
}

/// The Walsh-Hadamard transform, without the division by the root of the length.
fn hadamard(values: &mut [f32; LENGTH]) {
    let mut half = 1;
    while half < LENGTH {
        for pair in values.chunks_exact_mut(2 * half) {
            let (low, high) = pair.split_at_mut(half);
            for (low, high) in low.iter_mut().zip(high) {
                (*low, *high) = (*low + *high, *low - *high);
            }
        }
        half *= 2;
    }
}
