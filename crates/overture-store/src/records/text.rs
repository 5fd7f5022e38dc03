//! The records of what texts say.

use overture_engine::model::{
    Abstained, Evidence, Heard, Mood, MoodReading, NamedIssue, ReadingOf, Sentiment,
    SentimentLabel, Seq, TextIssue, TextReading, TextScore,
};

use super::wire::{Problem, Reader, RecordError, Wire, Writer, numbers, record, required, take};

numbers! {
    SentimentLabel { 0 = Negative, 1 = Neutral, 2 = Positive, }
    Abstained { 0 = Empty, 1 = Language, }
}

record! {
    /// How a writer feels.
    SentimentRecord for Sentiment {
        #[prost(float, tag = "1")]
        score: f32,
        #[prost(float, tag = "2")]
        intensity: f32,
        #[prost(float, tag = "3")]
        confidence: f32,
        #[prost(uint32, tag = "4")]
        label: u32,
    }
}

record! {
    /// A word that moved the polarity.
    EvidenceRecord for Evidence {
        #[prost(uint32, tag = "1")]
        start: u32,
        #[prost(uint32, tag = "2")]
        end: u32,
        #[prost(float, tag = "3")]
        weight: f32,
    }
}

/// What a text says.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TextScoreRecord {
    #[prost(string, tag = "1")]
    model: String,
    #[prost(uint32, tag = "2")]
    tier: u32,
    #[prost(string, optional, tag = "3")]
    language: Option<String>,
    #[prost(message, optional, tag = "4")]
    sentiment: Option<SentimentRecord>,
    /// Eight, by emotion.
    #[prost(float, repeated, tag = "5")]
    emotions: Vec<f32>,
    #[prost(float, tag = "6")]
    sarcasm: f32,
    #[prost(float, tag = "7")]
    urgency: f32,
    #[prost(message, repeated, tag = "8")]
    evidence: Vec<EvidenceRecord>,
}

impl Wire<TextScoreRecord> for TextScore {
    fn write(&self, w: &mut Writer<'_>) -> TextScoreRecord {
        TextScoreRecord {
            model: self.model.clone(),
            tier: self.tier.into(),
            language: self.language.clone(),
            sentiment: self.sentiment.write(w),
            emotions: self.emotions.to_vec(),
            sarcasm: self.sarcasm,
            urgency: self.urgency,
            evidence: self.evidence.iter().map(|one| one.write(w)).collect(),
        }
    }

    fn read(record: TextScoreRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(TextScore {
            model: record.model,
            tier: u8::try_from(record.tier).map_err(|_| {
                RecordError::from(Problem::Number(record.tier.into())).at("TextScoreRecord", "tier")
            })?,
            language: record.language,
            sentiment: take!(record.sentiment, TextScoreRecord, r),
            emotions: eight(&record.emotions, "TextScoreRecord")?,
            sarcasm: record.sarcasm,
            urgency: record.urgency,
            evidence: record
                .evidence
                .into_iter()
                .map(|one| Wire::read(one, r))
                .collect::<Result<_, _>>()?,
        })
    }
}

required!(TextScoreRecord for TextScore);

fn eight(values: &[f32], record: &'static str) -> Result<[f32; 8], RecordError> {
    values
        .try_into()
        .map_err(|_| RecordError::from(Problem::Length(values.len())).at(record, "emotions"))
}

/// What came of reading a text: a score, or why there is none.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TextReadingRecord {
    #[prost(message, optional, boxed, tag = "1")]
    score: Option<Box<TextScoreRecord>>,
    #[prost(uint32, tag = "2")]
    abstained: u32,
    #[prost(string, optional, tag = "3")]
    language: Option<String>,
}

impl Wire<TextReadingRecord> for TextReading {
    fn write(&self, w: &mut Writer<'_>) -> TextReadingRecord {
        match self {
            TextReading::Scored(score) => TextReadingRecord {
                score: Some(Box::new((**score).write(w))),
                ..TextReadingRecord::default()
            },
            TextReading::Abstained { why, language } => TextReadingRecord {
                score: None,
                abstained: why.write(w),
                language: language.clone(),
            },
        }
    }

    fn read(record: TextReadingRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(match record.score {
            Some(score) => TextReading::Scored(Box::new(Wire::read(*score, r)?)),
            None => TextReading::Abstained {
                why: take!(record.abstained, TextReadingRecord, r),
                language: record.language,
            },
        })
    }
}

required!(TextReadingRecord for TextReading);

/// What a customer's texts said lately.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MoodRecord {
    #[prost(int64, tag = "1")]
    at: i64,
    #[prost(message, optional, tag = "2")]
    sentiment: Option<SentimentRecord>,
    #[prost(float, repeated, tag = "3")]
    emotions: Vec<f32>,
    #[prost(float, tag = "4")]
    sarcasm: f32,
    #[prost(float, tag = "5")]
    urgency: f32,
    #[prost(float, tag = "6")]
    average: f32,
    #[prost(float, repeated, tag = "7")]
    scores: Vec<f32>,
    #[prost(uint32, tag = "8")]
    texts: u32,
    #[prost(float, tag = "9")]
    negatives: f32,
    #[prost(int64, optional, tag = "10")]
    repeated_since: Option<i64>,
    #[prost(message, repeated, tag = "11")]
    heard: Vec<HeardRecord>,
}

