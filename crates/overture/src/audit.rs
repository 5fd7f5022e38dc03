//! `overture audit verify`: whether the ledger of grants is as it was written.

use crate::{config::Config, storage};

/// Checks every hash; `Err` names the first row that does not fit.
///
/// # Errors
/// A row that does not fit, or a store that is not there or cannot be read.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn verify(config: &Config) -> anyhow::Result<()> {
    let store = storage::open_existing(config)?;
    let report = store.verify_ledger()?;
    match report.first_bad {
        None => {
            println!("ok: {} ledger rows fit their chains", report.rows);
            Ok(())
        }
        Some((partition, row)) => anyhow::bail!(
            "the ledger was changed: the first bad row is row {row} of chain {partition} ({} rows were checked)",
            report.rows
        ),
    }
}
