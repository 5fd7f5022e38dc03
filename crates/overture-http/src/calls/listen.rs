//! From samples to what is seen of a call, and to the facts that the engine takes.
//!
//! The customer's speech is cut into utterances at their pauses; each is one fact, with how it sounds and, where something turns
//! speech into words, with what was said. The agent's samples say only when they speak, and are gone then.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use overture_engine::{
    contact::call::not_analysed,
    model::{
        CallDynamics, CallEnd, CallFact, InteractionId, Millis, Private, Timestamp, Utterance,
    },
    understand::{
        transcribe::{SpokenWords, Told, Transcription},
        voice::{CallListener, Party, SAMPLES_PER_SECOND, Sounded},
    },
};
use overture_store::CallPartKind;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    begin::Begun,
    cut::Cut,
    live::{LEVEL_MS, LiveCall, Place, Point},
    scribe,
};
use crate::{app::Shared, hub::Watch};

/// Samples of a millisecond.
const PER_MS: u64 = SAMPLES_PER_SECOND as u64 / 1_000;
/// A pause after which an utterance is over, ms.
const PAUSE_MS: u32 = 700;
/// The longest utterance, ms: who talks on without a pause is heard in pieces.
const UTTERANCE_MS_MAX: u32 = 10_000;
/// How long an utterance waits for its words.
const WORDS_WITHIN: Millis = Millis::from_secs(6);
/// How long words may still come after the call.
const LAST_WORDS_WITHIN: Millis = Millis::from_secs(15);
/// How far words may lie outside of their utterance, ms.
const SLACK_MS: u32 = 400;
/// Facts that may wait to be written.
const FACTS_WAITING_MAX: usize = 64;
/// Bytes of audio in one part.
const PART_BYTES: usize = 64 << 10;
/// How often what was heard is kept, lest a crash takes more of it.
const KEEP_EVERY: Millis = Millis::from_secs(60);

/// A call being listened to.
pub(super) struct Listening {
    app: Shared,
    place: Place,
    begun: Begun,
    listener: Box<dyn CallListener>,
    words: Option<Words>,
    /// Samples of each party so far, and those of them that could be heard: the clock of everything that is told.
    samples: [u64; 2],
    heard: [u64; 2],
    /// Of each party: the samples of the level under way, their number and the loudest so far.
    levels: [(u64, f32); 2],
    cut: Cut,
    waiting: VecDeque<Waiting>,
    facts: Option<mpsc::Sender<CallFact>>,
    scribe: Option<JoinHandle<()>>,
    audio: Option<Audio>,
    kept_at: Timestamp,
    /// Tells when the customer changed: they may have refused.
    watch: Watch,
}

struct Words {
    from: String,
    transcription: Box<dyn Transcription>,
    /// Told, and not part of an utterance yet.
    spoken: Vec<SpokenWords>,
    closed: bool,
}

/// Where an utterance lies, and how much of it is speech, ms.
#[derive(Clone, Copy)]
struct Span {
    start_ms: u32,
    end_ms: u32,
    spoken_ms: u32,
}

/// An utterance that waits for its words.
struct Waiting {
    utterance: Utterance,
    since: Timestamp,
}

/// The customer's side, on its way to be kept.
struct Audio {
    part: Vec<u8>,
    place: u32,
}

impl Listening {
    /// Begins to listen; `None` where there is nothing to listen with.
    pub(super) async fn start(app: &Shared, place: Place, begun: Begun) -> Option<Self> {
        let analyzer = app.call_parts.analyzer.as_ref()?;
        let words = app
            .call_parts
            .transcriber
            .as_ref()
            .map(|transcriber| Words {
                from: transcriber.name().to_owned(),
                transcription: transcriber.listen(&begun.call.to_string(), None),
                spoken: Vec::new(),
                closed: false,
            });
        let keeps = app
            .policy()
            .await
            .is_ok_and(|policy| policy.voice.recording_days > 0);
        let (facts, waiting) = mpsc::channel(FACTS_WAITING_MAX);
        let after = match app.core.peek(begun.customer).await {
            Some(view) => view.state.timeline_seq,
            None => 0,
        };
        let scribe = tokio::spawn(scribe::write(
            Arc::clone(app),
            Arc::clone(&place.live),
            begun,
            after,
            waiting,
        ));
        Some(Self {
            app: Arc::clone(app),
            listener: analyzer.listen(),
            place,
            begun,
            words,
            samples: [0; 2],
            heard: [0; 2],
            levels: [(0, 0.0); 2],
            cut: Cut::default(),
            waiting: VecDeque::new(),
            facts: Some(facts),
            scribe: Some(scribe),
            audio: keeps.then(|| Audio {
                part: Vec::new(),
                place: 0,
            }),
            kept_at: app.now(),
            watch: app.hub.watch(begun.customer),
        })
    }

