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
        "{:<28} accepted {:>6} ({:>5} offers)  service level {:>5.1} %  quarters at 80/20 {:>5.1} %  \
         accepted late {:>5.2} %  lost {:>4} ({} wanted)  left {:>4}  occupancy {:>4.1} %",
        format!("{controller:?}"),
        all.accepted,
        all.offered,
        100.0 * all.service_level(),
        100.0 * all.quarters_at(0.8),
        100.0 * all.accepted_late_share(),
        all.lost,
        all.lost_wanted,
        all.asked_left,
        100.0 * all.occupancy,
    );
    all
}

#[test]
fn explore() {
    for controller in [
        Controller::NoOffers,
        Controller::Paced,
        Controller::SeatEach,
        Controller::Reactive { minutes: 15 },
        Controller::Reactive { minutes: 5 },
    ] {
        days(&Scenario::default(), controller, 0..4);
    }
}
