//! Queueing formulas against the published numbers and against closed forms.
#![allow(clippy::unwrap_used, reason = "tests")]

use overture_engine::route::queueing::Queue;
use proptest::prelude::*;

fn queue(servers: u32, per_hour: f64, handle_s: f64) -> Queue {
    Queue {
        servers,
        arrivals_s: per_hour / 3_600.0,
        handle_s,
    }
}

/// Equal to the digits that are given.
#[track_caller]
fn agrees(computed: f64, given: &str) {
    let digits = given.split_once('.').map_or(0, |(_, after)| after.len());
    assert_eq!(format!("{computed:.digits$}"), given);
}

#[test]
fn fifty_agents_at_forty_eight_calls_a_minute() {
    let queue = queue(50, 48.0 * 60.0, 60.0);
    let patient = queue.erlang_c().unwrap();
    agrees(patient.mean_wait_s(), "20.83");
    agrees(patient.wait_quantile_s(0.9), "58.14");
    agrees(patient.mean_queue(), "16.67");
    agrees(patient.occupancy * 100.0, "96.0");
    let leaving = queue.erlang_a(120.0);
    agrees(leaving.abandoned_share() * 100.0, "3.091");
    agrees(leaving.mean_wait_s(), "3.709");
    agrees(leaving.wait_quantile_s(0.9), "12.44");
    agrees(leaving.queue, "2.968");
    agrees(leaving.occupancy() * 100.0, "93.03");
}

#[test]
fn fifty_five_agents_at_three_hundred_and_sixty_calls_in_half_an_hour() {
    let patient = queue(55, 720.0, 240.0).erlang_c().unwrap();
    agrees(patient.wait_share, "0.2387");
    agrees(patient.mean_wait_s(), "8.184");
    agrees((1.0 - patient.waits_longer(15.0)) * 100.0, "84.59");
    agrees(patient.occupancy * 100.0, "87.27");
}

#[test]
fn every_row_of_the_table_is_met_to_its_digits() {
    for (servers, per_hour, handle_s, c, asa, sl20, abandoned, wait, v20) in [
        (
            10, 100.0, 300.0, ".4876", "87.77", ".5637", ".0755", "13.598", ".7759",
        ),
        (
            14, 100.0, 300.0, ".0526", "2.79", ".9639", ".0073", "1.318", ".9742",
        ),
        (
            20, 200.0, 300.0, ".3381", "30.43", ".7293", ".0375", "6.747", ".8644",
        ),
        (
            100, 1_140.0, 300.0, ".5065", "30.39", ".6371", ".0240", "4.324", ".9080",
        ),
    ] {
        let queue = queue(servers, per_hour, handle_s);
        let patient = queue.erlang_c().unwrap();
        let leaving = queue.erlang_a(180.0);
        let share = |digits: &str| format!("0{digits}");
        agrees(patient.wait_share, &share(c));
        agrees(patient.mean_wait_s(), asa);
        agrees(1.0 - patient.waits_longer(20.0), &share(sl20));
        agrees(leaving.abandoned_share(), &share(abandoned));
        agrees(leaving.mean_wait_s(), wait);
        agrees(1.0 - leaving.offered_wait_longer(20.0), &share(v20));
    }
}

#[test]
fn more_calls_than_can_be_served_never_settle_unless_people_leave() {
    let flooded = queue(10, 200.0, 300.0);
    assert_eq!(flooded.erlang_c(), None);
    let leaving = flooded.erlang_a(180.0);
    assert!(leaving.abandoned_share() > 0.3, "{leaving:?}");
    assert!(leaving.occupancy() < 1.0, "{leaving:?}");
}

