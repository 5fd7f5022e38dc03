//! An inverted index over the texts of one language, ranked by BM25 with weighted fields.
//!
//! The score is Robertson and Zaragoza's BM25F ("The Probabilistic Relevance Framework",
//! 2009): a word's counts in title, key words, summary and body are added with weights first,
//! then saturated. A word that is not there is forgiven one or two letters.

use std::collections::BTreeMap;

use super::text::{Endings, words};

/// Saturation of a word's weight in one text.
const K1: f32 = 1.2;
/// How much a long body takes weight from its words, `0.0..=1.0`.
const BODY_LENGTH: f32 = 0.6;
const TITLE: f32 = 4.0;
const KEYWORDS: f32 = 4.0;
const SUMMARY: f32 = 2.0;

/// Words of a question that are looked at.
const QUERY_WORDS_MAX: usize = 16;
/// Index words that one unfinished or misspelt word may stand for.
const GUESSES_MAX: usize = 64;
/// What a word counts that is only begun.
const PREFIX: f32 = 0.7;
/// What a word counts that is off by one letter, or two.
const TYPO: [f32; 2] = [0.6, 0.35];
/// Words from this length on may be off by one letter, or by two.
const TYPO_LETTERS_MIN: [usize; 2] = [4, 8];

/// What is indexed of one text.
pub(super) struct Fields<'t> {
    pub(super) title: &'t str,
    pub(super) keywords: &'t [String],
    pub(super) summary: &'t str,
    pub(super) body: &'t str,
}

/// The index of one language. Documents are numbered as they came.
pub(super) struct Index {
    endings: Endings,
    /// By word.
    terms: Vec<Term>,
    documents: usize,
}

struct Term {
    stem: String,
    letters: usize,
    postings: Vec<Posting>,
}

#[derive(Clone, Copy)]
struct Posting {
    document: u32,
    weight: f32,
}

/// How well a document fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub(super) document: u32,
    pub(super) score: f32,
    /// How much of the question is in it, by the weight of its words, `0.0..=1.0`.
    pub(super) coverage: f32,
}

