//! Utterances put together: a recording of one set, a message of another.

use overture_inference::voice::telephone::Random;

use crate::{text::Messages, voice::Recorded};

/// With how many messages of each kind every recording is put together.
const MESSAGES_EACH: usize = 10;

/// What an utterance is put together from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An angry voice with upset words.
    Upset,
    /// A voice that is not angry with words that are not negative.
    Calm,
    /// An angry voice with words that are not negative: whether this is an upset person nobody knows.
    AngryVoice,
    /// A voice that is not angry with upset words: the same.
    UpsetWords,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Upset, Self::Calm, Self::AngryVoice, Self::UpsetWords];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Upset => "angry_voice_upset_words",
            Self::Calm => "other_voice_calm_words",
            Self::AngryVoice => "angry_voice_calm_words",
            Self::UpsetWords => "other_voice_upset_words",
        }
    }

    /// Whether it is an upset person; `None` where voice and words say different things.
    pub(super) fn is_upset(self) -> Option<bool> {
        match self {
            Self::Upset => Some(true),
            Self::Calm => Some(false),
            Self::AngryVoice | Self::UpsetWords => None,
        }
    }

    fn of(is_angry: bool, is_upset: bool) -> Self {
        match (is_angry, is_upset) {
            (true, true) => Self::Upset,
            (false, false) => Self::Calm,
            (true, false) => Self::AngryVoice,
            (false, true) => Self::UpsetWords,
        }
    }
}

/// One utterance.
pub(super) struct Pair<'a> {
    pub(super) kind: Kind,
    pub(super) voice: &'a Recorded,
    pub(super) text: &'a str,
}

/// Puts every recording together with as many upset as calm messages, the same for the same seed. Messages are dealt from shuffled
/// decks: none comes twice before each has come once.
pub(super) fn put_together<'a>(
    voices: &'a [Recorded],
    messages: &'a Messages,
    seed: u64,
) -> Vec<Pair<'a>> {
    let mut random = Random(seed);
    let mut pairs = Vec::with_capacity(2 * MESSAGES_EACH * voices.len());
    for (texts, is_upset) in [(&messages.upset, true), (&messages.calm, false)] {
        // Each kind has a deck of its own: which messages one kind gets does not depend on how many recordings the other has.
        for is_angry in [true, false] {
            let mut deck = Deck::new(texts);
            for voice in voices.iter().filter(|voice| voice.is_angry == is_angry) {
                pairs.extend((0..MESSAGES_EACH).map(|_| Pair {
                    kind: Kind::of(is_angry, is_upset),
                    voice,
                    text: deck.deal(&mut random),
                }));
            }
        }
    }
    pairs
}

/// Messages in a random order, again and again; there is at least one.
struct Deck<'a> {
    texts: Vec<&'a str>,
    next: usize,
}

impl<'a> Deck<'a> {
    fn new(texts: &'a [String]) -> Self {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let next = texts.len();
        Self { texts, next }
    }

    fn deal(&mut self, random: &mut Random) -> &'a str {
        if self.next == self.texts.len() {
            random.shuffle(&mut self.texts);
            self.next = 0;
        }
        self.next += 1;
        self.texts[self.next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voices() -> Vec<Recorded> {
        (0..4)
            .map(|place| Recorded {
                speaker: format!("s{}", place % 2),
                is_angry: place < 1,
                score: None,
            })
            .collect()
    }

    fn messages() -> Messages {
        let named = |what: &str| (0..15).map(|place| format!("{what} {place}")).collect();
        Messages {
            set: "own",
            upset: named("upset"),
            calm: named("calm"),
        }
    }

    #[test]
    fn every_voice_for_the_fusion_meets_messages_of_both_kinds() {
        let (voices, messages) = (voices(), messages());
        let pairs = put_together(&voices, &messages, 1);
        for (kind, expected) in [
            (Kind::Upset, 10),
            (Kind::Calm, 30),
            (Kind::AngryVoice, 10),
            (Kind::UpsetWords, 30),
        ] {
            let of: Vec<&Pair<'_>> = pairs.iter().filter(|pair| pair.kind == kind).collect();
            assert_eq!(of.len(), expected, "{kind:?}");
            for pair in &of {
                let is_upset = pair.text.starts_with("upset");
                assert_eq!(Kind::of(pair.voice.is_angry, is_upset), kind);
            }
            let mut first: Vec<&str> = of.iter().take(15).map(|pair| pair.text).collect();
            let count = first.len();
            first.sort_unstable();
            first.dedup();
            assert_eq!(first.len(), count, "none twice before each came once");
        }
    }

    #[test]
    fn pairs_for_the_fusion_are_the_same_for_a_seed() {
        let (voices, messages) = (voices(), messages());
        let texts = |seed| {
            let pairs = put_together(&voices, &messages, seed);
            pairs.iter().map(|pair| pair.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
    }
}
