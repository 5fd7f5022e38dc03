//! `overture export labels`: what staff said messages really are, as rows that models learn from.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use anyhow::Context;
use overture_engine::model::SentimentLabel;

use crate::{
    config::{Config, Flags},
    storage,
};

/// Rows that are read at once.
const PAGE_ROWS: u32 = 1_000;

/// Writes labelled messages as TSV: `text`, as models see it, and `sentiment`.
#[derive(Debug, clap::Args)]
pub(crate) struct LabelsArgs {
    #[command(flatten)]
    flags: Flags,
    /// Where to; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes every label whose customer was not erased.
///
/// # Errors
/// The store cannot be read, or the file cannot be written.
#[expect(clippy::print_stderr, reason = "the command's output")]
pub(crate) fn labels(args: &LabelsArgs) -> anyhow::Result<()> {
    let store = storage::open_existing(&Config::load(&args.flags)?)?;
    let what = || match &args.out {
        Some(file) => format!("could not write {}", file.display()),
        None => "could not write".to_owned(),
    };
    let out: Box<dyn Write> = match &args.out {
        Some(file) => Box::new(File::create(file).with_context(what)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(out);
    writeln!(out, "text\tsentiment").with_context(what)?;
    let (mut after, mut written) = (None, 0u64);
    loop {
        let rows = store.labelled_texts(after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = Some((last.customer, last.label.row));
        for row in &rows {
            let text = row.label.text.reveal();
            if !text.trim().is_empty() {
                let sentiment = polarity(row.label.sentiment);
                writeln!(out, "{}\t{sentiment}", on_one_line(text)).with_context(what)?;
                written += 1;
            }
        }
    }
    out.flush().with_context(what)?;
    eprintln!(
        "{written} labelled messages; learn from them with `overture train text --data FOLDER`"
    );
    Ok(())
}

/// Where the middle of a label is on the scale of -1 to 1 that models learn.
const fn polarity(label: SentimentLabel) -> f32 {
    match label {
        SentimentLabel::Negative => -0.75,
        SentimentLabel::Neutral => 0.0,
        SentimentLabel::Positive => 0.75,
    }
}

/// The text as a field of a table without quoting.
fn on_one_line(text: &str) -> String {
    text.replace(['\t', '\r'], " ").replace('\n', "\\n")
}
