//! What the benches of text models share.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use divan::black_box;
use overture_engine::understand::TextModel;
use overture_inference::text::TextTables;

/// The folder of models.
pub(crate) fn models() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"))
}

/// The tables that ship.
pub(crate) fn tables() -> TextTables {
    TextTables::from_file(&fs::read(models().join("text-1.model")).unwrap()).unwrap()
}

/// The last column of every row of a table.
pub(crate) fn messages(table: &Path) -> Vec<String> {
    let text = fs::read_to_string(table).unwrap();
    let last = |line: &str| line.rsplit('\t').next().unwrap_or_default().to_owned();
    text.lines().skip(1).map(last).collect()
}

/// Times each message alone: divan's samples are of all of them, and say nothing of the slowest.
#[expect(
    clippy::disallowed_methods,
    reason = "a bench tells the time, a model does not"
)]
pub(crate) fn print_tail(model: &dyn TextModel, texts: &[String]) {
    for text in texts {
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
