//! Messages with labels: files of the support corpus' columns, and the public sets that a folder holds.
//!
//! Every row is in one part. `dev` comes from a set's own dev file or, where it has none, from the hash of the text
//! (of the scenario, where rows name one); `apart` is a tenth of the rest, kept for calibration.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::table::{self, Bad, Fields, contents};
use anyhow::Context;
use overture_inference::text::{
    file::rounded,
    learn::Example,
    lexicon::{Lexicon, Ratings},
    targets::{self, EMOTIONS, Targets},
};

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Learned from.
    Train,
    /// Calibration and thresholds.
    Apart,
    /// Measured on.
    Dev,
    /// Measured on, and never tuned on.
    Challenge,
}

/// One message.
pub(super) struct Row {
    /// The set it is from.
    pub(super) set: &'static str,
    /// What it is for.
    pub(super) part: Part,
    /// Its kind within the set, where it has one.
    pub(super) kind: String,
    /// The message with its labels.
    pub(super) example: Example,
}

/// What a folder held.
#[derive(Default)]
pub(super) struct Data {
    /// The rows that can be used.
    pub(super) rows: Vec<Row>,
    /// The others.
    pub(super) bad: Vec<Bad>,
    /// What was found, by set.
    pub(super) sets: Vec<&'static str>,
}

impl Data {
    /// The examples of one part.
    pub(super) fn examples(&self, part: Part) -> Vec<Example> {
        self.rows
            .iter()
            .filter(|row| row.part == part)
            .map(|row| row.example.clone())
            .collect()
    }
}

/// A public set: where it is, and what its rows say.
struct Set {
    name: &'static str,
    files: &'static [(&'static str, Split)],
    columns: &'static [&'static str],
    weight: f32,
    targets: fn(&Fields<'_>) -> Result<Targets, String>,
}

#[derive(Clone, Copy)]
enum Split {
    /// All of it is for learning.
    Train,
    /// All of it is for measuring.
    Dev,
    /// Every so many texts, by hash, are for measuring.
    OneIn(u64),
}

const SETS: [Set; 8] = [
    Set {
        name: "goemotions",
        files: &[
            ("goemotions/train.tsv.gz", Split::Train),
            ("goemotions/dev.tsv", Split::Dev),
        ],
        columns: &["text", "labels", "ekman", "sentiment"],
        weight: 1.0,
        targets: |row| {
            let list = |name| {
                row.get(name)
                    .map(|value: &str| value.split(',').collect::<Vec<_>>())
            };
            Ok(targets::goemotions(
                &list("labels")?,
                &list("ekman")?,
                &list("sentiment")?,
            ))
        },
    },
    Set {
        name: "xed_en",
        files: &[
            ("xed_en/train.tsv", Split::Train),
            ("xed_en/dev.tsv", Split::Dev),
        ],
        columns: &["text", "labels"],
        weight: 0.3,
        targets: |row| Ok(xed(row.get("labels")?)),
    },
    Set {
        name: "emobank",
        files: &[
            ("emobank/train.csv", Split::Train),
            ("emobank/dev.csv", Split::Dev),
        ],
        columns: &["text", "V"],
        weight: 1.0,
        targets: |row| {
            let mut targets = Targets::new();
            targets::rated((row.number("V", 1.0, 5.0)? - 3.0) / 2.0, &mut targets);
            Ok(targets)
        },
    },
    Set {
        name: "brighter_eng",
        files: &[
            ("brighter_eng/train.csv", Split::Train),
            ("brighter_eng/dev.csv", Split::Dev),
        ],
        columns: &["text", "anger", "fear", "joy", "sadness", "surprise"],
        weight: 0.5,
        targets: |row| {
            let known = ["anger", "fear", "joy", "sadness", "surprise"];
            let mut labels = Vec::new();
            for name in known {
                if row.number(name, 0.0, 3.0)? >= 1.0 {
                    labels.push(name);
                }
            }
            Ok(targets::some_emotions(&known, &labels))
        },
    },
    Set {
        name: "isarcasm_en",
        files: &[
            ("isarcasm_en/train.csv", Split::Train),
            ("isarcasm_en/dev.csv", Split::Dev),
        ],
        columns: &["text", "sarcastic"],
        weight: 1.0,
        targets: |row| {
            let mut targets = Targets::new();
            targets::sarcasm(row.number("sarcastic", 0.0, 1.0)?, &mut targets);
            Ok(targets)
        },
    },
    Set {
        name: "uci_sentiment_sentences",
        files: &[("uci_sentiment_sentences/train.tsv", Split::OneIn(5))],
        columns: &["text", "positive"],
        weight: 2.0,
        targets: |row| Ok(either(row.number("positive", 0.0, 1.0)? > 0.5, 0.7)),
    },
    Set {
        name: "pros_cons",
        files: &[("pros_cons/train.tsv", Split::OneIn(20))],
        columns: &["text", "label"],
        weight: 0.5,
        targets: |row| Ok(either(row.get("label")? == "pro", 0.5)),
    },
    Set {
        name: "product_reviews",
        files: &[("product_reviews/train.tsv", Split::OneIn(5))],
        columns: &["text", "feature_score_sum"],
        weight: 1.0,
        targets: |row| {
            let sum = row.number("feature_score_sum", -100.0, 100.0)?;
            if sum == 0.0 {
                let mut targets = Targets::new();
                targets::shares([0.0, 1.0, 0.0], &mut targets);
                targets::valence(0.0, &mut targets);
                return Ok(targets);
            }
            Ok(either(sum > 0.0, (sum.abs() / 4.0 + 0.25).min(1.0)))
        },
    },
];

