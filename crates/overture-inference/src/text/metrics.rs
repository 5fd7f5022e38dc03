//! How good answers are: the figures of `overture evaluate`.

/// F1 of one label, from counts; 0 where nothing was right.
pub fn f1(right: usize, said: usize, true_ones: usize) -> f64 {
    if right == 0 {
        0.0
    } else {
        2.0 * right as f64 / (said + true_ones) as f64
    }
}

/// The mean F1 over the columns of `truth` and `said` (rows of yes and no).
pub fn macro_f1(truth: &[Vec<bool>], said: &[Vec<bool>]) -> f64 {
    let labels = truth.first().map_or(0, Vec::len);
    let of = |label: usize| {
        let right = truth
            .iter()
            .zip(said)
            .filter(|(truth, said)| truth[label] && said[label])
            .count();
        let said = said.iter().filter(|said| said[label]).count();
        let true_ones = truth.iter().filter(|truth| truth[label]).count();
        f1(right, said, true_ones)
    };
    (0..labels).map(of).sum::<f64>() / labels.max(1) as f64
}

/// Pearson's correlation; 0 where one side does not vary.
pub fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let (mean_x, mean_y) = pairs.iter().fold((0.0, 0.0), |(x, y), pair| {
        (x + pair.0 / count, y + pair.1 / count)
    });
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        xy += (x - mean_x) * (y - mean_y);
        xx += (x - mean_x).powi(2);
        yy += (y - mean_y).powi(2);
    }
    if xx == 0.0 || yy == 0.0 {
        0.0
    } else {
        xy / (xx * yy).sqrt()
    }
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// The mean probability that was said.
    pub said: f64,
    /// How often it was so.
    pub was: f64,
    /// How many answers it holds.
    pub count: usize,
}

/// Reliability in `bins` bins of equal width; empty ones are left out.
pub fn reliability(answers: &[(f64, bool)], bins: usize) -> Vec<Bin> {
    let mut sums = vec![(0.0, 0usize, 0usize); bins];
    for (said, was) in answers {
        let bin = ((said * bins as f64) as usize).min(bins - 1);
        sums[bin].0 += said;
        sums[bin].1 += usize::from(*was);
        sums[bin].2 += 1;
    }
    sums.into_iter()
        .filter(|(_, _, count)| *count > 0)
        .map(|(said, was, count)| Bin {
            said: said / count as f64,
            was: was as f64 / count as f64,
            count,
        })
        .collect()
}

/// The expected calibration error over 15 bins of equal width (Guo and others, "On Calibration of Modern Neural
/// Networks", 2017).
pub fn calibration_error(answers: &[(f64, bool)]) -> f64 {
    calibration_error_in(answers, 15)
}

/// [`calibration_error`] over another number of bins.
pub fn calibration_error_in(answers: &[(f64, bool)], bins: usize) -> f64 {
    let total = answers.len().max(1) as f64;
    reliability(answers, bins)
        .iter()
        .map(|bin| (bin.said - bin.was).abs() * bin.count as f64 / total)
        .sum()
}

/// The threshold with the best F1 for one label.
pub fn best_threshold(answers: &[(f64, bool)]) -> f64 {
    let mut sorted: Vec<_> = answers.to_vec();
    sorted.sort_by(|one, other| other.0.total_cmp(&one.0));
    let true_ones = sorted.iter().filter(|answer| answer.1).count();
    let mut best = (0.0, 0.5);
    let mut right = 0;
    for (index, (said, was)) in sorted.iter().enumerate() {
        right += usize::from(*was);
        let score = f1(right, index + 1, true_ones);
        let next = sorted.get(index + 1).map_or(0.0, |next| next.0);
        if score > best.0 && next < *said {
            best = (score, f64::midpoint(*said, next));
        }
    }
    best.1
}

/// The 2.5th and 97.5th percentile of `figure` over `rounds` resamples with replacement of `count` rows, from a fixed seed.
pub fn interval(
    count: usize,
    rounds: usize,
    mut figure: impl FnMut(&[usize]) -> f64,
) -> (f64, f64) {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut rows = vec![0; count];
    let mut figures: Vec<f64> = (0..rounds)
        .map(|_| {
            for row in &mut rows {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                *row = (random % count.max(1) as u64) as usize;
            }
            figure(&rows)
        })
        .collect();
    figures.sort_by(f64::total_cmp);
    let at = |share: f64| {
        figures
            .get((share * (rounds - 1) as f64).round() as usize)
            .copied()
            .unwrap_or(0.0)
    };
    (at(0.025), at(0.975))
}
