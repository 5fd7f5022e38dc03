//! `overture train text`: a model of tier 0 from messages with labels, and the encoder's part in it.

use std::path::PathBuf;

use overture_inference::{
    encoder::fit,
    text::{
        TextTables,
        learn::{Example, Recipe},
        make::make,
    },
};

use super::{
    data::{self, Part},
    export, shelf,
};
use crate::{models::files, progress, table};

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
    /// Where the encoder begins that is fitted to the model and written beside it, instead of the one that ships.
    #[arg(long, value_name = "FILE")]
    encoder: Option<PathBuf>,
    /// Train only tier 0, the tables.
    #[arg(long, conflicts_with = "encoder")]
    without_encoder: bool,
    /// Keep these tables instead of learning new ones: only the encoder is fitted.
    #[arg(long, value_name = "FILE", conflicts_with = "without_encoder")]
    tables: Option<PathBuf>,
    /// Learn nothing: write the messages as word pieces to this file, for the recipe of an encoder.
    #[arg(long, value_name = "FILE", requires = "vocabulary")]
    export: Option<PathBuf>,
    /// The word pieces of `--export`, one a line.
    #[arg(long, value_name = "FILE", requires = "export")]
    vocabulary: Option<PathBuf>,
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
    if let (Some(file), Some(vocabulary)) = (&args.export, &args.vocabulary) {
        return export::run(&data, vocabulary, file);
    }
    let train = data.examples(Part::Train);
    let apart = data.examples(Part::Apart);
    println!(
        "learning from {} messages, {} kept apart for calibration ({})",
        train.len(),
        apart.len(),
        data.sets.join(", ")
    );
    let model = match &args.tables {
        Some(file) => shelf::read(file)?,
        None => learn(args, &train, &apart)?,
    };
    files::write(&args.out, &model.to_file())?;
    if !args.without_encoder {
        let mut encoder = match &args.encoder {
            Some(file) => shelf::read_encoder(file)?,
            None => shelf::shipped_encoder(),
        };
        println!("fitting the encoder to {} messages", apart.len());
        let bar = progress::bar();
        fit(&mut encoder, &model, &apart, &mut |share| {
            progress::set(&bar, share)
        });
        bar.finish_and_clear();
        files::write(&args.out.with_extension(shelf::ENCODER), &encoder.to_file())?;
    }
    println!(
        "wrote {}; see `overture evaluate text --model {}`",
        args.out.display(),
        args.out.display()
    );
    Ok(())
}

/// Learns the tables.
fn learn(args: &TrainArgs, train: &[Example], apart: &[Example]) -> anyhow::Result<TextTables> {
    let lexicon = match args
        .data
        .iter()
        .find_map(|folder| data::lexicon(folder).transpose())
    {
        Some(lexicon) => lexicon?,
        None => shelf::shipped().lexicon().clone(),
    };
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
    let model = make(name, train, apart, lexicon, recipe, &mut |share| {
        progress::set(&bar, share);
    });
    bar.finish_and_clear();
    Ok(model)
}
