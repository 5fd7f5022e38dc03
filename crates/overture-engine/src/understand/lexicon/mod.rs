//! The domain lexicon: phrases that, in this organisation's mouth, read as other words.
//!
//! A text is [rewritten](DomainLexicon::rewrite) before a model reads it, and what the model points at is carried back to the text as
//! it was written. So negation and intensifiers need no rules of their own: with "sick" read as "great", "not sick" is read as
//! "not great". Nothing but the reading sees the other words.

mod entries;
mod pieces;
mod rewritten;

use std::{collections::HashMap, sync::Arc};

pub use entries::{ENTRIES_MAX, LexiconEntry, LexiconError, PHRASE_CHARS_MAX, READS_AS_CHARS_MAX};
pub use rewritten::Rewritten;

use self::{
    pieces::{Piece, Pieces, fold, hash},
    rewritten::Rewriting,
};
use super::TextModel;
use crate::model::{TextReading, TextScore};

/// How much longer a text may become, bytes: as much as a model looks at. Phrases after that stay as they are written.
pub const GROWTH_BYTES_MAX: usize = 16 * 1024;

/// What phrases read as. Made once, then read from any thread.
///
/// A phrase is found in whatever case it is written, as whole words, with any white space between them. Of phrases that begin at
/// one place the longest counts, of those that overlap the first, and what a phrase reads as is not looked at again. Markers of
/// redaction are never part of one. The time it takes grows with the text, not with the list. Its maps are looked things up in, never walked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DomainLexicon {
    revision: u32,
    entries: Arc<[LexiconEntry]>,
    /// Which words may begin a phrase.
    begins: Begins,
    /// Every word and sign of every phrase, folded, with its number.
    words: HashMap<Box<str>, u32>,
    /// From a node by a word to the next node; phrases that begin alike share nodes.
    steps: HashMap<Step, u32>,
    /// By node, the entry whose phrase ends there.
    ends: Vec<Option<u32>>,
}

/// One word further in a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Step {
    from: u32,
    word: u32,
    /// Whether white space stands before the word; of a phrase's first word this is not asked.
    is_apart: bool,
}

/// The node at which every phrase begins.
const BEGIN: u32 = 0;

/// A bit for each word that begins a phrase, by its hash: most words of a text begin none, and are told by this alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Begins(Box<[u64]>);

/// So many that of 2,000 entries' words one in eight stands for another at most.
const BEGIN_BITS: u64 = 16 * 1024;

impl Begins {
    fn insert(&mut self, hash: u64) {
        if self.0.is_empty() {
            self.0 = vec![0; (BEGIN_BITS / 64) as usize].into();
        }
        let bit = hash % BEGIN_BITS;
        self.0[(bit / 64) as usize] |= 1 << (bit % 64);
    }

    fn may_hold(&self, hash: u64) -> bool {
        let bit = hash % BEGIN_BITS;
        let word = self.0.get((bit / 64) as usize);
        word.is_some_and(|word| word & (1 << (bit % 64)) != 0)
    }
}

impl DomainLexicon {
    /// The lexicon of these entries. `revision` is the stored one that they are, 0 for a list that was not stored.
    ///
    /// # Errors
    /// [`LexiconError`] names the first entry that cannot be used, and what was expected of it.
    pub fn new(revision: u32, entries: &[LexiconEntry]) -> Result<Self, LexiconError> {
        let entries = entries::checked(entries)?;
        let mut lexicon = Self {
            revision,
            ends: vec![None],
            ..Self::default()
        };
        for (index, entry) in entries.iter().enumerate() {
            let end = lexicon.add_path(&entry.phrase);
            let taken = &mut lexicon.ends[end as usize];
            if let Some(first) = *taken {
                return Err(LexiconError::Repeated {
                    index,
                    first: first as usize,
                });
            }
            *taken = Some(u32::try_from(index).expect("there are at most ENTRIES_MAX entries"));
        }
        lexicon.entries = entries.into();
        Ok(lexicon)
    }

