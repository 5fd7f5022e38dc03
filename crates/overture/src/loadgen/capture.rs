//! Events through the Segment-compatible interface, in batches or one at a time.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use serde::Serialize;
use tokio::{task::LocalSet, time::Instant};

use super::{
    CommonArgs, Machine, MachineMeter, Schedule,
    bodies::{Bodies, Shape},
    now_text,
    report::{Measured, Summary},
};
use crate::client::{Connection, Target};

/// After the last request was due, how long to wait for what is still under way.
const DRAIN: Duration = Duration::from_secs(10);

/// What a capture run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    mode: &'static str,
    rate_wanted: u64,
    batch: usize,
    seconds: f64,
    events_accepted: u64,
    events_accepted_per_s: f64,
    requests_unsent: u64,
    requests: Summary,
    machine: Machine,
}

/// Loads the server with `rate` events a second.
pub(super) async fn run(
    target: &Target,
    common: &CommonArgs,
    rate: u64,
    batch: usize,
) -> anyhow::Result<Report> {
    let flow = Flow::start(target, common, rate, batch);
    let warm_until = Duration::from_secs(common.warmup_seconds);
    let total = warm_until + Duration::from_secs(common.seconds);
    let local = LocalSet::new();
    let (measured, machine, unsent, seconds) = local
        .run_until(async {
            let workers: Vec<_> = (0..common.connections)
                .map(|_| tokio::task::spawn_local(flow.clone().work(warm_until, total)))
                .collect();
            tokio::time::sleep_until(flow.schedule.start + warm_until).await;
            let meter = MachineMeter::start(common.server_pid);
            let progress = tokio::task::spawn_local(progress(flow.clone(), total));
            for worker in workers {
                let _ = worker.await;
            }
            progress.abort();
            let seconds = (flow.schedule.start + warm_until).elapsed().as_secs_f64();
            (
                flow.measured.take(),
                meter.stop(),
                flow.unsent.get(),
                seconds,
            )
        })
        .await;
    let events_accepted = measured.answered(200) * batch as u64;
    Ok(Report {
        mode: if batch == 1 { "single" } else { "capture" },
        rate_wanted: rate,
        batch,
        seconds: (seconds * 100.0).round() / 100.0,
        events_accepted,
        events_accepted_per_s: (events_accepted as f64 / seconds).round(),
        requests_unsent: unsent,
        requests: measured.summary(),
        machine,
    })
}

/// Load that other modes run in the background; ends with its future.
pub(super) async fn background(
    target: &Target,
    common: &CommonArgs,
    rate: u64,
    batch: usize,
    seconds: Duration,
) -> Summary {
    let flow = Flow::start(target, common, rate, batch);
    let workers: Vec<_> = (0..common.connections)
        .map(|_| tokio::task::spawn_local(flow.clone().work(Duration::ZERO, seconds)))
        .collect();
    for worker in workers {
        let _ = worker.await;
    }
    flow.measured.take().summary()
}

/// What the workers of one run share.
#[derive(Clone)]
struct Flow {
    target: Target,
    bodies: Rc<RefCell<Bodies>>,
    schedule: Schedule,
    next: Rc<Cell<u64>>,
    unsent: Rc<Cell<u64>>,
    measured: Rc<RefCell<Measured>>,
}

impl Flow {
    fn start(target: &Target, common: &CommonArgs, rate: u64, batch: usize) -> Self {
        let bodies = Bodies::new(&Shape {
            authority: &target.authority,
            write_key: &common.write_key,
            batch,
            customers: common.customers.max(1),
            zipf: common.zipf,
            seed: common.seed,
        });
        Self {
            target: target.clone(),
            bodies: Rc::new(RefCell::new(bodies)),
            schedule: Schedule {
                start: Instant::now() + Duration::from_millis(50),
                per_second: rate as f64 / batch as f64,
            },
            next: Rc::default(),
            unsent: Rc::default(),
            measured: Rc::default(),
        }
    }

    /// Takes tickets until the last one was due.
    async fn work(self, warm_until: Duration, total: Duration) {
        let mut connection = Connection::new(self.target.clone());
        let mut request = Vec::new();
        let end = self.schedule.start + total;
        loop {
            let ticket = self.next.get();
            let due = self.schedule.due(ticket);
            if due >= end {
                return;
            }
            self.next.set(ticket + 1);
            tokio::time::sleep_until(due).await;
            let measuring = due >= self.schedule.start + warm_until;
            if Instant::now() > end + DRAIN {
                self.unsent.set(self.unsent.get() + 1);
                continue;
            }
            request.clear();
            request.extend_from_slice(self.bodies.borrow_mut().next(&now_text()));
            let answer = connection.exchange(&request).await;
            if measuring {
                let mut measured = self.measured.borrow_mut();
                measured.latency(due.elapsed());
                match answer {
                    Ok(answer) => measured.answer(answer.status),
                    Err(error) => measured.failure(error.to_string()),
                }
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "progress is for the person who waits")]
async fn progress(flow: Flow, total: Duration) {
    let mut every = tokio::time::interval(Duration::from_secs(5));
    every.tick().await;
    loop {
        every.tick().await;
        let so_far = flow.measured.borrow().summary();
        eprintln!(
            "{:>4.0} of {:.0} s  {} requests  p50 {:.1} ms  p99 {:.1} ms  answers {:?}",
            flow.schedule.start.elapsed().as_secs_f64(),
            total.as_secs_f64(),
            so_far.count,
            so_far.latency_ms.p50,
            so_far.latency_ms.p99,
            so_far.answers
        );
    }
}
