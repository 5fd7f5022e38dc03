//! `overture evaluate voice`: figures as JSON, and as pictures with `--report`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_inference::voice::{Clip, Measurer, Recipe, Speaker, VoiceModel, make_without_each};
use serde_json::{Map, Value, json};

use super::{clips::DataArgs, conditions::Condition, measure};
use crate::{chart, progress};

/// Measures on recordings of which speaker and emotion are known: what the recipe of `train voice` is worth, each speaker read by a model
/// made without them; or, with --model, what a model is worth on speakers that it has not learned from.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    data: DataArgs,
    /// A voice model's file. Without it, models are made without each speaker in turn.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The seed of the recipe, where models are made.
    #[arg(long, default_value_t = Recipe::default().seed)]
    seed: u64,
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
    let clips = args.data.read()?;
    let models = models(args, &clips)?;
    let mut conditions = Map::new();
    for condition in Condition::ALL {
        let scored = score(condition, &clips, &models);
        if !scored.is_empty() {
            let figures = measure::figures(&scored, args.resamples as usize);
            conditions.insert(condition.name().to_owned(), figures);
        }
    }
    let how = match &args.model {
        Some(_) => "one model",
        None => "one model a speaker, made without them",
    };
    let name = models.values().next().map_or("", VoiceModel::name);
    let figures = json!({
        "model": name, "how": how, "speakers": models.len(), "resamples": args.resamples, "conditions": conditions,
    });
    if let Some(folder) = &args.report {
        report(folder, &figures)?;
    }
    println!("{figures:#}");
    Ok(())
}

/// The model that reads each speaker.
fn models(args: &EvaluateArgs, clips: &[Clip]) -> anyhow::Result<BTreeMap<String, VoiceModel>> {
    if let Some(file) = &args.model {
        let model = super::model(Some(file))?;
        let speakers = clips.iter().map(|clip| clip.speaker.clone());
        return Ok(speakers.map(|speaker| (speaker, model.clone())).collect());
    }
    let recipe = Recipe {
        seed: args.seed,
        ..Recipe::default()
    };
    let bar = progress::bar();
    let made = make_without_each("recipe", clips, recipe, &|share| progress::set(&bar, share));
    bar.finish_and_clear();
    let made = made.context("no voice models can be made from these recordings")?;
    Ok(made.into_iter().collect())
}

fn score(
    condition: Condition,
    clips: &[Clip],
    models: &BTreeMap<String, VoiceModel>,
) -> Vec<measure::Scored> {
    let mut measurer = Measurer::default();
    let mut speakers: BTreeMap<&str, Speaker> = BTreeMap::new();
    let mut scored = Vec::with_capacity(clips.len());
    for (place, clip) in clips.iter().enumerate() {
        let Some(model) = models.get(&clip.speaker).filter(|_| condition.holds(clip)) else {
            continue;
        };
        let speaker = speakers.entry(&clip.speaker).or_default();
        let stretch = measurer.measure(&condition.apply(clips, place));
        scored.push(measure::Scored {
            reading: stretch.map(|stretch| model.read(&stretch, speaker)),
            emotion: clip.emotion,
        });
    }
    scored
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
