//! `overture policy check`: a policy file's mistakes, before it is activated.

use std::path::Path;

use anyhow::Context;
use overture_engine::decide::{Policy, PolicyError};

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
            for line in mistakes(&name.to_string(), &errors) {
                println!("{line}");
            }
            anyhow::bail!("{name} has {} mistakes", errors.len())
        }
    }
}

/// Each mistake of the policy in `name`, with its place.
pub(crate) fn mistakes(name: &str, errors: &[PolicyError]) -> Vec<String> {
    errors
        .iter()
        .map(|error| format!("{name}:{}:{}: {}", error.line, error.column, error.message))
        .collect()
}