impl Index {
    pub(super) fn build(locale: &str, texts: &[Fields<'_>]) -> Self {
        let endings = Endings::of(locale);
        let bodies: Vec<Vec<String>> = texts.iter().map(|text| words(text.body)).collect();
        let total: usize = bodies.iter().map(Vec::len).sum();
        let average = (total as f32 / texts.len().max(1) as f32).max(1.0);
        let mut by_stem: BTreeMap<String, Vec<Posting>> = BTreeMap::new();
        for (document, (text, body)) in (0u32..).zip(texts.iter().zip(&bodies)) {
            let mut weights: BTreeMap<String, f32> = BTreeMap::new();
            let mut add = |word: &str, weight: f32| {
                *weights.entry(endings.stem(word)).or_default() += weight;
            };
            words(text.title).iter().for_each(|word| add(word, TITLE));
            text.keywords
                .iter()
                .flat_map(|keyword| words(keyword))
                .for_each(|word| add(&word, KEYWORDS));
            words(text.summary)
                .iter()
                .for_each(|word| add(word, SUMMARY));
            let length = 1.0 - BODY_LENGTH + BODY_LENGTH * body.len() as f32 / average;
            body.iter().for_each(|word| add(word, 1.0 / length));
            for (stem, weight) in weights {
                by_stem
                    .entry(stem)
                    .or_default()
                    .push(Posting { document, weight });
            }
        }
        let terms = by_stem.into_iter().map(|(stem, postings)| Term {
            letters: stem.chars().count(),
            stem,
            postings,
        });
        Self {
            endings,
            terms: terms.collect(),
            documents: texts.len(),
        }
    }

    /// Documents that have at least one word of the question, in the order of their numbers.
    /// `wanted` says which documents count.
    pub(super) fn search(&self, question: &str, wanted: impl Fn(u32) -> bool) -> Vec<Match> {
        let mut asked = words(question);
        asked.truncate(QUERY_WORDS_MAX);
        if asked.iter().any(|word| !self.endings.is_small(word)) {
            asked.retain(|word| !self.endings.is_small(word));
        }
        let unfinished = question.chars().last().is_some_and(char::is_alphanumeric);
        let mut scores = vec![(0.0f32, 0.0f32); self.documents];
        let mut all = 0.0;
        let mut best = vec![(0u32, 0.0f32); self.documents];
        for (turn, word) in (1u32..).zip(&asked) {
            let is_last = turn as usize == asked.len();
            let (weight, guesses) = self.guesses(word, is_last && unfinished);
            all += weight;
            for (term, factor) in guesses {
                let term = &self.terms[term];
                let idf = self.idf(term.postings.len()) * factor;
                for posting in &term.postings {
                    // Of the words that one word may stand for, the best counts.
                    let slot = &mut best[posting.document as usize];
                    if slot.0 != turn {
                        *slot = (turn, 0.0);
                    }
                    let score = idf * posting.weight * (K1 + 1.0) / (posting.weight + K1);
                    if score > slot.1 {
                        let entry = &mut scores[posting.document as usize];
                        entry.0 += score - slot.1;
                        if slot.1 == 0.0 {
                            entry.1 += weight * factor;
                        }
                        slot.1 = score;
                    }
                }
            }
        }
        (0u32..)
            .zip(scores)
            .filter(|(document, (score, _))| *score > 0.0 && wanted(*document))
            .map(|(document, (score, covered))| Match {
                document,
                score,
                coverage: (covered / all).min(1.0),
            })
            .collect()
    }

    /// What a word weighs in the question, and the index words it may stand for, with what
    /// each counts.
    fn guesses(&self, word: &str, unfinished: bool) -> (f32, Vec<(usize, f32)>) {
        let stem = self.endings.stem(word);
        let exact = self
            .terms
            .binary_search_by(|term| term.stem.as_str().cmp(&stem));
        let mut guesses = Vec::new();
        let weight = match exact {
            Ok(place) => {
                guesses.push((place, 1.0));
                self.idf(self.terms[place].postings.len())
            }
            Err(_) => self.idf(1),
        };
        let letters = stem.chars().count();
        if unfinished && letters >= 2 {
            for begun in [stem.as_str(), word] {
                let from = self
                    .terms
                    .partition_point(|term| term.stem.as_str() < begun);
                let longer = self.terms[from..].iter().zip(from..);
                for (_, place) in longer
                    .take_while(|(term, _)| term.stem.starts_with(begun))
                    .take(GUESSES_MAX)
                {
                    if !guesses.iter().any(|(known, _)| *known == place) {
                        guesses.push((place, PREFIX));
                    }
                }
            }
        }
        if guesses.is_empty() {
            self.forgive(&stem, letters, &mut guesses);
        }
        (weight, guesses)
    }

    /// Words that differ from `stem` by as few letters as any does.
    fn forgive(&self, stem: &str, letters: usize, guesses: &mut Vec<(usize, f32)>) {
        let wanted: Vec<char> = stem.chars().collect();
        for (off, factor) in (1usize..).zip(TYPO) {
            if letters < TYPO_LETTERS_MIN[off - 1] || !guesses.is_empty() {
                return;
            }
            let close = |term: &&Term| term.letters.abs_diff(letters) <= off;
            for (place, term) in self
                .terms
                .iter()
                .enumerate()
                .filter(|(_, term)| close(term))
            {
                if is_within(&wanted, &term.stem, off) {
                    guesses.push((place, factor));
                    if guesses.len() == GUESSES_MAX {
                        return;
                    }
                }
            }
        }
    }

    /// How telling a word is that is in so many documents.
    fn idf(&self, documents: usize) -> f32 {
        let (all, found) = (self.documents as f32, documents as f32);
        libm::logf(1.0 + (all - found + 0.5) / (found + 0.5))
    }
}

/// Whether two words differ by at most `off` letters: one more, one less, another one, or two
/// neighbours exchanged (optimal string alignment).
fn is_within(wanted: &[char], other: &str, off: usize) -> bool {
    const WIDTH: usize = 64;
    if wanted.len() >= WIDTH {
        return false;
    }
    let mut before = [0usize; WIDTH];
    let mut row: [usize; WIDTH] = std::array::from_fn(|place| place);
    let mut last = '\0';
    for (line, letter) in other.chars().enumerate() {
        let mut next = [0usize; WIDTH];
        next[0] = line + 1;
        let mut least = next[0];
        for (place, expected) in wanted.iter().enumerate() {
            let same = usize::from(*expected != letter);
            let mut cost = (row[place] + same)
                .min(row[place + 1] + 1)
                .min(next[place] + 1);
            if place > 0 && line > 0 && *expected == last && wanted[place - 1] == letter {
                cost = cost.min(before[place - 1] + 1);
            }
            next[place + 1] = cost;
            least = least.min(cost);
        }
        if least > off {
            return false;
        }
        before = row;
        row = next;
        last = letter;
    }
    row[wanted.len()] <= off
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_forgiven_up_to_the_limit() {
        for (wanted, other, off, expected) in [
            ("refund", "refund", 0, true),
            ("refnud", "refund", 1, true),
            ("refun", "refund", 1, true),
            ("rexund", "refund", 1, true),
            ("rfeudn", "refund", 1, false),
            ("delivxxy", "delivery", 2, true),
            ("abcd", "efgh", 2, false),
        ] {
            let wanted: Vec<char> = wanted.chars().collect();
            assert_eq!(is_within(&wanted, other, off), expected, "{other}");
        }
    }

    fn index(texts: &[(&str, &str)]) -> Index {
        let fields: Vec<_> = texts
            .iter()
            .map(|(title, body)| Fields {
                title,
                keywords: &[],
                summary: "",
                body,
            })
            .collect();
        Index::build("en", &fields)
    }

    fn found(index: &Index, question: &str) -> Vec<u32> {
        let mut matches = index.search(question, |_| true);
        matches.sort_by(|one, other| other.score.total_cmp(&one.score));
        matches.iter().map(|found| found.document).collect()
    }

    #[test]
    fn a_title_goes_before_a_body_and_typos_and_beginnings_are_found() {
        let index = index(&[
            (
                "Delivery times",
                "We ship at once. A refund is another matter.",
            ),
            ("Refunds", "Money back within a week."),
            ("Opening hours", "From nine to five."),
        ]);
        assert_eq!(found(&index, "refund"), [1, 0]);
        assert_eq!(found(&index, "refunding "), [1, 0]);
        assert_eq!(found(&index, "refnud"), [1, 0]);
        assert_eq!(found(&index, "deliv"), [0]);
        assert_eq!(found(&index, "how do i get the money"), [1]);
        assert_eq!(found(&index, "xylophone"), Vec::<u32>::new());
    }
}
