//! `overture score|train|evaluate text` and `overture models`: the text models from the command line.

mod choose;
mod data;
mod evaluate;
mod export;
mod lexicon;
mod measure;
mod score;
pub(crate) mod shelf;
mod train;
mod upset;

pub(crate) use evaluate::{EvaluateArgs, run as evaluate};
pub(crate) use lexicon::LexiconFile;
pub(crate) use score::{ScoreArgs, run as score};
pub(crate) use train::{TrainArgs, run as train};
pub(crate) use upset::{Messages, upset_or_calm};
