//! Makes a voice model from recordings of which speaker and emotion are known.
//!
//! Every recording is learned from as it comes over several telephone lines (some with people talking around, some with lost packets,
//! some cut to a moment), and in many orders, so that the model meets speakers of whom it has heard nothing, something, or only
//! anger yet. How sure it may be is fitted on speakers that were left out in turn.

use std::collections::BTreeSet;

use crate::audio::RATE;

use super::{
    EMOTIONS, Emotion,
    calibrate::{HeldOut, Sharpness},
    functionals::MEASURES,
    kernel::Waves,
    model::{VoiceModel, softmax},
    regression::{self, Linear, Row},
    speaker::{Population, Speaker},
    stretch::{Measurer, Stretch},
    telephone::{Line, Random, babble},
};

/// Speakers without whom nothing can be learned about speakers.
const SPEAKERS_MIN: usize = 3;
/// Voices that make babble.
const BABBLE_VOICES: usize = 6;
/// One order in so many is of somebody in one mood.
const MOODY: usize = 4;

/// A recording of one person in one emotion.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Who speaks.
    pub speaker: String,
    /// How.
    pub emotion: Emotion,
    /// The recording at 8 kHz, with everything the microphone heard.
    pub samples: Vec<f32>,
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Lines that each recording is sent over.
    pub lines: usize,
    /// Orders that each speaker's recordings are heard in.
    pub orders: usize,
    /// What the prior over all speakers counts, against what the data say.
    pub prior: f32,
    /// The penalties of the three regressions: the first guess, the linear reading, that with the kernel.
    pub penalties: [f64; 3],
    /// The width of the kernel: `exp(-width * squared distance)`.
    pub width: f32,
    /// The seed of all chance.
    pub seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            lines: 12,
            orders: 24,
            prior: 0.1,
            penalties: [0.05, 0.1, 2e-4],
            width: 0.002,
            seed: 3,
        }
    }
}

/// Why no model can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// Too few people.
    #[error("expected recordings of at least {SPEAKERS_MIN} speakers, got {found}")]
    TooFewSpeakers {
        /// How many there are.
        found: usize,
    },
    /// An emotion is missing.
    #[error("expected recordings of {}, got none with speech in it", .0.name())]
    Missing(Emotion),
}

/// A recording, as it came over each line.
struct Known {
    stretches: Vec<Stretch>,
    speaker: usize,
    emotion: usize,
}

/// Makes a model; `progress` hears the share done, `0.0..=1.0`. Recordings without a third of a second of speech are passed over.
///
/// # Errors
/// [`MakeError`]: too few speakers, or an emotion is missing.
pub fn make(
    name: &str,
    clips: &[Clip],
    recipe: Recipe,
    progress: &mut dyn FnMut(f32),
) -> Result<VoiceModel, MakeError> {
    let known = over_lines(clips, recipe, &mut |share| progress(0.3 * share));
    let speakers: BTreeSet<usize> = known.iter().map(|clip| clip.speaker).collect();
    if speakers.len() < SPEAKERS_MIN {
        return Err(MakeError::TooFewSpeakers {
            found: speakers.len(),
        });
    }
    for emotion in Emotion::ALL {
        if !known.iter().any(|clip| clip.emotion == emotion.place()) {
            return Err(MakeError::Missing(emotion));
        }
    }
    let rounds = (speakers.len() + 1) as f32;
    let mut held_out = Vec::new();
    for (round, speaker) in speakers.iter().enumerate() {
        let (apart, rest): (Vec<&Known>, Vec<&Known>) =
            known.iter().partition(|clip| clip.speaker == *speaker);
        let model = learn(name, &rest, recipe);
        hold_out(&model, &apart, recipe, &mut held_out);
        progress(0.3 + 0.7 * (round + 1) as f32 / rounds);
    }
    let all: Vec<&Known> = known.iter().collect();
    let model = learn(name, &all, recipe);
    progress(1.0);
    Ok(VoiceModel {
        sharpness: Sharpness::fit(&held_out),
        ..model
    })
}

/// For each speaker the model that is made without them, to measure on them what the recipe is worth. Models are made side by side
/// where there are several processors; `progress` hears the share done, `0.0..=1.0`.
///
/// # Errors
/// [`MakeError`], as for [`make`].
pub fn make_without_each(
    name: &str,
    clips: &[Clip],
    recipe: Recipe,
    progress: &(dyn Fn(f32) + Sync),
) -> Result<Vec<(String, VoiceModel)>, MakeError> {
    let speakers: BTreeSet<&str> = clips.iter().map(|clip| &*clip.speaker).collect();
    let speakers: Vec<&str> = speakers.into_iter().collect();
    let side_by_side = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = Vec::with_capacity(speakers.len());
    for group in speakers.chunks(side_by_side) {
        let done = all.len() as f32;
        let made = std::thread::scope(|scope| {
            let tasks: Vec<_> = group
                .iter()
                .enumerate()
                .map(|(place, speaker)| {
                    let rest: Vec<Clip> = clips
                        .iter()
                        .filter(|clip| clip.speaker != **speaker)
                        .cloned()
                        .collect();
                    let (group, speakers) = (group.len() as f32, speakers.len() as f32);
                    scope.spawn(move || {
                        make(name, &rest, recipe, &mut |share| {
                            if place == 0 {
                                progress((done + group * share) / speakers);
                            }
                        })
                    })
                })
                .collect();
            tasks
                .into_iter()
                .map(|task| task.join().expect("making a model does not panic"))
                .collect::<Vec<_>>()
        });
        for (speaker, made) in group.iter().zip(made) {
            all.push(((*speaker).to_owned(), made?));
        }
    }
    Ok(all)
}

