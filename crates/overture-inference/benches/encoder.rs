//! What reading a text with both tiers costs, on each kind of processor that is there, over the messages that the project wrote.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_engine::understand::TextModel;
use overture_inference::{
    encoder::{BlendedText, Level, TextEncoder},
    text::{Scratch, TextHeads, TextTables},
};

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
    let (model, texts) = (model(), messages());
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
        "one reading of {} messages on {:?}: median {:?}, p99 {:?}, slowest {:?}",
        took.len(),
        Level::best(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

fn models() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"))
}

fn model() -> BlendedText {
    let file = |name| fs::read(models().join(name)).unwrap();
    let tables = TextTables::from_file(&file("text-1.model")).unwrap();
    let encoder = TextEncoder::from_file(&file("text-1.encoder")).unwrap();
    BlendedText::new(Arc::new(tables), Arc::new(encoder)).unwrap()
}

/// The last column of every row of the challenge.
fn messages() -> Vec<String> {
    let table = fs::read_to_string(models().join("corpus/challenge.tsv")).unwrap();
    table
        .lines()
        .skip(1)
        .map(|line| line.rsplit('\t').next().unwrap().to_owned())
        .collect()
}

#[divan::bench(args = Level::there(), sample_count = 10, sample_size = 1)]
fn all_heads_with_evidence(bencher: Bencher<'_, '_>, level: &Level) {
    let (model, mut texts) = (model().on(*level), messages());
    if *level == Level::Plain {
        // It takes a hundred times as long: every tenth message is enough.
        texts = texts.into_iter().step_by(10).collect();
    }
    let mut scratch = Scratch::default();
    bencher
        .counter(ItemsCount::new(texts.len()))
        .bench_local(|| {
            for text in &texts {
                black_box(model.full(text, &mut scratch));
            }
        });
}
