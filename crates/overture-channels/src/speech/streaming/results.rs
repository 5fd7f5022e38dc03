//! What the service says, put in order: each stretch of speech is told once, whatever is repeated or comes late.

use overture_engine::understand::transcribe::{SpokenWords, Told};
use serde::Deserialize;

/// Times that are closer than this are the same, ms.
const SAME_MS: u32 = 60;

/// Stretches that are remembered apart; the oldest grow together.
const STRETCHES_MAX: usize = 64;

/// The longest text of one result, bytes.
const TEXT_BYTES_MAX: usize = 16 << 10;

/// The latest second of one connection that is believed.
const SECONDS_MAX: f64 = 1e6;

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Answer {
    start: f64,
    duration: f64,
    #[serde(default)]
    is_final: bool,
    channel: Channel,
}

#[derive(Deserialize)]
struct Channel {
    alternatives: Vec<Alternative>,
}

#[derive(Deserialize)]
struct Alternative {
    transcript: String,
    #[serde(default)]
    confidence: Option<f32>,
    #[serde(default)]
    words: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    word: String,
    #[serde(default)]
    punctuated_word: Option<String>,
    start: f64,
    end: f64,
}

/// What one message means.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// A result: what it tells, if that is new, and until when (ms) the service is done with the stream.
    Result {
        told: Option<Told>,
        done_until_ms: Option<u32>,
    },
    /// Something that needs nothing of us.
    Aside,
    /// Nothing that we know.
    Garbage,
}

/// What was told of one speaker.
#[derive(Debug, Default)]
pub(super) struct Results {
    /// Sorted, and apart from each other.
    told: Vec<(u32, u32)>,
    partial: String,
}

impl Results {
    /// Reads a message of a connection whose first sample was spoken at `origin_ms`.
    pub(super) fn read(&mut self, text: &str, origin_ms: u32) -> Meaning {
        match serde_json::from_str::<Kind>(text) {
            Err(_) => return Meaning::Garbage,
            Ok(kind) if kind.kind != "Results" => return Meaning::Aside,
            Ok(_) => {}
        }
        let Ok(answer) = serde_json::from_str::<Answer>(text) else {
            return Meaning::Garbage;
        };
        let believable = |seconds: f64| (0.0..=SECONDS_MAX).contains(&seconds);
        let Some(said) = answer.channel.alternatives.into_iter().next() else {
            return Meaning::Garbage;
        };
        let times = said.words.iter().flat_map(|word| [word.start, word.end]);
        let mut times = times.chain([answer.start, answer.duration]);
        if !times.all(believable) || said.transcript.len() > TEXT_BYTES_MAX {
            return Meaning::Garbage;
        }
        let ms = |seconds: f64| origin_ms.saturating_add((seconds * 1_000.0).round() as u32);
        let start_ms = ms(answer.start);
        let end_ms = ms(answer.start + answer.duration).max(start_ms.saturating_add(1));
        let stretch = (start_ms, end_ms);
        let told = if answer.is_final {
            self.words(&said, stretch, &ms).map(Told::Words)
        } else {
            self.partial(said.transcript, stretch).map(Told::Partial)
        };
        Meaning::Result {
            told,
            done_until_ms: answer.is_final.then_some(stretch.1),
        }
    }

    /// Nothing of a stretch that was told is told again, word by word where their times are known.
    fn words(
        &mut self,
        said: &Alternative,
        stretch: (u32, u32),
        ms: &impl Fn(f64) -> u32,
    ) -> Option<SpokenWords> {
        let text = said.transcript.trim();
        if text.is_empty() || self.is_told(stretch.0, stretch.1) {
            return None;
        }
        let is_new = |word: &&Word| {
            let middle = ms(word.start).midpoint(ms(word.end));
            !self
                .told
                .iter()
                .any(|&(from, until)| (from..until).contains(&middle))
        };
        let new: Vec<&Word> = said.words.iter().filter(is_new).collect();
        let words = match (new.first(), new.last()) {
            _ if said.words.is_empty() => (stretch.0, stretch.1, text.to_owned()),
            (Some(first), Some(last)) if new.len() == said.words.len() => {
                (ms(first.start), ms(last.end), text.to_owned())
            }
            (Some(first), Some(last)) => (ms(first.start), ms(last.end), join(&new)),
            _ => return None,
        };
        self.remember(stretch);
        self.partial.clear();
        Some(SpokenWords {
            start_ms: words.0,
            end_ms: words.1.max(words.0),
            text: words.2,
            confidence: said.confidence.unwrap_or(1.0).clamp(0.0, 1.0),
        })
    }

