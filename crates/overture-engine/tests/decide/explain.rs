use overture_engine::{
    decide::{
        Capability, Conclusion, Crossing, Explanation, Join, Matches, Note, SignalGroups, conclude,
        evaluate, explain,
    },
    model::*,
};
use proptest::prelude::*;

use crate::support::{at, customer, visit, world};

fn rule(when: &str, more: &str) -> String {
    format!("[[rules]]\nid = \"one\"\nwhen = '{when}'\naction = \"offer\"\n{more}\n")
}

fn of(state: &CustomerState, toml: &str, mode: Mode, seconds: f64) -> Explanation {
    let world = world(toml, mode);
    explain(state, &world, &world.policy.rules()[0], at(seconds))
}

#[test]
fn each_operator_is_one_part_with_what_it_read() {
    for (when, holds) in [
        ("engagement.score < 0.5", Some(true)),
        ("engagement.score >= 0.5", Some(false)),
        ("0.5 > engagement.score", Some(true)),
        ("engagement.level == \"low\"", Some(true)),
        ("engagement.level != \"low\"", Some(false)),
        ("engagement.level in [\"medium\", \"high\"]", Some(false)),
        ("session.path.startsWith(\"/check\")", Some(true)),
        ("session.path.contains(\"out\")", Some(true)),
        ("has(sentiment.score)", Some(false)),
        ("sentiment.score < -0.5", None),
        ("session.widget", Some(true)),
        ("permission.opted_out == true", Some(false)),
        (
            "(session.widget ? engagement.score : 1.0) < 0.5",
            Some(true),
        ),
    ] {
        let found = of(&customer(at(0.0)), &rule(when, ""), Mode::Live, 0.0);
        assert_eq!(found.condition.holds, holds, "{when}");
        assert_eq!(found.holds, holds == Some(true), "{when}");
        assert_eq!(found.condition.join, Join::One, "{when}");
        assert!(found.condition.parts.is_empty(), "{when}");
        assert!(!found.readings.is_empty(), "{when}");
    }
}

#[test]
fn connectives_make_a_tree_in_which_every_part_is_looked_at() {
    let when =
        "engagement.score > 0.9 && session.widget && !(sentiment.score < 0.0 || has(voice.anger))";
    let found = of(&customer(at(0.0)), &rule(when, ""), Mode::Live, 0.0);
    let parts = &found.condition.parts;
    assert_eq!(found.condition.join, Join::All);
    let joins: Vec<Join> = parts.iter().map(|part| part.join).collect();
    assert_eq!(joins, [Join::One, Join::One, Join::Not]);
    let verdicts: Vec<_> = parts.iter().map(|part| part.holds).collect();
    assert_eq!(verdicts, [Some(false), Some(true), None]);
    let either = &parts[2].parts[0];
    assert_eq!(either.join, Join::Any);
    assert_eq!(either.parts[1].holds, Some(false));
    let names: Vec<&str> = found.readings.iter().map(|one| one.signal).collect();
    assert_eq!(
        names,
        [
            "engagement.score",
            "session.widget",
            "sentiment.score",
            "voice.anger"
        ]
    );
}

#[test]
fn what_is_absent_says_why() {
    type Change = fn(&mut CustomerState);
    let denied: Change = |state| state.permission.analyse_behaviour = Consent::Denied;
    let gone: Change = |state| state.session = None;
    let nothing: Change = |_| {};
    let cases = [
        ("sentiment.score < 0.0", nothing, Some(Note::NeverWrote)),
        ("sentiment.score < 0.0", denied, Some(Note::NotPermitted)),
        ("engagement.score > 0.5", denied, Some(Note::NotPermitted)),
        ("engagement.score > 0.5", nothing, None),
        ("session.path == \"/\"", gone, Some(Note::NoVisit)),
        ("history.visits > 3.0", nothing, Some(Note::Unverified)),
        ("event.name == \"paid\"", nothing, Some(Note::OneEventOnly)),
        ("customer.language == \"de\"", nothing, Some(Note::Unknown)),
    ];
    for (when, change, note) in cases {
        let mut state = customer(at(0.0));
        change(&mut state);
        let found = of(&state, &rule(when, ""), Mode::Live, 0.0);
        assert_eq!(found.readings[0].note, note, "{when}");
    }
}

#[test]
fn every_reason_is_told_with_its_end() {
    let mut state = customer(at(0.0));
    state.suppression = Suppression {
        tokens: 0.5,
        tokens_at: at(0.0),
        cooling_until: at(60.0),
        declined_until: at(90.0),
        waived: false,
    };
    let toml = format!(
        "[caps]\ncontacts = 2\nwindow_h = 2\n[quiet_hours]\nenabled = true\nfrom = \"11:00\"\nto = \"13:30\"\nfallback_zones = [\"UTC\"]\n{}",
        rule("session.widget", "min_identity = \"verified\"")
    );
    let found = of(&state, &toml, Mode::Shadow, 0.0);
    let told: Vec<_> = found
        .reasons
        .iter()
        .map(|one| (one.reason, one.until, one.identity))
        .collect();
    let levels = (IdentityLevel::Verified, IdentityLevel::Anonymous);
    assert_eq!(
        told,
        [
            (WithholdReason::IdentityTooWeak, None, Some(levels)),
            (WithholdReason::QuietHours, Some(at(5_400.0)), None),
            // Half a contact is missing, and one comes back an hour.
            (WithholdReason::FrequencyCap, Some(at(1_800.0)), None),
            (WithholdReason::CoolingDown, Some(at(60.0)), None),
            (WithholdReason::DeclinedRecently, Some(at(90.0)), None),
            (WithholdReason::ShadowMode, None, None),
        ]
    );
    assert!(found.holds && !found.would_act());
    let after = of(&state, &toml, Mode::Shadow, 5_400.0);
    let left: Vec<_> = after.reasons.iter().map(|one| one.reason).collect();
    assert!(!left.contains(&WithholdReason::QuietHours), "{left:?}");
    assert!(!left.contains(&WithholdReason::FrequencyCap), "{left:?}");
}

