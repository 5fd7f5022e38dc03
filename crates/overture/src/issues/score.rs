//! `overture score issues`: JSON lines in, JSON lines out, one for one and in order.

use std::path::PathBuf;

use overture_inference::issues::{IssueModel, IssueReading, OUT_OF_SCOPE, Scratch};
use serde_json::{Value, json};

use crate::{figures::rounded, lines};

/// Says what messages are about: `{"id","text"}` a line in, `{"id","issues","oos","label"}` a line out.
#[derive(Debug, clap::Args)]
pub(crate) struct ScoreArgs {
    /// The folder that `train issues` wrote, or a classifier's file.
    #[arg(long, value_name = "FOLDER")]
    model: PathBuf,
    /// How many issues of each message are listed, the likeliest first.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    top: u16,
}

/// Reads standard input to its end.
///
/// # Errors
/// The classifier cannot be read, or reading or writing failed.
pub(crate) fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    let model = super::read(&args.model)?;
    let mut scratch = Scratch::default();
    lines::answer_each(|id, text| {
        let reading = model.read(text, &mut scratch);
        object(&id, &model, &reading, usize::from(args.top))
    })
}

fn object(id: &Value, model: &IssueModel, reading: &IssueReading, top: usize) -> Value {
    let number = |share: f32| rounded(f64::from(share));
    let issues: Vec<Value> = reading
        .ranked(top)
        .into_iter()
        .map(|place| json!({ "label": model.issues()[place], "p": number(reading.issues[place]) }))
        .collect();
    let label = reading
        .named
        .map_or(OUT_OF_SCOPE, |place| &model.issues()[place]);
    json!({ "id": id, "issues": issues, "oos": number(reading.out_of_scope), "label": label })
}