/// Negative or positive, and how much.
fn either(is_positive: bool, strength: f32) -> Targets {
    let mut targets = Targets::new();
    let (shares, value) = if is_positive {
        ([0.0, 0.0, 1.0], strength)
    } else {
        ([1.0, 0.0, 0.0], -strength)
    };
    targets::shares(shares, &mut targets);
    targets::valence(value, &mut targets);
    targets
}

fn xed(labels: &str) -> Targets {
    let labels: Vec<&str> = labels.split(',').collect();
    let mut targets = targets::some_emotions(
        &["anger", "fear", "joy", "sadness", "surprise", "neutral"],
        &labels,
    );
    if let [only] = labels[..] {
        match only {
            "anger" | "fear" | "sadness" | "disgust" => {
                targets::shares([1.0, 0.0, 0.0], &mut targets)
            }
            "joy" => targets::shares([0.0, 0.0, 1.0], &mut targets),
            _ => {}
        }
    }
    targets
}

/// How much a message of the support corpus, or of your own, counts against one of a public set.
const SUPPORT_WEIGHT: f32 = 3.0;

/// Reads everything that `folder` holds: the public sets by their folders, and every TSV file with the columns of the
/// support corpus in it, in `support/` or in `corpus/support/`.
///
/// # Errors
/// A file cannot be read at all, or nothing was found.
pub(super) fn read(folders: &[PathBuf]) -> anyhow::Result<Data> {
    let mut data = Data::default();
    for folder in folders {
        anyhow::ensure!(folder.is_dir(), "there is no folder {}", folder.display());
        for set in &SETS {
            for (file, split) in set.files {
                let file = folder.join(file);
                if file.is_file() {
                    public(&mut data, set, &file, *split)?;
                }
            }
        }
        for inner in ["", "support", "corpus", "corpus/support"] {
            for file in tables(&folder.join(inner))? {
                support(&mut data, &file)?;
            }
        }
    }
    anyhow::ensure!(
        !data.rows.is_empty(),
        "nothing to learn from in {}: expected TSV files with the columns text and sentiment, or a public set's folder",
        folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(data)
}

fn tables(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let what = || format!("could not read {}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(what)? {
        let file = entry.with_context(what)?.path();
        if file.is_file() && file.extension().is_some_and(|extension| extension == "tsv") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn public(data: &mut Data, set: &Set, file: &Path, split: Split) -> anyhow::Result<()> {
    each(data, file, set.columns, |row| {
        let targets = (set.targets)(row)?;
        let text = row.get("text")?;
        let hash = fnv(text);
        let part = match split {
            Split::Dev => Part::Dev,
            Split::OneIn(every) if hash.is_multiple_of(every) => Part::Dev,
            _ if hash / 1_000 % 10 == 7 => Part::Apart,
            _ => Part::Train,
        };
        Ok(Row {
            set: set.name,
            part,
            kind: String::new(),
            example: Example {
                text: text.to_owned(),
                targets,
                weight: set.weight,
            },
        })
    })?;
    if !data.sets.contains(&set.name) {
        data.sets.push(set.name);
    }
    Ok(())
}

/// A file with the columns of the support corpus; one without `text` and `sentiment` is some other file.
fn support(data: &mut Data, file: &Path) -> anyhow::Result<()> {
    let is_challenge = file.file_stem().is_some_and(|name| name == "challenge");
    let set = if is_challenge { "challenge" } else { "support" };
    let found = each(data, file, &["text", "sentiment"], |row| {
        let sentiment = row.number("sentiment", -1.0, 1.0)?;
        let emotions: Vec<&str> = row
            .optional("emotions")
            .unwrap_or("")
            .split(',')
            .filter(|name| !name.is_empty())
            .collect();
        if let Some(unknown) = emotions.iter().find(|name| !EMOTIONS.contains(name)) {
            return Err(format!(
                "emotions: expected some of {}, got {unknown}",
                EMOTIONS.join(", ")
            ));
        }
        let mut targets = Targets::new();
        if emotions.is_empty() {
            targets::polarity(sentiment, &mut targets);
        } else {
            let sarcastic = row.optional("sarcasm").is_some_and(|value| value == "1");
            let urgency = row
                .optional("urgency")
                .and_then(|value| value.parse().ok())
                .unwrap_or(0);
            targets = targets::support(sentiment, &emotions, sarcastic, urgency);
        }
        let text = row.get("text")?.replace("\\n", "\n");
        let hash = fnv(row.optional("scenario").unwrap_or(&text));
        let part = match hash {
            _ if is_challenge => Part::Challenge,
            hash if hash.is_multiple_of(5) => Part::Dev,
            hash if hash % 10 == 7 => Part::Apart,
            _ => Part::Train,
        };
        let kind = row
            .optional("category")
            .or(row.optional("kind"))
            .unwrap_or("")
            .to_owned();
        Ok(Row {
            set,
            part,
            kind,
            example: Example {
                text,
                targets,
                weight: SUPPORT_WEIGHT,
            },
        })
    })?;
    if found && !data.sets.contains(&set) {
        data.sets.push(set);
    }
    Ok(())
}

/// FNV-1a, 64 bits.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Hands every row of a table to `take`; what it refuses is noted. False where the table lacks one of `columns`.
fn each(
    data: &mut Data,
    file: &Path,
    columns: &[&str],
    mut take: impl FnMut(&Fields<'_>) -> Result<Row, String>,
) -> anyhow::Result<bool> {
    let Data { rows, bad, .. } = data;
    let missing = table::each(file, columns, bad, |fields| {
        let row = take(fields)?;
        table::check_text(&row.example.text)?;
        rows.push(row);
        Ok(())
    })?;
    Ok(missing.is_none())
}

/// The word lists that `folder` holds (VADER, AFINN, Hu and Liu), joined; `None` without VADER's.
///
/// # Errors
/// A list is there and cannot be read.
pub(super) fn lexicon(folder: &Path) -> anyhow::Result<Option<Lexicon>> {
    let vader = folder.join("vader_lexicon/vader_lexicon.txt");
    if !vader.is_file() {
        return Ok(None);
    }
    let mut ratings: HashMap<String, Ratings> = HashMap::new();
    let text =
        |file: &Path| contents(file).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    for line in text(&vader)?.lines() {
        let mut fields = line.split('\t');
        if let (Some(word), Some(Ok(mean))) = (fields.next(), fields.next().map(str::parse::<f32>))
        {
            ratings.entry(word.to_lowercase()).or_default().vader = mean / 4.0;
        }
    }
    for name in ["afinn/AFINN-en-165.txt", "afinn/AFINN-emoticon-8.txt"] {
        let file = folder.join(name);
        if file.is_file() {
            for line in text(&file)?.lines() {
                if let Some((word, Ok(rating))) = line
                    .rsplit_once('\t')
                    .map(|(word, rating)| (word, rating.trim().parse::<f32>()))
                {
                    ratings.entry(word.to_lowercase()).or_default().afinn = rating / 5.0;
                }
            }
        }
    }
    for (name, opinion) in [("positive-words.txt", 1.0), ("negative-words.txt", -1.0)] {
        let file = folder.join("opinion_lexicon").join(name);
        if file.is_file() {
            for word in text(&file)?
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with(';'))
            {
                ratings.entry(word.to_lowercase()).or_default().opinion = opinion;
            }
        }
    }
    let mut lexicon = Lexicon::default();
    let mut words: Vec<_> = ratings.iter().collect();
    words.sort_by_key(|(word, _)| *word);
    for (word, ratings) in words {
        lexicon.insert(word, rounded(*ratings));
    }
    let emoji = folder.join("vader_lexicon/emoji_utf8_lexicon.txt");
    if emoji.is_file() {
        for line in text(&emoji)?.lines() {
            // An emoji is worth what the words of its description are worth.
            let Some((emoji, described)) = line.split_once('\t') else {
                continue;
            };
            let worth: f32 = described
                .split_whitespace()
                .filter_map(|word| ratings.get(word))
                .map(|one| one.vader)
                .sum();
            if worth != 0.0 {
                let vader = worth.clamp(-1.0, 1.0);
                lexicon.insert(
                    emoji,
                    rounded(Ratings {
                        vader,
                        ..Ratings::default()
                    }),
                );
            }
        }
    }
    Ok(Some(lexicon))
}
