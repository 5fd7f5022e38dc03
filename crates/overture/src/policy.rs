//! `overture policy check`: a policy file's mistakes, before it is activated.

use std::path::Path;

use anyhow::Context;
use overture_engine::decide::Policy;

/// Prints every warning and every mistake with its place.
///
/// # Errors
/// The file cannot be read or has mistakes.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn check(file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("could not read {}", file.display()))?;
    let name = file.display();
    match Policy::parse(&text, 1) {
        Ok(parsed) => {
            for warning in &parsed.warnings {
                println!(
                    "{name}:{}:{}: warning: {}",
                    warning.line, warning.column, warning.message
                );
            }
            println!("ok: {} rules", parsed.policy.rules().len());
            Ok(())
        }
        Err(errors) => {
            for error in &errors {
                println!("{name}:{}:{}: {}", error.line, error.column, error.message);
            }
            anyhow::bail!("{name} has {} mistakes", errors.len())
        }
    }
}
