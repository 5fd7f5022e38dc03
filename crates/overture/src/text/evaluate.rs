//! `overture evaluate text`: figures as JSON, and as pictures with `--report`.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::chart;

use super::{
    choose::ModelArgs,
    data::{self, Part},
    lexicon::LexiconArgs,
    measure,
};

/// Measures a text model on the parts of labelled messages that nothing was learned from.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    /// A folder with labelled messages; may be given several times.
    #[arg(long, value_name = "FOLDER", required = true)]
    data: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    lexicon: LexiconArgs,
    /// Also write pictures (SVG) and the figures to this folder.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Resamples of each interval.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    resamples: u32,
}

/// Prints the figures.
///
/// # Errors
/// The model, the lexicon or the data cannot be read, or the report cannot be written.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command's output"
)]
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let model = &*args.model.choose()?;
    let lexicon = args.lexicon.read()?;
    let data = data::read(&args.data)?;
    if !data.bad.is_empty() {
        eprintln!("left out: {} malformed rows", data.bad.len());
    }
    let rounds = args.resamples as usize;
    let mut sets = Map::new();
    for set in &data.sets {
        let measured =
            |row: &&data::Row| row.set == *set && matches!(row.part, Part::Dev | Part::Challenge);
        let rows = measure::score(model, &lexicon, data.rows.iter().filter(measured));
        if rows.is_empty() {
            continue;
        }
        let mut figures = measure::figures(&rows, model, rounds);
        let mut kinds: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for row in rows {
            kinds.entry(row.kind().to_owned()).or_default().push(row);
        }
        if kinds.len() > 1 {
            let by_kind = kinds.iter().map(|(kind, rows)| {
                let figures = measure::figures(rows, model, rounds);
                let kept = [
                    "messages",
                    "sentiment_accuracy",
                    "negative_or_positive_accuracy",
                ];
                let kept: Map<String, Value> = kept
                    .iter()
                    .filter_map(|name| Some(((*name).to_owned(), figures.get(*name)?.clone())))
                    .collect();
                (kind.clone(), Value::Object(kept))
            });
            figures["by_kind"] = Value::Object(by_kind.collect());
        }
        sets.insert((*set).to_owned(), figures);
    }
    let all = json!({
        "model": lexicon.named(model.name()), "tier": model.tier(), "resamples": rounds,
        "measured_on": "the dev and challenge parts of the given folders; nothing was learned from them",
        "sets": sets,
    });
    if let Some(folder) = &args.report {
        report(folder, &all)?;
    }
    println!("{all:#}");
    Ok(())
}

fn report(folder: &std::path::Path, all: &Value) -> anyhow::Result<()> {
    let what = || format!("could not write to {}", folder.display());
    fs::create_dir_all(folder).with_context(what)?;
    fs::write(folder.join("figures.json"), format!("{all:#}\n")).with_context(what)?;
    let Some(sets) = all["sets"].as_object() else {
        return Ok(());
    };
    for (set, figures) in sets {
        for (name, figure) in figures.as_object().into_iter().flatten() {
            if let Some(name) = name.strip_suffix("_calibration")
                && let Some(svg) = chart::calibration(&format!("{set}: {name}"), figure)
            {
                fs::write(folder.join(format!("{set}-{name}.svg")), svg).with_context(what)?;
            }
        }
        if let Some(kinds) = figures["by_kind"].as_object() {
            let bars: Vec<(&str, f64, [f64; 2])> = kinds
                .iter()
                .filter_map(|(kind, figures)| {
                    let one = &figures["sentiment_accuracy"];
                    let ends = &one["interval_95"];
                    Some((
                        kind.as_str(),
                        one["value"].as_f64()?,
                        [ends[0].as_f64()?, ends[1].as_f64()?],
                    ))
                })
                .collect();
            let svg = chart::bars(
                &format!("{set}: share with the right sentiment, by kind"),
                &bars,
            );
            fs::write(folder.join(format!("{set}-by-kind.svg")), svg).with_context(what)?;
        }
    }
    Ok(())
}