/// Where people leave as fast as they are served, the number there is Poisson: every server
/// more or less changes nothing about it.
#[test]
fn leaving_as_fast_as_being_served_is_poisson_up_to_five_thousand_servers() {
    for (servers, load) in [
        (1, 0.7),
        (10, 12.0),
        (200, 190.0),
        (1_000, 1_010.0),
        (5_000, 4_950.0),
    ] {
        let leaving = Queue {
            servers,
            arrivals_s: load / 300.0,
            handle_s: 300.0,
        }
        .erlang_a(300.0);
        let (mut busy, mut waiting) = (0.0, 0.0);
        for there in servers..servers + 20_000 {
            let there = f64::from(there);
            let chance = (there * load.ln() - load - libm_lgamma(there + 1.0)).exp();
            busy += chance;
            waiting += chance * (there - f64::from(servers));
        }
        assert!(
            (leaving.busy_share - busy).abs() < 1e-9,
            "{servers}: {leaving:?} {busy}"
        );
        assert!(
            (leaving.queue - waiting).abs() < 1e-9 * waiting.max(1.0),
            "{servers}: {leaving:?} {waiting}"
        );
    }
}

/// Stirling's series; exact to 1e-15 from 20 on, the recurrence below.
fn libm_lgamma(x: f64) -> f64 {
    if x < 20.0 {
        return libm_lgamma(x + 1.0) - x.ln();
    }
    let square = x * x;
    (x - 0.5) * x.ln() - x
        + 0.5 * (2.0 * std::f64::consts::PI).ln()
        + (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1_260.0 * square)) / square) / x
}

/// Jagerman's integral: `1 / B = integral of e^-x (1 + x / load)^n` over all `x > 0`.
#[test]
fn erlang_b_is_the_integral_up_to_five_thousand_servers() {
    for (servers, load) in [(5, 3.0), (50, 48.0), (500, 480.0), (5_000, 4_900.0)] {
        let queue = Queue {
            servers,
            arrivals_s: load,
            handle_s: 1.0,
        };
        let exponent = |x: f64| f64::from(servers) * (x / load).ln_1p() - x;
        let end = 40.0 * load.sqrt() + 60.0 + (f64::from(servers) - load).max(0.0) * 2.0;
        let panels = 200_000;
        let width = end / f64::from(panels);
        let inside: f64 = (1..panels)
            .map(|panel| {
                let factor = if panel % 2 == 1 { 4.0 } else { 2.0 };
                factor * exponent(width * f64::from(panel)).exp()
            })
            .sum();
        let integral = (1.0 + inside + exponent(end).exp()) * width / 3.0;
        assert!(
            (queue.erlang_b() * integral - 1.0).abs() < 1e-9,
            "{servers}"
        );
    }
}

/// With endless patience Erlang A is Erlang C.
#[test]
fn endless_patience_is_erlang_c() {
    for (servers, per_hour) in [(10, 100.0), (100, 1_140.0)] {
        let queue = queue(servers, per_hour, 300.0);
        let patient = queue.erlang_c().unwrap();
        let leaving = queue.erlang_a(1e12);
        assert!((leaving.busy_share - patient.wait_share).abs() < 1e-6);
        assert!((leaving.mean_wait_s() / patient.mean_wait_s() - 1.0).abs() < 1e-6);
        let (a, c) = (leaving.waits_longer(20.0), patient.waits_longer(20.0));
        assert!((a - c).abs() < 1e-6, "{a} {c}");
    }
}

proptest! {
    #[test]
    fn more_servers_wait_less_and_more_calls_wait_more(
        servers in 1u32..200, per_server in 0.1f64..1.3, handle_s in 20f64..900.0, patience_s in 20f64..2_000.0,
    ) {
        let of = |servers: u32, factor: f64| Queue {
            servers,
            arrivals_s: per_server * factor / handle_s,
            handle_s,
        }.erlang_a(patience_s);
        let load = f64::from(servers);
        let (now, more_servers, more_calls) = (of(servers, load), of(servers + 1, load), of(servers, load * 1.1));
        for (worse, better) in [(now, more_servers), (more_calls, now)] {
            prop_assert!(worse.abandoned_share() >= better.abandoned_share());
            prop_assert!(worse.mean_wait_s() >= better.mean_wait_s());
            for seconds in [0.0, 5.0, 20.0, 120.0] {
                prop_assert!(worse.waits_longer(seconds) >= better.waits_longer(seconds) - 1e-12);
            }
        }
        prop_assert!((now.waits_longer(0.0) - now.busy_share).abs() < 1e-12);
        prop_assert!(now.waits_longer(30.0) <= now.waits_longer(10.0));
        prop_assert!((0.0..=1.0).contains(&now.abandoned_share()));
    }
}
