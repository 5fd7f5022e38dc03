//! The folder, the master key and the store.

use std::{
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use overture_store::{
    Epoch, MasterKey, Store, StoreError, StoreOptions, open_postgres, open_sqlite,
};

use crate::{clock, config::Config};

/// Opens the store that the settings name, making folder and key when they are missing.
///
/// # Errors
/// What is missing or not allowed, in words for an operator.
pub fn open(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    make_folder(&config.data_dir)?;
    let options = StoreOptions {
        master_key: master_key(config)?,
        limits: config.limits(),
    };
    if config.database_url.is_empty() {
        let file = config.database_file();
        open_sqlite(&file, &options).with_context(|| format!("could not open {}", file.display()))
    } else {
        open_postgres(&config.database_url, &options)
            .context("could not open the PostgreSQL database")
    }
}

/// Opens the store that the settings name, and makes none.
///
/// # Errors
/// There is none, or as [`open`].
pub fn open_existing(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    anyhow::ensure!(
        is_made(config),
        "there is no database {}: give the server's own --data-dir",
        config.database_file().display()
    );
    open(config)
}

/// Whether a start would find a database. PostgreSQL is asked when it is opened.
pub fn is_made(config: &Config) -> bool {
    !config.database_url.is_empty() || config.database_file().exists()
}

/// Becomes the one writer.
///
/// # Errors
/// Another process serves the same data.
pub fn acquire(config: &Config, store: &dyn Store) -> anyhow::Result<Epoch> {
    match store.acquire_lease(clock::now()) {
        Ok(epoch) => Ok(epoch),
        Err(StoreError::LeaseHeld) => {
            let place = if config.database_url.is_empty() {
                config.data_dir.display().to_string()
            } else {
                "this PostgreSQL database".to_owned()
            };
            bail!(
                "another overture process already serves {place}; stop it first, or give this one its own --data-dir"
            )
        }
        Err(error) => Err(error).context("could not become the writer of the database"),
    }
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("could not make the data folder {}", folder.display()))
}

/// The master key from the settings, else from its file, which is made at the first start.
fn master_key(config: &Config) -> anyhow::Result<MasterKey> {
    if !config.master_key.is_empty() {
        return parse_key(&config.master_key)
            .context("master_key: expected 64 hex digits (OVERTURE_MASTER_KEY)");
    }
    let file = config.key_file();
    match std::fs::read_to_string(&file) {
        Ok(text) => parse_key(text.trim())
            .with_context(|| format!("{} does not hold 64 hex digits", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            anyhow::ensure!(
                !config.database_file().exists(),
                "{} is missing, and the database cannot be opened without it; restore the file or set OVERTURE_MASTER_KEY",
                file.display()
            );
            make_key(&file).with_context(|| format!("could not write {}", file.display()))
        }
        Err(error) => Err(error).with_context(|| format!("could not read {}", file.display())),
    }
}

fn parse_key(text: &str) -> Option<MasterKey> {
    let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
    Some(MasterKey::new(bytes))
}

/// Written to disk before anything is sealed with it.
fn make_key(file: &Path) -> anyhow::Result<MasterKey> {
    let key = MasterKey::generate();
    let mut handle = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    writeln!(handle, "{}", hex::encode(key.bytes()))?;
    handle.sync_all()?;
    Ok(key)
}
