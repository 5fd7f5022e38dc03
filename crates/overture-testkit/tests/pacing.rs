//! What pacing is worth, on simulated days.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests may, and a run says what it came to"
)]

use overture_testkit::pacing::{Controller, DayResult, Scenario, run};

fn days(scenario: &Scenario, controller: Controller, seeds: std::ops::Range<u64>) -> DayResult {
    let mut all = DayResult::default();
    for seed in seeds {
        all.add(&run(scenario, controller, seed));
    }
    println!(
        "{:<24} offers {:>6}  accepted {:>5}, without an agent {:>5.2} %  answered in time {:>5.1} %, \
         in quarters of an hour at 80/20 {:>5.1} %  lost the chat option {:>5}, would have accepted \
         {:>3}  occupancy {:>4.1} %",
        format!("{controller:?}"),
        all.offered,
        all.accepted,
        100.0 * all.accepted_late_share(),
        100.0 * all.service_level(),
        100.0 * all.quarters_at(0.8),
        all.lost,
        all.lost_wanted,
        100.0 * all.occupancy,
    );
    all
}

/// The promises of pacing, on these days.
fn check(seeds: std::ops::Range<u64>) {
    let scenario = Scenario::default();
    let of = |controller| days(&scenario, controller, seeds.clone());
    let paced = of(Controller::Paced);
    let reactive = of(Controller::Reactive { minutes: 15 });
    assert!(paced.quarters_at(0.8) >= 0.95, "{}", paced.quarters_at(0.8));
    assert!(paced.accepted_late_share() <= 0.01, "{paced:?}");
    assert!(
        f64::from(paced.accepted) >= 1.15 * f64::from(reactive.accepted),
        "{} against {}",
        paced.accepted,
        reactive.accepted
    );
    // Who would have accepted an offer that lost its seat is as rare.
    assert!(
        f64::from(paced.lost_wanted) <= 0.02 * f64::from(paced.accepted),
        "{paced:?}"
    );
}

#[test]
fn two_days_keep_the_service_level_with_more_accepted_offers_than_reacting_allows() {
    check(0..2);
}

/// Twelve other days, and every controller at three desks: `cargo xtask soak`, and the figures of
/// `docs/BENCHMARKS.md`.
#[test]
#[ignore = "long: runs in `cargo xtask soak`"]
fn more_days_keep_it_too_and_three_desks_are_compared() {
    check(100..112);
    let small = Scenario {
        agents: 5,
        unasked_per_min: (0.6, 1.25),
        struggling_per_min: 10.0,
        ..Scenario::default()
    };
    let middle = Scenario {
        agents: 20,
        unasked_per_min: (2.5, 5.0),
        struggling_per_min: 40.0,
        ..Scenario::default()
    };
    for (name, scenario) in [
        ("40 agents", Scenario::default()),
        ("20 agents", middle),
        ("5 agents", small),
    ] {
        println!("{name}");
        for controller in [
            Controller::NoOffers,
            Controller::Paced,
            Controller::SeatEach,
            Controller::Reactive { minutes: 15 },
            Controller::Reactive { minutes: 5 },
            Controller::ReactiveQuarter,
        ] {
            days(&scenario, controller, 100..106);
        }
    }
}
