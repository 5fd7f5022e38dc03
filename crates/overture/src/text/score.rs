//! `overture score text`: JSON lines in, JSON lines out, one for one and in order.

use overture_engine::{
    model::{Emotion, TextReading, TextScore},
    understand::{entities::Extractor, redact::ReferencePattern},
};
use overture_inference::text::{FullReading, Scratch, View};
use serde_json::{Map, Value, json};

use super::{choose::ModelArgs, lexicon::LexiconArgs};
use crate::lines;

/// Scores messages: `{"id","text"}` a line in, one object a line out.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    lexicon: LexiconArgs,
    /// Also the probability of every label.
    #[arg(long)]
    probabilities: bool,
    /// How a number of your own looks, as in the policy's [redaction]: order=SO-######. May be given again.
    #[arg(long, value_name = "KIND=PATTERN", value_parser = reference)]
    reference: Vec<ReferencePattern>,
    /// The name of a product. May be given again.
    #[arg(long, value_name = "NAME")]
    product: Vec<String>,
}

fn reference(text: &str) -> Result<ReferencePattern, String> {
    let (kind, pattern) = text
        .split_once('=')
        .ok_or("expected KIND=PATTERN, for example order=SO-######")?;
    let reference = ReferencePattern {
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
    };
    Extractor::new(std::slice::from_ref(&reference), &[]).map_err(|error| error.to_string())?;
    Ok(reference)
}

/// Reads standard input to its end. A line that cannot be read is answered with an `error` that names the line; the
/// others are scored.
///
/// # Errors
/// The model or the lexicon cannot be read, or writing failed.
pub(crate) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    let model = args.model.choose()?;
    let lexicon = args.lexicon.read()?;
    let name = lexicon.named(model.name());
    let extractor = Extractor::new(&args.reference, &args.product)?;
    let mut scratch = Scratch::default();
    lines::answer_each(|id, text| {
        let rewritten = lexicon.rewrite(text);
        let mut full = model.full(rewritten.text(), &mut scratch);
        if let TextReading::Scored(score) = &mut full.reading {
            lexicon.settle(&rewritten, score);
        }
        let mut answer = object(id, text, &full, (&name, model.tier()), args.probabilities);
        answer["entities"] = entities(text, &extractor);
        answer
    })
}

fn object(
    id: Value,
    text: &str,
    full: &FullReading,
    (model, tier): (&str, u8),
    with_probabilities: bool,
) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), id);
    match &full.reading {
        TextReading::Scored(score) => scored(&mut object, text, score, full),
        TextReading::Abstained { why, language } => {
            let nothing = TextScore {
                model: model.to_owned(),
                tier,
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

/// What the text speaks of, in characters from its start as evidence is.
fn entities(text: &str, extractor: &Extractor) -> Value {
    let found = extractor.entities(text);
    let shown = found.into_iter().map(|entity| {
        let [start, end] =
            [entity.range.start, entity.range.end].map(|at| text[..at].chars().count());
        json!({
            "start": start, "end": end,
            "kind": entity.value.kind(), "value": extractor.say(&entity.value),
        })
    });
    Value::Array(shown.collect())
}

/// Four decimals, without the noise of a 32-bit number written as a 64-bit one.
fn number(value: f32) -> Value {
    json!((f64::from(value) * 1e4).round() / 1e4)
}
