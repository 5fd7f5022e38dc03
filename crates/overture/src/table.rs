//! Tables that models learn from: TSV without quoting, or CSV, with a first line that names the columns.

use std::{
    collections::HashMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// The largest file that is read, unpacked, in bytes.
const FILE_BYTES_MAX: u64 = 512 << 20;
/// The longest message that is learned from, in bytes.
const MESSAGE_BYTES_MAX: usize = 64 << 10;
/// Malformed rows that are shown one by one.
const SHOWN_MAX: usize = 20;

/// A row that cannot be used.
pub(crate) struct Bad {
    file: PathBuf,
    line: u64,
    why: String,
}

impl std::fmt::Display for Bad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.why)
    }
}

/// Says on standard error which rows were left out, the first twenty one by one.
#[expect(clippy::print_stderr, reason = "the command's output")]
pub(crate) fn tell_bad(bad: &[Bad]) {
    for bad in bad.iter().take(SHOWN_MAX) {
        eprintln!("left out: {bad}");
    }
    if bad.len() > SHOWN_MAX {
        eprintln!("left out: {} more rows", bad.len() - SHOWN_MAX);
    }
}

/// One row of a table, by column name.
pub(crate) struct Fields<'a> {
    places: &'a HashMap<String, usize>,
    record: &'a csv::StringRecord,
}

impl Fields<'_> {
    /// The value of a column, where the row has it.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.record.get(*self.places.get(name)?)
    }

    /// The value of a column.
    ///
    /// # Errors
    /// The row ends before it.
    pub(crate) fn get(&self, name: &str) -> Result<&str, String> {
        self.optional(name).ok_or_else(|| {
            format!(
                "{name}: expected a value, the row has only {} fields",
                self.record.len()
            )
        })
    }

    /// The value of a column as a number from `least` to `most`.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn number(&self, name: &str, least: f32, most: f32) -> Result<f32, String> {
        let text = self.get(name)?;
        let number = text
            .trim()
            .parse::<f32>()
            .ok()
            .filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            format!("{name}: expected a number from {least} to {most}, got {text:?}")
        })
    }
}

/// Whether a message can be learned from.
///
/// # Errors
/// It is empty or too long.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    match text.len() {
        0 => Err("text: expected some text".to_owned()),
        length if length > MESSAGE_BYTES_MAX => Err(format!(
            "text: expected at most {MESSAGE_BYTES_MAX} bytes, got {length}"
        )),
        _ => Ok(()),
    }
}

/// Hands every row of a table to `take`; what it refuses is added to `bad`. Gives the first of `columns` that the table lacks;
/// then no row was read.
///
/// # Errors
/// The file or its first line cannot be read.
pub(crate) fn each<'a>(
    file: &Path,
    columns: &[&'a str],
    bad: &mut Vec<Bad>,
    mut take: impl FnMut(&Fields<'_>) -> Result<(), String>,
) -> anyhow::Result<Option<&'a str>> {
    let text = contents(file)?;
    let is_tsv = file.to_string_lossy().contains(".tsv");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if is_tsv { b'\t' } else { b',' })
        .quoting(!is_tsv)
        .flexible(true)
        .from_reader(&text[..]);
    let places: HashMap<String, usize> = reader
        .headers()
        .with_context(|| format!("could not read the first line of {}", file.display()))?
        .iter()
        .enumerate()
        .map(|(place, name)| (name.to_owned(), place))
        .collect();
    if let Some(missing) = columns.iter().find(|column| !places.contains_key(**column)) {
        return Ok(Some(missing));
    }
    for record in reader.records() {
        let (position, taken) = match &record {
            Ok(record) => {
                let places = &places;
                (record.position(), take(&Fields { places, record }))
            }
            Err(error) => (error.position(), Err(error.to_string())),
        };
        if let Err(why) = taken {
            bad.push(Bad {
                file: file.to_owned(),
                line: position.map_or(0, csv::Position::line),
                why,
            });
        }
    }
    Ok(None)
}

/// What a file holds, unpacked where its name ends in `.gz`.
///
/// # Errors
/// It cannot be read.
pub(crate) fn contents(file: &Path) -> anyhow::Result<Vec<u8>> {
    let what = || format!("could not read {}", file.display());
    let opened = fs::File::open(file).with_context(what)?;
    let mut bytes = Vec::new();
    if file.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(opened)
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .with_context(what)?;
    } else {
        opened
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut bytes)
            .with_context(what)?;
    }
    Ok(bytes)
}
