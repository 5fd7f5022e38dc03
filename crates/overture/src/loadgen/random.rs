//! Cheap repeatable chance for load and for the demo.

/// SplitMix64: the same seed gives the same numbers.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Starts a sequence.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number from 0 to `bound - 1`; `bound` is at least 1.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// A number from 0 up to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// One of `items`, which are not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// Draws customers so that the k-th most active has a share proportional to `1/k^s`.
/// Numbers are drawn ahead and used in a circle: one draw is one read.
#[derive(Debug, Clone)]
pub struct Zipf {
    drawn: Vec<u32>,
    at: usize,
}

/// How many draws are made ahead.
const DRAWS: usize = 1 << 19;

impl Zipf {
    /// Draws from `customers` (at least 1) with exponent `skew`.
    pub fn new(customers: usize, skew: f64, random: &mut Random) -> Self {
        let mut total = 0.0;
        let sums: Vec<f64> = (1..=customers)
            .map(|rank| {
                total += (rank as f64).powf(-skew);
                total
            })
            .collect();
        let drawn = (0..DRAWS)
            .map(|_| {
                let wanted = random.unit() * total;
                sums.partition_point(|sum| *sum <= wanted)
                    .min(customers - 1) as u32
            })
            .collect();
        Self { drawn, at: 0 }
    }

    /// The next customer's number, from 0.
    pub fn draw(&mut self) -> u32 {
        self.at = (self.at + 1) % self.drawn.len();
        self.drawn[self.at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_active_has_the_share_the_law_says() {
        let mut zipf = Zipf::new(1_000, 1.1, &mut Random::new(1));
        let draws = 400_000;
        let first = (0..draws).filter(|_| zipf.draw() == 0).count() as f64 / draws as f64;
        let total: f64 = (1..=1_000).map(|rank| f64::from(rank).powf(-1.1)).sum();
        assert!((first - 1.0 / total).abs() < 0.005, "{first}");
    }
}
