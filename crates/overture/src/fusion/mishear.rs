//! Words as a recogniser that makes mistakes would hear them.

use overture_inference::voice::telephone::Random;

/// Of the errors, how many are another word instead, and how many a word that is missing; the rest is a word too many.
const SUBSTITUTED: f32 = 0.60;
const DELETED: f32 = 0.25;

/// What happens to a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordError {
    /// Another word stands in its place.
    Substituted,
    /// It is missing.
    Deleted,
    /// Another word stands behind it.
    Inserted,
}

/// Makes word errors; the same for the same seed. A higher rate keeps the errors of a lower one and adds to them.
pub(super) struct Recogniser<'a> {
    /// Every word of the corpus as often as it occurs, so that what is drawn from it comes by frequency.
    corpus: &'a [&'a str],
    /// Errors a word: substitutions, deletions and insertions over the words that were said.
    rate: f32,
    random: Random,
}

impl<'a> Recogniser<'a> {
    pub(super) fn new(corpus: &'a [&'a str], rate: f32, seed: u64) -> Self {
        Self {
            corpus,
            rate,
            random: Random(seed),
        }
    }

    /// What is heard of words.
    pub(super) fn hear(&mut self, words: &[&'a str]) -> Vec<&'a str> {
        let mut heard = Vec::with_capacity(words.len() + 1);
        for word in words {
            let error = self.error();
            // Drawn for every word, so that the draws after it do not depend on the rate.
            let other = self.other_than(word);
            match error {
                None => heard.push(*word),
                Some(WordError::Substituted) => heard.push(other),
                Some(WordError::Deleted) => {}
                Some(WordError::Inserted) => heard.extend([*word, other]),
            }
        }
        heard
    }

    fn error(&mut self) -> Option<WordError> {
        let (is_wrong, how) = (self.random.share() < self.rate, self.random.share());
        is_wrong.then_some(match how {
            how if how < SUBSTITUTED => WordError::Substituted,
            how if how < SUBSTITUTED + DELETED => WordError::Deleted,
            _ => WordError::Inserted,
        })
    }

    /// Another word of the corpus; the same where there is no other.
    fn other_than(&mut self, word: &'a str) -> &'a str {
        let (before, after) = self
            .corpus
            .split_at(self.random.below(self.corpus.len()).min(self.corpus.len()));
        let is_other = |other: &&&'a str| !other.eq_ignore_ascii_case(bare(word));
        after
            .iter()
            .chain(before)
            .find(is_other)
            .copied()
            .unwrap_or(word)
    }
}

/// The words of texts, without the marks around them.
pub(super) fn corpus<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    texts
        .flat_map(|text| text.split_whitespace())
        .map(bare)
        .filter(|word| !word.is_empty())
        .collect()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|char: char| !char.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORPUS: [&str; 6] = ["the", "the", "the", "train", "parcel", "late"];
    const WORDS: usize = 20_000;

    fn heard(rate: f32, seed: u64) -> Vec<&'static str> {
        Recogniser::new(&CORPUS, rate, seed).hear(&["said"; WORDS])
    }

    #[test]
    fn no_word_errors_change_nothing() {
        assert_eq!(heard(0.0, 1), ["said"; WORDS]);
    }

    #[test]
    fn word_errors_are_the_same_for_a_seed_and_others_for_another() {
        assert_eq!(heard(0.2, 1), heard(0.2, 1));
        assert_ne!(heard(0.2, 1), heard(0.2, 2));
    }

    #[test]
    fn word_errors_come_at_their_rate_and_kinds_in_their_shares() {
        for rate in [0.1, 0.2, 0.3] {
            let mut recogniser = Recogniser::new(&CORPUS, rate, 7);
            let errors: Vec<WordError> = (0..WORDS).filter_map(|_| recogniser.error()).collect();
            let share = errors.len() as f32 / WORDS as f32;
            assert!((share - rate).abs() < 0.01, "{share} at {rate}");
            for (kind, expected) in [
                (WordError::Substituted, 0.60),
                (WordError::Deleted, 0.25),
                (WordError::Inserted, 0.15),
            ] {
                let count = errors.iter().filter(|error| **error == kind).count();
                let share = count as f32 / errors.len() as f32;
                assert!((share - expected).abs() < 0.03, "{kind:?}: {share}");
            }
        }
    }

    #[test]
    fn misheard_words_are_as_many_and_as_frequent_as_the_word_errors_make_them() {
        let heard = heard(0.3, 3);
        let share = |count: usize| count as f32 / WORDS as f32;
        // 0.3 x (0.60 + 0.25) of the words are gone, 0.3 x (0.60 + 0.15) others have come.
        let kept = share(heard.iter().filter(|word| **word == "said").count());
        assert!((kept - 0.745).abs() < 0.01, "{kept}");
        let others = share(heard.len()) - kept;
        assert!((others - 0.225).abs() < 0.01, "{others}");
        let the = share(heard.iter().filter(|word| **word == "the").count());
        assert!((the / others - 0.5).abs() < 0.03, "{the} of {others}");
    }

    #[test]
    fn more_word_errors_keep_those_that_were_there() {
        let words: Vec<String> = (0..1_000).map(|place| format!("word{place}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let of = |rate| Recogniser::new(&CORPUS, rate, 5).hear(&words);
        let (few, many) = (of(0.1), of(0.3));
        let missing: Vec<_> = words.iter().filter(|word| !few.contains(word)).collect();
        assert!(missing.len() > 50);
        assert!(missing.iter().all(|word| !many.contains(word)));
    }

    #[test]
    fn a_word_error_puts_another_word() {
        let corpus = ["late", "Late", "early"];
        let mut recogniser = Recogniser::new(&corpus, 1.0, 1);
        let heard = recogniser.hear(&["LATE!"; 100]);
        assert!(
            heard.iter().all(|word| ["LATE!", "early"].contains(word)),
            "{heard:?}"
        );
        assert!(heard.contains(&"early"));
        // Where there is no other word, the word itself is left.
        let nothing = Recogniser::new(&[], 1.0, 1).hear(&["late"; 20]);
        assert!(nothing.iter().all(|word| *word == "late"), "{nothing:?}");
    }

    #[test]
    fn the_corpus_is_its_words_without_the_marks_around_them() {
        let texts = [
            "It's \"late\", again!\nLATE :(".to_owned(),
            "...".to_owned(),
        ];
        assert_eq!(corpus(texts.iter()), ["It's", "late", "again", "LATE"]);
    }
}
