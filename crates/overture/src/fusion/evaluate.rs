//! `overture evaluate fusion`: figures as JSON, and as pictures with `--report`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_engine::{
    model::TextScore,
    understand::{TextModel, fusion, redact::Redactor},
};
use serde_json::{Map, Value, json};

use super::{
    measure::{self, Said},
    mishear::{self, Recogniser},
    pairs::{self, Pair},
};
use crate::{chart, progress, text, voice::ReaderArgs};

/// Word errors, percent: substitutions, deletions and insertions of a hundred words.
const WORD_ERRORS_PERCENT: [u8; 4] = [0, 10, 20, 30];

/// What must be known of the figures.
const NOTE: &str = "voices and words were put together: they are of different people and languages, so these figures say how \
robust the fusion is, and not how often it is right about callers";

/// Measures what voice and words say together, at 0, 10, 20 and 30 % word errors.
#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    readers: ReaderArgs,
    /// A folder with labelled messages, as `evaluate text` takes them; may be given several times.
    #[arg(long, value_name = "FOLDER", required = true)]
    texts: Vec<PathBuf>,
    /// The seed of which recording gets which messages, and of the word errors.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pairing_seed: u64,
    /// Also write pictures (SVG) and the figures to this folder.
    #[arg(long, value_name = "FOLDER")]
    report: Option<PathBuf>,
    /// Resamples of each interval, of speakers.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    resamples: u32,
}

/// Prints the figures of every set of messages: angry recordings with upset messages against other recordings with calm ones, by the
/// voice alone, the words alone and both; and what becomes of an angry voice with calm words, and the other way round.
///
/// # Errors
/// The recordings, the messages or the model cannot be read, one of the kinds is missing, or the report cannot be written.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &EvaluateArgs) -> anyhow::Result<()> {
    // The messages come first: they are read in a moment, and models may take minutes.
    let sets = text::upset_or_calm(&args.texts)?;
    let readers = args.readers.read()?;
    let voices = readers.over_a_telephone();
    anyhow::ensure!(
        voices.iter().any(|one| one.is_angry) && voices.iter().any(|one| !one.is_angry),
        "expected recordings of --data in anger and in another emotion"
    );
    let reader = Reader {
        model: Box::new(text::shelf::shipped()),
        redactor: Redactor::default(),
    };
    let bar = progress::bar();
    let steps = (sets.len() * WORD_ERRORS_PERCENT.len()) as f32;
    let mut done = 0.0;
    let mut figures = Map::new();
    for messages in &sets {
        let pairs = pairs::put_together(&voices, messages, args.pairing_seed);
        let corpus = mishear::corpus(messages.upset.iter().chain(&messages.calm));
        let mut of_set = Map::new();
        of_set.insert("upset_messages".to_owned(), messages.upset.len().into());
        of_set.insert("calm_messages".to_owned(), messages.calm.len().into());
        for percent in WORD_ERRORS_PERCENT {
            let rate = f32::from(percent) / 100.0;
            let recogniser = Recogniser::new(&corpus, rate, args.pairing_seed);
            let said = reader.read_each(&pairs, recogniser, 1.0 - rate);
            let at = measure::figures(&said, args.resamples as usize);
            of_set.insert(at_percent(percent), at);
            done += 1.0;
            progress::set(&bar, done / steps);
        }
        figures.insert(messages.set.to_owned(), Value::Object(of_set));
    }
    bar.finish_and_clear();
    let all = json!({
        "note": NOTE, "voice_model": readers.name(), "how": readers.how, "text_model": reader.model.name(),
        "speakers": readers.speakers(), "recordings": voices.len(), "resamples": args.resamples, "sets": figures,
    });
    if let Some(folder) = &args.report {
        report(folder, &all)?;
    }
    println!("{all:#}");
    Ok(())
}

fn at_percent(percent: u8) -> String {
    format!("word_errors_{percent}_percent")
}

/// Reads words as the server reads those of a call.
struct Reader {
    model: Box<dyn TextModel>,
    redactor: Redactor,
}

impl Reader {
    /// What is said of every utterance, by speaker. `confidence` is what the recogniser gives itself.
    fn read_each<'a>(
        &self,
        pairs: &[Pair<'a>],
        mut recogniser: Recogniser<'a>,
        confidence: f32,
    ) -> Vec<Vec<Said>> {
        let mut by_speaker: BTreeMap<&str, Vec<Said>> = BTreeMap::new();
        for pair in pairs {
            let words: Vec<&str> = pair.text.split_whitespace().collect();
            let heard = self.redactor.redact(&recogniser.hear(&words).join(" "));
            let quality = fusion::quality_of_words(&heard.text, confidence);
            let reading = self.model.read(&heard.text);
            let said = said(pair, reading.score().map(|score| (score, quality)));
            by_speaker
                .entry(&pair.voice.speaker)
                .or_default()
                .push(said);
        }
        by_speaker.into_values().collect()
    }
}

fn said(pair: &Pair<'_>, words: Option<(&TextScore, f32)>) -> Said {
    let voice = pair.voice.score.as_ref();
    let fused = fusion::fuse(voice, words);
    // Where nothing is understood, a caller is as upset as callers are.
    let score = |fused: Option<overture_engine::model::Fused>| {
        f64::from(fused.map_or(fusion::USUAL, |fused| fused.score))
    };
    Said {
        kind: pair.kind,
        voice: score(fusion::fuse(voice, None)),
        words: score(fusion::fuse(None, words)),
        fused: score(fused),
        confidence: fused.map_or(0.0, |fused| f64::from(fused.confidence)),
        disagree: fused.is_some_and(|fused| fused.disagree),
        sarcasm: fused.map_or(0.0, |fused| f64::from(fused.sarcasm)),
    }
}

fn report(folder: &Path, all: &Value) -> anyhow::Result<()> {
    let what = || format!("could not write to {}", folder.display());
    fs::create_dir_all(folder).with_context(what)?;
    fs::write(folder.join("figures.json"), format!("{all:#}\n")).with_context(what)?;
    for (set, figures) in all["sets"].as_object().into_iter().flatten() {
        for percent in WORD_ERRORS_PERCENT {
            let figures = &figures[at_percent(percent)];
            let title = format!("{set}, {percent} % word errors");
            let svg = chart::intervals(&format!("{title}, with 95 % intervals"), figures);
            fs::write(folder.join(format!("{set}-{percent}.svg")), svg).with_context(what)?;
            if let Some(svg) = chart::calibration(&title, &figures["fused_calibration"]) {
                let file = folder.join(format!("{set}-{percent}-calibration.svg"));
                fs::write(file, svg).with_context(what)?;
            }
        }
    }
    Ok(())
}
