//! `overture train issues`: a classifier from messages with labels.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Context;
use overture_inference::issues::{Labelled, Made, OUT_OF_SCOPE, learn::Recipe, make};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    MODEL_FILE, TRAINING_FILE,
    rows::{self, Columns, Row},
    shelf,
};
use crate::{figures::rounded, models::files, progress, table};

/// Learns which issue a message is about, from tables (TSV, or CSV by the file's name) whose first line names the columns
/// `text` and `label`. Rows with the label `oos` teach what belongs to no issue.
#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// A table to learn from; may be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    train: Vec<PathBuf>,
    /// A table to fit probabilities and the out-of-scope threshold on. Without it, fifths of the other tables take turns.
    #[arg(long, value_name = "FILE")]
    dev: Vec<PathBuf>,
    /// The folder that the classifier is written to.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Refuse to run when a row is malformed, instead of leaving it out.
    #[arg(long)]
    strict: bool,
    /// The share of the messages that belong to an issue, and would be named rightly, which may be called out of scope.
    #[arg(long, value_name = "SHARE", default_value_t = Recipe::default().refused_max, value_parser = share)]
    refuse_at_most: f32,
    #[command(flatten)]
    columns: Columns,
}

fn share(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=0.5).contains(share))
        .ok_or_else(|| format!("expected a share from 0 to 0.5, got {text:?}"))
}

/// Trains and writes the classifier; progress on a terminal, what was left out on standard error.
///
/// # Errors
/// Fewer than two labels, a malformed row with `--strict`, or a file cannot be read or written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let mut bad = Vec::new();
    let train = rows::read(&args.train, &args.columns, &mut bad, |_| Ok(()))?;
    let labels: BTreeSet<&str> = train.iter().map(|row| row.label.as_str()).collect();
    let dev = rows::read(&args.dev, &args.columns, &mut bad, |label| {
        if labels.contains(label) || label == OUT_OF_SCOPE {
            return Ok(());
        }
        Err(format!("nothing was learned about the label {label:?}"))
    })?;
    table::tell_bad(&bad);
    anyhow::ensure!(
        !args.strict || bad.is_empty(),
        "{} rows are malformed",
        bad.len()
    );
    anyhow::ensure!(
        args.dev.is_empty() || !dev.is_empty(),
        "no row of --dev can be used"
    );
    let name = args
        .out
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("issues");
    let recipe = Recipe {
        refused_max: args.refuse_at_most,
        ..Recipe::default()
    };
    println!(
        "learning {} labels from {} messages",
        labels.len(),
        train.len()
    );
    let bar = progress::bar();
    let train: Vec<Labelled<'_>> = train.iter().map(Row::labelled).collect();
    let dev: Vec<Labelled<'_>> = dev.iter().map(Row::labelled).collect();
    let made = make(name, &train, &dev, recipe, &mut |share| {
        progress::set(&bar, share);
    });
    bar.finish_and_clear();
    let made = made.context("no issue classifier can be made from these tables")?;
    write(&made, bad.len(), args)?;
    if made.model.threshold().is_none() {
        println!(
            "too few rows labelled {OUT_OF_SCOPE} (ten are needed): nothing but a text without a known word will be called out of scope"
        );
    }
    println!(
        "wrote {}; see `overture evaluate issues --model {} --test FILE`",
        args.out.display(),
        args.out.display()
    );
    println!(
        "to read what customers write with it: `cp {}/{MODEL_FILE} overture-data/models/{name}.{}`, then `overture models activate {name}`",
        args.out.display(),
        shelf::ENDING,
    );
    Ok(())
}

fn write(made: &Made, malformed: usize, args: &TrainArgs) -> anyhow::Result<()> {
    let file = made.model.to_file();
    let training = json!({
        "name": made.model.name(), "issues": made.model.issues(), "features": made.model.features(),
        "messages_learned_from": made.learned, "messages_calibrated_on": made.calibrated,
        "calibrated_in_turns": made.is_crossed, "out_of_scope_threshold": made.model.threshold(),
        "refused_at_most": rounded(f64::from(args.refuse_at_most)), "malformed": malformed, "repeated": made.repeated,
        "texts_with_several_labels": made.contradictory,
        "bytes": file.len(), "sha256": hex::encode(Sha256::digest(&file)),
    });
    let what = || format!("could not make {}", args.out.display());
    std::fs::create_dir_all(&args.out).with_context(what)?;
    files::replace(&args.out.join(MODEL_FILE), &file)?;
    files::replace(
        &args.out.join(TRAINING_FILE),
        format!("{training:#}\n").as_bytes(),
    )
}
