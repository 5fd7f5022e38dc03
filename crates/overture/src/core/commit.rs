//! From stepped inputs to durable ones: handing units over, and what came of them.

use std::sync::atomic::Ordering;

use overture_engine::model::{CustomerState, RouteState};
use overture_http::Readiness;
use overture_store::{CommitUnit, StoreError};

use super::{
    engine::{Engine, Lost, refusal_reason},
    unavailable,
    writer::{Finished, Job},
};

impl Engine {
    pub(super) fn wants_commit(&self) -> bool {
        !self.open.is_empty() || (self.has_dirty() && self.sweep.is_overdue(self.now))
    }

    pub(super) fn has_dirty(&self) -> bool {
        !self.sweep.is_done() || self.memory.has_newly_dirty()
    }

    /// Gives the open unit, with states written behind, to the writer, which is idle.
    pub(super) fn hand_over(&mut self, whole: bool) {
        let mut open = std::mem::take(&mut self.open);
        open.add_hints(&self.shared);
        let (customers, route) = self.write_behind(whole);
        let number = self.memory.unit();
        if open.batch.dropped > 0 {
            tracing::error!(
                count = open.batch.dropped,
                "messages between the machines were dropped"
            );
            metrics::counter!("overture_dropped_messages_total")
                .increment(u64::from(open.batch.dropped));
        }
        metrics::counter!("overture_unpermitted_inputs_total")
            .increment(u64::from(open.batch.unpermitted));
        let unit = CommitUnit {
            inputs: open.batch.inputs,
            effects: open.batch.effects,
            customers,
            route,
            replay_from: self.sweep.replay_from(),
            at: self.now,
        };
        metrics::gauge!("overture_replay_tail_inputs")
            .set((self.next_seq.0 - unit.replay_from.0) as f64);
        metrics::gauge!("overture_cached_customers").set(self.memory.cached() as f64);
        self.in_flight = Some(open.keys);
        self.to_read_again = self.second.wanted(&unit.inputs, &self.world);
        self.writer.hand_over(Job {
            number,
            unit,
            waiting: open.waiting,
        });
        self.memory.next_unit(self.committed);
    }

    /// The rows that ride with the open unit.
    fn write_behind(&mut self, whole: bool) -> (Vec<CustomerState>, Option<RouteState>) {
        let mut rows = Vec::new();
        if whole {
            rows.extend_from_slice(self.sweep.take_all());
            let rest = self.memory.take_newly_dirty();
            self.sweep.restart(rest, self.next_seq, self.now);
            rows.extend_from_slice(self.sweep.take_all());
        } else {
            if self.sweep.is_done() {
                let dirty = self.memory.take_newly_dirty();
                self.sweep.restart(dirty, self.next_seq, self.now);
            }
            rows.extend_from_slice(self.sweep.take(self.next_seq, self.now));
        }
        let memory = &mut self.memory;
        let customers = rows
            .into_iter()
            .filter_map(|row| memory.write_behind(row))
            .collect();
        let mut route = None;
        if self.sweep.is_done() {
            self.sweep.finish();
            route = Some(self.memory.routing_ref().state().clone());
        }
        (customers, route)
    }

    pub(super) fn finished(&mut self, finished: Option<Finished>) -> Result<(), Lost> {
        let Some(finished) = finished else {
            return Err(Lost::Fatal("the writer is gone".to_owned()));
        };
        let keys = self.in_flight.take().unwrap_or_default();
        let texts = std::mem::take(&mut self.to_read_again);
        match finished.result {
            Ok(()) => {
                self.committed = finished.number;
                self.second.read(texts);
                self.shared.committed(finished.took);
                let open = self.open.batch.inputs.len() as u64;
                self.shared.logged(self.next_seq.0 - 1 - open);
                self.shared
                    .customers
                    .fetch_add(self.memory.take_created(), Ordering::Relaxed);
                Ok(())
            }
            Err((error, waiting)) => {
                // Whoever is told so and looks must find it so.
                let reason = refusal_reason(&error);
                self.shared.set_ready(Readiness::Refusing(reason));
                waiting.fail(unavailable(reason, 2));
                self.dedupe.forget(&keys);
                match error {
                    StoreError::Fenced => Err(Lost::Fatal(error.to_string())),
                    error => Err(Lost::Commit(error)),
                }
            }
        }
    }

    pub(super) fn wait_for_writer(&mut self) -> Result<(), Lost> {
        if self.in_flight.is_some() {
            let finished = self.writer.finished.recv().ok();
            self.finished(finished)?;
        }
        Ok(())
    }

    /// Commits what is open and waits for it.
    pub(super) fn commit_everything(&mut self) -> Result<(), Lost> {
        self.wait_for_writer()?;
        if !self.open.is_empty() {
            self.hand_over(false);
            self.wait_for_writer()?;
        }
        Ok(())
    }
}
