use overture_engine::{
    decide::FrustrationSettings,
    model::*,
    understand::features::{add, observe, read},
};
use proptest::prelude::*;

use crate::support::{NOON, at};

const SETTINGS: fn() -> FrustrationSettings = FrustrationSettings::default;

fn click(x_px: f32, y_px: f32, on: ClickTarget) -> Behaviour {
    Behaviour::Click {
        x_px,
        y_px,
        target: 1,
        on,
    }
}

fn field_error(field: u64) -> Behaviour {
    Behaviour::FormError {
        form: 1,
        field,
        field_name: "email".to_owned(),
        code: "typeMismatch".to_owned(),
    }
}

fn refused() -> Behaviour {
    Behaviour::FormSubmit {
        form: 1,
        outcome: SubmitOutcome::Failed,
    }
}

fn page(path: &str, navigation: Navigation) -> Behaviour {
    Behaviour::PageView {
        path: path.to_owned(),
        navigation,
    }
}

/// Which derived struggles a script of (seconds, behaviour) shows.
fn struggles(script: &[(f64, Behaviour)]) -> Vec<Signal> {
    let mut features = Features::new(NOON);
    let derived = [Signal::RageClick, Signal::FormStruggle, Signal::QuickBack];
    script
        .iter()
        .flat_map(|(seconds, behaviour)| {
            observe(&mut features, behaviour, at(*seconds), &SETTINGS()).struggles
        })
        .map(|struggle| struggle.signal)
        .filter(|signal| derived.contains(signal))
        .collect()
}

#[test]
fn struggles_follow_their_definitions() {
    use ClickTarget::{Interactive, TextField};
    let here = |seconds| (seconds, click(100.0, 100.0, Interactive));
    let rage = Signal::RageClick;
    type Case = (&'static str, Vec<(f64, Behaviour)>, Vec<Signal>);
    let cases: Vec<Case> = vec![
        (
            "three clicks in exactly 1 s",
            vec![here(0.0), here(0.5), here(1.0)],
            vec![rage],
        ),
        (
            "three clicks in 1.001 s",
            vec![here(0.0), here(0.5), here(1.001)],
            vec![],
        ),
        ("two clicks", vec![here(0.0), here(0.1)], vec![]),
        (
            "exactly 30 px apart",
            vec![
                here(0.0),
                (0.1, click(130.0, 100.0, Interactive)),
                here(0.2),
            ],
            vec![rage],
        ),
        (
            "31 px apart",
            vec![
                here(0.0),
                (0.1, click(131.0, 100.0, Interactive)),
                here(0.2),
            ],
            vec![],
        ),
        (
            "in a text field",
            (0..3)
                .map(|i| (f64::from(i) / 10.0, click(1.0, 1.0, TextField)))
                .collect(),
            vec![],
        ),
        (
            "six quick clicks are two rage clicks",
            (0..6).map(|i| here(f64::from(i) / 10.0)).collect(),
            vec![rage, rage],
        ),
        (
            "out of order",
            vec![here(0.6), here(0.0), here(0.3)],
            vec![rage],
        ),
        (
            "two refused submits in exactly 60 s",
            vec![(0.0, refused()), (60.0, refused())],
            vec![Signal::FormStruggle],
        ),
        (
            "two refused submits in 61 s",
            vec![(0.0, refused()), (61.0, refused())],
            vec![],
        ),
        (
            "two errors on one field",
            vec![(0.0, field_error(5)), (20.0, field_error(5))],
            vec![Signal::FormStruggle],
        ),
        (
            "errors on two fields",
            vec![(0.0, field_error(5)), (20.0, field_error(6))],
            vec![],
        ),
        (
            "a long form refused twice, many field errors between",
            std::iter::once((0.0, refused()))
                .chain((1..9).map(|field| (1.0, field_error(field))))
                .chain([(30.0, refused())])
                .collect(),
            vec![Signal::FormStruggle],
        ),
        (
            "left by back after exactly 7 s",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (7.0, page("/b", Navigation::BackForward)),
            ],
            vec![Signal::QuickBack],
        ),
        (
            "left by back after 7.1 s",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (7.1, page("/b", Navigation::BackForward)),
            ],
            vec![],
        ),
        (
            "left by back in time, for a page that loads slowly",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (6.0, Behaviour::PageLeave),
                (14.0, page("/b", Navigation::BackForward)),
            ],
            vec![Signal::QuickBack],
        ),
        (
            "left by back too late",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (7.1, Behaviour::PageLeave),
                (7.2, page("/b", Navigation::BackForward)),
            ],
            vec![],
        ),
        (
            "left for another site, and come back to",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (6.0, Behaviour::PageLeave),
                (600.0, page("/a", Navigation::BackForward)),
            ],
            vec![],
        ),
        (
            "left by a link at once",
            vec![
                (0.0, page("/a", Navigation::Navigate)),
                (1.0, page("/b", Navigation::Navigate)),
            ],
            vec![],
        ),
        (
            "came by back first",
            vec![(0.0, page("/a", Navigation::BackForward))],
            vec![],
        ),
    ];
    for (name, script, expected) in cases {
        assert_eq!(struggles(&script), expected, "{name}");
    }
}