    /// Its stored revision; 0 before there was one.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The entries, trimmed, in the order they were given.
    pub fn entries(&self) -> &[LexiconEntry] {
        &self.entries
    }

    /// A model's name with the list that it reads by: `text-1+words-3`. Without entries the model reads what is written, and the
    /// name stays as it is.
    pub fn named(&self, model: &str) -> String {
        match (self.entries.is_empty(), self.revision) {
            (true, _) => model.to_owned(),
            (false, 0) => format!("{model}+words"),
            (false, revision) => format!("{model}+words-{revision}"),
        }
    }

    /// What the model says of the text, read by this list.
    pub fn read(&self, model: &dyn TextModel, text: &str) -> TextReading {
        self.read_rewritten(model, &self.rewrite(text))
    }

    /// The same of a text that was rewritten already.
    pub fn read_rewritten(&self, model: &dyn TextModel, rewritten: &Rewritten<'_>) -> TextReading {
        let mut reading = model.read(rewritten.text());
        if let TextReading::Scored(score) = &mut reading {
            self.settle(rewritten, score);
        }
        reading
    }

    /// Turns what a model said of the rewritten text into what it says of the original.
    pub fn settle(&self, rewritten: &Rewritten<'_>, score: &mut TextScore) {
        if self.entries.is_empty() {
            return;
        }
        rewritten.carry_back(&mut score.evidence);
        score.model = self.named(&score.model);
    }

    /// The text as a model is to read it.
    pub fn rewrite<'a>(&self, text: &'a str) -> Rewritten<'a> {
        let mut rewriting = Rewriting::of(text);
        let mut folded = String::new();
        let mut pieces = Pieces::of(text);
        while !self.entries.is_empty()
            && let Some(piece) = pieces.next()
        {
            let begins = self.begins.may_hold(hash(piece.word(text), &mut folded));
            if !begins || piece.is_marker {
                continue;
            }
            let Some((entry, last, rest)) = self.longest(text, piece, pieces, &mut folded) else {
                continue;
            };
            let reads_as = &self.entries[entry as usize].reads_as;
            if !rewriting.replace(piece.start..last.end, reads_as, GROWTH_BYTES_MAX) {
                break;
            }
            pieces = rest;
        }
        rewriting.finish()
    }

    /// Makes the nodes of a phrase where they are missing; returns its last one.
    fn add_path(&mut self, phrase: &str) -> u32 {
        let mut folded = String::new();
        let mut from = BEGIN;
        for piece in Pieces::of(phrase) {
            if from == BEGIN {
                self.begins.insert(hash(piece.word(phrase), &mut folded));
            }
            fold(piece.word(phrase), &mut folded);
            let next_word = number(self.words.len());
            let word = *self
                .words
                .entry(folded.as_str().into())
                .or_insert(next_word);
            let step = Step {
                from,
                word,
                is_apart: from != BEGIN && piece.is_apart,
            };
            let next_node = number(self.ends.len());
            from = *self.steps.entry(step).or_insert(next_node);
            if from == next_node {
                self.ends.push(None);
            }
        }
        from
    }

    /// The longest phrase that begins with `first`, behind which `rest` are: its entry, its last piece, and what is behind that.
    fn longest<'a>(
        &self,
        text: &'a str,
        first: Piece,
        mut rest: Pieces<'a>,
        folded: &mut String,
    ) -> Option<(u32, Piece, Pieces<'a>)> {
        let mut from = BEGIN;
        let mut found = None;
        let mut next = Some(first);
        while let Some(piece) = next.filter(|piece| !piece.is_marker) {
            fold(piece.word(text), folded);
            let step = self.words.get(folded.as_str()).map(|word| Step {
                from,
                word: *word,
                is_apart: from != BEGIN && piece.is_apart,
            });
            let Some(node) = step.and_then(|step| self.steps.get(&step)) else {
                break;
            };
            from = *node;
            if let Some(entry) = self.ends[from as usize] {
                found = Some((entry, piece, rest));
            }
            next = rest.next();
        }
        found
    }
}

fn number(len: usize) -> u32 {
    u32::try_from(len).expect("phrases and their number are limited")
}
