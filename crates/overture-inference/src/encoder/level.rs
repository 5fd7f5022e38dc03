//! Which instructions the processor has, and the innermost loop for each: whole numbers only, so that every level says exactly
//! the same.

/// What the innermost loops are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing but what every processor has.
    Plain,
    /// x86-64 with AVX2 (Intel since 2013, AMD since 2015).
    Avx2,
    /// x86-64 with AVX-512 and its dot products of bytes (Intel since 2019, AMD since 2022).
    Vnni,
}

impl Level {
    /// The best level that this processor has.
    pub fn best() -> Self {
        Self::there().last().copied().unwrap_or(Self::Plain)
    }

    /// Every level that this processor has, the plain one first.
    pub fn there() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
            let has_vnni = std::arch::is_x86_feature_detected!("avx512f")
                && std::arch::is_x86_feature_detected!("avx512bw")
                && std::arch::is_x86_feature_detected!("avx512vnni");
            if has_avx2 && has_vnni {
                return &[Self::Plain, Self::Avx2, Self::Vnni];
            }
            if has_avx2 {
                return &[Self::Plain, Self::Avx2];
            }
        }
        &[Self::Plain]
    }
}

/// Outputs of a block of weights.
pub(super) const BLOCK: usize = 16;
/// Inputs whose products are added in one instruction.
pub(super) const GROUP: usize = 4;
/// Rows of activations in a tile; the last one of a message has what is left.
pub(super) const TILE: usize = 8;

/// Four neighbouring activations of a row.
pub(super) type Four = [u8; GROUP];
/// The weights of one block's outputs for four inputs: `[output][input]`.
pub(super) type Weights = [i8; BLOCK * GROUP];
/// The sums of one row over one block.
pub(super) type Sums = [i32; BLOCK];

/// Blocks of weights that one pass over the activations serves.
pub(super) const BLOCKS: usize = 2;

/// The innermost loop: for each row of a tile the sums of products of its activations with the weights of two blocks.
pub(super) trait Kernel: Copy {
    /// `tile` holds, for each four inputs, these of every row; `blocks` are as long.
    fn sums<const ROWS: usize>(
        self,
        tile: &[[Four; ROWS]],
        blocks: [&[Weights]; BLOCKS],
    ) -> [[Sums; ROWS]; BLOCKS];
}

