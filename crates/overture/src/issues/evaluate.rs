//! `overture evaluate issues`: figures as JSON, and as pictures with `--report`.

use std::{fs, path::PathBuf};

use anyhow::Context;
use overture_inference::issues::OUT_OF_SCOPE;
use serde_json::{Value, json};

use super::{
    measure,
    rows::{self, Columns},
};
use crate::{chart, table};

/// Measures an issue classifier on messages with labels that it has not learned from.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    /// The folder that `train issues` wrote, or a classifier's file.
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    /// A table to measure on; may be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    test: Vec<PathBuf>,
    /// Also write pictures (SVG) and the figures to this folder.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Resamples of each interval.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    resamples: u32,
    #[command(flatten)]
    columns: Columns,
}

/// Prints the figures. Rows that are malformed, or whose label the classifier does not know, are told on standard error and
/// left out.
///
/// # Errors
/// The classifier or a table cannot be read, no row can be used, or the report cannot be written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    let model = super::read(&args.model)?;
    let mut bad = Vec::new();
    let rows = rows::read(&args.test, &args.columns, &mut bad, |label| {
        if label == OUT_OF_SCOPE || model.issue(label).is_some() {
            return Ok(());
        }
        Err(format!("the classifier does not know the label {label:?}"))
    })?;
    table::tell_bad(&bad);
    anyhow::ensure!(!rows.is_empty(), "no row of --test can be used");
    let figures = json!({
        "model": model.name(), "issues": model.issues().len(), "out_of_scope_threshold": model.threshold(),
        "left_out": bad.len(), "resamples": args.resamples,
        "figures": measure::figures(&model, &rows, args.resamples as usize),
    });
    if let Some(folder) = &args.report {
        report(folder, &figures)?;
    }
    println!("{figures:#}");
    Ok(())
}

fn report(folder: &std::path::Path, all: &Value) -> anyhow::Result<()> {
    let what = || format!("could not write to {}", folder.display());
    fs::create_dir_all(folder).with_context(what)?;
    fs::write(folder.join("figures.json"), format!("{all:#}\n")).with_context(what)?;
    for (name, figure) in all["figures"].as_object().into_iter().flatten() {
        if let Some(name) = name.strip_suffix("_calibration")
            && let Some(svg) = chart::calibration(name, figure)
        {
            fs::write(folder.join(format!("{name}-calibration.svg")), svg).with_context(what)?;
        }
    }
    let svg = chart::intervals("shares, with 95 % intervals", &all["figures"]);
    fs::write(folder.join("figures.svg"), svg).with_context(what)
}