    /// Milliseconds of a party's audio so far.
    pub(super) fn at_ms(&self, party: Party) -> u64 {
        self.samples[party as usize] / PER_MS
    }

    /// Adds samples of one party; hands each reading to `told` too.
    pub(super) fn hear(&mut self, party: Party, samples: &[f32], told: &mut dyn FnMut(&Sounded)) {
        self.samples[party as usize] += samples.len() as u64;
        if !self.place.live.is_permitted() {
            return;
        }
        self.heard[party as usize] += samples.len() as u64;
        if party == Party::Customer {
            if let Some(words) = &mut self.words {
                let whole: Vec<i16> = samples
                    .iter()
                    .map(|sample| (sample.clamp(-1.0, 1.0) * 32_767.0) as i16)
                    .collect();
                words.transcription.hear(&whole);
            }
            self.keep_audio(samples);
        }
        let mut sounded = Vec::new();
        self.listener
            .hear(party, samples, &mut |one| sounded.push(one));
        let mut heard = self.place.live.lock();
        let levels = match party {
            Party::Customer => &mut heard.trace.levels.customer,
            Party::Agent => &mut heard.trace.levels.agent,
        };
        level(&mut self.levels[party as usize], levels, samples);
        for one in &sounded {
            heard.trace.points.push(Point::from(one));
            self.cut.add(&one.score);
            told(one);
        }
        let newer = self.listener.turns(party, heard.turns_known(party));
        heard.turns(party, &newer);
        let longest = self.longest();
        heard.seconds = longest as f64 / SAMPLES_PER_SECOND as f64;
        if !sounded.is_empty() {
            heard.dynamics = self.dynamics();
        }
        drop(heard);
        self.place.live.touch();
        if !sounded.is_empty() {
            self.app.calls.touch();
        }
        if party == Party::Customer {
            self.cut();
        }
    }

    /// How both talk; nothing where only one was heard.
    fn dynamics(&self) -> Option<CallDynamics> {
        (self.heard[Party::Agent as usize] > 0).then(|| self.listener.dynamics())
    }

    /// Does what time alone brings: words that came, utterances that waited long enough, what is to be kept.
    pub(super) async fn tick(&mut self) {
        self.ask_permission().await;
        self.take_words();
        self.send_ready(WORDS_WITHIN).await;
        let now = self.app.now();
        if now.since(self.kept_at) >= KEEP_EVERY {
            self.kept_at = now;
            self.keep_trace().await;
        }
        self.keep_parts(PART_BYTES).await;
    }

    /// Asks whether the call may still be listened to, where its customer changed.
    pub(super) async fn ask_permission(&mut self) {
        if !self.watch.changed.has_changed().unwrap_or(false) {
            return;
        }
        self.watch.changed.mark_unchanged();
        let Some(view) = self.app.core.peek(self.begun.customer).await else {
            return;
        };
        let Ok(policy) = self.app.policy().await else {
            return;
        };
        let calls = &view.state.calls;
        let open = calls.iter().find(|open| open.call == self.begun.call);
        let may =
            open.is_some_and(|open| not_analysed(&view.state, &open.began, &policy).is_none());
        if may != self.place.live.is_permitted() {
            self.place.live.permit(may);
            self.place.live.touch();
            self.app.calls.touch();
        }
    }

