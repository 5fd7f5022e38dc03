//! Which issue classifiers there are, and which one reads what customers write: `NAME.issues` files in the folder of the models, and
//! the list `active-issues`. None ships, so that none is in use until one is chosen.

use std::path::Path;

use anyhow::Context;
use overture_inference::issues::IssueModel;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{cannot_read, read_bytes};
use crate::models::history::{self, History};

/// The ending of a classifier's file.
pub(crate) const ENDING: &str = "issues";

/// The file that says which classifiers were made active, in order.
const ACTIVE: &str = "active-issues";

/// What is in use, and what was said on the way.
#[derive(Default)]
pub(crate) struct Active {
    /// The classifier.
    pub(crate) model: Option<IssueModel>,
    /// Why there is none although one was chosen.
    pub(crate) problem: Option<String>,
}

/// The chosen classifier; none where none was chosen or it cannot be used.
pub(crate) fn active(folder: &Path) -> Active {
    let Some(name) = chosen(folder) else {
        return Active::default();
    };
    match read(folder, &name) {
        Ok((model, _)) => Active {
            model: Some(model),
            problem: None,
        },
        Err(error) => Active {
            model: None,
            problem: Some(format!(
                "the issue classifier {name} cannot be used, no message is told what it is about: {error:#}"
            )),
        },
    }
}

/// The name that was chosen last.
pub(crate) fn chosen(folder: &Path) -> Option<String> {
    History::read(folder, ACTIVE).last().map(str::to_owned)
}

/// Makes a classifier the one in use, from the next start on.
///
/// # Errors
/// It cannot be used; then nothing changes.
pub(crate) fn activate(folder: &Path, name: &str) -> anyhow::Result<()> {
    read(folder, name)?;
    History::read(folder, ACTIVE).choose(name)
}

/// Goes back to the classifier that was in use before; gives its name, `None` for none.
///
/// # Errors
/// None is in use.
pub(crate) fn roll_back(folder: &Path) -> anyhow::Result<Option<String>> {
    let history = History::read(folder, ACTIVE);
    anyhow::ensure!(history.last().is_some(), "no issue classifier is in use");
    history.take_back()
}

/// What `models show` prints.
///
/// # Errors
/// It cannot be used.
pub(crate) fn describe(folder: &Path, name: &str) -> anyhow::Result<Value> {
    let (model, bytes) = read(folder, name)?;
    Ok(json!({
        "name": name, "made_as": model.name(), "purpose": "which issue a text is about",
        "issues": model.issues(), "out_of_scope_threshold": model.threshold(),
        "features": model.features(), "bytes": bytes.len(),
        "sha256": hex::encode(Sha256::digest(&bytes)),
        "place": history::file_of(folder, name, ENDING).display().to_string(),
    }))
}

fn read(folder: &Path, name: &str) -> anyhow::Result<(IssueModel, Vec<u8>)> {
    let file = history::file_of(folder, name, ENDING);
    let bytes = read_bytes(&file)?;
    let model = IssueModel::from_file(&bytes).with_context(|| cannot_read(&file))?;
    Ok((model, bytes))
}
