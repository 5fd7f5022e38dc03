//! What labelled messages say of whether their writer is upset.

use std::path::PathBuf;

use overture_engine::model::Emotion;
use overture_inference::text::{
    heads::{EMOTION_HEAD, SENTIMENT_HEAD},
    targets::known,
};

use super::data::{self, Part};

/// A label counts from here on, as in the other figures.
const LABELLED: f32 = 0.5;

/// Messages of one set that nothing was learned from.
pub(crate) struct Messages {
    /// The set.
    pub(crate) set: &'static str,
    /// Those of people who are upset.
    pub(crate) upset: Vec<String>,
    /// Those in which nothing is negative.
    pub(crate) calm: Vec<String>,
}

/// The messages that `evaluate text` measures on, by set; those that are neither upset nor calm are left out, and so are sets
/// that lack one of the two.
///
/// # Errors
/// A folder cannot be read, or no set is left.
#[expect(clippy::print_stderr, reason = "the command's output")]
pub(crate) fn upset_or_calm(folders: &[PathBuf]) -> anyhow::Result<Vec<Messages>> {
    let data = data::read(folders)?;
    if !data.bad.is_empty() {
        eprintln!("left out: {} malformed rows", data.bad.len());
    }
    let of_set = |set: &&'static str| {
        let (mut upset, mut calm) = (Vec::new(), Vec::new());
        let measured =
            |row: &&data::Row| row.set == *set && matches!(row.part, Part::Dev | Part::Challenge);
        for row in data.rows.iter().filter(measured) {
            match is_upset(&row.example.targets) {
                Some(true) => upset.push(row.example.text.clone()),
                Some(false) => calm.push(row.example.text.clone()),
                None => {}
            }
        }
        Messages { set, upset, calm }
    };
    let mut sets: Vec<Messages> = data.sets.iter().map(of_set).collect();
    sets.retain(|one| !one.upset.is_empty() && !one.calm.is_empty());
    anyhow::ensure!(
        !sets.is_empty(),
        "no set in {} has both upset and calm messages among those that nothing is learned from (dev and challenge)",
        folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(sets)
}

/// Whether labels say that the writer is upset: anger or annoyance or, where a set labels no feelings, a negative message. Calm is what
/// is neither negative, nor upset, sad or afraid. `None` where it is neither, or the labels do not say.
fn is_upset(targets: &[(u8, f32)]) -> Option<bool> {
    let feels = |emotion: Emotion| known(targets, EMOTION_HEAD.first + emotion as usize);
    let any = |emotions: &[Emotion]| {
        let said = emotions.iter().filter_map(|emotion| feels(*emotion));
        said.fold(None, |most: Option<f32>, one| {
            Some(most.unwrap_or(0.0).max(one))
        })
        .map(|most| most > LABELLED)
    };
    let upset = any(&[Emotion::Anger, Emotion::Frustration]);
    let down = any(&[Emotion::Sadness, Emotion::Fear]);
    let negative = known(targets, SENTIMENT_HEAD.first);
    match (upset, down, negative) {
        (Some(true), _, _) => Some(true),
        (None, None, Some(share)) if share > LABELLED => Some(true),
        (_, Some(true), _) | (None, _, None) => None,
        (_, _, Some(share)) if share >= LABELLED => None,
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use overture_inference::text::targets::{Targets, polarity, some_emotions, support};

    use super::*;

    #[test]
    fn upset_words_are_angry_or_annoyed_and_calm_ones_not_negative() {
        let alone = |value| {
            let mut targets = Targets::new();
            polarity(value, &mut targets);
            targets
        };
        let cases = [
            (support(-0.75, &["anger"], false, 0), Some(true)),
            (support(-0.25, &["frustration"], false, 0), Some(true)),
            (support(0.0, &["neutral"], false, 3), Some(false)),
            (support(1.0, &["joy"], false, 0), Some(false)),
            // Severe, told without feeling; worried; sad.
            (support(-0.25, &["neutral"], false, 3), None),
            (support(-0.5, &["fear"], false, 3), None),
            (support(0.0, &["sadness"], false, 0), None),
            (alone(-1.0), Some(true)),
            (alone(-0.25), None),
            (alone(0.5), Some(false)),
            (some_emotions(&["anger", "joy"], &["anger"]), Some(true)),
            (some_emotions(&["anger", "joy"], &[]), Some(false)),
            (Targets::new(), None),
        ];
        for (targets, expected) in cases {
            assert_eq!(is_upset(&targets), expected, "{targets:?}");
        }
    }
}