#[test]
fn a_field_error_names_its_field_and_never_more() {
    let mut features = Features::new(NOON);
    let observed = observe(&mut features, &field_error(5), at(1.0), &SETTINGS());
    assert_eq!(observed.struggles[0].detail, "email: typeMismatch");
}

#[test]
fn a_new_page_starts_its_own_counts_and_a_late_one_does_not() {
    let mut features = Features::new(NOON);
    let mut go = |behaviour: Behaviour, seconds: f64| {
        observe(&mut features, &behaviour, at(seconds), &SETTINGS());
        (
            features.page_active_ms,
            features.session_active_ms,
            features.scroll_depth_percent,
        )
    };
    go(page("/a", Navigation::Navigate), 10.0);
    go(Behaviour::Active { ms: 4_000 }, 15.0);
    assert_eq!(
        go(Behaviour::Scroll { depth_percent: 80 }, 15.0),
        (4_000, 4_000, 80)
    );
    assert_eq!(
        go(page("/late", Navigation::Navigate), 5.0),
        (4_000, 4_000, 80)
    );
    assert_eq!(go(page("/b", Navigation::Navigate), 20.0), (0, 4_000, 0));
    // What the page before sends late is active time of the visit, not of this page.
    assert_eq!(go(Behaviour::Active { ms: 1_000 }, 18.0), (0, 5_000, 0));
}

/// The counter by definition: every event weighs 2^(-age / half-life).
fn direct_sum(events: &[i64], half_life: usize, now: Timestamp) -> f64 {
    events
        .iter()
        .map(|at| {
            let age = now.since(Timestamp(*at)).0 as f64;
            (-age / HALF_LIVES_MS[half_life] as f64).exp2()
        })
        .sum()
}

proptest! {
    #[test]
    fn streaming_counters_equal_the_direct_sum_in_any_order(
        offsets in prop::collection::vec(0i64..3_600_000, 1..60),
        later in 0i64..600_000,
    ) {
        let events: Vec<i64> = offsets.iter().map(|offset| NOON.0 + offset).collect();
        let mut features = Features::new(NOON);
        for event in &events {
            add(&mut features.counters[Signal::Click as usize], Timestamp(*event));
        }
        let now = Timestamp(events.iter().max().unwrap() + later);
        for half_life in 0..4 {
            let streamed = read(&features, Signal::Click, half_life, now);
            let summed = direct_sum(&events, half_life, now);
            prop_assert!(
                (streamed - summed).abs() <= 1e-3 * summed + 1e-9,
                "half-life {half_life}: {streamed} is not {summed}"
            );
        }
    }
}
