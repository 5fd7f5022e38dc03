//! What a service said, put together with what our own model read.

use overture_engine::model::{Emotion, Sentiment, SentimentLabel, TextReading, TextScore};

/// A score this far from 0 is no longer neutral where the service names no label: there our own labels are split as well.
const NEUTRAL_WITHIN: f32 = 0.25;

/// The tier of a service: it takes the place of the encoder.
const TIER: u8 = 1;

/// The longest language tag that is believed.
const TAG_BYTES_MAX: usize = 35;

/// What a service said of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    score: f32,
    label: SentimentLabel,
    /// By emotion, its probability, where the service has that emotion.
    pub(super) emotions: Vec<(Emotion, f32)>,
    language: Option<String>,
}

impl Said {
    /// `None` for a score outside `-1.0..=1.0`. Without a label the score says which one it is.
    pub(super) fn new(score: f32, label: Option<SentimentLabel>, language: &str) -> Option<Self> {
        if !(-1.0..=1.0).contains(&score) {
            return None;
        }
        let label = label.unwrap_or(match score {
            _ if score <= -NEUTRAL_WITHIN => SentimentLabel::Negative,
            _ if score >= NEUTRAL_WITHIN => SentimentLabel::Positive,
            _ => SentimentLabel::Neutral,
        });
        let is_tag = (2..=TAG_BYTES_MAX).contains(&language.len())
            && language
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Some(Self {
            score,
            label,
            emotions: Vec::new(),
            language: (is_tag && language != "und").then(|| language.to_owned()),
        })
    }

    /// The service's score, label, language and emotions; the rest is our own reading's.
    ///
    /// Services tell no probability of the label. Ours is taken: all of it where both name the same label, and what it leaves for
    /// the others where they do not. A text that our own model does not read has no evidence, and is as sure as its score is strong.
    pub(super) fn blended(self, own: TextReading, model: &str) -> TextScore {
        let mut score = match own {
            TextReading::Scored(score) => {
                let mut score = *score;
                let sentiment = &mut score.sentiment;
                if sentiment.label != self.label {
                    sentiment.confidence = rounded(1.0 - sentiment.confidence);
                }
                score
            }
            TextReading::Abstained { language, .. } => unread(language, self.score.abs()),
        };
        for (emotion, probability) in self.emotions {
            let place = &mut score.emotions[emotion as usize];
            *place = match emotion {
                // The service's disgust, which is only a part of it.
                Emotion::Frustration => place.max(rounded(probability)),
                _ => rounded(probability),
            };
        }
        let strongest = score.emotions[..Emotion::Neutral as usize]
            .iter()
            .copied()
            .fold(0.0, f32::max);
        let neutral = &mut score.emotions[Emotion::Neutral as usize];
        *neutral = rounded(neutral.min(1.0 - strongest));
        score.sentiment.score = rounded(self.score);
        score.sentiment.label = self.label;
        score.sentiment.intensity = rounded(strongest.max(self.score.abs()));
        score.language = self.language.or(score.language);
        model.clone_into(&mut score.model);
        score.tier = TIER;
        score
    }
}

/// The score of a text that our own model does not read.
fn unread(language: Option<String>, confidence: f32) -> TextScore {
    TextScore {
        model: String::new(),
        tier: TIER,
        language,
        sentiment: Sentiment {
            confidence: rounded(confidence),
            ..Sentiment::default()
        },
        emotions: [0.0; 8],
        sarcasm: 0.0,
        urgency: 0.0,
        evidence: Vec::new(),
    }
}

fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

#[cfg(test)]
mod tests {
    use overture_engine::model::Abstained;

    use super::*;

    #[test]
    fn a_score_without_a_label_is_split_as_our_own_labels_are() {
        for (score, label) in [
            (-1.0, SentimentLabel::Negative),
            (-0.25, SentimentLabel::Negative),
            (-0.2, SentimentLabel::Neutral),
            (0.0, SentimentLabel::Neutral),
            (0.25, SentimentLabel::Positive),
        ] {
            assert_eq!(
                Said::new(score, None, "en").unwrap().label,
                label,
                "{score}"
            );
        }
        for score in [-1.01, 1.5, f32::NAN, f32::INFINITY] {
            assert_eq!(Said::new(score, None, "en"), None);
        }
    }

    #[test]
    fn only_what_can_be_a_language_is_taken_for_one() {
        for (tag, taken) in [
            ("en", true),
            ("zh-Hant", true),
            ("", false),
            ("und", false),
            ("<b>", false),
            (&"x".repeat(36), false),
        ] {
            let said = Said::new(0.0, None, tag).unwrap();
            assert_eq!(said.language.is_some(), taken, "{tag}");
        }
    }

    #[test]
    fn a_text_that_is_not_read_here_has_what_the_service_says_alone() {
        let own = TextReading::Abstained {
            why: Abstained::Language,
            language: Some("fr".to_owned()),
        };
        let score = Said::new(-0.8, None, "")
            .unwrap()
            .blended(own, "watson-nlu");
        assert_eq!(score.language.as_deref(), Some("fr"));
        assert_eq!(
            score.sentiment,
            Sentiment {
                score: -0.8,
                intensity: 0.8,
                confidence: 0.8,
                label: SentimentLabel::Negative,
            }
        );
        assert_eq!(score.emotions, [0.0; 8]);
        assert!(score.evidence.is_empty());
    }
}
