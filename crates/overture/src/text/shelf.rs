//! Which text models there are, and which one is active: the one that ships, and those in a folder.
//!
//! The folder holds `NAME.model` files and `active`, a text file with one name a line, the newest last: taking a line
//! away again is rolling back.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_engine::understand::TextModel;
use overture_inference::text::TextTables;
use sha2::{Digest, Sha256};

/// The model that ships.
static SHIPPED: &[u8] = include_bytes!("../../../../models/text-1.model");

/// The name of the model that ships.
pub(crate) const SHIPPED_NAME: &str = "text-1";

/// The largest model file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// The file that says which models were made active, in order.
const ACTIVE: &str = "active";

/// The longest list that is kept of them.
const HISTORY_MAX: usize = 100;

/// What is in use, and what was said on the way.
pub(crate) struct Active {
    /// The model.
    pub(crate) model: TextTables,
    /// Why it is the shipped one although another was chosen.
    pub(crate) fallback: Option<String>,
}

/// The model that ships with the binary.
pub(crate) fn shipped() -> TextTables {
    TextTables::from_file(SHIPPED).expect("the shipped model is whole: a test reads it")
}

/// The chosen model, or the shipped one where it cannot be used.
pub(crate) fn active(folder: &Path) -> Active {
    let Some(name) = history(folder).pop().filter(|name| name != SHIPPED_NAME) else {
        return Active {
            model: shipped(),
            fallback: None,
        };
    };
    match read(&path_of(folder, &name)) {
        Ok(model) => Active {
            model,
            fallback: None,
        },
        Err(error) => Active {
            model: shipped(),
            fallback: Some(format!(
                "the text model {name} cannot be used, {SHIPPED_NAME} is used instead: {error:#}"
            )),
        },
    }
}

/// Reads a model's file.
///
/// # Errors
/// It cannot be read, is too large, cut off, changed, or no model of this release.
pub(crate) fn read(file: &Path) -> anyhow::Result<TextTables> {
    let what = || format!("could not read the model {}", file.display());
    let size = fs::metadata(file).with_context(what)?.len();
    anyhow::ensure!(
        size <= FILE_BYTES_MAX,
        "{} has {size} bytes, expected at most {FILE_BYTES_MAX}",
        file.display()
    );
    let bytes = fs::read(file).with_context(what)?;
    TextTables::from_file(&bytes).with_context(what)
}

/// Writes a model's file, whole or not at all.
///
/// # Errors
/// The disk refuses.
pub(crate) fn write(model: &TextTables, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    replace(file, &model.to_file())
}

/// Writes a file, whole or not at all.
///
/// # Errors
/// The disk refuses.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let half = file.with_extension("part");
    let done = fs::File::create(&half).and_then(|mut half| {
        std::io::Write::write_all(&mut half, bytes)?;
        half.sync_all()
    });
    done.and_then(|()| fs::rename(&half, file))
        .with_context(|| format!("could not write {}", file.display()))
}

/// A model on the shelf.
pub(crate) struct Shelved {
    /// Its name.
    pub(crate) name: String,
    /// Where it is; `None` for the one that ships.
    pub(crate) file: Option<PathBuf>,
    /// Whether it is in use.
    pub(crate) is_active: bool,
}

/// Every model, the shipped one first.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn list(folder: &Path) -> anyhow::Result<Vec<Shelved>> {
    let active = history(folder)
        .pop()
        .unwrap_or_else(|| SHIPPED_NAME.to_owned());
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in
            fs::read_dir(folder).with_context(|| format!("could not read {}", folder.display()))?
        {
            let file = entry
                .with_context(|| format!("could not read {}", folder.display()))?
                .path();
            if file
                .extension()
                .is_some_and(|extension| extension == "model")
                && let Some(name) = file.file_stem().and_then(|name| name.to_str())
            {
                found.push((name.to_owned(), file.clone()));
            }
        }
    }
    found.sort();
    let shipped = Shelved {
        name: SHIPPED_NAME.to_owned(),
        file: None,
        is_active: active == SHIPPED_NAME,
    };
    let own = found.into_iter().map(|(name, file)| Shelved {
        is_active: name == active,
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
        let file = path_of(folder, name);
        anyhow::ensure!(
            file.is_file(),
            "there is no model {name} in {}",
            folder.display()
        );
        read(&file)?;
    }
    let mut history = history(folder);
    history.push(name.to_owned());
    let surplus = history.len().saturating_sub(HISTORY_MAX);
    save(folder, &history[surplus..])
}

/// Goes back to the model that was in use before; gives its name.
///
/// # Errors
/// There was none before.
pub(crate) fn roll_back(folder: &Path) -> anyhow::Result<String> {
    let mut history = history(folder);
    anyhow::ensure!(
        history.pop().is_some(),
        "{SHIPPED_NAME} ships with the binary and nothing else was in use"
    );
    save(folder, &history)?;
    Ok(history.pop().unwrap_or_else(|| SHIPPED_NAME.to_owned()))
}

/// What `models show` prints.
///
/// # Errors
/// There is none of that name, or it cannot be used.
pub(crate) fn describe(folder: &Path, name: &str) -> anyhow::Result<serde_json::Value> {
    let (bytes, place) = if name == SHIPPED_NAME {
        (SHIPPED.to_vec(), "compiled in".to_owned())
    } else {
        let file = path_of(folder, name);
        let bytes = fs::read(&file)
            .with_context(|| format!("could not read the model {}", file.display()))?;
        (bytes, file.display().to_string())
    };
    let model = TextTables::from_file(&bytes)
        .with_context(|| format!("the model {name} cannot be used"))?;
    Ok(serde_json::json!({
        "name": name, "made_as": model.name(), "tier": 0, "purpose": "sentiment, emotions, sarcasm and urgency of a text",
        "bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)), "place": place,
    }))
}

fn path_of(folder: &Path, name: &str) -> PathBuf {
    let plain: String = name
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.'))
        .collect();
    folder.join(format!("{plain}.model"))
}

fn history(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join(ACTIVE)).unwrap_or_default();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn save(folder: &Path, history: &[String]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let mut text = history.join("\n");
    text.push('\n');
    replace(&folder.join(ACTIVE), text.as_bytes())
}
