//! What an encoder learns from, for the recipe in `models/training`: every labelled message as word pieces.

use std::{
    fs,
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::Context;
use overture_inference::{
    encoder::pieces::{Pieces, Vocabulary},
    text::{authored::authored, tokens::Tokens},
};
use serde_json::json;

use super::data::{Data, Part};

/// Writes one JSON object a row: `set`, `part` (`train`, `apart`, `dev` or `challenge`), `weight`, `targets` as pairs of column
/// and probability, and `pieces` as numbers of lines of the vocabulary.
///
/// # Errors
/// The vocabulary cannot be read or used, or the file cannot be written.
pub(super) fn run(data: &Data, vocabulary: &Path, file: &Path) -> anyhow::Result<()> {
    let names = fs::read_to_string(vocabulary)
        .with_context(|| format!("could not read {}", vocabulary.display()))?;
    let vocabulary = Vocabulary::new(names.lines().map(Into::into).collect())
        .map_err(|why| anyhow::anyhow!("{} cannot be used: {why}", vocabulary.display()))?;
    let what = || format!("could not write {}", file.display());
    let mut out = BufWriter::new(fs::File::create(file).with_context(what)?);
    let (mut tokens, mut pieces) = (Tokens::default(), Pieces::default());
    for row in &data.rows {
        let text = &row.example.text;
        tokens.read(text, &authored(text));
        vocabulary.cut(text, &tokens, &mut pieces);
        let part = match row.part {
            Part::Train => "train",
            Part::Apart => "apart",
            Part::Dev => "dev",
            Part::Challenge => "challenge",
        };
        let line = json!({
            "set": row.set, "part": part, "weight": row.example.weight, "targets": row.example.targets,
            "pieces": pieces.all(),
        });
        writeln!(out, "{line}").with_context(what)?;
    }
    out.flush().with_context(what)
}
