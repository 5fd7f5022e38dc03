//! `overture train voice`: a voice model from recordings of which speaker and emotion are known.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Context;
use overture_inference::voice::{Recipe, make};
use sha2::{Digest, Sha256};

use super::clips::DataArgs;
use crate::{models::files, progress};

/// Learns to tell anger, sadness, joy and neutral speech apart, as they sound on a telephone.
#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The file that the model is written to; its name without the ending is the model's name.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Telephone lines that each recording is learned from over.
    #[arg(long, default_value_t = Recipe::default().lines, value_parser = lines)]
    lines: usize,
    /// The seed of all chance: lines, people talking around, orders.
    #[arg(long, default_value_t = Recipe::default().seed)]
    seed: u64,
}

fn lines(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|lines| (1..=100).contains(lines))
        .ok_or_else(|| format!("expected a number from 1 to 100, got {text:?}"))
}

/// Trains and writes the model; progress on a terminal, what was left out on standard error.
///
/// # Errors
/// The recordings cannot be read, are of too few speakers, lack an emotion, or the model cannot be written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let name = args
        .out
        .file_stem()
        .and_then(|name| name.to_str())
        .context("--out: expected a file name")?;
    let clips = args.data.read()?;
    let speakers: BTreeSet<&str> = clips.iter().map(|clip| &*clip.speaker).collect();
    println!(
        "learning from {} recordings of {} speakers",
        clips.len(),
        speakers.len()
    );
    let recipe = Recipe {
        lines: args.lines,
        seed: args.seed,
        ..Recipe::default()
    };
    let bar = progress::bar();
    let made = make(name, &clips, recipe, &mut |share| {
        progress::set(&bar, share);
    });
    bar.finish_and_clear();
    let file = made
        .context("no voice model can be made from these recordings")?
        .to_file();
    files::replace(&args.out, &file)?;
    println!(
        "wrote {} ({} bytes, SHA-256 {}); see `overture evaluate voice`",
        args.out.display(),
        file.len(),
        hex::encode(Sha256::digest(&file))
    );
    Ok(())
}
