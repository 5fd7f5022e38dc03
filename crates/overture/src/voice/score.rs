//! `overture score voice`: recordings in, JSON lines out.

use std::{
    collections::HashMap,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use overture_engine::model::CallDynamics;
use overture_inference::{
    audio::Recording,
    voice::{
        Emotion, Heard, Listener, Pieces, Speaker, VoiceModel, VoiceReading,
        dynamics::of as dynamics_of,
    },
};
use serde_json::{Map, Value, json};

use super::sound;
use crate::{figures::rounded, lines, table};

/// Says how voices sound: for each recording `{"file","speaker","seconds","emotion":{"anger","sadness","joy","neutral"},"anger",
/// "arousal","quality","model"}`, one a line. Of a recording with two channels the first is the customer, whose voice is read, and the
/// second the agent; how they talk with each other is added as `dynamics`.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// Recordings: WAV (PCM, mu-law, A-law), FLAC, MP3, OGG or AAC; each of another speaker.
    #[arg(value_name = "FILE", required_unless_present = "manifest")]
    files: Vec<PathBuf>,
    /// A table (CSV) of recordings with the columns `file` and `speaker`; a speaker's recordings are read in the given order, each
    /// against how they sounded before. Files are looked for where the table is.
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    manifest: Option<PathBuf>,
    /// A voice model's file instead of the one that ships.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// A line for each second of speech instead of one for each recording.
    #[arg(long)]
    every_second: bool,
}

/// What is to be read.
struct Item {
    /// As it was named.
    file: String,
    path: PathBuf,
    speaker: String,
}

/// Reads every recording; one that cannot be read is answered with an `error`, and the others go on.
///
/// # Errors
/// The model or the manifest cannot be read, or writing failed.
pub(crate) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    let model = super::model(args.model.as_deref())?;
    let items = match &args.manifest {
        Some(manifest) => listed(manifest)?,
        None => args.files.iter().map(|file| Item::alone(file)).collect(),
    };
    let mut speakers: HashMap<String, Speaker> = HashMap::new();
    let mut output = BufWriter::new(std::io::stdout().lock());
    for item in &items {
        let speaker = speakers.entry(item.speaker.clone()).or_default();
        let read = if args.every_second {
            every_second(&model, item, speaker, &mut output)
        } else {
            whole(&model, item, speaker).and_then(|said| lines::write(&mut output, &said))
        };
        if let Err(error) = read {
            let error = json!({ "message": format!("{error:#}") });
            let said = json!({ "file": item.file, "speaker": item.speaker, "error": error });
            lines::write(&mut output, &said)?;
        }
        output.flush().context("could not write standard output")?;
    }
    Ok(())
}

impl Item {
    fn alone(file: &Path) -> Self {
        let name = file.display().to_string();
        Self {
            speaker: name.clone(),
            file: name,
            path: file.to_owned(),
        }
    }
}

/// The recordings of a manifest. A malformed row is told on standard error and left out.
fn listed(manifest: &Path) -> anyhow::Result<Vec<Item>> {
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let (mut items, mut bad) = (Vec::new(), Vec::new());
    let missing = table::each(manifest, &["file", "speaker"], &mut bad, |fields| {
        let file = fields.get("file")?.to_owned();
        let speaker = fields.get("speaker")?.to_owned();
        if file.is_empty() {
            return Err("file: expected the name of a recording".to_owned());
        }
        let beside = folder.join(&file);
        let path = if beside.exists() {
            beside
        } else {
            PathBuf::from(&file)
        };
        items.push(Item {
            file,
            path,
            speaker,
        });
        Ok(())
    })?;
    if let Some(column) = missing {
        anyhow::bail!("{} has no column {column}", manifest.display());
    }
    table::tell_bad(&bad);
    Ok(items)
}

/// All of a recording: the mean of what its pieces say, by their seconds of speech.
fn whole(model: &VoiceModel, item: &Item, speaker: &mut Speaker) -> anyhow::Result<Value> {
    let mut recording = sound::open(&item.path)?;
    let mut pieces = Pieces::default();
    let mut agent = (recording.channels() == 2).then(Listener::default);
    let mut sum = Sum::default();
    while let Some(channels) = recording.read()? {
        pieces.push(&channels[0], &mut |piece| {
            sum.add(&model.read(piece, speaker))
        });
        if let Some(agent) = &mut agent {
            agent.hear_turns(&channels[1]);
        }
    }
    pieces.end(&mut |piece| sum.add(&model.read(piece, speaker)));
    let mut said = item.begin(&recording, model);
    said.insert("speech_seconds".to_owned(), number(sum.seconds));
    match sum.mean() {
        Some(reading) => tell(&mut said, &reading),
        None => silent(&mut said),
    }
    if let Some(agent) = agent {
        let talk = dynamics_of(pieces.turns(), agent.turns());
        said.insert("dynamics".to_owned(), dynamics(&talk));
    }
    Ok(Value::Object(said))
}

