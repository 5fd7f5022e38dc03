//! What is asked of text models of every tier.

pub(crate) mod registry;

use overture_engine::{
    model::{TextReading, TextScore},
    understand::TextModel,
};
use overture_inference::ModelFileError;

/// The score of a text that has one.
pub(crate) fn scored(model: &dyn TextModel, text: &str) -> TextScore {
    match model.read(text) {
        TextReading::Scored(score) => *score,
        abstained @ TextReading::Abstained { .. } => panic!("{text:?}: {abstained:?}"),
    }
}

/// The words that moved a score most, taken out, move it toward neutral: in nine of ten strong messages of the challenge.
pub(crate) fn the_explanation_is_the_reason(model: &dyn TextModel) {
    const STRONG: f32 = 0.5;
    const WORDS: usize = 3;
    const SHARE_MIN: f64 = 0.9;
    let challenge = include_str!("../../../../models/corpus/challenge.tsv");
    let (mut strong, mut weaker) = (0, 0);
    for line in challenge.lines().skip(1) {
        let text = line.rsplit('\t').next().unwrap();
        let TextReading::Scored(score) = model.read(text) else {
            continue;
        };
        let value = score.sentiment.score;
        if value.abs() < STRONG {
            continue;
        }
        strong += 1;
        let mut reasons: Vec<_> = score
            .evidence
            .iter()
            .filter(|one| one.weight.signum() == value.signum())
            .collect();
        reasons.sort_by(|one, other| other.weight.abs().total_cmp(&one.weight.abs()));
        reasons.truncate(WORDS);
        reasons.sort_by_key(|one| std::cmp::Reverse(one.start));
        let mut rest = text.to_owned();
        for one in reasons {
            rest.replace_range(one.start as usize..one.end as usize, "");
        }
        let left = match model.read(&rest) {
            TextReading::Scored(score) => score.sentiment.score,
            TextReading::Abstained { .. } => 0.0,
        };
        let toward = value.signum() * left < value.abs();
        weaker += u32::from(toward);
    }
    let share = f64::from(weaker) / f64::from(strong);
    println!("{weaker} of {strong} strong messages are weaker without {WORDS} words");
    assert!(strong >= 30 && share >= SHARE_MIN, "{weaker} of {strong}");
}

/// Nothing but the file that was written is read: `read` says why it does not read another.
pub(crate) fn a_changed_or_cut_file_is_refused(
    file: &[u8],
    read: impl Fn(&[u8]) -> Option<ModelFileError>,
) {
    let refused = |bytes: &[u8]| read(bytes).unwrap();
    for other in [&b""[..], b"ONNX and so on"] {
        assert!(matches!(refused(other), ModelFileError::NotAModel { .. }));
    }
    for cut in [8, 11, 100, 5_000, file.len() / 2, file.len() - 1] {
        let error = refused(&file[..cut]);
        assert!(
            matches!(
                error,
                ModelFileError::CutOff { .. } | ModelFileError::Changed
            ),
            "{cut}: {error}"
        );
    }
    // One bit of a weight near the end: a number as good as the one before.
    let mut changed = file.to_vec();
    let place = changed.len() - 1_000;
    changed[place] ^= 1;
    assert!(matches!(refused(&changed), ModelFileError::Changed));
    let mut longer = file.to_vec();
    longer.push(0);
    assert!(matches!(refused(&longer), ModelFileError::Changed));
}
