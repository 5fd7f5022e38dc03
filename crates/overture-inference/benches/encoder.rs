//! What reading a text with both tiers costs, on each kind of processor that is there, over the messages that the project wrote.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench")]

mod support;

use std::{fs, sync::Arc};

use divan::{Bencher, black_box, counter::ItemsCount};
use overture_inference::{
    encoder::{BlendedText, Level, TextEncoder},
    text::{Scratch, TextHeads},
};

fn main() {
    println!("on {:?}", Level::best());
    support::print_tail(&model(), &messages());
    divan::main();
}

fn model() -> BlendedText {
    let file = fs::read(support::models().join("text-1.encoder")).unwrap();
    let encoder = TextEncoder::from_file(&file).unwrap();
    BlendedText::new(Arc::new(support::tables()), Arc::new(encoder)).unwrap()
}

fn messages() -> Vec<String> {
    support::messages(&support::models().join("corpus/challenge.tsv"))
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
