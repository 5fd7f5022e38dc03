//! Reading texts anew with a slower model, once their first reading is durable: it enters as an event of its own and delays none.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Weak},
};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use overture_engine::{
    World,
    model::{
        CustomerBody, CustomerId, Ingress, Input, InputBody, Seq, Subject, TextReading, Unsaid,
    },
    understand::{DomainLexicon, TextModel, text::said},
};
use overture_http::Core;

use super::Handle;

/// Loads the model. It takes a moment, so the thread does it, and whoever starts need not wait.
pub type LoadText = Box<dyn FnOnce() -> Option<Arc<dyn TextModel>> + Send>;

/// Texts that may wait; what comes while so many do keeps its first reading.
const WAITING_MAX: usize = 256;

/// A text that was read once, with the list that it was read by: the second reading goes by the same.
#[derive(Debug)]
pub(super) struct Text {
    customer: CustomerId,
    input: Seq,
    text: String,
    lexicon: Arc<DomainLexicon>,
}

/// The way to the thread that reads; without a model there is none.
#[derive(Debug, Default)]
pub(super) struct SecondReader {
    texts: Option<Sender<Text>>,
}

impl SecondReader {
    /// Starts the thread. It ends when the reader is dropped.
    pub(super) fn start(load: Option<LoadText>, core: Weak<Handle>) -> Self {
        let Some(load) = load else {
            return Self::default();
        };
        let (texts, waiting) = bounded(WAITING_MAX);
        let spawned = std::thread::Builder::new()
            .name("overture-reader".to_owned())
            .spawn(move || {
                if let Some(model) = load() {
                    work(&*model, &waiting, &core);
                }
            });
        match spawned {
            Ok(_) => Self { texts: Some(texts) },
            Err(error) => {
                tracing::error!(%error, "texts are read once only: the second reader could not start");
                Self::default()
            }
        }
    }

    /// What of a unit, which was read in this world, is to be read anew.
    pub(super) fn wanted(&self, inputs: &[Input], world: &World) -> Vec<Text> {
        if self.texts.is_none() {
            return Vec::new();
        }
        let properties = &world.policy.sentiment.properties;
        let wanted = inputs.iter().filter_map(|input| {
            let InputBody::Customer(event) = &input.body else {
                return None;
            };
            let Some(TextReading::Scored(_)) = &event.reading else {
                return None;
            };
            Some(Text {
                customer: event.customer,
                input: input.seq,
                text: said(&event.body, properties)?.into_owned(),
                lexicon: Arc::clone(&world.lexicon),
            })
        });
        wanted.collect()
    }

    /// Has these read, now that their unit is durable.
    pub(super) fn read(&self, texts: Vec<Text>) {
        let Some(waiting) = &self.texts else { return };
        for text in texts {
            if let Err(TrySendError::Full(_)) = waiting.try_send(text) {
                count("left");
            }
        }
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("overture_second_readings_total", "outcome" => outcome).increment(1);
}

fn work(model: &dyn TextModel, waiting: &Receiver<Text>, core: &Weak<Handle>) {
    for one in waiting {
        let read = catch_unwind(AssertUnwindSafe(|| one.lexicon.read(model, &one.text)));
        let score = match read {
            Ok(TextReading::Scored(score)) => score,
            Ok(TextReading::Abstained { .. }) => {
                count("abstained");
                continue;
            }
            Err(_) => {
                tracing::error!(
                    model = model.name(),
                    seq = one.input.0,
                    "a text made the model panic"
                );
                count("failed");
                continue;
            }
        };
        let Some(core) = core.upgrade() else { return };
        let body = CustomerBody::ReadAgain {
            input: one.input,
            score,
        };
        count("read");
        // Nobody waits for the answer: a core that has no room keeps the first reading.
        drop(core.submit(vec![Ingress {
            source: None,
            occurred_at: None,
            message_key: None,
            unsaid: Unsaid::default(),
            subject: Subject::Customer(one.customer, body),
        }]));
    }
}
