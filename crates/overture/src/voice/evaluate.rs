//! `overture evaluate voice`: figures as JSON, and as pictures with `--report`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::{conditions::Condition, measure, readers::ReaderArgs};
use crate::chart;

/// Measures on recordings of which speaker and emotion are known: what the recipe of `train voice` is worth, each speaker read by a model
/// made without them; or, with --model, what a model is worth on speakers that it has not learned from.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    readers: ReaderArgs,
    /// Also write pictures (SVG) and the figures to this folder.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Resamples of each interval.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    resamples: u32,
}

/// Prints the figures of every condition: over a telephone, with people talking around, the first second only, only angry recordings, and
/// as recorded. Each speaker's recordings are read in the given order.
///
/// # Errors
/// The model or the recordings cannot be read, or the report cannot be written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let readers = args.readers.read()?;
    let mut conditions = Map::new();
    for condition in Condition::ALL {
        let scored: Vec<measure::Scored> = readers
            .each(condition)
            .into_iter()
            .map(|(clip, reading)| measure::Scored {
                reading,
                emotion: clip.emotion,
            })
            .collect();
        if !scored.is_empty() {
            let figures = measure::figures(&scored, args.resamples as usize);
            conditions.insert(condition.name().to_owned(), figures);
        }
    }
    let figures = json!({
        "model": readers.name(), "how": readers.how, "speakers": readers.speakers(), "resamples": args.resamples,
        "conditions": conditions,
    });
    if let Some(folder) = &args.report {
        report(folder, &figures)?;
    }
    println!("{figures:#}");
    Ok(())
}

fn report(folder: &Path, all: &Value) -> anyhow::Result<()> {
    let what = || format!("could not write to {}", folder.display());
    fs::create_dir_all(folder).with_context(what)?;
    fs::write(folder.join("figures.json"), format!("{all:#}\n")).with_context(what)?;
    for (condition, figures) in all["conditions"].as_object().into_iter().flatten() {
        let svg = chart::intervals(&format!("{condition}, with 95 % intervals"), figures);
        fs::write(folder.join(format!("{condition}.svg")), svg).with_context(what)?;
        if let Some(svg) = chart::calibration("anger", &figures["anger_calibration"]) {
            let file = folder.join(format!("{condition}-anger-calibration.svg"));
            fs::write(file, svg).with_context(what)?;
        }
    }
    Ok(())
}