/// A line after every second of speech.
fn every_second(
    model: &VoiceModel,
    item: &Item,
    speaker: &mut Speaker,
    output: &mut impl Write,
) -> anyhow::Result<()> {
    let mut recording = sound::open(&item.path)?;
    let mut listener = Listener::new(speaker.clone());
    let mut heard = Vec::new();
    loop {
        let is_over = match recording.read()? {
            Some(channels) => {
                listener.push(model, &channels[0], &mut |one| heard.push(one));
                false
            }
            None => {
                listener.end(model, &mut |one| heard.push(one));
                true
            }
        };
        for one in heard.drain(..) {
            lines::write(output, &second(item, model, &one))?;
        }
        if is_over {
            *speaker = listener.into_speaker();
            return Ok(());
        }
    }
}

fn second(item: &Item, model: &VoiceModel, heard: &Heard) -> Value {
    let mut said = Map::new();
    said.insert("file".to_owned(), item.file.clone().into());
    said.insert("speaker".to_owned(), item.speaker.clone().into());
    said.insert("at_seconds".to_owned(), rounded(heard.at_seconds).into());
    said.insert(
        "speech_seconds".to_owned(),
        rounded(heard.spoken_seconds).into(),
    );
    tell(&mut said, &heard.reading);
    if let Some(change) = heard.change {
        let change = json!({
            "pitch_semitones": number(change.pitch), "loudness_db": number(change.loudness_db), "rate": number(change.rate),
        });
        said.insert("change".to_owned(), change);
    }
    said.insert("model".to_owned(), model.name().into());
    Value::Object(said)
}

impl Item {
    fn begin(&self, recording: &Recording, model: &VoiceModel) -> Map<String, Value> {
        let mut said = Map::new();
        said.insert("file".to_owned(), self.file.clone().into());
        said.insert("speaker".to_owned(), self.speaker.clone().into());
        said.insert("seconds".to_owned(), rounded(recording.seconds()).into());
        said.insert("model".to_owned(), model.name().into());
        let mut notes = Vec::new();
        if recording.is_cut() {
            notes.push("the recording is cut off".to_owned());
        }
        if recording.damaged() > 0 {
            notes.push(format!(
                "{} damaged packets were passed over",
                recording.damaged()
            ));
        }
        if !notes.is_empty() {
            said.insert("notes".to_owned(), notes.into());
        }
        said
    }
}

fn tell(said: &mut Map<String, Value>, reading: &VoiceReading) {
    let emotions =
        Emotion::ALL.map(|emotion| (emotion.name().to_owned(), number(reading.of(emotion))));
    said.insert(
        "emotion".to_owned(),
        Value::Object(emotions.into_iter().collect()),
    );
    said.insert("anger".to_owned(), number(reading.of(Emotion::Anger)));
    said.insert("arousal".to_owned(), number(reading.arousal()));
    said.insert("quality".to_owned(), number(reading.quality));
}

fn silent(said: &mut Map<String, Value>) {
    for name in ["emotion", "anger", "arousal"] {
        said.insert(name.to_owned(), Value::Null);
    }
    said.insert("quality".to_owned(), number(0.0));
}

fn dynamics(talk: &CallDynamics) -> Value {
    json!({
        "customer_share": rounded(talk.customer_share), "overlap_share": rounded(talk.overlap_share),
        "silence_share": rounded(talk.silence_share), "dead_air_seconds": rounded(talk.dead_air_seconds),
        "interruptions_by_customer": talk.interruptions_by_customer, "interruptions_by_agent": talk.interruptions_by_agent,
        "interruptions_a_minute": rounded(talk.interruptions_a_minute()),
        "customer_latency_ms": talk.customer_latency_ms, "agent_latency_ms": talk.agent_latency_ms,
    })
}

fn number(value: f32) -> Value {
    rounded(f64::from(value)).into()
}

/// Readings of one recording, summed up by their seconds.
#[derive(Default)]
struct Sum {
    emotions: [f32; overture_inference::voice::EMOTIONS],
    quality: f32,
    seconds: f32,
}

impl Sum {
    fn add(&mut self, reading: &VoiceReading) {
        let seconds = reading.seconds;
        let sums = self.emotions.iter_mut().zip(reading.emotions);
        sums.for_each(|(sum, share)| *sum += seconds * share);
        self.quality += seconds * reading.quality;
        self.seconds += seconds;
    }

    fn mean(&self) -> Option<VoiceReading> {
        (self.seconds > 0.0).then(|| VoiceReading {
            emotions: self.emotions.map(|sum| sum / self.seconds),
            seconds: self.seconds,
            quality: self.quality / self.seconds,
        })
    }
}