/// Sends every recording over the recipe's lines, and measures what arrives.
fn over_lines(clips: &[Clip], recipe: Recipe, progress: &mut dyn FnMut(f32)) -> Vec<Known> {
    let names: BTreeSet<&str> = clips.iter().map(|clip| &*clip.speaker).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut random = Random(recipe.seed);
    let mut measurer = Measurer::default();
    let mut all = Vec::with_capacity(clips.len());
    for (place, clip) in clips.iter().enumerate() {
        let others: Vec<&Clip> = clips
            .iter()
            .filter(|one| one.speaker != clip.speaker)
            .collect();
        let stretches = (0..recipe.lines).filter_map(|number| {
            let around: Vec<&[f32]> = (0..BABBLE_VOICES.min(others.len()))
                .map(|_| &*others[random.below(others.len())].samples)
                .collect();
            let line = line(number, &mut random);
            let arrived = line.send(&clip.samples, &babble(&around), random.number());
            let part = if number % 4 == 1 {
                moment(&arrived, &mut random)
            } else {
                &arrived
            };
            measurer.measure(part)
        });
        let stretches: Vec<Stretch> = stretches.collect();
        if !stretches.is_empty() {
            all.push(Known {
                stretches,
                speaker: names.partition_point(|name| *name < &*clip.speaker),
                emotion: clip.emotion.place(),
            });
        }
        progress((place + 1) as f32 / clips.len() as f32);
    }
    all
}

/// The recipe's lines: one in six is no telephone, one in four has people talking around, one in five loses packets.
fn line(number: usize, random: &mut Random) -> Line {
    let base = if number % 6 == 3 {
        Line::CLEAR
    } else {
        Line::TELEPHONE
    };
    Line {
        gain_db: random.share() * 24.0 - 14.0,
        babble_db: (number % 4 == 2).then(|| 8.0 + random.share() * 14.0),
        lost: if number % 5 == 4 { 0.03 } else { 0.0 },
        ..base
    }
}

/// A part of 0.9 to 2.5 seconds.
fn moment<'a>(samples: &'a [f32], random: &mut Random) -> &'a [f32] {
    let seconds = 0.9 + random.share() * 1.6;
    let length = ((seconds * RATE as f32) as usize).min(samples.len());
    let start = random.below(samples.len() - length + 1);
    &samples[start..start + length]
}

fn learn(name: &str, clips: &[&Known], recipe: Recipe) -> VoiceModel {
    let weights = weights(clips);
    let population = population(clips, &weights, recipe.prior);
    let guesses = guesses(clips, &population, &weights, recipe.penalties[0]);
    let mut rows = Vec::new();
    let mut random = Random(recipe.seed);
    for (speaker, guess) in &guesses {
        let own = || clips.iter().filter(|clip| clip.speaker == *speaker);
        for order in 0..recipe.orders {
            let mut heard: Vec<&Known> = own().copied().collect();
            random.shuffle(&mut heard);
            if order % MOODY == MOODY - 1 {
                let mood = order / MOODY % EMOTIONS;
                heard.retain(|clip| clip.emotion == mood || random.share() < 0.1);
            }
            let line = random.below(recipe.lines);
            let mut speaker = Speaker::default();
            for clip in heard {
                let count = clip.stretches.len();
                let stays = random.share() < 0.7;
                let line = if stays {
                    line.min(count - 1)
                } else {
                    random.below(count)
                };
                let stretch = &clip.stretches[line];
                let standard = population.standard(&stretch.measures);
                rows.push(Row {
                    inputs: speaker.both(&population, &standard),
                    label: clip.emotion,
                    weight: weights[clip.emotion],
                });
                let emotions = softmax(guess.sums(&standard));
                speaker.hear(&population, &standard, &emotions, stretch.seconds);
            }
        }
    }
    let linear = regression::learn(&rows, recipe.penalties[1]);
    let waves = Waves::new(recipe.width, recipe.seed);
    rows.iter_mut()
        .for_each(|row| row.inputs = waves.of(&row.inputs));
    VoiceModel {
        name: name.to_owned(),
        curved: regression::learn(&rows, recipe.penalties[2]),
        population,
        linear,
        waves,
        sharpness: Sharpness::NONE,
    }
}

