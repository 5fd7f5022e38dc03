//! What reading a text costs: all heads with evidence, and one text alone, over the messages that the project wrote.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod support;

use std::fs;

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_engine::understand::TextModel;
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
