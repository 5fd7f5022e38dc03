//! What the next minute brings: from the seats as they are now to the probability that
//! whoever comes is answered in time.
//!
//! The settled queue of `queueing.rs` says how things go on average; here the number of
//! occupied seats is known, and that says far more about the next minute. Handle times are
//! taken as exponential, so each seat in use is still in use after `t` with `e^(-t / handle)`,
//! and those who come fill others: a binomial plus a Poisson number. Whoever finds every
//! seat taken is answered in time if enough of them come free within the target.

/// The seats now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::route) struct Now {
    /// All seats.
    pub(in crate::route) seats: u32,
    /// In use, or wanted by somebody who waits.
    pub(in crate::route) taken: u32,
    /// How many more are expected to be taken by offers that are open.
    pub(in crate::route) expected: f64,
    /// How many others come a second.
    pub(in crate::route) arrivals_s: f64,
    /// Mean handle time, seconds, above 0.
    pub(in crate::route) handle_s: f64,
}

/// Above so many seats the sums are taken as normal.
const EXACT_SEATS_MAX: u32 = 40;

impl Now {
    /// The probability that somebody who comes after `after_s` seconds is answered within
    /// `target_s`.
    pub(in crate::route) fn in_time(&self, after_s: f64, target_s: f64) -> f64 {
        if self.seats == 0 {
            return 0.0;
        }
        let stays = libm::exp(-after_s / self.handle_s);
        let come = self.arrivals_s * self.handle_s * (1.0 - stays) + self.expected;
        let free = f64::from(self.seats) * target_s / self.handle_s;
        if self.seats <= EXACT_SEATS_MAX && self.taken <= 2 * EXACT_SEATS_MAX {
            exact(self.seats, self.taken, stays, come, free)
        } else {
            let taken = f64::from(self.taken);
            let mean = taken * stays + come - free;
            let variance = taken * stays * (1.0 - stays) + come + free;
            normal((f64::from(self.seats) - 0.5 - mean) / libm::sqrt(variance.max(1e-9)))
        }
    }
}

/// More wanted seats than this count as not answered in time.
const TERMS: usize = 128;
/// What is less likely is left out.
const CHANCE_MIN: f64 = 1e-9;

/// `P(Binomial(taken, stays) + Poisson(come) - Poisson(free) < seats)`.
fn exact(seats: u32, taken: u32, stays: f64, come: f64, free: f64) -> f64 {
    let staying = binomial(taken, stays);
    let coming = poisson(come);
    let likely = coming.iter().rposition(|other| *other > CHANCE_MIN);
    let coming = &coming[..likely.map_or(0, |last| last + 1)];
    let mut wanted = [0.0; TERMS];
    for (stay, chance) in staying.iter().enumerate().take(taken as usize + 1) {
        if *chance < CHANCE_MIN {
            continue;
        }
        for (come, other) in coming.iter().enumerate() {
            if let Some(both) = wanted.get_mut(stay + come) {
                *both += chance * other;
            }
        }
    }
    let (free_at_once, short) = wanted.split_at(seats as usize);
    let freed = poisson(free);
    let mut freed_enough = 1.0;
    let mut in_time: f64 = free_at_once.iter().sum();
    for (chance, exactly) in short.iter().zip(freed) {
        freed_enough -= exactly;
        in_time += chance * f64::max(freed_enough, 0.0);
    }
    in_time.clamp(0.0, 1.0)
}

/// The probabilities of each number of `of` that happen with `chance`.
fn binomial(of: u32, chance: f64) -> [f64; TERMS] {
    let mut terms = [0.0; TERMS];
    let other = 1.0 - chance;
    if other < 1e-12 {
        terms[of as usize] = 1.0;
        return terms;
    }
    // From the most likely number outwards: neither end of the scale overflows.
    let mode = libm::floor((f64::from(of) + 1.0) * chance).min(f64::from(of)) as usize;
    terms[mode] = 1.0;
    for number in mode..of as usize {
        let ratio = (of as usize - number) as f64 / (number + 1) as f64 * chance / other;
        terms[number + 1] = terms[number] * ratio;
    }
    for number in (1..=mode).rev() {
        let ratio = number as f64 / (of as usize - number + 1) as f64 * other / chance;
        terms[number - 1] = terms[number] * ratio;
    }
    let sum: f64 = terms.iter().sum();
    terms.map(|term| term / sum)
}