#[test]
fn the_stage_follows_the_crossing() {
    let toml = rule("permission.opted_out == false", "dwell_s = 10");
    let world = world(&toml, Mode::Live);
    let mut state = customer(at(0.0));
    let stage = |state: &CustomerState, seconds| {
        let found = explain(state, &world, &world.policy.rules()[0], at(seconds));
        (found.stage, found.dwell_left)
    };
    let ask = |state: &mut CustomerState, seconds| {
        evaluate(state, &world, at(seconds), SignalGroups::ALL, None)
    };
    assert_eq!(stage(&state, 0.0), (Crossing::Dwelling, Millis(10_000)));
    ask(&mut state, 0.0);
    assert_eq!(stage(&state, 4.0), (Crossing::Dwelling, Millis(6_000)));
    let hits = ask(&mut state, 10.0);
    assert_eq!(stage(&state, 10.0), (Crossing::Open, Millis(0)));
    conclude(
        &mut state,
        &world,
        hits[0],
        at(10.0),
        Capability::EVERYTHING,
    );
    assert_eq!(stage(&state, 11.0), (Crossing::Done, Millis(0)));
    state.permission.opted_out = true;
    ask(&mut state, 12.0);
    assert_eq!(stage(&state, 12.0).0, Crossing::NotMet);
    state.permission.opted_out = false;
    state.session = Some(visit(2, IdentityLevel::Anonymous, at(13.0)));
    assert_eq!(stage(&state, 13.0).0, Crossing::Dwelling);
}

#[test]
fn a_crossing_that_began_in_shadow_is_told_apart_after_going_live() {
    let toml = rule("session.widget", "");
    let mut state = customer(at(0.0));
    let shadow = world(&toml, Mode::Shadow);
    let hits = evaluate(&mut state, &shadow, at(0.0), SignalGroups::ALL, None);
    conclude(
        &mut state,
        &shadow,
        hits[0],
        at(0.0),
        Capability::EVERYTHING,
    );
    assert_eq!(of(&state, &toml, Mode::Live, 1.0).stage, Crossing::Watched);
}

#[test]
fn a_draft_counts_who_meets_it_and_why_not() {
    let toml = rule("session.path == \"/checkout\"", "");
    let world = world(&toml, Mode::Live);
    let mut matches = Matches::default();
    for number in 0..8 {
        let mut state = customer(at(0.0));
        state.customer = CustomerId::derive(at(0.0), Seq(number), 0);
        state.permission.opted_out = number == 0;
        if number == 1 {
            state.session.as_mut().unwrap().path = "/".to_owned();
        }
        matches.count(&state, &world, at(0.0));
    }
    let one = &matches.rules[0];
    assert_eq!((matches.looked_at, one.holding, one.contacted), (8, 7, 6));
    assert_eq!(one.reasons.iter().collect::<Vec<_>>(), [(&"opted_out", &1)]);
    assert_eq!(one.examples.len(), 5);
}

proptest! {
    #[test]
    fn it_holds_exactly_when_the_engine_finds_it(
        score in 0.0..1.0f64,
        level in 0..3usize,
        path in prop::sample::select(vec!["/", "/checkout", "/help"]),
        opted_out: bool,
        in_visit: bool,
        which in 0..6usize,
    ) {
        let when = [
            "engagement.score > 0.5 && session.path == \"/checkout\"",
            "engagement.level in [\"medium\", \"high\"] || permission.opted_out",
            "!(session.path.startsWith(\"/help\")) && !permission.opted_out",
            "has(session.path) && engagement.score < 0.7",
            "sentiment.score < 0.0 || engagement.score > 0.3",
            "!(session.path == \"/\" || engagement.level == \"low\")",
        ][which];
        let world = world(&rule(when, ""), Mode::Live);
        let mut state = customer(at(0.0));
        state.need.score = score;
        state.need.level = [NeedLevel::Low, NeedLevel::Medium, NeedLevel::High][level];
        state.permission.opted_out = opted_out;
        state.session.as_mut().unwrap().path = path.to_owned();
        if !in_visit {
            state.session = None;
        }
        let told = explain(&state, &world, &world.policy.rules()[0], at(1.0));
        let hits = evaluate(&mut state, &world, at(1.0), SignalGroups::ALL, None);
        prop_assert_eq!(told.holds, !hits.is_empty());
        prop_assert_eq!(told.condition.holds == Some(true), told.holds);
        let mut matches = Matches::default();
        matches.count(&state, &world, at(1.0));
        prop_assert_eq!(matches.rules[0].holding == 1, told.holds);
        if let Some(hit) = hits.first() {
            let capability = Capability::of(&state, &world);
            let concluded = conclude(&mut state, &world, *hit, at(1.0), capability);
            prop_assert_eq!(told.would_act(), concluded == Conclusion::Act);
        }
    }
}
