//! Recordings, and the models that read them: one for all, or for each speaker one that was made without them.

use std::collections::BTreeMap;

use anyhow::Context;
use overture_engine::model::VoiceScore;
use overture_inference::voice::{
    Clip, Emotion, Measurer, Recipe, Speaker, VoiceModel, VoiceReading, make_without_each,
};

use super::{clips::DataArgs, conditions::Condition};
use crate::progress;

/// The recordings and what reads them, as flags.
#[derive(Debug, clap::Args)]
pub(crate) struct ReaderArgs {
    #[command(flatten)]
    data: DataArgs,
    /// A voice model's file. Without it, models are made without each speaker in turn.
    #[arg(long, value_name = "FILE")]
    model: Option<std::path::PathBuf>,
    /// The seed of the recipe, where models are made.
    #[arg(long, default_value_t = Recipe::default().seed)]
    seed: u64,
}

/// Recordings with a model for each speaker.
pub(crate) struct Readers {
    /// The recordings, in the given order.
    pub(super) clips: Vec<Clip>,
    models: BTreeMap<String, VoiceModel>,
    /// Where the models are from.
    pub(crate) how: &'static str,
}

/// How a recording sounded over a telephone.
pub(crate) struct Recorded {
    /// Who speaks.
    pub(crate) speaker: String,
    /// Whether it was spoken in anger.
    pub(crate) is_angry: bool,
    /// What a call would be told; `None` where no speech was heard.
    pub(crate) score: Option<VoiceScore>,
}

impl ReaderArgs {
    /// Reads the recordings, and reads or makes the models.
    ///
    /// # Errors
    /// The model or the recordings cannot be read, or no models can be made of them.
    pub(crate) fn read(&self) -> anyhow::Result<Readers> {
        let clips = self.data.read()?;
        let (models, how) = match &self.model {
            Some(file) => {
                let model = super::model(Some(file))?;
                let speakers = clips.iter().map(|clip| clip.speaker.clone());
                let models = speakers.map(|speaker| (speaker, model.clone())).collect();
                (models, "one model")
            }
            None => (self.make(&clips)?, "one model a speaker, made without them"),
        };
        Ok(Readers { clips, models, how })
    }

    fn make(&self, clips: &[Clip]) -> anyhow::Result<BTreeMap<String, VoiceModel>> {
        let recipe = Recipe {
            seed: self.seed,
            ..Recipe::default()
        };
        let bar = progress::bar();
        let made = make_without_each("recipe", clips, recipe, &|share| progress::set(&bar, share));
        bar.finish_and_clear();
        let made = made.context("no voice models can be made from these recordings")?;
        Ok(made.into_iter().collect())
    }
}

impl Readers {
    /// The models' name.
    pub(crate) fn name(&self) -> &str {
        self.models.values().next().map_or("", VoiceModel::name)
    }

    /// How many speakers there are.
    pub(crate) fn speakers(&self) -> usize {
        self.models.len()
    }

    /// Reads the recordings that the condition holds, each speaker's in the given order and against how they sounded before.
    pub(super) fn each(&self, condition: Condition) -> Vec<(&Clip, Option<VoiceReading>)> {
        let mut measurer = Measurer::default();
        let mut speakers: BTreeMap<&str, Speaker> = BTreeMap::new();
        let mut read = Vec::with_capacity(self.clips.len());
        for (place, clip) in self.clips.iter().enumerate() {
            let Some(model) = self
                .models
                .get(&clip.speaker)
                .filter(|_| condition.holds(clip))
            else {
                continue;
            };
            let speaker = speakers.entry(&clip.speaker).or_default();
            let stretch = measurer.measure(&condition.apply(&self.clips, place));
            read.push((clip, stretch.map(|stretch| model.read(&stretch, speaker))));
        }
        read
    }

    /// How each recording sounds over a telephone.
    pub(crate) fn over_a_telephone(&self) -> Vec<Recorded> {
        let recorded = |(clip, reading): (&Clip, Option<VoiceReading>)| Recorded {
            speaker: clip.speaker.clone(),
            is_angry: clip.emotion == Emotion::Anger,
            score: reading.map(|reading| reading.score()),
        };
        self.each(Condition::Telephone)
            .into_iter()
            .map(recorded)
            .collect()
    }
}
