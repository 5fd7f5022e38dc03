//! What is measured of the voice in each hundredth of a second.
//!
//! Windows of 40 ms every 10 ms. Only 300 to 3,400 Hz are looked at, whatever the recording holds: that is what a telephone
//! passes, and so the same voice measures alike on both. Nothing depends on how loud the recording is, except the energy,
//! of which only differences are used.

use std::sync::{Arc, LazyLock};

use crate::audio::RATE;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};

/// Samples from one frame to the next: 10 ms.
pub(super) const HOP: usize = 80;
/// Samples of a frame: 40 ms.
pub(super) const WINDOW: usize = 320;
const SIZE: usize = 512;
const BINS: usize = SIZE / 2 + 1;
/// Bands of the spectrum.
pub(super) const BANDS: usize = 20;
/// Cepstral coefficients, without the one for loudness.
pub(super) const CEPSTRA: usize = 12;
/// The lowest and the highest frequency looked at, Hz.
const LOW_HZ: f32 = 300.0;
const HIGH_HZ: f32 = 3_400.0;
const TAPER_HZ: f32 = 2_600.0;
/// The lags at which a voice's period is looked for: 500 to 70 Hz.
const LAG_MIN: usize = RATE / 500;
const LAG_MAX: usize = RATE / 70;
/// How periodic a frame must be to count as voiced, of 1.
const VOICED: f32 = 0.45;
/// How high a peak of the flattened spectrum's correlation must be to be looked at, and to count as voice.
const EVEN_MIN: f32 = 0.1;
const EVEN_VOICED: f32 = 0.23;
/// How much higher the peak at a lag twice as long must be to be believed.
const OCTAVE_COST: f32 = 0.015;
/// What is added to power before logarithms: far below the quietest step of G.711.
const FLOOR: f32 = 1e-9;

/// The measures of one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// Whether somebody speaks.
    pub(super) is_speech: bool,
    /// Energy, dB; of use in differences only.
    pub(super) energy_db: f32,
    /// Log energy of each band above their mean, dB.
    pub(super) bands: [f32; BANDS],
    /// Mel-frequency cepstral coefficients 1 to 12.
    pub(super) cepstra: [f32; CEPSTRA],
    /// Where the spectrum's middle lies, octaves above 300 Hz.
    pub(super) centroid: f32,
    /// How far it spreads around that, octaves.
    pub(super) spread: f32,
    /// How the bands rise with frequency, dB an octave.
    pub(super) slope: f32,
    /// Energy above 1 kHz over that below, dB.
    pub(super) alpha_db: f32,
    /// The strongest peak above 2 kHz over that below, dB (Hammarberg's index with the opposite sign).
    pub(super) hammarberg_db: f32,
    /// How noise-like the spectrum is: geometric over arithmetic mean, dB.
    pub(super) flatness_db: f32,
    /// How much the bands changed since the frame before, dB.
    pub(super) flux: f32,
    /// How periodic the frame is, `0.0..=1.0`.
    pub(super) periodicity: f32,
    /// The voice's fundamental frequency, semitones above 50 Hz; `None` for a frame without voice.
    pub(super) pitch: Option<f32>,
}

/// Cuts a stream of samples at 8 kHz into frames and measures them.
pub(super) struct Frames {
    waiting: Vec<f32>,
    input: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    lags: Vec<f32>,
    even_lags: Vec<f32>,
    scratch: Vec<Complex<f32>>,
    last: Option<(Option<f32>, [f32; BANDS])>,
}

/// What all streams share, reckoned once.
static TABLES: LazyLock<Tables> = LazyLock::new(Tables::new);

struct Tables {
    forward: Arc<dyn RealToComplex<f32>>,
    backward: Arc<dyn ComplexToReal<f32>>,
    window: [f32; WINDOW],
    /// How much each bin counts where the pitch is looked for: nothing at the band's edges, whose echo would look like a pitch.
    taper: Vec<f32>,
    /// One over the window's own correlation at each lag.
    correlation: Vec<f32>,
    /// For each band its first bin and the weights from there.
    bands: Vec<(usize, Vec<f32>)>,
    /// Each band's middle, octaves above 300 Hz.
    octaves: [f32; BANDS],
    cosines: [[f32; BANDS]; CEPSTRA],
}

impl Frames {
    pub(super) fn new() -> Self {
        let Tables {
            forward, backward, ..
        } = &*TABLES;
        let scratch = forward.get_scratch_len().max(backward.get_scratch_len());
        Self {
            waiting: Vec::with_capacity(2 * WINDOW),
            input: forward.make_input_vec(),
            spectrum: forward.make_output_vec(),
            lags: backward.make_output_vec(),
            even_lags: backward.make_output_vec(),
            scratch: vec![Complex::default(); scratch],
            last: None,
        }
    }

    /// Adds samples; hands every frame that is complete to `take`, which says nothing of speech yet.
    pub(super) fn push(&mut self, samples: &[f32], mut take: impl FnMut(Frame)) {
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        while start + WINDOW <= self.waiting.len() {
            let frame = self.measure(start);
            take(frame);
            start += HOP;
        }
        self.waiting.drain(..start);
    }

