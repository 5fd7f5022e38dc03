//! What is seen of calls while they go on: in memory, for whoever looks.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use overture_engine::{
    model::{CallDynamics, InteractionId, VoiceScore},
    understand::voice::{Party, Sounded, Turn},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

use crate::reading::rounded;

/// Calls that may be listened to at once.
pub(crate) const CALLS_LIVE_MAX: usize = 1_000;
/// Sockets that may be open without having said which call they carry.
pub(crate) const SOCKETS_WAITING_MAX: usize = 200;
/// Milliseconds that one level stands for.
pub(crate) const LEVEL_MS: u32 = 250;

/// What was heard of a call, as pages show it and as it is kept. About 120 bytes a second of the call.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trace {
    pub(crate) levels: Levels,
    pub(crate) points: Vec<Point>,
    pub(crate) turns: Vec<TurnOf>,
    /// As timelines show them.
    #[serde(default)]
    pub(crate) utterances: Vec<Value>,
}

/// How loud each party was, `0..=100`, a number for each [`LEVEL_MS`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Levels {
    pub(crate) customer: Vec<u8>,
    pub(crate) agent: Vec<u8>,
}

impl Levels {
    /// How many there are of every party that is heard.
    fn both(&self) -> usize {
        let (customer, agent) = (self.customer.len(), self.agent.len());
        if agent == 0 {
            customer
        } else {
            customer.min(agent)
        }
    }
}

/// How the customer sounded after another second of speech.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    at_s: f64,
    pub(crate) anger: f64,
    sadness: f64,
    joy: f64,
    neutral: f64,
    pub(crate) arousal: f64,
    pub(crate) quality: f64,
    pitch_semitones: Option<f64>,
    loudness_db: Option<f64>,
    pace: Option<f64>,
}

impl From<&Sounded> for Point {
    fn from(sounded: &Sounded) -> Self {
        let decimal = |value: f32| rounded(f64::from(value));
        let score: VoiceScore = sounded.score;
        Self {
            at_s: f64::from(sounded.at_ms) / 1_000.0,
            anger: decimal(score.anger),
            sadness: decimal(score.sadness),
            joy: decimal(score.joy),
            neutral: decimal(score.neutral),
            arousal: decimal(score.arousal),
            quality: decimal(score.quality),
            pitch_semitones: score.pitch.map(decimal),
            loudness_db: score.loudness_db.map(decimal),
            pace: score.pace.map(decimal),
        }
    }
}

/// A turn and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TurnOf {
    party: std::borrow::Cow<'static, str>,
    start_ms: u32,
    end_ms: u32,
}

/// What is known of a call only while it goes on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    pub(crate) trace: Trace,
    /// Words that may still change.
    pub(crate) partial: Option<String>,
    /// What staff should know.
    pub(crate) trouble: Option<String>,
    pub(crate) seconds: f64,
    pub(crate) dynamics: Option<CallDynamics>,
    /// How many of the trace's turns are each party's.
    counts: [usize; 2],
    /// Where each party's last turn stands among them.
    last: [Option<usize>; 2],
}

impl Heard {
    /// Takes over a party's turns from the one that may have grown on.
    pub(super) fn turns(&mut self, party: Party, newer: &[Turn]) {
        let own = party as usize;
        for (place, turn) in newer.iter().enumerate() {
            let of = TurnOf {
                party: party.name().into(),
                start_ms: turn.start_ms,
                end_ms: turn.end_ms,
            };
            match self.last[own] {
                Some(last) if place == 0 => self.trace.turns[last] = of,
                _ => {
                    self.trace.turns.push(of);
                    self.last[own] = Some(self.trace.turns.len() - 1);
                    self.counts[own] += 1;
                }
            }
        }
    }

    /// From which of a party's turns on there may be news: its last one.
    pub(super) fn turns_known(&self, party: Party) -> usize {
        self.counts[party as usize].saturating_sub(1)
    }

    /// How far everything goes that will not change any more.
    pub(crate) fn seen(&self) -> Seen {
        let firm = self.last.iter().flatten().min();
        Seen {
            levels: self.trace.levels.both(),
            points: self.trace.points.len(),
            turns: firm.map_or(0, |last| *last),
            utterances: self.trace.utterances.len(),
        }
    }
}

/// How much of a call somebody saw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Seen {
    pub(crate) levels: usize,
    pub(crate) points: usize,
    pub(crate) turns: usize,
    pub(crate) utterances: usize,
}

/// A call that is listened to, or could be.
#[derive(Debug)]
pub(crate) struct LiveCall {
    heard: Mutex<Heard>,
    /// Counts up with everything that is new.
    changed: watch::Sender<u64>,
    /// Whether it may be listened to now.
    permitted: AtomicBool,
    /// Whether somebody ended it.
    over: watch::Sender<bool>,
}

impl LiveCall {
    fn new(permitted: bool) -> Self {
        Self {
            heard: Mutex::default(),
            changed: watch::Sender::new(0),
            permitted: AtomicBool::new(permitted),
            over: watch::Sender::new(false),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(super) fn touch(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    pub(super) fn is_permitted(&self) -> bool {
        self.permitted.load(Ordering::Relaxed)
    }

    pub(super) fn permit(&self, permitted: bool) {
        self.permitted.store(permitted, Ordering::Relaxed);
    }

    /// Turns true when somebody ends the call from elsewhere.
    pub(super) fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }
}

/// All calls that go on here.
#[derive(Debug)]
pub(crate) struct LiveCalls {
    calls: Mutex<BTreeMap<InteractionId, Arc<LiveCall>>>,
    /// Counts up when a list of calls may look different.
    changed: watch::Sender<u64>,
    /// Room for sockets that have not said which call they carry.
    pub(super) waiting: Arc<Semaphore>,
}

impl Default for LiveCalls {
    fn default() -> Self {
        Self {
            calls: Mutex::default(),
            changed: watch::Sender::new(0),
            waiting: Arc::new(Semaphore::new(SOCKETS_WAITING_MAX)),
        }
    }
}

/// A call is live until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    calls: Arc<LiveCalls>,
    call: InteractionId,
    pub(super) live: Arc<LiveCall>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.call);
        self.calls.touch();
    }
}

impl LiveCalls {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<InteractionId, Arc<LiveCall>>> {
        self.calls
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// Takes a place for a call's audio; `None` when it has one already, or there are too many.
    pub(super) fn enter(self: &Arc<Self>, call: InteractionId, permitted: bool) -> Option<Place> {
        let mut calls = self.lock();
        if calls.len() >= CALLS_LIVE_MAX || calls.contains_key(&call) {
            return None;
        }
        let live = Arc::new(LiveCall::new(permitted));
        calls.insert(call, Arc::clone(&live));
        drop(calls);
        self.touch();
        Some(Place {
            calls: Arc::clone(self),
            call,
            live,
        })
    }

    pub(crate) fn get(&self, call: InteractionId) -> Option<Arc<LiveCall>> {
        self.lock().get(&call).cloned()
    }

    /// Whether a call may be listened to was said anew.
    pub(super) fn permitted(&self, call: InteractionId, permitted: bool) {
        if let Some(live) = self.get(call) {
            live.permit(permitted);
        }
        self.touch();
    }

    /// Asks whoever carries the audio to end the call; `false` when nobody does.
    pub(super) fn hang_up(&self, call: InteractionId) -> bool {
        let live = self.get(call);
        if let Some(live) = &live {
            live.over.send_replace(true);
        }
        live.is_some()
    }

    pub(super) fn touch(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    /// Changes when a list of calls may look different.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