/// For each speaker a first guess at the emotion from the measures alone, by what was learned from the others.
fn guesses(
    clips: &[&Known],
    population: &Population,
    weights: &[f32; EMOTIONS],
    penalty: f64,
) -> Vec<(usize, Linear)> {
    let speakers: BTreeSet<usize> = clips.iter().map(|clip| clip.speaker).collect();
    let without = |speaker: usize| {
        let others = clips.iter().filter(|clip| clip.speaker != speaker);
        let rows: Vec<Row> = others
            .flat_map(|clip| {
                clip.stretches.iter().map(|stretch| Row {
                    inputs: population.standard(&stretch.measures),
                    label: clip.emotion,
                    weight: weights[clip.emotion],
                })
            })
            .collect();
        (speaker, regression::learn(&rows, penalty))
    };
    speakers.into_iter().map(without).collect()
}

/// What a model says of a speaker that it has not learned from, line by line, each time in another order.
fn hold_out(model: &VoiceModel, clips: &[&Known], recipe: Recipe, out: &mut Vec<HeldOut>) {
    let weights = weights(clips);
    let mut random = Random(recipe.seed ^ 0x5eed);
    for line in 0..recipe.lines {
        let mut heard: Vec<&Known> = clips.to_vec();
        random.shuffle(&mut heard);
        let mut speaker = Speaker::default();
        for clip in heard {
            let Some(stretch) = clip.stretches.get(line) else {
                continue;
            };
            let standard = model.population.standard(&stretch.measures);
            let sums = model.sums(&speaker.both(&model.population, &standard));
            speaker.hear(
                &model.population,
                &standard,
                &softmax(sums),
                stretch.seconds,
            );
            out.push(HeldOut {
                sums,
                seconds: stretch.seconds,
                emotion: clip.emotion,
                weight: weights[clip.emotion],
            });
        }
    }
}

/// So that every emotion counts the same.
fn weights(clips: &[&Known]) -> [f32; EMOTIONS] {
    let mut counts = [0.0f32; EMOTIONS];
    clips.iter().for_each(|clip| counts[clip.emotion] += 1.0);
    counts.map(|count| clips.len() as f32 / EMOTIONS as f32 / count.max(1.0))
}

fn population(clips: &[&Known], weights: &[f32; EMOTIONS], prior: f32) -> Population {
    let all = || {
        clips.iter().flat_map(|clip| {
            let stretches = clip.stretches.iter();
            stretches.map(|stretch| (*clip, stretch, weights[clip.emotion]))
        })
    };
    let mean = |of: &dyn Fn(&Stretch) -> f32| {
        let (mut sum, mut count) = (0.0f64, 0.0f64);
        for (_, stretch, weight) in all() {
            let value = of(stretch);
            if !value.is_nan() {
                sum += f64::from(weight * value);
                count += f64::from(weight);
            }
        }
        (sum / count.max(1e-9)) as f32
    };
    let places = || 0..MEASURES;
    let means: Vec<f32> = places()
        .map(|place| mean(&|stretch| stretch.measures[place]))
        .collect();
    let deviations = places()
        .map(|place| mean(&|stretch| (stretch.measures[place] - means[place]).powi(2)))
        .map(|square| square.sqrt().max(1e-4));
    let mut population = Population {
        deviations: deviations.collect(),
        means,
        emotions: vec![0.0; EMOTIONS * MEASURES],
        prior: vec![1.0; MEASURES],
    };
    let standard: Vec<(usize, usize, Vec<f32>)> = all()
        .map(|(clip, stretch, _)| {
            let standard = population.standard(&stretch.measures);
            (clip.speaker, clip.emotion, standard)
        })
        .collect();
    for (emotion, means) in population.emotions.chunks_exact_mut(MEASURES).enumerate() {
        let own = || standard.iter().filter(|(_, one, _)| *one == emotion);
        let share = 1.0 / own().count().max(1) as f32;
        for (_, _, values) in own() {
            means
                .iter_mut()
                .zip(values)
                .for_each(|(mean, value)| *mean += share * value);
        }
    }
    population.prior = places()
        .map(|place| {
            let left = standard.iter().map(|(speaker, emotion, values)| {
                let explained = population.emotions[emotion * MEASURES + place];
                (*speaker, f64::from(values[place] - explained))
            });
            (prior * within_over_between(left)).clamp(0.3, 50.0)
        })
        .collect();
    population
}

/// The variance within speakers over that between their means.
fn within_over_between(values: impl Iterator<Item = (usize, f64)>) -> f32 {
    let mut sums: std::collections::BTreeMap<usize, [f64; 3]> = Default::default();
    for (speaker, value) in values {
        let [count, sum, square] = sums.entry(speaker).or_default();
        *count += 1.0;
        *sum += value;
        *square += value * value;
    }
    let degrees: f64 = sums.values().map(|[count, ..]| count - 1.0).sum();
    let within = sums
        .values()
        .map(|[count, sum, square]| square - sum * sum / count);
    let within = within.sum::<f64>() / degrees.max(1.0);
    let middle = sums
        .values()
        .map(|[count, sum, _]| sum / count)
        .sum::<f64>()
        / sums.len() as f64;
    let between = sums
        .values()
        .map(|[count, sum, _]| (sum / count - middle).powi(2));
    let between = between.sum::<f64>() / (sums.len().max(2) - 1) as f64;
    (within / between.max(1e-9)) as f32
}
