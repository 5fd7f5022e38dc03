//! Recordings to learn from, listed in a table.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_inference::voice::{Clip, Emotion};

use super::sound;
use crate::table::{self, Bad};

/// The longest part of a recording that is learned from, seconds.
const SECONDS_MAX: f64 = 60.0;
/// Endings that a recording named by its id can have, the best first.
const ENDINGS: [&str; 6] = ["flac", "wav", "mp3", "ogg", "m4a", "aac"];

/// Where the recordings are.
#[derive(Debug, clap::Args)]
pub(super) struct DataArgs {
    /// A folder with `utterances.csv`, or such a table: columns `speaker`, `emotion` (anger, sadness, joy, neutral) and `file`, or `id`
    /// for files of that name in the folder or in one below it. May be given several times.
    #[arg(long, value_name = "FOLDER", required = true)]
    data: Vec<PathBuf>,
    /// The folder below --data that holds the recordings; without it, the first that has them.
    #[arg(long, value_name = "NAME")]
    audio: Option<String>,
    /// Refuse to run when a row is malformed or a recording cannot be read, instead of leaving it out.
    #[arg(long)]
    strict: bool,
}

impl DataArgs {
    /// Reads every recording; what was left out is told on standard error.
    ///
    /// # Errors
    /// A table cannot be read or lacks a column, nothing can be used, or something is malformed and that was asked to matter.
    pub(super) fn read(&self) -> anyhow::Result<Vec<Clip>> {
        let mut bad = Vec::new();
        let mut clips = Vec::new();
        for place in &self.data {
            self.read_one(place, &mut clips, &mut bad)?;
        }
        table::tell_bad(&bad);
        anyhow::ensure!(
            !self.strict || bad.is_empty(),
            "{} rows are malformed",
            bad.len()
        );
        anyhow::ensure!(!clips.is_empty(), "no recording of --data can be used");
        Ok(clips)
    }

    fn read_one(
        &self,
        place: &Path,
        clips: &mut Vec<Clip>,
        bad: &mut Vec<Bad>,
    ) -> anyhow::Result<()> {
        anyhow::ensure!(
            place.exists(),
            "there is no folder or table {}",
            place.display()
        );
        let (folder, table) = if place.is_dir() {
            (place.to_owned(), place.join("utterances.csv"))
        } else {
            let above = place.parent().filter(|above| *above != Path::new(""));
            let folder = above.unwrap_or(Path::new("."));
            (folder.to_owned(), place.to_owned())
        };
        let folders = self.folders(&folder)?;
        let missing = table::each(&table, &["speaker", "emotion"], bad, |fields| {
            let emotion = fields.get("emotion")?;
            let emotion = Emotion::named(emotion).ok_or_else(|| {
                format!("emotion: expected anger, sadness, joy or neutral, got {emotion:?}")
            })?;
            let file = match (fields.optional("file"), fields.optional("id")) {
                (Some(file), _) => folder.join(file),
                (None, Some(id)) => find(&folders, id)?,
                (None, None) => return Err("file: expected a column file or id".to_owned()),
            };
            let samples = sound::first_channel(&file, SECONDS_MAX)
                .map_err(|error| format!("{}: {error:#}", file.display()))?;
            clips.push(Clip {
                speaker: fields.get("speaker")?.to_owned(),
                emotion,
                samples,
            });
            Ok(())
        })?;
        match missing {
            Some(column) => anyhow::bail!("{} has no column {column}", table.display()),
            None => Ok(()),
        }
    }

    /// The folder and those below it that may hold recordings, in order.
    fn folders(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        if let Some(audio) = &self.audio {
            return Ok(vec![folder.join(audio)]);
        }
        let what = || format!("could not read the folder {}", folder.display());
        let mut below = vec![folder.to_owned()];
        for entry in fs::read_dir(folder).with_context(what)? {
            let path = entry.with_context(what)?.path();
            if path.is_dir() {
                below.push(path);
            }
        }
        below.sort();
        Ok(below)
    }
}

fn find(folders: &[PathBuf], id: &str) -> Result<PathBuf, String> {
    let named = |folder: &PathBuf| {
        ENDINGS
            .iter()
            .map(|ending| folder.join(format!("{id}.{ending}")))
            .find(|file| file.is_file())
    };
    folders
        .iter()
        .find_map(named)
        .ok_or_else(|| format!("id: found no recording named {id:?}"))
}
