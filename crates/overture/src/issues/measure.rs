//! What an issue classifier is worth on labelled messages: each figure with its 95 % interval.

use overture_inference::{
    issues::{IssueModel, Scratch},
    text::metrics::f1,
};
use serde_json::{Map, Value};

use super::rows::Row;
use crate::figures::{calibration, insert};

/// A message's answer and what it is.
struct Scored {
    /// Its issue; `None` for out of scope.
    is: Option<usize>,
    /// The issue that was named; `None` for out of scope.
    named: Option<usize>,
    /// The likeliest issue and its probability, whether or not it was named.
    likeliest: Option<(usize, f32)>,
    /// Whether its issue is among the three likeliest.
    is_in_three: bool,
    out_of_scope: f32,
}

/// Every figure that the rows' labels allow.
///
/// `in_scope_accuracy`: the share of the messages in scope whose issue was named; being called out of scope counts as
/// wrong. `in_scope_accuracy_unrefused`: the same if nothing were called out of scope. `top_3_accuracy`: its issue is among
/// the three likeliest. `macro_f1`: over the labels that occur, `oos` among them. Calibration of the likeliest issue's
/// probability: over messages in scope (`issue`), and over all (`issue_of_all`), where a message out of scope has none.
pub(super) fn figures(model: &IssueModel, rows: &[Row], rounds: usize) -> Value {
    let scored = score(model, rows);
    let (inside, outside): (Vec<&Scored>, Vec<&Scored>) =
        scored.iter().partition(|one| one.is.is_some());
    let mut all = Map::new();
    all.insert("messages".to_owned(), rows.len().into());
    all.insert("messages_out_of_scope".to_owned(), outside.len().into());
    let mut share = |name: &str, rows: &[&Scored], holds: fn(&Scored) -> bool| {
        if !rows.is_empty() {
            insert(&mut all, name, rows, rounds, |sample| {
                sample.iter().filter(|one| holds(one)).count() as f64 / sample.len() as f64
            });
        }
    };
    share("in_scope_accuracy", &inside, |one| one.named == one.is);
    share("in_scope_accuracy_unrefused", &inside, Scored::is_likeliest);
    share("top_3_accuracy", &inside, |one| one.is_in_three);
    share("out_of_scope_recall", &outside, |one| one.named.is_none());
    if !outside.is_empty() {
        let called: Vec<&Scored> = scored.iter().filter(|one| one.named.is_none()).collect();
        share("out_of_scope_precision", &called, |one| one.is.is_none());
    }
    let labels = model.issues().len() + 1;
    insert(&mut all, "macro_f1", &scored, rounds, |sample| {
        macro_f1(sample, labels)
    });
    let sure = |rows: &[&Scored]| -> Vec<(f64, bool)> {
        let of = |one: &&Scored| Some((f64::from(one.likeliest?.1), one.is_likeliest()));
        rows.iter().filter_map(of).collect()
    };
    calibration(&mut all, "issue", &sure(&inside));
    if !outside.is_empty() {
        let everything: Vec<&Scored> = scored.iter().collect();
        calibration(&mut all, "issue_of_all", &sure(&everything));
        let said: Vec<(f64, bool)> = scored
            .iter()
            .map(|one| (f64::from(one.out_of_scope), one.is.is_none()))
            .collect();
        calibration(&mut all, "out_of_scope", &said);
    }
    Value::Object(all)
}

impl Scored {
    fn is_likeliest(&self) -> bool {
        self.is.is_some() && self.is == self.likeliest.map(|(place, _)| place)
    }
}

fn score(model: &IssueModel, rows: &[Row]) -> Vec<Scored> {
    let mut scratch = Scratch::default();
    let of = |row: &Row| {
        let reading = model.read(&row.text, &mut scratch);
        let is = model.issue(&row.label);
        Scored {
            is,
            named: reading.named,
            likeliest: reading.likeliest(),
            is_in_three: is.is_some_and(|is| reading.ranked(3).contains(&is)),
            out_of_scope: reading.out_of_scope,
        }
    };
    rows.iter().map(of).collect()
}

/// The mean F1 over the labels that occur in `sample`; out of scope is the last of `labels`.
fn macro_f1(sample: &[&Scored], labels: usize) -> f64 {
    let (mut right, mut said, mut is) = (vec![0; labels], vec![0; labels], vec![0; labels]);
    for one in sample {
        let [named, label] = [one.named, one.is].map(|label| label.unwrap_or(labels - 1));
        said[named] += 1;
        is[label] += 1;
        right[label] += usize::from(named == label);
    }
    let occurring = (0..labels).filter(|label| is[*label] > 0);
    let (sum, count) = occurring.fold((0.0, 0usize), |(sum, count), label| {
        (sum + f1(right[label], said[label], is[label]), count + 1)
    });
    sum / count.max(1) as f64
}
