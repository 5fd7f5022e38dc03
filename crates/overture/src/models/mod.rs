//! `overture models`: which text models and issue classifiers there are, and which are in use.

pub(crate) mod files;
pub(crate) mod history;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};

use crate::{
    issues::shelf as issues,
    text::shelf::{self as texts, SHIPPED_NAME},
};

#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    /// Where models of your own are kept.
    #[arg(
        long,
        value_name = "FOLDER",
        default_value = "overture-data/models",
        global = true
    )]
    models: PathBuf,
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Every model; those in use are marked.
    List,
    /// One model's size, digest and place, as JSON.
    Show {
        /// Its name, with `.model` or `.issues` behind it where both kinds have one of that name.
        name: String,
    },
    /// Use a model, from the next start of `serve` on.
    Activate {
        /// Its name, with `.model` or `.issues` behind it where both kinds have one of that name.
        name: String,
    },
    /// Go back to the model that was in use before.
    Rollback {
        /// Of issue classifiers instead of text models; before the first one none was in use.
        #[arg(long)]
        issues: bool,
    },
}

/// Runs the command.
///
/// # Errors
/// The model cannot be used, or the folder cannot be read or written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &ModelsArgs) -> anyhow::Result<()> {
    let folder = &args.models;
    match &args.command {
        ModelsCommand::List => list(folder)?,
        ModelsCommand::Show { name } => {
            let said = match found(folder, name)? {
                Found::Text(name) => texts::describe(folder, name)?,
                Found::Issues(name) => issues::describe(folder, name)?,
            };
            println!("{said:#}");
        }
        ModelsCommand::Activate { name } => {
            let name = match found(folder, name)? {
                Found::Text(name) => texts::activate(folder, name).map(|()| name)?,
                Found::Issues(name) => issues::activate(folder, name).map(|()| name)?,
            };
            println!("ok: {name} is used from the next start on");
        }
        ModelsCommand::Rollback { issues: false } => {
            let name = texts::roll_back(folder)?;
            println!("ok: {name} is used from the next start on");
        }
        ModelsCommand::Rollback { issues: true } => match issues::roll_back(folder)? {
            Some(name) => println!("ok: {name} is used from the next start on"),
            None => println!("ok: no issue classifier is used from the next start on"),
        },
    }
    Ok(())
}

/// A model by its kind and its name.
enum Found<'a> {
    Text(&'a str),
    Issues(&'a str),
}

/// Of which kind the model of this name is. One that is not there counts as a text model, which then says so.
fn found<'a>(folder: &Path, name: &'a str) -> anyhow::Result<Found<'a>> {
    if let Some(name) = name.strip_suffix(".issues") {
        return Ok(Found::Issues(name));
    }
    if let Some(name) = name.strip_suffix(".model") {
        return Ok(Found::Text(name));
    }
    let is_there = |ending| history::file_of(folder, name, ending).is_file();
    let is_text = name == SHIPPED_NAME || is_there(texts::ENDING);
    match (is_text, is_there(issues::ENDING)) {
        (true, true) => anyhow::bail!(
            "there are a text model and an issue classifier of this name: say {name}.model or {name}.issues"
        ),
        (false, true) => Ok(Found::Issues(name)),
        (_, false) => Ok(Found::Text(name)),
    }
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn list(folder: &Path) -> anyhow::Result<()> {
    for one in texts::list(folder)? {
        let place = one.file.map_or("ships with the binary".to_owned(), |file| {
            file.display().to_string()
        });
        let tiers = if one.has_encoder {
            "tiers 0 and 1"
        } else {
            "tier 0"
        };
        line(one.is_active, &one.name, &format!("text, {tiers}"), &place);
    }
    let chosen = issues::chosen(folder);
    let own =
        history::listed(folder, issues::ENDING).context("could not list issue classifiers")?;
    for (name, file) in own {
        let is_active = chosen.as_deref() == Some(&name);
        line(is_active, &name, "issues", &file.display().to_string());
    }
    let problems = [
        texts::active(folder).fallback,
        issues::active(folder).problem,
    ];
    for problem in problems.into_iter().flatten() {
        println!("{problem}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn line(is_active: bool, name: &str, kind: &str, place: &str) {
    let mark = if is_active { "*" } else { " " };
    println!("{mark} {name:<24} {kind:<19}  {place}");
}
