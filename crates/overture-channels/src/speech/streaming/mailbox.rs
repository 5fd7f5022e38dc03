//! What a speaker's call and the thread that talks to the service pass each other; neither waits for the other.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use overture_engine::understand::transcribe::Told;

use crate::speech::audio::{RATE, Tape};

/// How much speech is kept that the service is not done with: 10 s.
const KEPT_SAMPLES_MAX: usize = 10 * RATE as usize;

/// A frame is at least as long, unless the speaker stopped: 100 ms.
const FRAME_SAMPLES_MIN: u64 = RATE as u64 / 10;

/// And at most: 200 ms.
const FRAME_SAMPLES_MAX: u64 = RATE as u64 / 5;

/// A service is done when less is left: it rounds, and no word is as short. 200 ms.
const UNREAD_SAMPLES_MIN: u64 = RATE as u64 / 5;

/// Untold things that are kept; the oldest give way.
const TOLD_MAX: usize = 1_000;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Mailbox {
    inner: Mutex<Inner>,
    closed: Condvar,
}

#[derive(Debug)]
struct Inner {
    tape: Tape,
    /// The sample that is sent next.
    next: u64,
    /// Where the speaker stopped, until the service was told.
    stop: Option<u64>,
    /// Where they stopped last.
    last_stop: u64,
    /// Samples that gave way before they were sent.
    lost: u64,
    told: Vec<Told>,
    ending: Ending,
    finished: bool,
}

/// How a speaker's stream ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It goes on.
    Open,
    /// Nothing comes any more, but what came is still to be read.
    Closed,
    /// Nobody wants to know.
    Abandoned,
}

/// What is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Frame(Vec<i16>),
    Finalize,
    Close,
    Nothing,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                tape: Tape::new(KEPT_SAMPLES_MAX),
                next: 0,
                stop: None,
                last_stop: 0,
                lost: 0,
                told: Vec::new(),
                ending: Ending::Open,
                finished: false,
            }),
            closed: Condvar::new(),
        }
    }

    // The call's side.

    pub(super) fn hear(&self, samples: &[i16]) {
        let mut inner = self.lock();
        if inner.ending == Ending::Open && !inner.finished {
            inner.tape.add(samples);
            let lost = inner.tape.start().saturating_sub(inner.next);
            inner.lost += lost;
            inner.next += lost;
        }
    }

    pub(super) fn stop(&self) {
        let mut inner = self.lock();
        let end = inner.tape.end();
        if end > inner.last_stop {
            inner.stop = Some(end);
            inner.last_stop = end;
        }
    }

    pub(super) fn told(&self) -> Vec<Told> {
        std::mem::take(&mut self.lock().told)
    }

    pub(super) fn end(&self, ending: Ending) {
        self.lock().ending = ending;
        self.closed.notify_all();
    }

    pub(super) fn is_done(&self) -> bool {
        let inner = self.lock();
        inner.ending != Ending::Open && inner.finished && inner.told.is_empty()
    }

    // The thread's side.

    /// What goes over the connection now.
    pub(super) fn next(&self) -> Next {
        let mut inner = self.lock();
        let end = inner.tape.end();
        let stop = inner.stop.filter(|&stop| stop >= inner.next);
        let until = stop.unwrap_or(end).min(inner.next + FRAME_SAMPLES_MAX);
        let is_last = stop == Some(until) || inner.ending == Ending::Closed;
        let ready = until - inner.next;
        if ready >= FRAME_SAMPLES_MIN || (is_last && ready > 0) {
            let frame = inner.tape.between(inner.next, until);
            inner.next = until;
            return Next::Frame(frame);
        }
        if inner.stop.take_if(|stop| *stop <= until).is_some() {
            return Next::Finalize;
        }
        match inner.ending {
            Ending::Open => Next::Nothing,
            Ending::Closed | Ending::Abandoned => Next::Close,
        }
    }

    /// Everything that the service is not done with is sent again: a new connection begins. Returns its first sample, and how
    /// many were lost since the last one.
    pub(super) fn rewind(&self) -> (u64, u64) {
        let mut inner = self.lock();
        inner.next = inner.tape.start();
        inner.stop = (inner.last_stop > inner.next).then_some(inner.last_stop);
        (inner.next, std::mem::take(&mut inner.lost))
    }

    /// The service is done with everything before `sample`.
    pub(super) fn done_until(&self, sample: u64) {
        let mut inner = self.lock();
        let sent = sample.min(inner.next);
        inner.tape.forget_until(sent);
    }

    /// Whether there is speech that the service is not done with.
    pub(super) fn has_unread(&self) -> bool {
        let inner = self.lock();
        inner.lost > 0 || inner.tape.start() + UNREAD_SAMPLES_MIN <= inner.tape.end()
    }

    /// Tells something; of what may still change, the newest alone.
    pub(super) fn tell(&self, told: Told) {
        let mut inner = self.lock();
        if let (Some(Told::Partial(last)), Told::Partial(new)) = (inner.told.last_mut(), &told) {
            last.clone_from(new);
            return;
        }
        if inner.told.len() >= TOLD_MAX {
            inner.told.remove(0);
        }
        inner.told.push(told);
    }

    pub(super) fn ending(&self) -> Ending {
        self.lock().ending
    }

    /// Waits so long, or until the stream ends otherwise than `known`.
    pub(super) fn wait(&self, time: Duration, known: Ending) {
        let inner = self.lock();
        let same = |inner: &mut Inner| inner.ending == known;
        drop(self.closed.wait_timeout_while(inner, time, same));
    }

    /// Nothing is read any more.
    pub(super) fn finish(&self) {
        self.lock().finished = true;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(mailbox: &Mailbox) -> Vec<usize> {
        let lengths = std::iter::from_fn(|| match mailbox.next() {
            Next::Frame(frame) => Some(frame.len()),
            Next::Finalize => Some(0),
            Next::Close | Next::Nothing => None,
        });
        lengths.collect()
    }

    #[test]
    fn frames_are_100_to_200_ms_and_end_where_the_speaker_stops() {
        let mailbox = Mailbox::new();
        mailbox.hear(&[0; 700]);
        assert_eq!(mailbox.next(), Next::Nothing, "too short to send");
        mailbox.hear(&[0; 3_000]);
        assert_eq!(frames(&mailbox), [1_600, 1_600]);
        mailbox.stop();
        mailbox.hear(&[0; 900]);
        assert_eq!(frames(&mailbox), [500, 0, 900]);
        mailbox.stop();
        mailbox.stop();
        assert_eq!(frames(&mailbox), [0], "said once");
        mailbox.hear(&[0; 5]);
        mailbox.end(Ending::Closed);
        assert_eq!(frames(&mailbox), [5]);
        assert_eq!(mailbox.next(), Next::Close);
    }

    #[test]
    fn what_the_service_is_not_done_with_is_sent_again() {
        let mailbox = Mailbox::new();
        mailbox.hear(&[0; 8_000]);
        mailbox.stop();
        assert_eq!(frames(&mailbox), [1_600, 1_600, 1_600, 1_600, 1_600, 0]);
        mailbox.done_until(6_000);
        assert_eq!(mailbox.rewind(), (6_000, 0));
        assert_eq!(frames(&mailbox), [1_600, 400, 0]);
        mailbox.done_until(8_000);
        assert!(!mailbox.has_unread());
        mailbox.hear(&vec![0; 2 * KEPT_SAMPLES_MAX]);
        assert!(mailbox.has_unread());
        let lost = KEPT_SAMPLES_MAX as u64;
        assert_eq!(mailbox.rewind(), (8_000 + lost, lost));
    }
}
