//! What reading a text costs: all heads with evidence, and one text alone, over the messages that the project wrote.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_engine::understand::TextModel;
use overture_inference::text::{Scratch, TextHeads, TextTables};

fn main() {
    print_tail();
    divan::main();
}

/// Times each message alone: divan's samples are of all of them, and say nothing of the slowest.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench tells the time, a model does not"
)]
fn print_tail() {
    let (model, texts) = (model(), messages(usize::MAX));
    for text in &texts {
        black_box(model.read(text));
    }
    let mut took: Vec<Duration> = texts
        .iter()
        .map(|text| {
            let begun = Instant::now();
            black_box(model.read(text));
            begun.elapsed()
        })
        .collect();
    took.sort();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize];
    println!(
        "one reading of {} messages: median {:?}, p99 {:?}, slowest {:?}",
        took.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn models() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"))
}

fn model() -> TextTables {
    TextTables::from_file(&fs::read(models().join("text-1.model")).unwrap()).unwrap()
}

/// The last column of every row of the corpus, at most `bytes_max` long.
fn messages(bytes_max: usize) -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(models().join("corpus/support"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| file.extension().is_some_and(|it| it == "tsv"))
        .collect();
    files.sort();
    let texts = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let rows = texts.flat_map(|text| {
        let last = |line: &str| line.rsplit('\t').next().unwrap_or_default().to_owned();
        text.lines().skip(1).map(last).collect::<Vec<_>>()
    });
    rows.filter(|text| (1..=bytes_max).contains(&text.len()))
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
