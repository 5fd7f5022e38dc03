//! Which text models there are, and which one is active: the one that ships, and those in a folder.
//!
//! The folder holds `NAME.model` files (tier 0), beside each a `NAME.encoder` where it has tier 1, and `active`, the list of those that
//! were made the one in use.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use overture_engine::understand::TextModel;
use overture_inference::{
    encoder::{BlendedText, TextEncoder},
    text::TextTables,
};
use sha2::{Digest, Sha256};

use crate::models::{
    files,
    history::{self, History},
};

/// The model that ships.
static SHIPPED: &[u8] = include_bytes!("../../../../models/text-1.model");

/// Its encoder.
static SHIPPED_ENCODER: &[u8] = include_bytes!("../../../../models/text-1.encoder");

/// The ending of an encoder's file.
pub(crate) const ENCODER: &str = "encoder";

/// The name of the model that ships.
pub(crate) const SHIPPED_NAME: &str = "text-1";

/// The ending of a model's file.
pub(crate) const ENDING: &str = "model";

/// The largest model file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The file that says which models were made active, in order.
const ACTIVE: &str = "active";

/// What is in use, and what was said on the way.
pub(crate) struct Active {
    /// The model.
    pub(crate) model: TextTables,
    /// Its file; `None` for the one that ships.
    pub(crate) file: Option<PathBuf>,
    /// Why it is the shipped one although another was chosen.
    pub(crate) fallback: Option<String>,
}

/// The model that ships with the binary.
pub(crate) fn shipped() -> TextTables {
    TextTables::from_file(SHIPPED).expect("the shipped model is whole: a test reads it")
}

/// The chosen model, or the shipped one where it cannot be used.
pub(crate) fn active(folder: &Path) -> Active {
    let history = History::read(folder, ACTIVE);
    let Some(name) = history.last().filter(|name| *name != SHIPPED_NAME) else {
        return Active {
            model: shipped(),
            file: None,
            fallback: None,
        };
    };
    let file = history::file_of(folder, name, ENDING);
    match read(&file) {
        Ok(model) => Active {
            model,
            file: Some(file),
            fallback: None,
        },
        Err(error) => Active {
            model: shipped(),
            file: None,
            fallback: Some(format!(
                "the text model {name} cannot be used, {SHIPPED_NAME} is used instead: {error:#}"
            )),
        },
    }
}

/// The encoder that ships with the binary.
pub(crate) fn shipped_encoder() -> TextEncoder {
    TextEncoder::from_file(SHIPPED_ENCODER).expect("the shipped encoder is whole: a test reads it")
}

/// Tier 1: tables with the encoder beside their file; without a file they are those that ship.
///
/// # Errors
/// There is no encoder, it cannot be read or used, or it was fitted to other tables.
pub(crate) fn blended(file: Option<&Path>, tables: Arc<TextTables>) -> anyhow::Result<BlendedText> {
    let encoder = match file {
        Some(file) => read_encoder(&file.with_extension(ENCODER))?,
        None => shipped_encoder(),
    };
    Ok(BlendedText::new(tables, Arc::new(encoder))?)
}

/// Reads an encoder's file.
///
/// # Errors
/// It cannot be read, is too large, cut off, changed, or no encoder of this release.
pub(crate) fn read_encoder(file: &Path) -> anyhow::Result<TextEncoder> {
    TextEncoder::from_file(&read_bytes(file)?)
        .with_context(|| format!("could not read the encoder {}", file.display()))
}

/// Reads a model's file.
///
/// # Errors
/// It cannot be read, is too large, cut off, changed, or no model of this release.
pub(crate) fn read(file: &Path) -> anyhow::Result<TextTables> {
    TextTables::from_file(&read_bytes(file)?)
        .with_context(|| format!("could not read the model {}", file.display()))
}

fn read_bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    files::read(file, FILE_BYTES_MAX, "the model")
}

/// A model on the shelf.
pub(crate) struct Shelved {
    /// Its name.
    pub(crate) name: String,
    /// Where it is; `None` for the one that ships.
    pub(crate) file: Option<PathBuf>,
    /// Whether it is in use.
    pub(crate) is_active: bool,
    /// Whether it has an encoder, and so tier 1.
    pub(crate) has_encoder: bool,
}

/// Every model, the shipped one first.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn list(folder: &Path) -> anyhow::Result<Vec<Shelved>> {
    let history = History::read(folder, ACTIVE);
    let active = history.last().unwrap_or(SHIPPED_NAME);
    let shipped = Shelved {
        name: SHIPPED_NAME.to_owned(),
        file: None,
        is_active: active == SHIPPED_NAME,
        has_encoder: true,
    };
    let own = history::listed(folder, ENDING)?;
    let own = own.into_iter().map(|(name, file)| Shelved {
        is_active: name == active,
        has_encoder: file.with_extension(ENCODER).is_file(),
        name,
        file: Some(file),
    });
    Ok(std::iter::once(shipped).chain(own).collect())
}

/// Makes a model the one in use, from the next start on.
///
/// # Errors
/// There is none of that name, or it cannot be used; then nothing changes.
pub(crate) fn activate(folder: &Path, name: &str) -> anyhow::Result<()> {
    if name != SHIPPED_NAME {
        let file = history::file_of(folder, name, ENDING);
        anyhow::ensure!(
            file.is_file(),
            "there is no model {name} in {}",
            folder.display()
        );
        let tables = Arc::new(read(&file)?);
        if file.with_extension(ENCODER).is_file() {
            blended(Some(&file), tables)?;
        }
    }
    History::read(folder, ACTIVE).choose(name)
}

/// Goes back to the model that was in use before; gives its name.
///
/// # Errors
/// There was none before.
pub(crate) fn roll_back(folder: &Path) -> anyhow::Result<String> {
    let history = History::read(folder, ACTIVE);
    anyhow::ensure!(
        history.last().is_some(),
        "{SHIPPED_NAME} ships with the binary and nothing else was in use"
    );
    let before = history.take_back()?;
    Ok(before.unwrap_or_else(|| SHIPPED_NAME.to_owned()))
}

/// What `models show` prints.
///
/// # Errors
/// There is none of that name, or it cannot be used.
pub(crate) fn describe(folder: &Path, name: &str) -> anyhow::Result<serde_json::Value> {
    let file = history::file_of(folder, name, ENDING);
    let is_shipped = name == SHIPPED_NAME;
    let part = |shipped: &[u8], file: &Path| -> anyhow::Result<(Vec<u8>, serde_json::Value)> {
        let (bytes, place) = if is_shipped {
            (shipped.to_vec(), "compiled in".to_owned())
        } else {
            (read_bytes(file)?, file.display().to_string())
        };
        let said = serde_json::json!({
            "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)), "place": place,
        });
        Ok((bytes, said))
    };
    let (bytes, mut said) = part(SHIPPED, &file)?;
    let model = TextTables::from_file(&bytes)
        .with_context(|| format!("the model {name} cannot be used"))?;
    said["name"] = name.into();
    said["made_as"] = model.name().into();
    said["purpose"] = "sentiment, emotions, sarcasm and urgency of a text".into();
    let file = file.with_extension(ENCODER);
    if is_shipped || file.is_file() {
        let (bytes, mut encoder) = part(SHIPPED_ENCODER, &file)?;
        let read = TextEncoder::from_file(&bytes)
            .with_context(|| format!("the encoder of {name} cannot be used"))?;
        encoder["made_as"] = read.name().into();
        encoder["fitted_to"] = read.tables().into();
        said["encoder"] = encoder;
    }
    said["tier"] = i32::from(said["encoder"].is_object()).into();
    Ok(said)
}
