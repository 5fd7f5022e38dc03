use overture_engine::{
    decide::NeedSettings,
    model::{Millis, NeedLevel, NeedState},
    understand::need::{due, update},
};

use crate::support::at;
use NeedLevel::{High, Low, Medium};

fn levels(dwell_up_s: u64, dwell_down_s: u64, scores: &[(f64, f64)]) -> Vec<NeedLevel> {
    let settings = NeedSettings {
        dwell_up: Millis::from_secs(dwell_up_s),
        dwell_down: Millis::from_secs(dwell_down_s),
        ..NeedSettings::default()
    };
    let mut need = NeedState::default();
    scores
        .iter()
        .map(|(seconds, score)| {
            let before = need.level;
            let change = update(&mut need, *score, at(*seconds), &settings);
            assert_eq!(change.is_some(), need.level != before);
            need.level
        })
        .collect()
}

#[test]
fn levels_follow_strict_thresholds_with_hysteresis_and_dwell() {
    type Case = (&'static str, u64, u64, Vec<(f64, f64)>, Vec<NeedLevel>);
    let cases: Vec<Case> = vec![
        (
            "equal to medium does not enter",
            0,
            0,
            vec![(0.0, 0.5)],
            vec![Low],
        ),
        (
            "just above medium enters",
            0,
            0,
            vec![(0.0, 0.500_001)],
            vec![Medium],
        ),
        (
            "equal to high does not enter",
            0,
            0,
            vec![(0.0, 0.8)],
            vec![Medium],
        ),
        (
            "just above high enters at once",
            0,
            0,
            vec![(0.0, 0.800_001)],
            vec![High],
        ),
        (
            "medium holds down to its leave threshold, and not at it",
            0,
            0,
            vec![(0.0, 0.6), (1.0, 0.41), (2.0, 0.4)],
            vec![Medium, Medium, Low],
        ),
        (
            "high holds above 0.65, then falls to medium",
            0,
            0,
            vec![(0.0, 0.9), (1.0, 0.66), (2.0, 0.65), (3.0, 0.79)],
            vec![High, High, Medium, Medium],
        ),
        (
            "high falls to low at once",
            0,
            0,
            vec![(0.0, 0.9), (1.0, 0.1)],
            vec![High, Low],
        ),
        (
            "a dwell is waited for, to the millisecond",
            5,
            0,
            vec![(0.0, 0.6), (4.999, 0.6), (5.0, 0.6)],
            vec![Low, Low, Medium],
        ),
        (
            "a dwell begins anew after the score fell",
            5,
            0,
            vec![(0.0, 0.6), (3.0, 0.5), (4.0, 0.6), (8.9, 0.6), (9.0, 0.6)],
            vec![Low, Low, Low, Low, Medium],
        ),
        (
            "wavering between medium and high still reaches medium",
            5,
            0,
            vec![(0.0, 0.6), (2.0, 0.9), (4.0, 0.6), (5.0, 0.9), (10.0, 0.9)],
            vec![Low, Low, Low, Medium, High],
        ),
        (
            "leaving waits for its own dwell",
            0,
            10,
            vec![
                (0.0, 0.9),
                (1.0, 0.1),
                (10.9, 0.1),
                (11.0, 0.1),
                (21.0, 0.1),
            ],
            vec![High, High, High, Low, Low],
        ),
    ];
    for (name, up, down, scores, expected) in cases {
        assert_eq!(levels(up, down, &scores), expected, "{name}");
    }
}

#[test]
fn a_pending_level_says_when_to_look_again() {
    let settings = NeedSettings {
        dwell_up: Millis::from_secs(5),
        ..NeedSettings::default()
    };
    let mut need = NeedState::default();
    update(&mut need, 0.6, at(0.0), &settings);
    assert_eq!(due(&need, &settings), Some(at(5.0)));
    update(&mut need, 0.6, at(5.0), &settings);
    assert_eq!((need.level, due(&need, &settings)), (Medium, None));
}