    /// Waits until every utterance so far has its words, where a recording comes faster than they can.
    pub(super) async fn settle(&mut self) {
        while !self.waiting.is_empty() {
            self.tick().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.tick().await;
    }

    /// Cuts what is over into utterances.
    fn cut(&mut self) {
        while let Some(span) = self.next_utterance() {
            self.utter(span);
        }
    }

    /// The next stretch of turns that ends with a pause, or is long enough.
    fn next_utterance(&mut self) -> Option<Span> {
        let now_ms = (self.heard[Party::Customer as usize] / PER_MS) as u32;
        let turns = self.listener.turns(Party::Customer, self.cut.turns);
        let mut span: Option<Span> = None;
        for (place, turn) in turns.iter().enumerate() {
            let start_ms = turn.start_ms.max(self.cut.from_ms);
            if turn.end_ms <= start_ms {
                continue;
            }
            let span = span.get_or_insert(Span {
                start_ms,
                end_ms: start_ms,
                spoken_ms: 0,
            });
            span.end_ms = turn.end_ms;
            span.spoken_ms += turn.end_ms - start_ms;
            let next_ms = turns.get(place + 1).map_or(now_ms, |next| next.start_ms);
            let is_over = next_ms.saturating_sub(turn.end_ms) >= PAUSE_MS;
            if is_over || span.end_ms - span.start_ms >= UTTERANCE_MS_MAX {
                // A turn that goes on belongs to the next utterance too.
                self.cut.turns += place + usize::from(is_over);
                return Some(*span);
            }
        }
        None
    }

    /// An utterance is over. Where too little of it is known, what is known counts for the next.
    fn utter(&mut self, span: Span) {
        self.cut.from_ms = span.end_ms;
        let voice = self.cut.voice();
        let spoken_ms = span.spoken_ms + std::mem::take(&mut self.cut.spoken_ms);
        if voice.is_none() && self.words.is_none() {
            self.cut.spoken_ms = spoken_ms;
            return;
        }
        if let Some(words) = &mut self.words {
            words.transcription.stopped(span.start_ms, span.end_ms);
        }
        self.waiting.push_back(Waiting {
            utterance: Utterance {
                call: self.begun.call,
                start_ms: span.start_ms,
                end_ms: span.end_ms,
                spoken_ms,
                voice,
                text: Private::default(),
                words_confidence: 0.0,
                words_from: None,
            },
            since: self.app.now(),
        });
    }

    fn take_words(&mut self) {
        let Some(words) = &mut self.words else { return };
        for told in words.transcription.told() {
            match told {
                Told::Words(spoken) => {
                    words.spoken.push(spoken);
                    self.place.live.lock().partial = None;
                }
                Told::Partial(text) => self.place.live.lock().partial = Some(text),
                Told::Trouble(text) => self.place.live.lock().trouble = Some(text),
            }
            self.place.live.touch();
        }
    }

    /// Sends the utterances whose words came, or that waited for so long.
    async fn send_ready(&mut self, within: Millis) {
        while let Some(first) = self.waiting.front() {
            let (start_ms, end_ms) = (first.utterance.start_ms, first.utterance.end_ms);
            let mut text = String::new();
            let mut sure = (0.0, 0.0);
            if let Some(words) = &mut self.words {
                let is_its = |one: &SpokenWords| {
                    let middle = one.start_ms.midpoint(one.end_ms);
                    middle + SLACK_MS >= start_ms && middle <= end_ms + SLACK_MS
                };
                let mut left = Vec::new();
                for one in words.spoken.drain(..) {
                    if !is_its(&one) {
                        left.push(one);
                        continue;
                    }
                    let length = one.text.len() as f32;
                    sure = (sure.0 + one.confidence * length, sure.1 + length);
                    if !text.is_empty() {
                        text.push(' ');
                    }
                    text.push_str(one.text.trim());
                }
                words.spoken = left;
                let is_late = self.app.now().since(first.since) >= within;
                let is_done = words.closed && words.transcription.is_done();
                if text.is_empty() && !is_late && !is_done {
                    return;
                }
            }
            let Some(Waiting { mut utterance, .. }) = self.waiting.pop_front() else {
                return;
            };
            if !text.is_empty() {
                utterance.text = Private::new(text);
                utterance.words_confidence = sure.0 / sure.1.max(1.0);
                utterance.words_from = self.words.as_ref().map(|words| words.from.clone());
            }
            if utterance.voice.is_some() || !utterance.text.is_empty() {
                self.send(CallFact::Heard(utterance)).await;
            }
        }
    }

    async fn send(&mut self, fact: CallFact) {
        if let Some(facts) = &self.facts {
            // The scribe ends only with this sender.
            let _ = facts.send(fact).await;
        }
    }

    /// Ends the call: what is left of it is read and written, then it is over.
    pub(super) async fn end(mut self, why: CallEnd) {
        let mut sounded = Vec::new();
        if self.place.live.is_permitted() {
            self.listener.end(&mut |one| sounded.push(one));
        }
        for one in &sounded {
            self.place.live.lock().trace.points.push(Point::from(one));
            self.cut.add(&one.score);
        }
        self.cut();
        self.cut_rest();
        if let Some(words) = &mut self.words {
            words.transcription.close();
            words.closed = true;
        }
        let until = self.app.now() + LAST_WORDS_WITHIN;
        while !self.waiting.is_empty() && self.app.now() < until {
            self.take_words();
            self.send_ready(LAST_WORDS_WITHIN).await;
            if !self.waiting.is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        self.send_ready(Millis(0)).await;
        let dynamics = self.dynamics();
        let longest = self.longest();
        self.facts = None;
        if let Some(scribe) = self.scribe.take() {
            // It was aborted only with the whole process.
            let _ = scribe.await;
        }
        {
            let mut heard = self.place.live.lock();
            heard.dynamics = dynamics;
            heard.partial = None;
        }
        self.keep_parts(1).await;
        self.keep_trace().await;
        let fact = CallFact::Ended {
            call: self.begun.call,
            why,
            lasted: (longest > 0).then_some(Millis(longest / PER_MS)),
            dynamics,
        };
        scribe::persist(&self.app, self.begun.customer, fact).await;
    }

    /// Samples of the party that was heard for longest.
    fn longest(&self) -> u64 {
        self.samples.iter().max().copied().unwrap_or_default()
    }

    /// What was being said when the call ended is an utterance too.
    fn cut_rest(&mut self) {
        let from_ms = self.cut.from_ms;
        let turns = self.listener.turns(Party::Customer, self.cut.turns);
        let mut left = turns.iter().filter(|turn| turn.end_ms > from_ms);
        let Some(first) = left.next() else {
            if self.cut.readings > 0 {
                self.utter(Span {
                    start_ms: from_ms,
                    end_ms: from_ms,
                    spoken_ms: 0,
                });
            }
            return;
        };
        let start_ms = first.start_ms.max(from_ms);
        let begin = Span {
            start_ms,
            end_ms: first.end_ms,
            spoken_ms: first.end_ms - start_ms,
        };
        let whole = left.fold(begin, |span, turn| Span {
            end_ms: turn.end_ms,
            spoken_ms: span.spoken_ms + turn.end_ms - turn.start_ms,
            ..span
        });
        self.utter(whole);
    }

    fn keep_audio(&mut self, samples: &[f32]) {
        let analyzer = self.app.call_parts.analyzer.as_ref();
        if let (Some(audio), Some(analyzer)) = (&mut self.audio, analyzer) {
            audio.part.extend(analyzer.mu_law(samples));
        }
    }

    /// Keeps audio where there is at least so much of it.
    async fn keep_parts(&mut self, least: usize) {
        let call = self.begun.call;
        while let Some(audio) = &mut self.audio
            && audio.part.len() >= least
            && !audio.part.is_empty()
        {
            let rest = audio.part.split_off(audio.part.len().min(PART_BYTES));
            let part = std::mem::replace(&mut audio.part, rest);
            let place = (call, CallPartKind::Audio, audio.place);
            audio.place += 1;
            keep(&self.app, &self.place.live, place, part).await;
        }
    }

    async fn keep_trace(&mut self) {
        let trace = serde_json::to_vec(&self.place.live.lock().trace);
        if let Ok(trace) = trace {
            let place = (self.begun.call, CallPartKind::Trace, 0);
            keep(&self.app, &self.place.live, place, trace).await;
        }
    }
}

/// Keeps something of a call; staff is told where that fails.
async fn keep(
    app: &Shared,
    live: &LiveCall,
    (call, kind, place): (InteractionId, CallPartKind, u32),
    bytes: Vec<u8>,
) {
    let at = app.now();
    let kept = app
        .store(move |store| store.put_call_part(call, kind, place, &bytes, at))
        .await;
    if kept.is_err() {
        live.lock().trouble = Some("A part of this call could not be kept.".into());
    }
}

/// Adds to how loud a party is: the loudest sample of each [`LEVEL_MS`], from -60 dB to full scale as 0 to 100.
fn level((count, loudest): &mut (u64, f32), levels: &mut Vec<u8>, samples: &[f32]) {
    for sample in samples {
        *loudest = loudest.max(sample.abs());
        *count += 1;
        if *count == u64::from(LEVEL_MS) * PER_MS {
            let db = 20.0 * loudest.max(1e-6).log10();
            levels.push(((db + 60.0) / 60.0 * 100.0).clamp(0.0, 100.0) as u8);
            (*count, *loudest) = (0, 0.0);
        }
    }
}
