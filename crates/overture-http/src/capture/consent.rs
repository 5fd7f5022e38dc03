//! What a source's consent mode leaves unsaid, what Segment's categories say, and what of it is news.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use overture_engine::model::{
    ConsentSource, CustomerBody, Identifier, Ingress, LinkKey, Purpose, Subject, Unsaid,
};
use overture_store::{ConsentMode, ConsentPurpose, SourceCapture};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

/// People whose last word is remembered; with more, it is forgotten and told anew.
const REMEMBERED_MAX: usize = 200_000;

/// The purpose that a source's setting names.
pub(crate) fn purpose(named: ConsentPurpose) -> Purpose {
    match named {
        ConsentPurpose::AnalyseBehaviour => Purpose::AnalyseBehaviour,
        ConsentPurpose::Contact => Purpose::Contact,
    }
}

/// What of a source's events may be kept while their customer has said nothing.
pub(crate) fn unsaid(rules: &SourceCapture) -> Unsaid {
    match rules.consent {
        ConsentMode::Required => Unsaid::Nothing,
        ConsentMode::Platform | ConsentMode::NotRequired => Unsaid::ByPolicy,
    }
}

#[derive(Deserialize)]
struct Consent {
    #[serde(rename = "categoryPreferences", default)]
    preferences: Map<String, Value>,
}

/// What an event's `context.consent` says of each purpose that the source has mapped: a
/// purpose is allowed when every category of its own that is named is.
pub(crate) fn said(consent: Option<&RawValue>, rules: &SourceCapture) -> Vec<(Purpose, bool)> {
    let mut said: Vec<(Purpose, bool)> = Vec::new();
    if rules.consent_categories.is_empty() {
        return said;
    }
    let Some(consent) = consent.and_then(|raw| serde_json::from_str::<Consent>(raw.get()).ok())
    else {
        return said;
    };
    for (category, named) in &rules.consent_categories {
        let Some(granted) = consent.preferences.get(category).and_then(Value::as_bool) else {
            continue;
        };
        let purpose = purpose(*named);
        match said.iter_mut().find(|(known, _)| *known == purpose) {
            Some((_, all)) => *all &= granted,
            None => said.push((purpose, granted)),
        }
    }
    said
}

/// The last word that each person's events brought. Every event repeats it: only a change
/// is worth an input, and a repetition does not undo what was said elsewhere since.
#[derive(Default)]
pub(crate) struct Told(Mutex<HashMap<(LinkKey, Purpose), bool>>);

fn word(ingress: &Ingress) -> Option<((LinkKey, Purpose), bool)> {
    let Subject::Identified(
        who,
        CustomerBody::Consent {
            purpose,
            granted,
            by: ConsentSource::Segment,
        },
    ) = &ingress.subject
    else {
        return None;
    };
    let first: &Identifier = who.first()?;
    Some(((first.key, *purpose), *granted))
}

impl Told {
    /// A panic between two changes of a map leaves it whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<(LinkKey, Purpose), bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves out what is no news.
    pub(crate) fn keep_news(&self, ingress: &mut Vec<Ingress>) {
        let mut fresh = HashMap::new();
        let told = self.lock();
        ingress.retain(|one| {
            let Some((about, granted)) = word(one) else {
                return true;
            };
            let known = fresh.insert(about, granted).or(told.get(&about).copied());
            known != Some(granted)
        });
    }

    /// Remembers what is durable now.
    pub(crate) fn remember(&self, words: Vec<((LinkKey, Purpose), bool)>) {
        let mut told = self.lock();
        if told.len() + words.len() > REMEMBERED_MAX {
            told.clear();
        }
        told.extend(words);
    }

    /// The words among these inputs.
    pub(crate) fn words(ingress: &[Ingress]) -> Vec<((LinkKey, Purpose), bool)> {
        ingress.iter().filter_map(word).collect()
    }
}
