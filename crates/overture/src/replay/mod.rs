//! The recorded history decided anew: `overture replay`, and the same for the desk.
//!
//! One thread reads the log ([`reader`]), others step it, each its share of the customers
//! ([`shard`]); both sides' decisions are then compared ([`compare`]). The store is only read.
//! What a replay may conclude is told in `overture_engine::replay`.

mod command;
mod compare;
mod decided;
mod exchange;
mod print;
mod reader;
mod shard;

use std::{
    collections::BTreeSet,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use crossbeam_channel::{bounded, never};
use overture_engine::{
    decide::Policy,
    model::{OfferId, Seq},
    understand::EngagementModel,
};
use overture_http::{ReplayAsked, ReplayProgress, ReplayReport};
use overture_store::Store;

pub(crate) use command::{ReplayArgs, for_desk, run_command};

use decided::{Decided, Recorded};
use exchange::Exchange;
use reader::{Chunk, Reader};
use shard::Shard;

/// Chunks that may wait for a shard.
const CHUNKS_WAITING_MAX: usize = 2;

/// Decisions of one side that are compared at most.
const DECISIONS_MAX: usize = 2_000_000;

/// What a replay works with.
#[derive(Clone)]
pub struct Source {
    /// Where the log is. It is only read, and nobody's lease is needed.
    pub store: Arc<dyn Store>,
    /// What scores customers.
    pub engagement: Arc<dyn EngagementModel>,
    /// On how many threads customers are stepped, beside the one that reads.
    pub shards: usize,
    /// How many customers may be in memory, about 2 KB each.
    pub customers_max: usize,
    /// How long the reading thread rests after a chunk, as a multiple of what the chunk took.
    pub rest: f32,
}

/// Decides the history anew; blocks until it is done or cancelled.
///
/// # Errors
/// The draft has mistakes, the log is empty or holds too much for the limits, the store cannot be
/// read, or `progress` was cancelled.
pub fn run(
    source: &Source,
    asked: &ReplayAsked,
    progress: &ReplayProgress,
) -> anyhow::Result<ReplayReport> {
    let started = Instant::now();
    let store = &*source.store;
    ensure!(
        asked.from < asked.to,
        "nothing to compare: {} is not before {}",
        asked.from,
        asked.to
    );
    let draft = asked.draft.as_deref().map(parse_draft).transpose()?;
    let first = store
        .read_log(Seq(1), 1)
        .context("could not read the log")?;
    let Some(first) = first.first() else {
        bail!("the log is empty: nothing was recorded yet");
    };
    ensure!(
        first.received_at < asked.to,
        "nothing to compare: the log begins at {}, after {}",
        first.received_at,
        asked.to
    );
    let log_from = (first.seq, first.received_at);
    let mut recorded = Recorded::read(store, asked.from, asked.to, progress)?;
    let made = Arc::new(std::mem::take(&mut recorded.offers));
    let reader = Reader::new(source, asked, draft, log_from)?;
    let (stepped, end) = step_all(source, asked, reader, &made, progress)?;
    if progress.is_cancelled() {
        bail!("cancelled");
    }
    let context = compare::Context {
        asked,
        log_from,
        why: end,
        took: started.elapsed(),
    };
    compare::report(store, &context, recorded, stepped)
}

fn parse_draft(toml: &str) -> anyhow::Result<(Policy, String)> {
    match Policy::parse(toml, 0) {
        Ok(parsed) => Ok((parsed.policy, toml.to_owned())),
        Err(errors) => {
            let lines: Vec<String> = errors
                .iter()
                .map(|error| {
                    format!(
                        "line {}, column {}: {}",
                        error.line, error.column, error.message
                    )
                })
                .collect();
            bail!("the draft has mistakes:\n{}", lines.join("\n"))
        }
    }
}

/// What all shards came to.
#[derive(Debug, Default)]
struct Stepped {
    decisions: Vec<Decided>,
    events: u64,
    customers: u64,
    left_out: u64,
}

/// Why the worlds differ, if they do.
#[derive(Debug, Default)]
struct Differs {
    /// Sentences, each once, in the order in which they became true.
    because: Vec<String>,
}

impl Differs {
    fn add(&mut self, sentence: String) {
        if !self.because.contains(&sentence) {
            self.because.push(sentence);
        }
    }
}

fn step_all(
    source: &Source,
    asked: &ReplayAsked,
    mut reader: Reader<'_>,
    made: &Arc<BTreeSet<OfferId>>,
    progress: &ReplayProgress,
) -> anyhow::Result<(Stepped, Differs)> {
    let shards = source.shards.max(1);
    let exchange = Exchange::new(shards);
    let window = asked.from..asked.to;
    thread::scope(|scope| {
        let mut senders = Vec::new();
        let mut threads = Vec::new();
        for number in 0..shards {
            let (sender, chunks) = bounded::<Arc<Chunk>>(CHUNKS_WAITING_MAX);
            senders.push(sender);
            let (made, window, exchange) = (Arc::clone(made), window.clone(), &exchange);
            let customers_max = source.customers_max.div_ceil(shards);
            threads.push(scope.spawn(move || {
                let mut shard = Shard::new(number, made, window, customers_max, exchange);
                // Whatever ends it, nobody waits for it any more.
                let outcome = shard.work(&chunks, progress);
                exchange.leave(number);
                outcome.map(|()| shard.finish())
            }));
        }
        let mut read = Ok(());
        'chunks: while !progress.is_cancelled() {
            let begun = Instant::now();
            match reader.next() {
                Ok(Some(chunk)) => {
                    let chunk = Arc::new(chunk);
                    for sender in &senders {
                        // A shard that failed says why below.
                        if sender.send(Arc::clone(&chunk)).is_err() {
                            break 'chunks;
                        }
                    }
                    progress.add(chunk.inputs.len() as u64, chunk.share);
                    rest(begun.elapsed().mul_f32(source.rest));
                }
                Ok(None) => break,
                Err(error) => {
                    read = Err(error);
                    break;
                }
            }
        }
        drop(senders);
        let mut all = Stepped::default();
        for thread in threads {
            let mut one = thread
                .join()
                .map_err(|_| anyhow::anyhow!("a thread of the replay panicked"))??;
            all.decisions.append(&mut one.decisions);
            all.customers += one.customers;
            all.left_out += one.left_out;
        }
        read?;
        all.events = reader.events();
        all.decisions.sort_by_key(|one| (one.at, one.decision));
        ensure!(
            all.decisions.len() <= DECISIONS_MAX,
            "more than {DECISIONS_MAX} decisions: choose a shorter stretch"
        );
        Ok((all, reader.into_differs()))
    })
}

/// Leaves the machine to others for a while.
fn rest(time: Duration) {
    if !time.is_zero() {
        let _ = never::<()>().recv_timeout(time);
    }
}
