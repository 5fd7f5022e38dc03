//! Messages with the organisation's own labels, from tables.

use std::path::PathBuf;

use overture_inference::issues::Labelled;

use crate::table::{self, Bad};

/// The longest label, in bytes.
const LABEL_BYTES_MAX: usize = 200;

/// Which columns of a table are read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Columns {
    /// The column with the message.
    #[arg(long, value_name = "NAME", default_value = "text")]
    text_column: String,
    /// The column with the label; `oos` is the label of messages that belong to no issue.
    #[arg(long, value_name = "NAME", default_value = "label")]
    label_column: String,
}

/// A message with its label.
pub(super) struct Row {
    /// The message.
    pub(super) text: String,
    /// Its issue, or `oos`.
    pub(super) label: String,
}

impl Row {
    /// As the classifier's maker takes it.
    pub(super) fn labelled(&self) -> Labelled<'_> {
        Labelled {
            text: &self.text,
            label: &self.label,
        }
    }
}

/// Reads every row of `files`; one without text or label, or that `is_known` refuses (with a reason), is added to `bad`.
///
/// # Errors
/// A file cannot be read, or lacks a column.
pub(super) fn read(
    files: &[PathBuf],
    columns: &Columns,
    bad: &mut Vec<Bad>,
    mut is_known: impl FnMut(&str) -> Result<(), String>,
) -> anyhow::Result<Vec<Row>> {
    let Columns {
        text_column,
        label_column,
    } = columns;
    let mut rows = Vec::new();
    for file in files {
        let missing = table::each(file, &[text_column, label_column], bad, |fields| {
            let text = fields.get(text_column)?;
            table::check_text(text.trim())?;
            let label = fields.get(label_column)?.trim();
            if label.is_empty() || label.len() > LABEL_BYTES_MAX {
                return Err(format!(
                    "{label_column}: expected 1 to {LABEL_BYTES_MAX} bytes, got {}",
                    label.len()
                ));
            }
            is_known(label)?;
            rows.push(Row {
                text: text.to_owned(),
                label: label.to_owned(),
            });
            Ok(())
        })?;
        if let Some(missing) = missing {
            anyhow::bail!(
                "{} has no column {missing}: its first line names the columns, expected {text_column} and {label_column}",
                file.display()
            );
        }
    }
    Ok(rows)
}
