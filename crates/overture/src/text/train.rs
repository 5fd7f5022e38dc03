//! `overture train text`: a model of tier 0 from messages with labels.

use std::path::PathBuf;

use overture_inference::text::{learn::Recipe, make::make};

use super::{
    data::{self, Part},
    shelf,
};
use crate::{progress, table};

/// Learns a text model from TSV files (columns `text` and `sentiment`; `emotions`, `sarcasm`, `urgency`, `scenario`
/// if there) and from the public sets that the folder holds.
#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// A folder with labelled messages; may be given several times.
    #[arg(long, value_name = "FOLDER", required = true)]
    data: Vec<PathBuf>,
    /// Where the model is written; activate it with `overture models activate`.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "overture-data/models/text-own.model"
    )]
    out: PathBuf,
    /// Refuse to run when a row is malformed, instead of leaving it out.
    #[arg(long)]
    strict: bool,
    /// How often every message is seen.
    #[arg(long, default_value_t = Recipe::default().epochs, value_parser = clap::value_parser!(u32).range(1..=100))]
    epochs: u32,
}

/// Trains and writes the model; progress on a terminal, what was left out on standard error.
///
/// # Errors
/// Nothing to learn from, a malformed row with `--strict`, or the file cannot be written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let data = data::read(&args.data)?;
    table::tell_bad(&data.bad);
    anyhow::ensure!(
        !args.strict || data.bad.is_empty(),
        "{} rows are malformed",
        data.bad.len()
    );
    let lexicon = match args
        .data
        .iter()
        .find_map(|folder| data::lexicon(folder).transpose())
    {
        Some(lexicon) => lexicon?,
        None => shelf::shipped().lexicon().clone(),
    };
    let train = data.examples(Part::Train);
    let apart = data.examples(Part::Apart);
    println!(
        "learning from {} messages, {} kept apart for calibration ({})",
        train.len(),
        apart.len(),
        data.sets.join(", ")
    );
    let name = args
        .out
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or("text-own");
    let bar = progress::bar();
    let recipe = Recipe {
        epochs: args.epochs,
        ..Recipe::default()
    };
    let model = make(name, &train, &apart, lexicon, recipe, &mut |share| {
        progress::set(&bar, share);
    });
    bar.finish_and_clear();
    shelf::write(&model, &args.out)?;
    println!(
        "wrote {}; see `overture evaluate text --model {}`",
        args.out.display(),
        args.out.display()
    );
    Ok(())
}