/// For [`Level::Plain`].
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Kernel for Plain {
    #[inline(always)]
    fn sums<const ROWS: usize>(
        self,
        tile: &[[Four; ROWS]],
        blocks: [&[Weights]; BLOCKS],
    ) -> [[Sums; ROWS]; BLOCKS] {
        blocks.map(|block| {
            let mut all = [[0; BLOCK]; ROWS];
            for (rows, weights) in tile.iter().zip(block) {
                for (sums, four) in all.iter_mut().zip(rows) {
                    for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<GROUP>().0) {
                        for (value, weight) in four.iter().zip(weights) {
                            *sum += i32::from(*value) * i32::from(*weight);
                        }
                    }
                }
            }
            all
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) mod x86 {
    //! The same in the instructions of x86-64.
    #![expect(unsafe_code, reason = "instructions that not every processor has")]

    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_add_epi32, _mm256_loadu_si256, _mm256_madd_epi16,
        _mm256_maddubs_epi16, _mm256_set1_epi16, _mm256_set1_epi32, _mm256_setzero_si256,
        _mm256_storeu_si256, _mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32,
        _mm512_setzero_si512, _mm512_storeu_si512,
    };

    use super::{BLOCK, BLOCKS, Four, Kernel, Sums, Weights};

    /// For [`super::Level::Avx2`]. Made only where the processor has it.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Avx2(());

    /// For [`super::Level::Vnni`]. Made only where the processor has it.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Vnni(());

    impl Avx2 {
        /// # Safety
        /// The processor has AVX2.
        pub(in super::super) unsafe fn new() -> Self {
            Self(())
        }
    }

    impl Vnni {
        /// # Safety
        /// The processor has AVX-512 F, BW and VNNI.
        pub(in super::super) unsafe fn new() -> Self {
            Self(())
        }
    }

    impl Kernel for Avx2 {
        #[inline(always)]
        fn sums<const ROWS: usize>(
            self,
            tile: &[[Four; ROWS]],
            blocks: [&[Weights]; BLOCKS],
        ) -> [[Sums; ROWS]; BLOCKS] {
            // SAFETY: whoever made `self` said that the processor has AVX2.
            unsafe { sums_avx2(tile, blocks) }
        }
    }

    impl Kernel for Vnni {
        #[inline(always)]
        fn sums<const ROWS: usize>(
            self,
            tile: &[[Four; ROWS]],
            blocks: [&[Weights]; BLOCKS],
        ) -> [[Sums; ROWS]; BLOCKS] {
            // SAFETY: whoever made `self` said that the processor has AVX-512 with VNNI.
            unsafe { sums_vnni(tile, blocks) }
        }
    }

    /// Rows whose sums fit the registers beside the weights.
    const ROWS_AT_ONCE: usize = 4;

    /// Activations have 8 bits and weights 7, so that a pair of products fits the 16 bits between the two steps.
    #[target_feature(enable = "avx2")]
    #[inline]
    fn sums_avx2<const ROWS: usize>(
        tile: &[[Four; ROWS]],
        blocks: [&[Weights]; BLOCKS],
    ) -> [[Sums; ROWS]; BLOCKS] {
        let ones = _mm256_set1_epi16(1);
        let mut all = [[[0; BLOCK]; ROWS]; BLOCKS];
        for (out, block) in all.iter_mut().zip(blocks) {
            for (first, out) in (0..ROWS)
                .step_by(ROWS_AT_ONCE)
                .zip(out.chunks_mut(ROWS_AT_ONCE))
            {
                let mut sums = [[_mm256_setzero_si256(); 2]; ROWS_AT_ONCE];
                for (rows, weights) in tile.iter().zip(block) {
                    let from: *const __m256i = weights.as_ptr().cast();
                    // SAFETY: 64 weights are two registers of 32 bytes.
                    let halves =
                        unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] };
                    for (sums, four) in sums.iter_mut().zip(&rows[first..]) {
                        let values = _mm256_set1_epi32(i32::from_le_bytes(*four));
                        for (sum, half) in sums.iter_mut().zip(halves) {
                            let pairs = _mm256_maddubs_epi16(values, half);
                            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, ones));
                        }
                    }
                }
                for (out, [low, high]) in out.iter_mut().zip(sums) {
                    let to: *mut __m256i = out.as_mut_ptr().cast();
                    // SAFETY: 16 sums are two registers of eight.
                    unsafe {
                        _mm256_storeu_si256(to, low);
                        _mm256_storeu_si256(to.add(1), high);
                    }
                }
            }
        }
        all
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    #[inline]
    fn sums_vnni<const ROWS: usize>(
        tile: &[[Four; ROWS]],
        blocks: [&[Weights]; BLOCKS],
    ) -> [[Sums; ROWS]; BLOCKS] {
        let mut all = [[_mm512_setzero_si512(); BLOCKS]; ROWS];
        for (rows, (one, other)) in tile.iter().zip(blocks[0].iter().zip(blocks[1])) {
            let from: [*const __m512i; BLOCKS] = [one.as_ptr().cast(), other.as_ptr().cast()];
            // SAFETY: 64 weights are one register of 64 bytes.
            let weights = unsafe { [_mm512_loadu_si512(from[0]), _mm512_loadu_si512(from[1])] };
            for (sums, four) in all.iter_mut().zip(rows) {
                let values = _mm512_set1_epi32(i32::from_le_bytes(*four));
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_dpbusd_epi32(*sum, values, weights);
                }
            }
        }
        let mut out = [[[0; BLOCK]; ROWS]; BLOCKS];
        for (row, sums) in all.into_iter().enumerate() {
            for (out, sum) in out.iter_mut().zip(sums) {
                let to: *mut __m512i = out[row].as_mut_ptr().cast();
                // SAFETY: 16 sums are one register.
                unsafe { _mm512_storeu_si512(to, sum) };
            }
        }
        out
    }
}
