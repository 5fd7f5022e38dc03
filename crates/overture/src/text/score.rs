//! `overture score text`: JSON lines in, JSON lines out, one for one and in order.

use std::{
    io::{BufRead, BufWriter, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::ValueEnum;
use overture_engine::model::{Emotion, TextReading, TextScore};
use overture_inference::text::{FullReading, Scratch, TextTables, View};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::shelf;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Scores messages: `{"id","text"}` a line in, one object a line out.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// A model's file instead of the active model.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Where models of your own are kept.
    #[arg(long, value_name = "FOLDER", default_value = "overture-data/models")]
    models: PathBuf,
    /// Which tier: 0 is the linear tables, 1 the encoder, auto the best that is there.
    #[arg(long, value_enum, default_value = "auto")]
    tier: Tier,
    /// Also the probability of every label.
    #[arg(long)]
    probabilities: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tier {
    #[value(name = "0")]
    Zero,
    #[value(name = "1")]
    One,
    Auto,
}

#[derive(Deserialize)]
struct Line {
    id: Value,
    text: String,
}

/// Reads standard input to its end. A line that cannot be read is answered with an `error` that names the line; the
/// others are scored.
///
/// # Errors
/// The model cannot be read, tier 1 was asked for, or writing failed.
pub(crate) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.tier != Tier::One,
        "this release has no text model of tier 1: use --tier 0 or auto"
    );
    let model = match &args.model {
        Some(file) => shelf::read(file)?,
        None => shelf::active(&args.models).model,
    };
    let mut input = std::io::stdin().lock();
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut scratch = Scratch::default();
    let mut bytes = Vec::new();
    let mut number = 0u64;
    loop {
        bytes.clear();
        let taken = std::io::Read::take(&mut input, LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        let read = taken.context("could not read standard input")?;
        if read == 0 {
            break;
        }
        number += 1;
        let is_cut = !bytes.ends_with(b"\n") && bytes.len() as u64 == LINE_BYTES_MAX;
        if is_cut {
            skip_line(&mut input)?;
        }
        let line = bytes.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let answer = if is_cut {
            refused(number, &format!("expected at most {LINE_BYTES_MAX} bytes"))
        } else {
            answer(&model, line, number, args.probabilities, &mut scratch)
        };
        serde_json::to_writer(&mut output, &answer).context("could not write standard output")?;
        output
            .write_all(b"\n")
            .context("could not write standard output")?;
    }
    output.flush().context("could not write standard output")
}

fn skip_line(input: &mut impl BufRead) -> anyhow::Result<()> {
    loop {
        let buffer = input.fill_buf().context("could not read standard input")?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        let done = end.is_some() || buffer.is_empty();
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn refused(number: u64, expected: &str) -> Value {
    json!({ "error": { "line": number, "message": expected } })
}

fn answer(
    model: &TextTables,
    line: &[u8],
    number: u64,
    with_probabilities: bool,
    scratch: &mut Scratch,
) -> Value {
    // A lone surrogate or a byte that is no UTF-8 spoils one character, not the line.
    let line = String::from_utf8_lossy(line);
    match serde_json::from_str::<Line>(&line)
        .or_else(|_| serde_json::from_str(&without_lone_surrogates(&line)))
    {
        Ok(Line { id, text }) => {
            let full = model.full(&text, scratch);
            object(id, &text, &full, model, with_probabilities)
        }
        Err(error) => refused(number, &format!("expected {{\"id\", \"text\"}}: {error}")),
    }
}

/// Replaces `\uD800` to `\uDFFF` that are no pair by the replacement character.
fn without_lone_surrogates(line: &str) -> String {
    let unit = |at: usize| {
        let digits = line.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(char) = line[at..].chars().next() {
        match (char, unit(at), unit(at + 6)) {
            ('\\', Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => {
                out.push_str(&line[at..at + 12]);
                at += 12;
            }
            ('\\', Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                at += 6;
            }
            ('\\', None, _) => {
                let end = at + 1 + line[at + 1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&line[at..end]);
                at = end;
            }
            _ => {
                out.push(char);
                at += char.len_utf8();
            }
        }
    }
    out
}

fn object(
    id: Value,
    text: &str,
    full: &FullReading,
    model: &TextTables,
    with_probabilities: bool,
) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), id);
    match &full.reading {
        TextReading::Scored(score) => scored(&mut object, text, score, full),
        TextReading::Abstained { why, language } => {
            let nothing = TextScore {
                model: overture_engine::understand::TextModel::name(model).to_owned(),
                tier: 0,
                language: language.clone(),
                sentiment: overture_engine::model::Sentiment::default(),
                emotions: [0.0; 8],
                sarcasm: 0.0,
                urgency: 0.0,
                evidence: Vec::new(),
            };
            scored(&mut object, text, &nothing, full);
            object.insert("abstained".to_owned(), why.name().into());
        }
    }
    if with_probabilities {
        let view = |view: &View| {
            view.probabilities
                .iter()
                .map(|(label, p)| ((*label).to_owned(), number(*p)))
                .collect::<Map<_, _>>()
        };
        let [negative, neutral, positive] = full.sentiment.map(number);
        object.insert(
            "probabilities".to_owned(),
            json!({
                "sentiment": { "negative": negative, "neutral": neutral, "positive": positive },
                "goemotions": view(&full.goemotions), "ekman": view(&full.ekman), "group": view(&full.group),
            }),
        );
    }
    Value::Object(object)
}

fn scored(object: &mut Map<String, Value>, text: &str, score: &TextScore, full: &FullReading) {
    let emotions: Map<String, Value> = Emotion::ALL
        .iter()
        .map(|emotion| (emotion.name().to_owned(), number(score.emotion(*emotion))))
        .collect();
    let evidence: Vec<Value> = score
        .evidence
        .iter()
        .map(|one| {
            let [start, end] = [one.start, one.end].map(|at| text[..at as usize].chars().count());
            json!({ "start": start, "end": end, "weight": number(one.weight) })
        })
        .collect();
    let sentiment = &score.sentiment;
    let fields = [
        ("language", score.language.clone().into()),
        (
            "sentiment",
            json!({
                "score": number(sentiment.score), "intensity": number(sentiment.intensity),
                "confidence": number(sentiment.confidence), "label": sentiment.label.name(),
            }),
        ),
        ("emotions", emotions.into()),
        ("goemotions", json!(full.goemotions.labels)),
        ("ekman", json!(full.ekman.labels)),
        ("group", json!(full.group.labels)),
        ("sarcasm", number(score.sarcasm)),
        ("urgency", number(score.urgency)),
        ("evidence", evidence.into()),
        ("tier", score.tier.into()),
        ("model", score.model.clone().into()),
    ];
    object.extend(fields.map(|(name, value)| (name.to_owned(), value)));
}

/// Four decimals, without the noise of a 32-bit number written as a 64-bit one.
fn number(value: f32) -> Value {
    json!((f64::from(value) * 1e4).round() / 1e4)
}