    fn measure(&mut self, start: usize) -> Frame {
        let tables = &*TABLES;
        let samples = &self.waiting[start..start + WINDOW];
        for ((input, sample), window) in self.input.iter_mut().zip(samples).zip(&tables.window) {
            *input = sample * window;
        }
        self.input[WINDOW..].fill(0.0);
        tables
            .forward
            .process_with_scratch(&mut self.input, &mut self.spectrum, &mut self.scratch)
            .expect("the buffers have the transform's lengths");
        let mut power = [0.0f32; BINS];
        for (bin, (power, value)) in power.iter_mut().zip(&mut self.spectrum).enumerate() {
            *power = if is_heard(bin) { value.norm_sqr() } else { 0.0 };
            *value = Complex::new(*power, 0.0);
        }
        tables
            .backward
            .process_with_scratch(&mut self.spectrum, &mut self.lags, &mut self.scratch)
            .expect("the buffers have the transform's lengths");
        for ((power, value), share) in power.iter().zip(&mut self.spectrum).zip(&tables.taper) {
            *value = Complex::new(share * power.sqrt().sqrt(), 0.0);
        }
        tables
            .backward
            .process_with_scratch(&mut self.spectrum, &mut self.even_lags, &mut self.scratch)
            .expect("the buffers have the transform's lengths");
        let before = self.last.and_then(|(pitch, _)| pitch);
        let (periodicity, pitch) = period(&self.lags, &self.even_lags, &tables.correlation, before);
        let frame = spectral(
            tables,
            &power,
            self.last.map(|(_, bands)| bands),
            periodicity,
            pitch,
        );
        self.last = Some((pitch, frame.bands));
        frame
    }
}

fn is_heard(bin: usize) -> bool {
    let hz = (bin * RATE) as f32 / SIZE as f32;
    (LOW_HZ..=HIGH_HZ).contains(&hz)
}

fn taper(bin: usize) -> f32 {
    let hz = (bin * RATE) as f32 / SIZE as f32;
    let place = (hz - LOW_HZ) / (TAPER_HZ - LOW_HZ);
    if (0.0..=1.0).contains(&place) {
        (std::f32::consts::PI * place).sin()
    } else {
        0.0
    }
}

fn decibel(power: f32) -> f32 {
    10.0 * (power + FLOOR).log10()
}

/// How periodic the frame is, and its pitch where it is voiced.
///
/// The lag is the highest peak of `even`, the correlation of the spectrum with its peaks flattened (Tolonen and Karjalainen, "A
/// computationally efficient multipitch analysis model", 2000), which formants mislead less; near the pitch before where two
/// peaks are about as high. How periodic the frame is at that lag is said by `lags`, the plain correlation over that of the
/// window (Boersma, "Accurate short-term analysis of the fundamental frequency", 1993).
fn period(
    lags: &[f32],
    even: &[f32],
    correlation: &[f32],
    before: Option<f32>,
) -> (f32, Option<f32>) {
    if lags[0] <= FLOOR {
        return (0.0, None);
    }
    let at = |lag: usize| even[lag] / even[0];
    let mut best: Option<(f32, f32, f32, usize)> = None;
    let mut here = at(LAG_MIN - 1);
    let mut next = at(LAG_MIN);
    for lag in LAG_MIN..=LAG_MAX {
        let last = here;
        here = next;
        next = at(lag + 1);
        if here < EVEN_MIN || here < last || here < next {
            continue;
        }
        let curve = last - 2.0 * here + next;
        let shift = if curve < -1e-6 {
            0.5 * (last - next) / curve
        } else {
            0.0
        };
        let exact = lag as f32 + shift.clamp(-0.5, 0.5);
        let height = here - 0.25 * (last - next) * shift;
        let semitones = 12.0 * (RATE as f32 / exact / 50.0).log2();
        let mut worth = height - OCTAVE_COST * (exact / LAG_MIN as f32).log2();
        if let Some(before) = before {
            worth -= 0.005 * (semitones - before).abs().min(12.0);
        }
        if best.is_none_or(|(most, ..)| worth > most) {
            best = Some((worth, height, semitones, lag));
        }
    }
    let Some((_, height, semitones, lag)) = best else {
        return (0.0, None);
    };
    let near = (lag - 1..=lag + 1).map(|lag| lags[lag] * correlation[lag] / lags[0]);
    let periodicity = near.fold(0.0, f32::max).clamp(0.0, 1.0);
    (
        periodicity,
        (periodicity >= VOICED && height >= EVEN_VOICED).then_some(semitones),
    )
}

