//! What naming a message's issue costs, with 150 issues and a vocabulary as large as one of 15,000 messages.
#![allow(clippy::unwrap_used, reason = "a bench")]

use divan::{Bencher, counter::ItemsCount};
use overture_engine::understand::{DomainLexicon, issue};
use overture_inference::issues::{IssueModel, Labelled, Scratch, learn::Recipe, make};

const LABELS: usize = 150;
const MESSAGES: usize = 15_000;
const WORDS: usize = 11;

fn main() {
    divan::main();
}

/// A word of two to four syllables.
fn word(number: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ka", "tor", "mi", "sel", "dun", "pra", "vo", "lin", "che", "bur", "ta", "nes", "gor",
        "fi", "wel", "zu", "ham", "ri", "pos", "en",
    ];
    let mut left = number * 7 + 400;
    let mut word = String::new();
    while left > 0 {
        word += SYLLABLES[left % SYLLABLES.len()];
        left /= SYLLABLES.len();
    }
    word
}

/// Messages of eleven words, a third of them their label's own.
fn messages() -> Vec<(String, String)> {
    let of = |place: usize| {
        let label = place % LABELS;
        let words: Vec<String> = (0..WORDS)
            .map(|turn| match turn % 3 {
                0 => word(label * 8 + (place / LABELS + turn) % 8),
                _ => word(1_200 + (place * 31 + turn * 97 + place / 13) % 4_000),
            })
            .collect();
        (words.join(" "), format!("issue {label}"))
    };
    (0..MESSAGES).map(of).collect()
}

fn model(messages: &[(String, String)]) -> IssueModel {
    let rows: Vec<Labelled<'_>> = messages
        .iter()
        .map(|(text, label)| Labelled { text, label })
        .collect();
    let recipe = Recipe {
        epochs: 3,
        ..Recipe::default()
    };
    let (train, dev) = rows.split_at(MESSAGES - 500);
    make("bench", train, dev, recipe, &mut |_| {})
        .unwrap()
        .model
}

#[divan::bench]
fn one_message(bencher: Bencher<'_, '_>) {
    let messages = messages();
    let model = model(&messages);
    let mut scratch = Scratch::default();
    let mut next = 0;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        next = (next + 4_801) % MESSAGES;
        model.read(&messages[next].0, &mut scratch)
    });
}

/// As the engine reads: by a list of phrases, into an answer that can be logged.
#[divan::bench]
fn one_message_before_it_is_logged(bencher: Bencher<'_, '_>) {
    let messages = messages();
    let model = model(&messages);
    let lexicon = DomainLexicon::default();
    let mut next = 0;
    bencher.counter(ItemsCount::new(1usize)).bench_local(|| {
        next = (next + 4_801) % MESSAGES;
        issue::read(&model, &lexicon, &lexicon.rewrite(&messages[next].0))
    });
}
