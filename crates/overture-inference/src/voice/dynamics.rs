//! How two people talk with each other: who has the word, who takes it, who waits.

use overture_engine::{
    model::CallDynamics,
    understand::voice::{Party, Turn},
};

use super::turns::Turns;

/// How long the other must have spoken for a start to be an interruption, ms.
const INTERRUPTED_AFTER_MS: u32 = 300;

/// How a call went so far, from the turns of both.
pub fn of(customer: &Turns, agent: &Turns) -> CallDynamics {
    let now_ms = customer.now_ms().max(agent.now_ms());
    let mut turns: Vec<(Turn, Party)> = customer
        .all()
        .map(|turn| (turn, Party::Customer))
        .chain(agent.all().map(|turn| (turn, Party::Agent)))
        .collect();
    turns.sort_by_key(|(turn, _)| (turn.start_ms, turn.end_ms));
    let mut call = Call::default();
    for (turn, party) in &turns {
        call.add(*turn, *party);
    }
    if call.until_ms > 0 {
        call.dead_air_ms = call.dead_air_ms.max(now_ms.saturating_sub(call.until_ms));
    }
    let whole = f64::from(now_ms.max(1));
    let spoken = customer.spoken_seconds() + agent.spoken_seconds();
    CallDynamics {
        seconds: f64::from(now_ms) / 1_000.0,
        customer_share: if spoken > 0.0 {
            customer.spoken_seconds() / spoken
        } else {
            0.5
        },
        overlap_share: f64::from(call.overlap_ms) / whole,
        silence_share: 1.0 - f64::from(call.covered_ms) / whole,
        dead_air_seconds: f64::from(call.dead_air_ms) / 1_000.0,
        interruptions_by_customer: call.interruptions[0],
        interruptions_by_agent: call.interruptions[1],
        customer_latency_ms: median(&mut call.latencies_ms[0]),
        agent_latency_ms: median(&mut call.latencies_ms[1]),
    }
}

/// The turns of both in the order of their start, one after another.
#[derive(Default)]
struct Call {
    /// The last turn of each party.
    last: [Option<Turn>; 2],
    /// Until when anybody has spoken.
    until_ms: u32,
    covered_ms: u32,
    overlap_ms: u32,
    dead_air_ms: u32,
    interruptions: [u32; 2],
    latencies_ms: [Vec<u32>; 2],
}

impl Call {
    fn add(&mut self, turn: Turn, party: Party) {
        let own = party as usize;
        let other = self.last[1 - own];
        if self.until_ms > 0 && turn.start_ms > self.until_ms {
            self.dead_air_ms = self.dead_air_ms.max(turn.start_ms - self.until_ms);
        }
        self.covered_ms += turn.end_ms.saturating_sub(turn.start_ms.max(self.until_ms));
        self.until_ms = self.until_ms.max(turn.end_ms);
        if let Some(other) = other {
            self.overlap_ms += other.end_ms.min(turn.end_ms).saturating_sub(turn.start_ms);
            let is_during = turn.start_ms < other.end_ms;
            if is_during
                && turn.start_ms > other.start_ms + INTERRUPTED_AFTER_MS
                && turn.end_ms > other.end_ms
            {
                self.interruptions[own] += 1;
            }
            let is_answer = self.last[own].is_none_or(|last| last.end_ms <= other.end_ms);
            if !is_during && is_answer {
                self.latencies_ms[own].push(turn.start_ms - other.end_ms);
            }
        }
        self.last[own] = Some(turn);
    }
}

fn median(values: &mut [u32]) -> Option<u32> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable(middle).1)
}
