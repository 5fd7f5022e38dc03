//! Write-behind: rows of changed customers ride along with commits, in key order.
//!
//! A sweep takes everyone who is dirty when it starts and writes them, spread over its
//! length. When it ends, whoever is still dirty became so after its start: replay need not
//! go further back. So the unflushed tail is at most two sweeps.

use overture_engine::model::{CustomerId, Millis, Seq, Timestamp};

/// How long a sweep may take.
pub(super) const SWEEP_MAX: Millis = Millis(2_000);

/// How many inputs a sweep may last.
const SWEEP_INPUTS_MAX: u64 = 80_000;

/// Rows that ride along with one commit at most, while the sweep is not overdue.
const ROWS_PER_COMMIT_MAX: usize = 5_000;

/// The sweep under way.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    list: Vec<CustomerId>,
    next: usize,
    started_at: Timestamp,
    started_seq: Seq,
    /// Where replay starts, as of the last finished sweep.
    replay_from: Seq,
}

impl Sweep {
    /// Nothing is dirty before `replay_from`.
    pub(super) fn new(replay_from: Seq, at: Timestamp) -> Self {
        Self {
            list: Vec::new(),
            next: 0,
            started_at: at,
            started_seq: replay_from,
            replay_from,
        }
    }

    /// Whether everyone on the list was written.
    pub(super) fn is_done(&self) -> bool {
        self.next == self.list.len()
    }

    /// Starts over with everyone who is dirty now; `next_seq` is the next input's number.
    pub(super) fn restart(&mut self, mut dirty: Vec<CustomerId>, next_seq: Seq, at: Timestamp) {
        dirty.sort_unstable();
        self.list = dirty;
        self.next = 0;
        self.started_at = at;
        self.started_seq = next_seq;
    }

    /// Everyone on the list rides with the open unit or an earlier one.
    pub(super) fn finish(&mut self) {
        self.replay_from = self.started_seq;
    }

    /// Whether the list should have been written by now, commits or not.
    pub(super) fn is_overdue(&self, at: Timestamp) -> bool {
        at.since(self.started_at) >= SWEEP_MAX
    }

    /// Who rides with the next commit.
    pub(super) fn take(&mut self, next_seq: Seq, at: Timestamp) -> &[CustomerId] {
        let time = at.since(self.started_at).as_secs_f64() / SWEEP_MAX.as_secs_f64();
        let inputs = (next_seq.0 - self.started_seq.0) as f64 / SWEEP_INPUTS_MAX as f64;
        let progress = time.max(inputs);
        let goal = if progress >= 1.0 {
            self.list.len()
        } else {
            (progress * self.list.len() as f64).ceil() as usize
        };
        let most = if progress >= 1.5 {
            usize::MAX
        } else {
            ROWS_PER_COMMIT_MAX
        };
        self.advance_to(goal.min(self.next.saturating_add(most)))
    }

    /// Everyone who is left.
    pub(super) fn take_all(&mut self) -> &[CustomerId] {
        self.advance_to(self.list.len())
    }

    fn advance_to(&mut self, goal: usize) -> &[CustomerId] {
        let from = self.next;
        self.next = goal.max(from);
        &self.list[from..self.next]
    }

    pub(super) fn replay_from(&self) -> Seq {
        self.replay_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn customers(count: u64) -> Vec<CustomerId> {
        (0..count)
            .map(|n| CustomerId::derive(Timestamp(0), Seq(n), 0))
            .collect()
    }

    #[test]
    fn everyone_is_written_in_key_order_before_replay_moves_on() {
        let mut sweep = Sweep::new(Seq(1), Timestamp(0));
        sweep.restart(customers(1_000), Seq(50), Timestamp(0));
        let mut written = Vec::new();
        for ms in (0..=2_000).step_by(100) {
            written.extend_from_slice(sweep.take(Seq(60), Timestamp(ms)));
            assert_eq!(sweep.replay_from(), Seq(1));
        }
        assert!(sweep.is_done());
        assert!(written.is_sorted());
        assert_eq!(written.len(), 1_000);
        sweep.finish();
        assert_eq!(sweep.replay_from(), Seq(50));
    }

    #[test]
    fn many_inputs_hurry_a_sweep() {
        let mut sweep = Sweep::new(Seq(1), Timestamp(0));
        sweep.restart(customers(1_000), Seq(1), Timestamp(0));
        assert_eq!(sweep.take(Seq(40_001), Timestamp(1)).len(), 500);
        assert_eq!(sweep.take(Seq(80_001), Timestamp(2)).len(), 500);
    }
}