/// A text that may be read anew.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeardRecord {
    #[prost(uint64, tag = "1")]
    input: u64,
    #[prost(bytes = "vec", optional, tag = "2")]
    message: Option<Vec<u8>>,
    #[prost(string, tag = "3")]
    event: String,
    #[prost(uint64, tag = "4")]
    row: u64,
    #[prost(int64, tag = "5")]
    at: i64,
    #[prost(float, tag = "6")]
    score: f32,
    #[prost(bool, tag = "7")]
    begins: bool,
    #[prost(float, tag = "8")]
    average: f32,
    #[prost(float, tag = "9")]
    negatives: f32,
    #[prost(int64, optional, tag = "10")]
    repeated_since: Option<i64>,
}

record! {
    /// What a text is about.
    TextIssueRecord for TextIssue {
        #[prost(string, tag = "1")]
        model: String,
        #[prost(string, optional, tag = "2")]
        named: Option<String>,
        #[prost(float, tag = "3")]
        p: f32,
    }
}

record! {
    /// An issue that was named.
    NamedIssueRecord for NamedIssue {
        #[prost(uint64, tag = "1")]
        row: u64,
        #[prost(int64, tag = "2")]
        at: i64,
        #[prost(string, tag = "3")]
        label: String,
        #[prost(float, tag = "4")]
        p: f32,
    }
}

/// What was read, as a message's id or an event's name.
pub(super) fn write_of(of: &ReadingOf, w: &mut Writer<'_>) -> (Option<Vec<u8>>, String) {
    match of {
        ReadingOf::Message(message) => (Some(message.write(w)), String::new()),
        ReadingOf::Event(name) => (None, name.clone()),
    }
}

pub(super) fn read_of(
    message: Option<Vec<u8>>,
    event: String,
    r: Reader<'_>,
) -> Result<ReadingOf, RecordError> {
    Ok(match message {
        Some(message) => ReadingOf::Message(Wire::read(message, r)?),
        None => ReadingOf::Event(event),
    })
}

impl Wire<HeardRecord> for Heard {
    fn write(&self, w: &mut Writer<'_>) -> HeardRecord {
        let (message, event) = write_of(&self.of, w);
        HeardRecord {
            input: self.input.0,
            message,
            event,
            row: self.row,
            at: self.at.write(w),
            score: self.score,
            begins: self.begins,
            average: self.average,
            negatives: self.negatives,
            repeated_since: self.repeated_since.write(w),
        }
    }

    fn read(record: HeardRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(Heard {
            input: Seq(record.input),
            of: read_of(record.message, record.event, r)?,
            row: record.row,
            at: take!(record.at, HeardRecord, r),
            score: record.score,
            begins: record.begins,
            average: record.average,
            negatives: record.negatives,
            repeated_since: take!(record.repeated_since, HeardRecord, r),
        })
    }
}

impl Wire<MoodRecord> for Mood {
    fn write(&self, w: &mut Writer<'_>) -> MoodRecord {
        MoodRecord {
            at: self.at.write(w),
            sentiment: self.sentiment.write(w),
            emotions: self.emotions.to_vec(),
            sarcasm: self.sarcasm,
            urgency: self.urgency,
            average: self.average,
            scores: self.scores.to_vec(),
            texts: self.texts,
            negatives: self.negatives,
            repeated_since: self.repeated_since.write(w),
            heard: self.heard.iter().map(|one| one.write(w)).collect(),
        }
    }

    fn read(record: MoodRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(Mood {
            at: take!(record.at, MoodRecord, r),
            sentiment: take!(record.sentiment, MoodRecord, r),
            emotions: eight(&record.emotions, "MoodRecord")?,
            sarcasm: record.sarcasm,
            urgency: record.urgency,
            average: record.average,
            scores: record.scores.into(),
            texts: record.texts,
            negatives: record.negatives,
            repeated_since: take!(record.repeated_since, MoodRecord, r),
            heard: record
                .heard
                .into_iter()
                .map(|one| Wire::read(one, r))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// A score in the timeline: of a message, or of an event by its name.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MoodReadingRecord {
    #[prost(bytes = "vec", optional, tag = "1")]
    message: Option<Vec<u8>>,
    #[prost(string, tag = "2")]
    event: String,
    #[prost(message, optional, tag = "3")]
    score: Option<TextScoreRecord>,
    #[prost(float, tag = "4")]
    average: f32,
    #[prost(float, tag = "5")]
    trend: f32,
    #[prost(bool, tag = "6")]
    repeated_negatives: bool,
    #[prost(uint64, optional, tag = "7")]
    replaces: Option<u64>,
}

impl Wire<MoodReadingRecord> for MoodReading {
    fn write(&self, w: &mut Writer<'_>) -> MoodReadingRecord {
        let (message, event) = write_of(&self.of, w);
        MoodReadingRecord {
            message,
            event,
            score: self.score.write(w),
            average: self.average,
            trend: self.trend,
            repeated_negatives: self.repeated_negatives,
            replaces: self.replaces,
        }
    }

    fn read(record: MoodReadingRecord, r: Reader<'_>) -> Result<Self, RecordError> {
        Ok(MoodReading {
            of: read_of(record.message, record.event, r)?,
            score: take!(record.score, MoodReadingRecord, r),
            average: record.average,
            trend: record.trend,
            repeated_negatives: record.repeated_negatives,
            replaces: record.replaces,
        })
    }
}