    /// What may still change, unless it is of before what is told, or what was told last.
    fn partial(&mut self, text: String, stretch: (u32, u32)) -> Option<String> {
        let told_until = self.told.last().map_or(0, |&(_, until)| until);
        let is_old = stretch.0.saturating_add(SAME_MS) < told_until;
        if is_old || text.trim().is_empty() || text == self.partial {
            return None;
        }
        self.partial.clone_from(&text);
        Some(text)
    }

    /// Whether at least half of a stretch was told.
    fn is_told(&self, start_ms: u32, end_ms: u32) -> bool {
        let shared =
            |&(from, until): &(u32, u32)| end_ms.min(until).saturating_sub(start_ms.max(from));
        let told: u32 = self.told.iter().map(shared).sum();
        told.saturating_mul(2) >= end_ms - start_ms
    }

    fn remember(&mut self, stretch: (u32, u32)) {
        self.told.push(stretch);
        self.told.sort_unstable();
        let mut apart: Vec<(u32, u32)> = Vec::new();
        for &(from, until) in &self.told {
            match apart.last_mut() {
                Some(last) if from <= last.1.saturating_add(SAME_MS) => last.1 = last.1.max(until),
                _ => apart.push((from, until)),
            }
        }
        if apart.len() > STRETCHES_MAX {
            let (oldest, next) = (apart.remove(0), apart[0]);
            apart[0] = (oldest.0, next.1);
        }
        self.told = apart;
    }
}

