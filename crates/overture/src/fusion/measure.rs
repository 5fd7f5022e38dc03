//! What voice, words and both together are worth, and what happens where they say different things.

use overture_inference::text::metrics::calibration_error_in;
use serde_json::{Map, Value};

use super::pairs::Kind;
use crate::figures::{area, brier, calibration_in, insert_by_group};

/// Bins of the calibration error.
const BINS: usize = 10;

/// What was said of an utterance.
pub(super) struct Said {
    /// What it is put together from.
    pub(super) kind: Kind,
    /// How likely it is upset by the voice alone, by the words alone, and by both.
    pub(super) voice: f64,
    pub(super) words: f64,
    pub(super) fused: f64,
    /// How far both are to be trusted.
    pub(super) confidence: f64,
    /// That voice and words say different things.
    pub(super) disagree: bool,
    /// That it is not meant as it is said.
    pub(super) sarcasm: f64,
}

/// What one of the three says.
type Side = fn(&Said) -> f64;

/// How likely it was said to be, and whether it was so.
type Answers = [(f64, bool)];

/// The three, by name.
const SIDES: [(&str, Side); 3] = [
    ("voice", |one| one.voice),
    ("words", |one| one.words),
    ("fused", |one| one.fused),
];

/// The figures of utterances, those of each speaker together: intervals are over resamples of speakers.
///
/// `auc`, `brier` and `calibration_error` (expected, 10 bins) are of the utterances whose parts agree, and so is `fused_better_by`: by how
/// much both together are better than each alone. `kinds` has the means of all four kinds.
pub(super) fn figures(by_speaker: &[Vec<Said>], rounds: usize) -> Value {
    let mut all = Map::new();
    for (name, side) in SIDES {
        let mut of = |figure: &str, value: fn(&Answers) -> f64| {
            let name = format!("{name}_{figure}");
            insert_by_group(&mut all, &name, by_speaker, rounds, |sample| {
                value(&answers(sample.iter().copied(), side))
            });
        };
        of("auc", area);
        of("brier", brier);
        of("calibration_error", |answers| {
            calibration_error_in(answers, BINS)
        });
        calibration_in(
            &mut all,
            name,
            &answers(by_speaker.iter().flatten(), side),
            BINS,
        );
    }
    all.insert("fused_better_by".to_owned(), gains(by_speaker, rounds));
    let kinds = Kind::ALL
        .into_iter()
        .map(|kind| (kind.name().to_owned(), means(by_speaker, kind, rounds)));
    all.insert("kinds".to_owned(), Value::Object(kinds.collect()));
    Value::Object(all)
}

/// What one side says of the utterances of which it is known whether they are upset, and whether they are.
fn answers<'a>(said: impl Iterator<Item = &'a Said>, side: Side) -> Vec<(f64, bool)> {
    said.filter_map(|one| Some((side(one), one.kind.is_upset()?)))
        .collect()
}

/// Differences have intervals of their own, narrower than those of what is subtracted: the speakers are the same.
fn gains(by_speaker: &[Vec<Said>], rounds: usize) -> Value {
    let mut all = Map::new();
    let [voice, words, (_, fused)] = SIDES;
    for (name, side) in [voice, words] {
        let mut of = |figure: &str, gain: fn(&Answers, &Answers) -> f64| {
            let name = format!("{figure}_than_{name}");
            insert_by_group(&mut all, &name, by_speaker, rounds, |sample| {
                let of = |side| answers(sample.iter().copied(), side);
                gain(&of(fused), &of(side))
            });
        };
        of("auc", |fused, alone| area(fused) - area(alone));
        of("brier", |fused, alone| brier(alone) - brier(fused));
    }
    Value::Object(all)
}

/// The means over the utterances of one kind.
fn means(by_speaker: &[Vec<Said>], kind: Kind, rounds: usize) -> Value {
    let of_kind: Vec<Vec<&Said>> = by_speaker
        .iter()
        .map(|said| said.iter().filter(|one| one.kind == kind).collect())
        .collect();
    let mut all = Map::new();
    let count: usize = of_kind.iter().map(Vec::len).sum();
    all.insert("utterances".to_owned(), count.into());
    let mut mean = |name: &str, value: Side| {
        insert_by_group(&mut all, name, &of_kind, rounds, |sample| {
            let sum: f64 = sample.iter().map(|one| value(one)).sum();
            sum / sample.len().max(1) as f64
        });
    };
    for (name, side) in SIDES {
        mean(&format!("{name}_score"), side);
    }
    mean("confidence", |one| one.confidence);
    mean("disagree", |one| f64::from(u8::from(one.disagree)));
    mean("sarcasm", |one| one.sarcasm);
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: Kind, voice: f64, words: f64) -> Said {
        Said {
            kind,
            voice,
            words,
            fused: f64::midpoint(voice, words),
            confidence: 0.8,
            disagree: (voice - words).abs() > 0.5,
            sarcasm: 0.0,
        }
    }

    #[test]
    fn figures_of_the_fusion_leave_out_what_nobody_knows() {
        let one = vec![
            said(Kind::Upset, 0.9, 0.4),
            said(Kind::Calm, 0.1, 0.6),
            said(Kind::AngryVoice, 0.9, 0.0),
            said(Kind::UpsetWords, 0.0, 0.3),
        ];
        let other = vec![said(Kind::Upset, 0.7, 0.5), said(Kind::Calm, 0.3, 0.3)];
        let figures = figures(&[one, other], 20);
        let value = |name: &str| figures[name]["value"].as_f64().unwrap();
        assert_eq!(value("voice_auc"), 1.0);
        assert_eq!(value("words_auc"), 0.5);
        assert_eq!(value("voice_brier"), 0.05);
        assert_eq!(figures["fused_calibration"]["messages"], 4);
        let better = |name: &str| figures["fused_better_by"][name]["value"].as_f64().unwrap();
        assert_eq!(better("auc_than_voice"), 0.0);
        assert!(better("auc_than_words") > 0.0 && better("brier_than_words") > 0.0);
        let voice = &figures["kinds"]["angry_voice_calm_words"];
        assert_eq!(voice["utterances"], 1);
        assert_eq!(voice["disagree"]["value"], 1.0);
        assert_eq!(
            figures["kinds"]["other_voice_upset_words"]["disagree"]["value"],
            0.0
        );
    }
}
