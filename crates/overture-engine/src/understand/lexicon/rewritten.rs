//! A text in which phrases gave way to other words, and the way back to what was written.

use std::{borrow::Cow, ops::Range};

use super::pieces::is_of_word;
use crate::model::Evidence;

/// A text as a model reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten<'a> {
    text: Cow<'a, str>,
    original: &'a str,
    /// In the order of the text; none overlaps another.
    replaced: Vec<Replaced>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Replaced {
    original: Range<usize>,
    /// Never empty.
    rewritten: Range<usize>,
}

impl Rewritten<'_> {
    /// What a model reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original at which phrases stood.
    pub fn phrases(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.replaced.iter().map(|one| one.original.clone())
    }

    /// The bytes of the original that these bytes of [`Self::text`] stand for. What touches a phrase is all of it.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = range.start.min(self.text.len());
        let end = range.end.clamp(start, self.text.len());
        let before = |offset: usize, is_past: fn(usize, usize) -> bool| {
            let past = |one: &Replaced| is_past(one.rewritten.start, offset);
            let count = self.replaced.partition_point(past);
            count.checked_sub(1).map(|last| &self.replaced[last])
        };
        let start = match before(start, |begins, offset| begins <= offset) {
            Some(one) if start < one.rewritten.end => one.original.start,
            Some(one) => start - one.rewritten.end + one.original.end,
            None => start,
        };
        let end = match before(end, |begins, offset| begins < offset) {
            Some(one) if end <= one.rewritten.end => one.original.end,
            Some(one) => end - one.rewritten.end + one.original.end,
            None => end,
        };
        start..end.max(start)
    }

    /// Moves evidence, which is in the order of the text, to where it stands in the original. What became the same phrase is one
    /// piece of evidence, with the sum of the weights; what cancels out is none.
    pub(super) fn carry_back(&self, evidence: &mut Vec<Evidence>) {
        if self.replaced.is_empty() {
            return;
        }
        let mut carried: Vec<Evidence> = Vec::with_capacity(evidence.len());
        for one in evidence.iter() {
            let Range { start, end } = self.original(one.start as usize..one.end as usize);
            let [start, end] =
                [start, end].map(|at| u32::try_from(at).expect("offsets of a text that fits them"));
            match carried.last_mut() {
                Some(last) if start < last.end => {
                    last.end = last.end.max(end);
                    last.weight = rounded(last.weight + one.weight);
                }
                _ => carried.push(Evidence {
                    start,
                    end,
                    weight: one.weight,
                }),
            }
        }
        carried.retain(|one| one.weight != 0.0);
        *evidence = carried;
    }
}

/// A text that is being rewritten from its beginning on.
pub(super) struct Rewriting<'a> {
    original: &'a str,
    text: String,
    /// How far the original has been copied.
    copied: usize,
    replaced: Vec<Replaced>,
}

impl<'a> Rewriting<'a> {
    pub(super) fn of(original: &'a str) -> Self {
        Self {
            original,
            text: String::new(),
            copied: 0,
            replaced: Vec::new(),
        }
    }

    /// Puts `words` in place of `phrase`, which is behind all phrases before. `false`, and nothing is done, where the text would
    /// become more than `growth_max` bytes longer.
    ///
    /// Where the words would run into a word of the text, and where there are none, a space keeps them apart.
    pub(super) fn replace(&mut self, phrase: Range<usize>, words: &str, growth_max: usize) -> bool {
        const SPACES_MAX: usize = 2;
        let longer_bytes = (self.text.len() + words.len() + SPACES_MAX).saturating_sub(self.copied);
        if longer_bytes > growth_max + phrase.len() {
            return false;
        }
        self.text
            .push_str(&self.original[self.copied..phrase.start]);
        let start = self.text.len();
        if words.is_empty() || runs_into(&self.text, words) {
            self.text.push(' ');
        }
        self.text.push_str(words);
        if runs_into(words, &self.original[phrase.end..]) {
            self.text.push(' ');
        }
        self.copied = phrase.end;
        self.replaced.push(Replaced {
            original: phrase,
            rewritten: start..self.text.len(),
        });
        true
    }

    pub(super) fn finish(mut self) -> Rewritten<'a> {
        let text = if self.replaced.is_empty() {
            Cow::Borrowed(self.original)
        } else {
            self.text.push_str(&self.original[self.copied..]);
            Cow::Owned(self.text)
        };
        Rewritten {
            text,
            original: self.original,
            replaced: self.replaced,
        }
    }
}

fn runs_into(before: &str, after: &str) -> bool {
    before.ends_with(is_of_word) && after.starts_with(is_of_word)
}

fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}
