//! The encoder: pieces in, a vector for each piece out, and the sums of every head over their mean.

#[cfg(target_arch = "x86_64")]
use super::level::x86::{Avx2, Vnni};
use super::{
    level::{Kernel, Level, Plain},
    linear::{Linear, Rounded},
    pieces::Piece,
    reckon::{Attention, Norm, dot, gelu},
};
use crate::text::{heads::COLUMNS, table::Columns};

/// A network of BERT's kind (Devlin and others, NAACL 2019).
#[derive(Debug, Clone)]
pub(super) struct Network {
    pub(super) shape: Shape,
    /// By piece, 8-bit weights and what one step is worth.
    pub(super) pieces: Vec<i8>,
    pub(super) piece_steps: Vec<f32>,
    pub(super) positions: Vec<f32>,
    pub(super) norm: Norm,
    pub(super) layers: Vec<Layer>,
    /// By column, the weights over the mean vector.
    pub(super) heads: Vec<f32>,
    pub(super) intercepts: Vec<f32>,
}

/// How large its parts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) layers: usize,
    pub(super) attention_heads: usize,
    pub(super) inner: usize,
    pub(super) positions: usize,
    pub(super) pieces: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) qkv: Linear,
    pub(super) out: Linear,
    pub(super) norm_1: Norm,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) norm_2: Norm,
}

/// What one message is read into; reused by who reads many.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// A row a piece.
    hidden: Vec<f32>,
    rounded: Rounded,
    wide: Vec<f32>,
    seen: Vec<f32>,
    added: Vec<f32>,
    attention: Attention,
    mean: Vec<f32>,
}

impl Network {
    /// Reads a message: afterwards `work` holds a vector for each piece and their mean.
    #[expect(unsafe_code, reason = "instructions that not every processor has")]
    pub(super) fn read(&self, level: Level, pieces: &[Piece], work: &mut Work) {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Vnni if Level::there().contains(&Level::Vnni) => {
                // SAFETY: the processor has what the level names.
                unsafe { self.read_vnni(Vnni::new(), pieces, work) };
            }
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 if Level::there().contains(&Level::Avx2) => {
                // SAFETY: the processor has what the level names.
                unsafe { self.read_avx2(Avx2::new(), pieces, work) };
            }
            _ => self.read_with(Plain, pieces, work),
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn read_avx2(&self, kernel: Avx2, pieces: &[Piece], work: &mut Work) {
        self.read_with(kernel, pieces, work);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,avx512f,avx512bw,avx512vnni")]
    fn read_vnni(&self, kernel: Vnni, pieces: &[Piece], work: &mut Work) {
        self.read_with(kernel, pieces, work);
    }

    #[inline(always)]
    fn read_with<K: Kernel>(&self, kernel: K, pieces: &[Piece], work: &mut Work) {
        let Shape { width, inner, .. } = self.shape;
        let Work {
            hidden,
            rounded,
            wide,
            seen,
            added,
            attention,
            mean,
        } = work;
        self.begin(pieces, hidden);
        for layer in &self.layers {
            rounded.round(hidden, width);
            layer.qkv.apply(kernel, rounded, wide);
            attention.apply(wide, width, seen);
            rounded.round(seen, width);
            layer.out.apply(kernel, rounded, added);
            layer.norm_1.add(hidden, added);
            rounded.round(hidden, width);
            layer.up.apply(kernel, rounded, wide);
            gelu(wide);
            rounded.round(wide, inner);
            layer.down.apply(kernel, rounded, added);
            layer.norm_2.add(hidden, added);
        }
        mean.clear();
        mean.resize(width, 0.0);
        for row in hidden.chunks_exact(width) {
            for (mean, value) in mean.iter_mut().zip(row) {
                *mean += value;
            }
        }
        let share = 1.0 / pieces.len() as f32;
        for mean in mean {
            *mean *= share;
        }
    }

    /// The vectors before the first layer: what each piece is and where it stands.
    #[inline(always)]
    fn begin(&self, pieces: &[Piece], hidden: &mut Vec<f32>) {
        let width = self.shape.width;
        hidden.clear();
        for (piece, position) in pieces.iter().zip(self.positions.chunks_exact(width)) {
            let piece = usize::from(*piece);
            let step = self.piece_steps[piece];
            let weights = &self.pieces[piece * width..][..width];
            hidden.extend(
                weights
                    .iter()
                    .zip(position)
                    .map(|(weight, position)| f32::from(*weight) * step + position),
            );
        }
        self.norm.apply(hidden);
    }

    /// The sum of every column over what was read last.
    pub(super) fn totals(&self, work: &Work) -> Columns {
        let mut totals = [0.0; COLUMNS];
        let heads = self.heads.chunks_exact(self.shape.width);
        for ((total, head), intercept) in totals.iter_mut().zip(heads).zip(&self.intercepts) {
            *total = dot(head, &work.mean) + intercept;
        }
        totals
    }

    /// What each piece adds to the sum of columns weighed by `direction`; with the intercepts exactly the weighed total.
    pub(super) fn contributions(&self, direction: &[(usize, f32)], work: &Work) -> Vec<f32> {
        let width = self.shape.width;
        let mut weights = vec![0.0; width];
        for (column, amount) in direction {
            for (weight, head) in weights.iter_mut().zip(&self.heads[column * width..]) {
                *weight += amount * head;
            }
        }
        let rows = work.hidden.chunks_exact(width);
        let share = 1.0 / rows.len() as f32;
        rows.map(|row| share * dot(&weights, row)).collect()
    }
}
