//! Routing at 10,000 waiting requests and 1,000 agents; the 99th percentile is printed first.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a bench measures time and prints it"
)]

#[path = "../tests/support/busy_floor.rs"]
mod busy_floor;

use std::time::Instant;

use busy_floor::Floor;
use overture_engine::{
    model::{Millis, RouteToCustomer},
    route::{Routing, next_due},
};

fn main() {
    let mut floor = Floor::new(1_000, 10_000);
    let mut nanos: Vec<u128> = (0..20_000)
        .map(|turn| {
            floor.at = floor.at + Millis(1);
            if turn % 2 == 0 {
                let start = Instant::now();
                floor.enqueue();
                start.elapsed().as_nanos()
            } else {
                let start = Instant::now();
                floor.resolve_next();
                start.elapsed().as_nanos()
            }
        })
        .collect();
    nanos.sort_unstable();
    let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize] as f64 / 1_000.0;
    println!(
        "routing step, 10,000 waiting x 1,000 agents: p50 {:.1} us, p99 {:.1} us, max {:.1} us",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    divan::main();
}

#[divan::bench(sample_count = 1_000)]
fn enqueue_and_resolve(bencher: divan::Bencher) {
    let mut floor = Floor::new(1_000, 10_000);
    bencher.bench_local(|| {
        floor.at = floor.at + Millis(1);
        floor.enqueue();
        floor.resolve_next();
        next_due(&floor.routing)
    });
}

/// One more offer where so many are open and nobody waits; it is ended again.
#[divan::bench(args = [10, 100, 1_000], sample_count = 1_000)]
fn pace_one_offer(bencher: divan::Bencher, open: usize) {
    let mut floor = Floor::new(1_000, 0);
    // Half of the chats are over.
    for _ in 0..1_500 {
        floor.resolve_next();
    }
    while floor.routing.state().holds.len() < open {
        floor.hold();
    }
    bencher.bench_local(|| {
        let out = floor.hold();
        let RouteToCustomer::SeatHeld { offer } = out.to_customers[0].1 else {
            panic!("{:?}", out.to_customers);
        };
        floor.release(offer);
    });
}

#[divan::bench(sample_count = 10)]
fn rebuild_from_state(bencher: divan::Bencher) {
    let floor = Floor::new(1_000, 10_000);
    bencher
        .with_inputs(|| floor.routing.state().clone())
        .bench_local_values(Routing::from_state);
}
