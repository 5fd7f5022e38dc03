//! Both state machines under redelivery, reordering, clock jumps and crashes, by seed.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may, and a run says what it came to"
)]

use overture_testkit::{
    sim::{
        self, Summary,
        disk::{MemoryDisk, StoreDisk},
    },
    stores::{TempPostgres, TempSqlite},
};

/// How a run's size and seed come in from outside.
#[expect(
    clippy::disallowed_methods,
    reason = "tests take their size from the environment"
)]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn two_hundred_seeds_keep_every_promise() {
    let mut sum = Summary::default();
    for seed in 0..200 {
        sum.add(sim::run(seed, 60, &mut MemoryDisk::default()));
    }
    println!("{sum:?}");
    // A simulation in which nothing happens proves nothing.
    assert!(sum.crashes > 1_000, "{sum:?}");
    assert!(sum.contacts > 200, "{sum:?}");
    assert!(sum.withheld > 200, "{sum:?}");
    assert!(sum.messages > 500, "{sum:?}");
    assert!(sum.assignments > 200, "{sum:?}");
    assert!(sum.merges > 50, "{sum:?}");
}

#[test]
fn a_few_seeds_keep_every_promise_on_sqlite() {
    for seed in 0..4 {
        let place = TempSqlite::new();
        sim::run(seed, 40, &mut StoreDisk::new(&place));
    }
}

#[test]
fn a_few_seeds_keep_every_promise_on_postgresql() {
    for seed in 4..6 {
        let Some(place) = TempPostgres::new() else {
            println!("left out: no PostgreSQL answers");
            return;
        };
        sim::run(seed, 40, &mut StoreDisk::new(&place));
    }
}

/// New seeds for `OVERTURE_SOAK_MINUTES` minutes, with longer stories.
#[test]
#[ignore = "long: runs in `cargo xtask soak`"]
#[expect(
    clippy::disallowed_methods,
    reason = "a soak test ends by the clock and takes new seeds from it"
)]
fn new_seeds_keep_every_promise_for_long() {
    let minutes = setting("OVERTURE_SOAK_MINUTES").unwrap_or(1);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(minutes * 60);
    let mut seed = setting("OVERTURE_SIM_SEED").unwrap_or_else(|| {
        std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .unwrap()
            .as_secs()
            << 20
    });
    let (mut seeds, mut sum) = (0, Summary::default());
    while std::time::Instant::now() < end {
        let rounds = [60, 60, 60, 400][seeds % 4];
        if seeds % 16 == 15 {
            let place = TempSqlite::new();
            sum.add(sim::run(seed, rounds, &mut StoreDisk::new(&place)));
        } else if seeds % 32 == 23
            && let Some(place) = TempPostgres::new()
        {
            sum.add(sim::run(seed, rounds, &mut StoreDisk::new(&place)));
        } else {
            sum.add(sim::run(seed, rounds, &mut MemoryDisk::default()));
        }
        seed += 1;
        seeds += 1;
    }
    println!("{seeds} seeds: {sum:?}");
}

/// The seed of a failure again: `OVERTURE_SIM_SEED=7 cargo test one_seed`.
#[test]
fn one_seed() {
    let seed = setting("OVERTURE_SIM_SEED").unwrap_or(1);
    let rounds = setting("OVERTURE_SIM_ROUNDS").unwrap_or(60);
    sim::run(seed, rounds as u32, &mut MemoryDisk::default());
}