fn join(words: &[&Word]) -> String {
    let texts = words.iter().map(|word| {
        let punctuated = word.punctuated_word.as_deref();
        punctuated.unwrap_or(&word.word)
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A result of seconds `from..until` in which every word is equally long.
    fn result(is_final: bool, from: f64, until: f64, transcript: &str) -> String {
        let each = (until - from) / transcript.split_whitespace().count().max(1) as f64;
        let word = |(at, word): (usize, &str)| {
            let start = from + each * at as f64;
            json!({"word": word.to_lowercase(), "punctuated_word": word, "start": start, "end": start + each})
        };
        let words: Vec<Value> = transcript
            .split_whitespace()
            .enumerate()
            .map(word)
            .collect();
        wordless(is_final, from, until, transcript, words.into())
    }

    fn wordless(is_final: bool, from: f64, until: f64, transcript: &str, words: Value) -> String {
        let mut said = json!({"transcript": transcript, "confidence": 0.75});
        if words.is_array() {
            said["words"] = words;
        }
        json!({
            "type": "Results", "start": from, "duration": until - from, "is_final": is_final,
            "speech_final": false, "channel": {"alternatives": [said]},
        })
        .to_string()
    }

    fn words(start_ms: u32, end_ms: u32, text: &str) -> Option<Told> {
        Some(Told::Words(SpokenWords {
            start_ms,
            end_ms,
            text: text.to_owned(),
            confidence: 0.75,
        }))
    }

    fn partial(text: &str) -> Option<Told> {
        Some(Told::Partial(text.to_owned()))
    }

    /// Messages, and what each of them tells.
    type Story = Vec<(String, Option<Told>)>;

    #[test]
    fn each_stretch_is_told_once_however_it_comes() {
        let bare = |from, until, text| wordless(true, from, until, text, Value::Null);
        let cases: [(&str, Story); 6] = [
            (
                "a partial grows into words",
                vec![
                    (result(false, 0.0, 0.8, "My router"), partial("My router")),
                    (result(false, 0.0, 0.8, "My router"), None),
                    (
                        result(false, 0.0, 1.2, "My router is"),
                        partial("My router is"),
                    ),
                    (
                        result(true, 0.0, 1.6, "My router is dead."),
                        words(1_000, 2_600, "My router is dead."),
                    ),
                ],
            ),
            (
                "silence",
                vec![
                    (result(false, 0.0, 1.0, ""), None),
                    (result(true, 0.0, 2.0, ""), None),
                    (result(true, 2.0, 3.0, "Yes."), words(3_000, 4_000, "Yes.")),
                ],
            ),
            (
                "a final twice",
                vec![
                    (
                        result(true, 0.0, 1.0, "Good morning."),
                        words(1_000, 2_000, "Good morning."),
                    ),
                    (result(true, 0.0, 1.0, "Good morning."), None),
                    (bare(0.0, 1.02, "Good morning"), None),
                ],
            ),
            (
                "a partial that comes after its final",
                vec![
                    (
                        result(true, 0.0, 2.0, "Where is it?"),
                        words(1_000, 3_000, "Where is it?"),
                    ),
                    (result(false, 0.0, 1.5, "Where is"), None),
                    (result(false, 2.0, 2.5, "I"), partial("I")),
                ],
            ),
            (
                "finals that changed places",
                vec![
                    (
                        result(true, 2.0, 4.0, "since Monday"),
                        words(3_000, 5_000, "since Monday"),
                    ),
                    (
                        result(true, 0.0, 2.0, "I wait"),
                        words(1_000, 3_000, "I wait"),
                    ),
                    (result(true, 2.0, 4.0, "since Monday"), None),
                ],
            ),
            (
                "a final that reaches into what was told",
                vec![
                    (
                        result(true, 0.0, 2.0, "one two"),
                        words(1_000, 3_000, "one two"),
                    ),
                    (
                        result(true, 1.0, 4.0, "Two, three, four."),
                        words(3_000, 5_000, "three, four."),
                    ),
                    (
                        bare(3.5, 6.5, "four five six"),
                        words(4_500, 7_500, "four five six"),
                    ),
                ],
            ),
        ];
        for (case, messages) in cases {
            let mut results = Results::default();
            for (message, expected) in messages {
                let Meaning::Result { told, .. } = results.read(&message, 1_000) else {
                    panic!("{case}: {message}");
                };
                assert_eq!(told, expected, "{case}: {message}");
            }
        }
    }

    #[test]
    fn only_a_final_says_how_far_the_service_is() {
        let mut results = Results::default();
        for (message, until) in [
            (result(false, 0.0, 1.0, "so"), None),
            (result(true, 0.0, 1.0, "so"), Some(6_000)),
            (result(true, 1.0, 2.5, ""), Some(7_500)),
        ] {
            let Meaning::Result { done_until_ms, .. } = results.read(&message, 5_000) else {
                panic!("{message}");
            };
            assert_eq!(done_until_ms, until, "{message}");
        }
    }

    #[test]
    fn what_is_no_result_is_an_aside_or_garbage() {
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for (message, meaning) in [
            (
                r#"{"type":"Metadata","duration":3.2}"#.to_owned(),
                Meaning::Aside,
            ),
            (r#"{"type":"UtteranceEnd"}"#.to_owned(), Meaning::Aside),
            ("{".to_owned(), Meaning::Garbage),
            (r#"["Results"]"#.to_owned(), Meaning::Garbage),
            (r#"{"type":"Results"}"#.to_owned(), Meaning::Garbage),
            (
                r#"{"type":"Results","start":0,"duration":1,"channel":{"alternatives":[]}}"#
                    .to_owned(),
                Meaning::Garbage,
            ),
            (result(true, -1.0, 1.0, "no"), Meaning::Garbage),
            (result(true, 1e9, 1e9 + 1.0, "no"), Meaning::Garbage),
            (result(true, 0.0, 1.0, &long), Meaning::Garbage),
        ] {
            assert_eq!(Results::default().read(&message, 0), meaning);
        }
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut results = Results::default();
        for at in 0..500_u32 {
            let from = f64::from(at) * 2.0;
            results.read(&result(true, from, from + 1.0, "again"), 0);
        }
        assert_eq!(results.told.len(), STRETCHES_MAX);
        let last = results.told.last().copied();
        assert_eq!(last, Some((998_000, 999_000)));
    }
}
