//! What reading a text costs: all heads with evidence, and one text alone, over the messages that the project wrote.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod support;

use std::{collections::BTreeSet, fs};

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_engine::understand::{DomainLexicon, TextModel, lexicon::LexiconEntry};
use overture_inference::text::{Scratch, TextHeads};
use support::tables as model;

fn main() {
    support::print_tail(&model(), &messages(usize::MAX));
    divan::main();
}

/// The messages of the corpus, at most `bytes_max` long.
fn messages(bytes_max: usize) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(support::models().join("corpus/support"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|it| it == "tsv"))
        .collect();
    files.sort();
    let texts = files.iter().flat_map(|file| support::messages(file));
    texts
        .filter(|text| (1..=bytes_max).contains(&text.len()))
        .collect()
}

/// Every head of messages of up to 100 bytes.
#[divan::bench]
fn all_heads_of_short_messages(bencher: Bencher) {
    all_heads(bencher, 100);
}

/// Every head of messages of every length.
#[divan::bench]
fn all_heads_of_all_messages(bencher: Bencher) {
    all_heads(bencher, usize::MAX);
}

fn all_heads(bencher: Bencher, bytes_max: usize) {
    let (model, texts) = (model(), messages(bytes_max));
    let mut scratch = Scratch::default();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| {
            for text in &texts {
                black_box(model.probabilities(text, &mut scratch));
            }
        });
}

/// What `serve` does with a message: language, every head, calibration, evidence.
#[divan::bench]
fn one_reading_of_each_message(bencher: Bencher) {
    let (model, texts) = (model(), messages(usize::MAX));
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| {
            for text in &texts {
                black_box(model.read(text));
            }
        });
}

/// A list of so many phrases that the messages themselves hold: two words each, every third message's from another place.
fn lexicon(entries: usize) -> DomainLexicon {
    let mut phrases = BTreeSet::new();
    for (place, text) in messages(usize::MAX).iter().enumerate() {
        let words: Vec<&str> = text.split_whitespace().collect();
        let pairs = words.windows(2).map(|pair| pair.join(" ").to_lowercase());
        let usable = pairs.filter(|pair| {
            pair.chars()
                .all(|char| char.is_alphanumeric() || char == ' ')
        });
        phrases.extend(usable.take(50).nth(place % 3));
    }
    let entries: Vec<_> = phrases
        .into_iter()
        .take(entries)
        .map(|phrase| LexiconEntry {
            phrase,
            reads_as: "so good".to_owned(),
        })
        .collect();
    DomainLexicon::new(1, &entries).unwrap()
}

/// The same with a domain lexicon of this many entries: none costs nothing, and 2,000 must not cost tier 0 its speed.
#[divan::bench(args = [0, 10, 2_000])]
fn one_reading_by_a_lexicon(bencher: Bencher, entries: usize) {
    let (model, texts) = (model(), messages(usize::MAX));
    let lexicon = lexicon(entries);
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| {
            for text in &texts {
                black_box(lexicon.read(&model, text));
            }
        });
}

/// What of that is the rewriting.
#[divan::bench(args = [0, 10, 2_000])]
fn one_rewriting_by_a_lexicon(bencher: Bencher, entries: usize) {
    let texts = messages(usize::MAX);
    let lexicon = lexicon(entries);
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| {
            for text in &texts {
                black_box(lexicon.rewrite(text));
            }
        });
}

/// A text that was made to be slow: 32 KB of a word with which every phrase begins.
#[divan::bench]
fn rewriting_the_worst_text(bencher: Bencher) {
    let phrases: Vec<_> = (0..2_000)
        .map(|place| LexiconEntry {
            phrase: format!("{}z{place}", "a ".repeat(36)),
            reads_as: "x".to_owned(),
        })
        .collect();
    let lexicon = DomainLexicon::new(1, &phrases).unwrap();
    let text = "a ".repeat(16 << 10);
    bencher.bench_local(|| black_box(lexicon.rewrite(&text).text().len()));
}
