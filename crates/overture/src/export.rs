//! `overture export labels` and `overture export issues`: what staff said messages really are, and what they are about, as rows that
//! models learn from. `overture export lexicon`: what phrases read as, to measure it or to take it elsewhere.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_engine::model::{SentimentLabel, TextLabel};
use overture_inference::issues::OUT_OF_SCOPE;
use overture_store::LabelKind;

use crate::{
    config::{Config, Flags},
    storage,
    text::LexiconFile,
};

/// Rows that are read at once.
const PAGE_ROWS: u32 = 1_000;

/// Writes labelled messages as TSV, as models see them.
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
    let written = write_labels(args, LabelKind::Sentiment, "sentiment")?;
    eprintln!(
        "{written} labelled messages; learn from them with `overture train text --data FOLDER`"
    );
    Ok(())
}

/// Writes what staff said messages are about, as the TSV that `train issues` reads: `text`, as models see it, and `label`, `oos` for
/// none of the issues.
///
/// # Errors
/// The store cannot be read, or the file cannot be written.
#[expect(clippy::print_stderr, reason = "the command's output")]
pub(crate) fn issues(args: &LabelsArgs) -> anyhow::Result<()> {
    let written = write_labels(args, LabelKind::Issue, "label")?;
    eprintln!(
        "{written} labelled messages; learn from them, and from what you learned from before, with `overture train issues --train FILE --train FILE --out FOLDER`"
    );
    Ok(())
}

/// Writes the labels of one kind under a first line of `text` and `column`; gives how many.
fn write_labels(args: &LabelsArgs, kind: LabelKind, column: &str) -> anyhow::Result<u64> {
    let store = storage::open_existing(&Config::load(&args.flags)?)?;
    let what = || cannot_write(args.out.as_deref());
    let mut out = open_out(args.out.as_deref())?;
    writeln!(out, "text\t{column}").with_context(what)?;
    let (mut after, mut written) = (None, 0u64);
    loop {
        let rows = store.labelled_texts(kind, after, PAGE_ROWS)?;
        let Some(last) = rows.last() else { break };
        after = Some((last.customer, last.label.row));
        for row in &rows {
            let text = row.label.text.reveal();
            if !text.trim().is_empty() {
                let label = said(&row.label.label);
                writeln!(out, "{}\t{label}", on_one_line(text)).with_context(what)?;
                written += 1;
            }
        }
    }
    out.flush().with_context(what)?;
    Ok(written)
}

/// A label as tables have it.
fn said(label: &TextLabel) -> String {
    match label {
        TextLabel::Sentiment(sentiment) => polarity(*sentiment).to_string(),
        TextLabel::Issue(named) => on_one_line(named.as_deref().unwrap_or(OUT_OF_SCOPE)),
    }
}

/// Writes the domain lexicon that is in force, as `GET /v1/admin/lexicon` answers it.
#[derive(Debug, clap::Args)]
pub(crate) struct LexiconArgs {
    #[command(flatten)]
    flags: Flags,
    /// Where to; standard output where it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the newest list; an empty one where none was saved.
///
/// # Errors
/// There is no database, or the file cannot be written.
pub(crate) fn lexicon(args: &LexiconArgs) -> anyhow::Result<()> {
    let store = storage::open_existing(&Config::load(&args.flags)?)?;
    let list = store.newest_lexicon()?.map_or_else(
        || LexiconFile::of(0, Vec::new()),
        |list| LexiconFile::of(list.saved.revision, list.entries),
    );
    let mut out = open_out(args.out.as_deref())?;
    serde_json::to_writer_pretty(&mut out, &list)?;
    writeln!(out)
        .and_then(|()| out.flush())
        .with_context(|| cannot_write(args.out.as_deref()))
}

fn open_out(file: Option<&Path>) -> anyhow::Result<BufWriter<Box<dyn Write>>> {
    let out: Box<dyn Write> = match file {
        Some(path) => Box::new(File::create(path).with_context(|| cannot_write(file))?),
        None => Box::new(io::stdout().lock()),
    };
    Ok(BufWriter::new(out))
}

fn cannot_write(file: Option<&Path>) -> String {
    match file {
        Some(file) => format!("could not write {}", file.display()),
        None => "could not write".to_owned(),
    }
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
