//! `overture evaluate fusion`: what voice and words say together, on utterances that are put together from recordings of one set and
//! messages of another.

mod evaluate;
mod measure;
mod mishear;
mod pairs;

pub(crate) use evaluate::{EvaluateArgs, run as evaluate};
