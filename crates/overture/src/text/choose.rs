//! Which text model a command reads with.

use std::{path::PathBuf, sync::Arc};

use clap::ValueEnum;
use overture_inference::text::TextHeads;

use super::shelf;

/// The model and the tier, as flags.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArgs {
    /// A model's file instead of the active model; its encoder is beside it, with the ending .encoder.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Where models of your own are kept.
    #[arg(long, value_name = "FOLDER", default_value = "overture-data/models")]
    models: PathBuf,
    /// Which tier: 0 is the linear tables, 1 tables and encoder together, auto the best that is there.
    #[arg(long, value_enum, default_value = "auto")]
    tier: Tier,
}

/// Which tier reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Tier {
    /// The tables alone.
    #[value(name = "0")]
    Zero,
    /// Tables and encoder.
    #[value(name = "1")]
    One,
    /// The best that is there.
    Auto,
}

impl ModelArgs {
    /// The model. What was fallen back to is said on standard error.
    ///
    /// # Errors
    /// The named file cannot be used, or tier 1 was asked for and its encoder cannot be used.
    #[expect(clippy::print_stderr, reason = "the command's output")]
    pub(super) fn choose(&self) -> anyhow::Result<Box<dyn TextHeads>> {
        let (tables, file) = match &self.model {
            Some(file) => (shelf::read(file)?, Some(file.clone())),
            None => {
                let active = shelf::active(&self.models);
                if let Some(why) = &active.fallback {
                    eprintln!("{why}");
                }
                (active.model, active.file)
            }
        };
        if self.tier == Tier::Zero {
            return Ok(Box::new(tables));
        }
        let tables = Arc::new(tables);
        let blended = shelf::blended(file.as_deref(), Arc::clone(&tables));
        match blended {
            Ok(blended) => Ok(Box::new(blended)),
            Err(error) if self.tier == Tier::Auto => {
                eprintln!("reading with tier 0 alone: {error:#}");
                Ok(Box::new(Arc::unwrap_or_clone(tables)))
            }
            Err(error) => Err(error),
        }
    }
}