/// The probabilities of each number of a Poisson distribution.
fn poisson(mean: f64) -> [f64; TERMS] {
    let mut terms = [0.0; TERMS];
    terms[0] = libm::exp(-mean);
    for number in 1..TERMS {
        terms[number] = terms[number - 1] * mean / number as f64;
    }
    terms
}

/// The probability that a Poisson number with this mean is above `most`.
pub(in crate::route) fn poisson_above(mean: f64, most: u32) -> f64 {
    let mut term = libm::exp(-mean);
    let mut within = term;
    for number in 1..=most {
        term *= mean / f64::from(number);
        within += term;
    }
    (1.0 - within).max(0.0)
}

/// The standard normal distribution.
fn normal(at: f64) -> f64 {
    0.5 * libm::erfc(-at / core::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::queueing::Queue;

    fn now(seats: u32, taken: u32) -> Now {
        Now {
            seats,
            taken,
            expected: 0.0,
            arrivals_s: f64::from(seats) * 0.0025,
            handle_s: 300.0,
        }
    }

    #[test]
    fn the_more_seats_are_taken_the_less_likely_is_an_answer_in_time() {
        for seats in [1, 4, 20, 40, 41, 200] {
            let in_time: Vec<f64> = (0..seats + 20)
                .map(|taken| now(seats, taken).in_time(30.0, 20.0))
                .collect();
            assert!(
                in_time.is_sorted_by(|one, next| *one + 1e-8 >= *next),
                "{seats}: {in_time:?}"
            );
            assert!(in_time[0] > 0.7, "{seats}: {in_time:?}");
            assert!(in_time.iter().all(|share| (0.0..=1.0).contains(share)));
        }
    }

    #[test]
    fn with_nobody_coming_and_a_seat_free_everybody_is_answered() {
        let quiet = Now {
            arrivals_s: 0.0,
            ..now(3, 2)
        };
        assert!((quiet.in_time(0.0, 20.0) - 1.0).abs() < 1e-9);
        let full = Now { taken: 3, ..quiet };
        // One of three must come free within 20 s.
        let one_of_three = -libm::expm1(-3.0 * 20.0 / 300.0);
        assert!((full.in_time(0.0, 20.0) - one_of_three).abs() < 1e-9);
        assert!(full.in_time(60.0, 20.0) > full.in_time(0.0, 20.0));
    }

    #[test]
    fn the_normal_sums_agree_with_the_exact_ones() {
        for taken in [34, 38, 40, 44, 48] {
            let exact = now(40, taken);
            let stays = libm::exp(-30.0_f64 / 300.0);
            let come = exact.arrivals_s * 300.0 * (1.0 - stays);
            let free: f64 = 40.0 * 20.0 / 300.0;
            let taken_mean = f64::from(taken);
            let mean = taken_mean * stays + come - free;
            let variance = taken_mean * stays * (1.0 - stays) + come + free;
            let near = normal((39.5 - mean) / libm::sqrt(variance));
            let sure = exact.in_time(30.0, 20.0);
            assert!((near - sure).abs() < 0.03, "{taken}: {near} {sure}");
        }
    }

    /// Long after, what was taken now no longer matters, and the share that finds a seat is
    /// the one of a queue that has settled.
    #[test]
    fn long_after_the_queue_has_settled() {
        let settled = Queue {
            servers: 20,
            arrivals_s: 0.05,
            handle_s: 300.0,
        };
        let leaving = settled.erlang_a(300.0);
        for taken in [0, 20] {
            let at_once = now(20, taken).in_time(3_600.0, 0.0);
            assert!(
                (at_once - (1.0 - leaving.busy_share)).abs() < 1e-3,
                "{at_once}"
            );
        }
    }

    #[test]
    fn more_than_a_number_is_what_the_terms_say() {
        assert!((poisson_above(0.0, 0)).abs() < 1e-12);
        assert!((poisson_above(1.0, 0) - 0.632_120_558_828_557_7).abs() < 1e-12);
        assert!((poisson_above(1.0, 3) - 0.018_988_156_876_153_8).abs() < 1e-12);
    }
}