fn spectral(
    tables: &Tables,
    power: &[f32; BINS],
    before: Option<[f32; BANDS]>,
    periodicity: f32,
    pitch: Option<f32>,
) -> Frame {
    let mut energies = [0.0f32; BANDS];
    for (energy, (first, weights)) in energies.iter_mut().zip(&tables.bands) {
        *energy = weights
            .iter()
            .zip(&power[*first..])
            .map(|(weight, power)| weight * power)
            .sum();
    }
    let total: f32 = energies.iter().sum();
    let mut bands = energies.map(decibel);
    let mean = bands.iter().sum::<f32>() / BANDS as f32;
    bands.iter_mut().for_each(|band| *band -= mean);
    let share = |from: usize, to: usize| energies[from..to].iter().sum::<f32>();
    let most = |from: usize, to: usize| bands[from..to].iter().copied().fold(f32::MIN, f32::max);
    let of_total = |weigh: &dyn Fn(f32) -> f32| {
        let sum: f32 = energies
            .iter()
            .zip(&tables.octaves)
            .map(|(energy, octave)| energy * weigh(*octave))
            .sum();
        sum / (total + FLOOR)
    };
    let centroid = of_total(&|octave| octave);
    let spread = of_total(&|octave| (octave - centroid).powi(2))
        .max(0.0)
        .sqrt();
    let middle = tables.octaves.iter().sum::<f32>() / BANDS as f32;
    let (rise, run) =
        bands
            .iter()
            .zip(&tables.octaves)
            .fold((0.0, 0.0), |(rise, run), (band, octave)| {
                let apart = octave - middle;
                (rise + apart * band, run + apart * apart)
            });
    let one_khz = tables.octaves.partition_point(|octave| *octave < 1.737);
    let two_khz = tables.octaves.partition_point(|octave| *octave < 2.737);
    let flux = before.map_or(0.0, |before| {
        let sum: f32 = bands
            .iter()
            .zip(before)
            .map(|(band, before)| (band - before).abs())
            .sum();
        sum / BANDS as f32
    });
    Frame {
        is_speech: false,
        energy_db: decibel(total),
        cepstra: std::array::from_fn(|at| {
            let products = tables.cosines[at].iter().zip(&bands);
            products.map(|(cosine, band)| cosine * band).sum()
        }),
        centroid,
        spread,
        slope: rise / run,
        alpha_db: decibel(share(one_khz, BANDS)) - decibel(share(0, one_khz)),
        hammarberg_db: most(two_khz, BANDS) - most(0, two_khz),
        flatness_db: mean - decibel(total / BANDS as f32),
        flux,
        bands,
        periodicity,
        pitch,
    }
}

impl Tables {
    fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(SIZE);
        let backward = planner.plan_fft_inverse(SIZE);
        let window: [f32; WINDOW] = std::array::from_fn(|at| {
            let phase = (at as f32 + 0.5) / WINDOW as f32;
            0.5 - 0.5 * (2.0 * std::f32::consts::PI * phase).cos()
        });
        let mel = |hz: f32| 2_595.0 * (1.0 + hz / 700.0).log10();
        let hz = |mel: f32| 700.0 * (10.0f32.powf(mel / 2_595.0) - 1.0);
        let edge = |at: usize| {
            let (low, high) = (mel(LOW_HZ), mel(HIGH_HZ));
            hz(low + (high - low) * at as f32 / (BANDS + 1) as f32)
        };
        let band = |at: usize| {
            let (low, middle, high) = (edge(at), edge(at + 1), edge(at + 2));
            let weight = |bin: usize| {
                let hz = (bin * RATE) as f32 / SIZE as f32;
                let rising = (hz - low) / (middle - low);
                let falling = (high - hz) / (high - middle);
                rising.min(falling).max(0.0)
            };
            let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights: Vec<f32> = (first..BINS)
                .map(weight)
                .take_while(|weight| *weight > 0.0)
                .collect();
            let sum: f32 = weights.iter().sum();
            (
                first,
                weights
                    .into_iter()
                    .map(|weight| weight / sum.max(1e-6))
                    .collect(),
            )
        };
        Self {
            correlation: correlation(&window, &*forward, &*backward),
            forward,
            backward,
            window,
            taper: (0..BINS).map(taper).collect(),
            bands: (0..BANDS).map(band).collect(),
            octaves: std::array::from_fn(|at| (edge(at + 1) / LOW_HZ).log2()),
            cosines: std::array::from_fn(|coefficient| {
                std::array::from_fn(|band| {
                    let turn = (coefficient + 1) as f32 * (band as f32 + 0.5) / BANDS as f32;
                    (std::f32::consts::PI * turn).cos() * (2.0 / BANDS as f32).sqrt()
                })
            }),
        }
    }
}

fn correlation(
    window: &[f32; WINDOW],
    forward: &dyn RealToComplex<f32>,
    backward: &dyn ComplexToReal<f32>,
) -> Vec<f32> {
    let mut input = forward.make_input_vec();
    input[..WINDOW].copy_from_slice(window);
    let mut spectrum = forward.make_output_vec();
    forward
        .process(&mut input, &mut spectrum)
        .expect("the buffers have the transform's lengths");
    spectrum
        .iter_mut()
        .for_each(|value| *value = Complex::new(value.norm_sqr(), 0.0));
    let mut lags = backward.make_output_vec();
    backward
        .process(&mut spectrum, &mut lags)
        .expect("the buffers have the transform's lengths");
    lags.iter().map(|lag| lags[0] / lag.max(1e-3)).collect()
}
