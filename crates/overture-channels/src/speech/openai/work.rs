//! The workers that all calls share, and their queue.

use std::{convert::Infallible, sync::Arc, thread};

use crossbeam_channel::{Receiver, Sender};
use overture_engine::understand::transcribe::Told;

use super::{ask::Asker, order::Place};
use crate::speech::audio;

/// A piece of speech to read.
pub(super) struct Job {
    pub(super) samples: Vec<i16>,
    pub(super) start_ms: u32,
    pub(super) language: Option<String>,
    pub(super) place: Place,
}

/// The queue. The workers end when the last of it is dropped.
pub(super) struct Workers {
    jobs: Sender<Job>,
    _stop: Sender<Infallible>,
}

impl Workers {
    /// Starts them.
    pub(super) fn start(asker: &Arc<Asker>) -> Self {
        let (jobs, taken) = crossbeam_channel::bounded::<Job>(asker.limits.queued_max);
        let (stop, stopped) = crossbeam_channel::bounded(0);
        for number in 0..asker.limits.workers {
            let (asker, taken, stopped) = (Arc::clone(asker), taken.clone(), stopped.clone());
            let work = move || {
                for job in taken {
                    work(&asker, job, &stopped);
                }
            };
            // Where no thread can be had the queue fills, and that is told.
            let named = thread::Builder::new().name(format!("speech-{number}"));
            let _ = named.spawn(work);
        }
        Self { jobs, _stop: stop }
    }

    /// Has a piece read; what does not fit is told at its place.
    pub(super) fn take(&self, job: Job) {
        if let Err(refused) = self.jobs.try_send(job) {
            let job = refused.into_inner();
            let trouble = trouble(
                &job,
                "too much is waiting to be read by the transcription service",
            );
            job.place.fill(vec![trouble]);
        }
    }
}

fn work(asker: &Asker, job: Job, stopped: &Receiver<Infallible>) {
    if !job.place.is_wanted() {
        return;
    }
    let told = match asker.read(&job.samples, job.language.as_deref(), stopped) {
        Ok(None) => Vec::new(),
        Ok(Some(heard)) => vec![Told::Words(heard.after(job.start_ms))],
        Err(unheard) => vec![trouble(&job, &unheard.to_string())],
    };
    job.place.fill(told);
}

/// Names what is missing by its time.
fn trouble(job: &Job, why: &str) -> Told {
    let tenths = |ms: u32| f64::from(ms / 100) / 10.0;
    let end_ms = job
        .start_ms
        .saturating_add(audio::ms_of(job.samples.len() as u64));
    let (from, until) = (tenths(job.start_ms), tenths(end_ms));
    Told::Trouble(format!(
        "what was said from {from:.1} s to {until:.1} s is not understood: {why}"
    ))
}
