//! A phone call that nobody makes: two synthetic voices, and the line that carries them to a server at the pace of speech.

use std::{ops::ControlFlow, time::Duration};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use overture_channels::speech::Line;
use overture_engine::understand::voice::Party;
use overture_inference::audio::{RATE, g711, synthetic::Talker};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::people::StaffMember;

/// Milliseconds that one message carries, as telephones have it.
pub(crate) const FRAME_MS: u64 = 20;
/// Samples of one party in it.
const FRAME: usize = RATE * FRAME_MS as usize / 1_000;

/// How somebody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As usual.
    Calm,
    /// High, pressed, fast.
    Angry,
    /// Lively.
    Joyful,
}

/// Something that one of two says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) party: Party,
    pub(crate) manner: Manner,
    pub(crate) text: &'static str,
    /// How long after the other has begun to be silent; below zero it falls into their words.
    pub(crate) after_ms: i32,
}

/// A call, laid out: both tracks, and what the customer says when.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tracks {
    pub(crate) customer: Vec<f32>,
    pub(crate) agent: Vec<f32>,
    pub(crate) lines: Vec<Line>,
}

/// The voices of a call: the customer's, then the agent's, Hz.
const VOICES_HZ: [f32; 2] = [135.0, 205.0];

impl Tracks {
    /// Lays out what is said. As in speech, a word takes about a third of a second.
    pub(crate) fn of(script: &[Said]) -> Self {
        let mut tracks = Self::default();
        for (place, said) in (0u64..).zip(script) {
            let words = said.text.split_whitespace().count() as f32;
            let talker = Talker::calm(VOICES_HZ[said.party as usize]);
            let (talker, seconds) = match said.manner {
                Manner::Calm => (talker, words * 0.36),
                Manner::Angry => (talker.angry(), words * 0.30),
                Manner::Joyful => (talker.joyful(), words * 0.34),
            };
            let voice = talker.say(seconds.max(0.6), place + 1);
            let end = tracks.customer.len().max(tracks.agent.len());
            let moved = i64::from(said.after_ms) * RATE as i64 / 1_000;
            let start = end.saturating_add_signed(moved as isize);
            if said.party == Party::Customer {
                let ms = |samples: usize| (samples * 1_000 / RATE) as u32;
                tracks.lines.push(Line {
                    start_ms: ms(start),
                    end_ms: ms(start + voice.len()),
                    text: said.text.to_owned(),
                });
            }
            let track = match said.party {
                Party::Customer => &mut tracks.customer,
                Party::Agent => &mut tracks.agent,
            };
            let start = start.max(track.len());
            track.resize(start, 0.0);
            track.extend(voice);
        }
        let whole = tracks.customer.len().max(tracks.agent.len()) + RATE;
        tracks.customer.resize(whole, 0.0);
        tracks.agent.resize(whole, 0.0);
        tracks
    }

    /// How many messages it takes.
    pub(crate) fn frames(&self) -> usize {
        self.customer.len().div_ceil(FRAME)
    }

    /// One message: mu-law, a sample of each in turn. After the end it begins anew.
    pub(crate) fn frame(&self, number: usize) -> Vec<u8> {
        let start = number % self.frames() * FRAME;
        let end = (start + FRAME).min(self.customer.len());
        self.customer[start..end]
            .iter()
            .zip(&self.agent[start..end])
            .flat_map(|(customer, agent)| [*customer, *agent])
            .map(g711::to_mu_law)
            .collect()
    }
}

/// Begins a call as a member of staff, and returns its id.
pub(crate) async fn begin(staff: &mut StaffMember, call: &Value) -> anyhow::Result<String> {
    let begun = staff.call("POST", "/v1/calls", call).await?;
    let id = begun["call"].as_str();
    Ok(id.context("the call has no id")?.to_owned())
}

/// Carries `frames` messages of a call at the pace of speech from `start` on. What the server hears is handed to `heard` as it comes.
pub(crate) async fn carry(
    staff: &StaffMember,
    call: &str,
    tracks: &Tracks,
    frames: usize,
    start: Instant,
    mut heard: impl FnMut(&Value) -> ControlFlow<()>,
) -> anyhow::Result<()> {
    let path = format!("/v1/calls/{call}/audio?encoding=mulaw&channels=2");
    let socket = staff.socket_at(&path).await?;
    let (mut sink, mut stream) = socket.split();
    let mut number = 0;
    let mut is_over = false;
    loop {
        let due = start + Duration::from_millis(number as u64 * FRAME_MS);
        tokio::select! {
            () = sleep_until(due), if !is_over => {
                if number == frames {
                    sink.send(Message::text(json!({"type": "stop"}).to_string())).await?;
                    is_over = true;
                    continue;
                }
                sink.send(Message::binary(tracks.frame(number))).await?;
                number += 1;
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if heard(&serde_json::from_str(&text)?).is_break() {
                        return Ok(());
                    }
                }
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_lies_where_it_was_put() {
        let said = |party, after_ms| Said {
            party,
            manner: Manner::Calm,
            text: "one two three four five",
            after_ms,
        };
        let tracks = Tracks::of(&[
            said(Party::Agent, 0),
            said(Party::Customer, 500),
            said(Party::Agent, -300),
        ]);
        assert_eq!(tracks.customer.len(), tracks.agent.len());
        let line = &tracks.lines[0];
        assert_eq!((line.start_ms, line.end_ms), (2_300, 4_100));
        let is_quiet = |track: &[f32], from_ms: usize, to_ms: usize| {
            let part = &track[from_ms * 8..to_ms * 8];
            part.iter().all(|sample| *sample == 0.0)
        };
        assert!(is_quiet(&tracks.customer, 0, 2_300));
        assert!(!is_quiet(&tracks.customer, 2_300, 4_100));
        assert!(is_quiet(&tracks.agent, 1_800, 3_800) && !is_quiet(&tracks.agent, 3_800, 4_100));
        assert_eq!(tracks.frame(0).len(), 2 * FRAME);
        assert_eq!(tracks.frame(tracks.frames()), tracks.frame(0));
    }
}
