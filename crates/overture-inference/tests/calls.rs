//! Calls that are put together from voices at known times: how two people talk must be heard as it was laid.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests, one of which tells figures"
)]

use overture_engine::{model::CallDynamics, understand::voice::Turn};
use overture_inference::{
    audio::{RATE, synthetic::Talker},
    voice::{Listener, Turns, dynamics, telephone::Line},
};
use overture_testkit::random::Random;

const PER_MS: usize = RATE / 1_000;

/// A call, and when each party speaks in it: the customer first.
struct Call {
    turns: [Vec<Turn>; 2],
    tracks: [Vec<f32>; 2],
    length_ms: u32,
}

/// Turns that alternate, mostly after a pause; one in four takes the word from the other, one in eight tries in vain.
fn call(seed: u64) -> Call {
    let mut random = Random::new(seed);
    let mut between = |least: u32, most: u32| least + random.below(u64::from(most - least)) as u32;
    let mut turns = [Vec::new(), Vec::new()];
    let mut at_ms = between(300, 2_000);
    let mut party = 0;
    while at_ms < 28_000 {
        let length = between(1_500, 5_000);
        let turn = Turn {
            start_ms: at_ms,
            end_ms: at_ms + length,
        };
        turns[party].push(turn);
        match between(0, 8) {
            0 | 1 => at_ms = turn.end_ms - between(400, 900),
            2 => {
                let start_ms = turn.start_ms + between(500, 700);
                turns[1 - party].push(Turn {
                    start_ms,
                    end_ms: start_ms + between(350, 600),
                });
                at_ms = turn.end_ms + between(500, 2_500);
            }
            _ => at_ms = turn.end_ms + between(400, 2_500),
        }
        party = 1 - party;
    }
    let last = turns
        .iter()
        .flatten()
        .map(|turn| turn.end_ms)
        .max()
        .unwrap();
    let length_ms = last + between(500, 2_000);
    let talkers = [Talker::calm(190.0), Talker::calm(110.0)];
    let tracks = [0, 1].map(|party| {
        let mut track = vec![0.0; length_ms as usize * PER_MS];
        for turn in &turns[party] {
            let seconds = (turn.end_ms - turn.start_ms) as f32 / 1_000.0;
            let voice = talkers[party].say(seconds, seed ^ u64::from(turn.start_ms));
            let start = turn.start_ms as usize * PER_MS;
            track[start..start + voice.len()].copy_from_slice(&voice);
        }
        Line::TELEPHONE.send(&track, &[], seed)
    });
    Call {
        turns,
        tracks,
        length_ms,
    }
}

/// Over `count` calls: the mean error of the customer's share, of overlap and of silence, in points; F1 of interruptions.
fn heard(count: u64) -> ([f64; 3], f64) {
    let (mut errors, mut right, mut said, mut were) = ([0.0; 3], 0, 0, 0);
    for seed in 1..=count {
        let Call {
            turns,
            tracks,
            length_ms,
        } = call(seed);
        let [customer, agent] = turns.map(|list| Turns::known(list, length_ms));
        let laid = dynamics::of(&customer, &agent);
        let [customer, agent] = tracks.map(|track| {
            let mut listener = Listener::default();
            track
                .chunks(160)
                .for_each(|packet| listener.hear_turns(packet));
            listener
        });
        let heard = dynamics::of(customer.turns(), agent.turns());
        let shares =
            |talk: &CallDynamics| [talk.customer_share, talk.overlap_share, talk.silence_share];
        for (error, (one, other)) in errors
            .iter_mut()
            .zip(shares(&laid).into_iter().zip(shares(&heard)))
        {
            *error += 100.0 * (one - other).abs() / count as f64;
        }
        let counts =
            |talk: &CallDynamics| [talk.interruptions_by_customer, talk.interruptions_by_agent];
        for (one, other) in counts(&laid).into_iter().zip(counts(&heard)) {
            right += one.min(other);
            were += one;
            said += other;
        }
    }
    (errors, 2.0 * f64::from(right) / f64::from(said + were))
}

fn check(count: u64) {
    let (errors, f1) = heard(count);
    println!(
        "{count} calls: talk, overlap and silence off by {errors:.3?} points; interruptions F1 {f1:.3}"
    );
    for (name, error) in ["talk", "overlap", "silence"].into_iter().zip(errors) {
        assert!(error <= 1.0, "{name} is off by {error} points");
    }
    assert!(f1 >= 0.95, "interruptions: F1 {f1}");
}

#[test]
fn how_people_talk_is_heard_as_it_was_laid() {
    check(8);
}

#[test]
#[ignore = "takes a minute: cargo nextest run --run-ignored only -E 'test(five_hundred_calls)'"]
fn five_hundred_calls_are_heard_as_they_were_laid() {
    check(500);
}
