use overture_engine::{
    World,
    decide::{Capability, Conclusion, SignalGroups, conclude, due, evaluate, trace},
    model::*,
    understand,
};

use crate::support::{at, customer, visit, world};

const HIGH: &str = "[[rules]]\nid = \"high\"\nwhen = 'engagement.level == \"high\"'\naction = \"offer\"\npriority = 5\n";
const CALM: &str = "[cooldowns]\ncontact_min = 0\n[caps]\ncontacts = 1000\n";

/// Sets the level and concludes every rule that asks, as the step does.
pub(crate) fn look(
    state: &mut CustomerState,
    world: &World,
    level: NeedLevel,
    seconds: f64,
) -> Vec<String> {
    state.need.level = level;
    ask(state, world, SignalGroups::LEVEL, None, seconds)
}

fn ask(
    state: &mut CustomerState,
    world: &World,
    changed: SignalGroups,
    event: Option<&str>,
    seconds: f64,
) -> Vec<String> {
    let now = at(seconds);
    state.session.as_mut().unwrap().last_at = now;
    let hits = evaluate(state, world, now, changed, event);
    hits.into_iter()
        .map(|hit| {
            let id = world.policy.rules()[hit.rule].id.clone();
            match conclude(state, world, hit, now, Capability::EVERYTHING) {
                Conclusion::Act => format!("{id}: act"),
                Conclusion::Withhold { reasons, record } => {
                    let how = if record { "record" } else { "count" };
                    let names: Vec<&str> = reasons.iter().map(|one| one.name()).collect();
                    format!("{id}: {how} {}", names.join("+"))
                }
                Conclusion::Unchanged => format!("{id}: unchanged"),
            }
        })
        .collect()
}

use NeedLevel::{High, Low, Medium};

#[test]
fn a_rule_acts_once_a_crossing_and_again_after_it_was_false() {
    let world = world(&format!("{CALM}{HIGH}"), Mode::Live);
    let mut state = customer(at(0.0));
    let nothing: [&str; 0] = [];
    assert_eq!(look(&mut state, &world, Medium, 0.0), nothing);
    assert_eq!(look(&mut state, &world, High, 1.0), ["high: act"]);
    assert_eq!(look(&mut state, &world, High, 2.0), nothing);
    assert_eq!(look(&mut state, &world, Low, 3.0), nothing);
    assert_eq!(look(&mut state, &world, High, 4.0), ["high: act"]);
    // A new visit asks again although the condition went on holding.
    state.session = Some(visit(2, IdentityLevel::Anonymous, at(5.0)));
    assert_eq!(
        ask(&mut state, &world, SignalGroups::PAGE, None, 5.0),
        ["high: act"]
    );
}

#[test]
fn only_rules_that_read_what_changed_are_looked_at() {
    let world = world(&format!("{CALM}{HIGH}"), Mode::Live);
    let mut state = customer(at(0.0));
    state.need.level = High;
    let unrelated = SignalGroups::SCORE | SignalGroups::BEHAVIOUR | SignalGroups::PAGE;
    assert!(evaluate(&mut state, &world, at(0.0), unrelated, None).is_empty());
    assert_eq!(
        evaluate(&mut state, &world, at(0.0), SignalGroups::LEVEL, None).len(),
        1
    );
}

#[test]
fn the_highest_priority_goes_first() {
    let toml = format!(
        "{HIGH}{}",
        HIGH.replace("\"high\"\nw", "\"first\"\nw")
            .replace("= 5", "= 9")
    );
    let world = world(&toml, Mode::Live);
    let mut state = customer(at(0.0));
    assert_eq!(
        look(&mut state, &world, High, 0.0),
        ["first: act", "high: record cooling_down"]
    );
}

#[test]
fn a_dwell_is_waited_for_and_says_when() {
    let world = world(&format!("{CALM}{HIGH}dwell_s = 10\n"), Mode::Live);
    let mut state = customer(at(0.0));
    let nothing: [&str; 0] = [];
    assert_eq!(due(&state, &world), None);
    assert_eq!(look(&mut state, &world, High, 0.0), nothing);
    assert_eq!(due(&state, &world), Some(at(10.0)));
    assert_eq!(look(&mut state, &world, High, 9.999), nothing);
    // Time alone is enough: no signal has to change.
    assert_eq!(
        ask(&mut state, &world, SignalGroups::NONE, None, 10.0),
        ["high: act"]
    );
    assert_eq!(due(&state, &world), None);
}

#[test]
fn a_dwell_begins_anew_when_the_condition_was_false() {
    let world = world(&format!("{CALM}{HIGH}dwell_s = 10\n"), Mode::Live);
    let mut state = customer(at(0.0));
    look(&mut state, &world, High, 0.0);
    look(&mut state, &world, Low, 5.0);
    assert_eq!(due(&state, &world), None);
    look(&mut state, &world, High, 6.0);
    assert_eq!(due(&state, &world), Some(at(16.0)));
}

#[test]
fn reasons_are_recorded_once_a_visit_and_acting_waits_for_their_end() {
    let world = world(&format!("{CALM}{HIGH}"), Mode::Live);
    let mut state = customer(at(0.0));
    state.suppression.cooling_until = at(100.0);
    assert_eq!(
        look(&mut state, &world, High, 0.0),
        ["high: record cooling_down"]
    );
    assert_eq!(look(&mut state, &world, High, 1.0), ["high: unchanged"]);
    // A new crossing with the same reasons is counted, not recorded again.
    look(&mut state, &world, Low, 2.0);
    assert_eq!(
        look(&mut state, &world, High, 3.0),
        ["high: count cooling_down"]
    );
    // Another reason is recorded, going back to a known one is counted.
    state.permission.opted_out = true;
    assert_eq!(
        look(&mut state, &world, High, 4.0),
        ["high: record opted_out+cooling_down"]
    );
    state.permission.opted_out = false;
    assert_eq!(
        look(&mut state, &world, High, 5.0),
        ["high: count cooling_down"]
    );
    // When the reasons end while the need goes on, the rule acts.
    assert_eq!(
        ask(&mut state, &world, SignalGroups::NONE, None, 100.0),
        ["high: act"]
    );
    // A new visit records again.
    state.session = Some(visit(2, IdentityLevel::Anonymous, at(101.0)));
    state.suppression.declined_until = at(1_000.0);
    assert_eq!(
        look(&mut state, &world, High, 101.0),
        ["high: record declined_recently"]
    );
}

#[test]
fn shadow_uses_up_virtual_contacts_and_never_live_ones() {
    let world = world(HIGH, Mode::Shadow);
    let mut state = customer(at(0.0));
    assert_eq!(
        look(&mut state, &world, High, 0.0),
        ["high: record shadow_mode"]
    );
    assert_eq!(state.suppression, Suppression::default());
    assert_eq!(state.shadow_suppression.cooling_until, at(1_800.0));
    // The next crossing is where live mode would cool down.
    look(&mut state, &world, Low, 1.0);
    assert_eq!(
        look(&mut state, &world, High, 2.0),
        ["high: record cooling_down+shadow_mode"]
    );
}

#[test]
fn going_live_acts_on_new_crossings_only() {
    let mut world = world(&format!("{CALM}{HIGH}"), Mode::Shadow);
    for held_back in [false, true] {
        world.facts.mode = Mode::Shadow;
        let mut state = customer(at(0.0));
        state.permission.opted_out = held_back;
        look(&mut state, &world, High, 0.0);
        world.facts.mode = Mode::Live;
        state.permission.opted_out = false;
        let after = ask(&mut state, &world, SignalGroups::ALL, None, 1.0);
        assert!(!after.contains(&"high: act".to_owned()), "{after:?}");
        assert_eq!(due(&state, &world), None);
        look(&mut state, &world, Low, 2.0);
        assert_eq!(look(&mut state, &world, High, 3.0), ["high: act"]);
    }
}

#[test]
fn a_rule_that_the_policy_no_longer_has_is_forgotten() {
    let mut state = customer(at(0.0));
    look(&mut state, &world(HIGH, Mode::Live), High, 0.0);
    assert_eq!(state.rules.len(), 1);
    let other = world(&HIGH.replace("\"high\"\nw", "\"other\"\nw"), Mode::Live);
    look(&mut state, &other, High, 1.0);
    let known: Vec<RuleKey> = state.rules.iter().map(|one| one.rule).collect();
    assert_eq!(known, [RuleKey::of("other")]);
}

#[test]
fn an_event_rule_holds_for_its_event_alone() {
    let toml = format!(
        "{CALM}[[rules]]\nid = \"e\"\nwhen = 'event.name == \"payment_failed\"'\naction = \"notify\"\n"
    );
    let world = world(&toml, Mode::Live);
    let mut state = customer(at(0.0));
    let mut seen = |name, seconds| ask(&mut state, &world, SignalGroups::EVENT, name, seconds);
    let nothing: [&str; 0] = [];
    assert_eq!(seen(Some("payment_failed"), 0.0), ["e: act"]);
    assert_eq!(seen(None, 1.0), nothing);
    assert_eq!(seen(Some("other"), 2.0), nothing);
    assert_eq!(seen(Some("payment_failed"), 3.0), ["e: act"]);
    assert_eq!(seen(Some("payment_failed"), 4.0), ["e: act"]);
}

#[test]
fn an_anonymous_visit_does_not_see_history() {
    let toml = format!(
        "{CALM}[[rules]]\nid = \"known\"\nwhen = 'history.past_requests >= 2'\naction = \"notify\"\n"
    );
    let world = world(&toml, Mode::Live);
    for (level, expected) in [
        (IdentityLevel::Anonymous, 0),
        (IdentityLevel::Claimed, 0),
        (IdentityLevel::Verified, 1),
    ] {
        let mut state = customer(at(0.0));
        state.past_requests = 5;
        state.session = Some(visit(1, level, at(0.0)));
        let hits = evaluate(&mut state, &world, at(0.0), SignalGroups::ALL, None);
        assert_eq!(hits.len(), expected, "{level:?}");
    }
}

#[test]
fn struggling_raises_the_level_and_the_trace_says_why() {
    let world = world(HIGH, Mode::Live);
    let mut state = customer(at(0.0));
    let click = Behaviour::Click {
        x_px: 5.0,
        y_px: 5.0,
        target: 1,
        on: ClickTarget::Interactive,
    };
    let mut last = understand::Understood::default();
    for tenth in 0..3 {
        let now = at(f64::from(tenth) / 10.0);
        last = understand::observe(&mut state, &click, now, now, &world);
    }
    assert_eq!(last.struggles[0].signal, Signal::RageClick);
    assert_eq!(last.level.unwrap().to, High);
    let hits = evaluate(&mut state, &world, at(0.2), last.changed, None);
    let rule = &world.policy.rules()[hits[0].rule];
    let written = trace(&state, &world, rule, at(0.2), None);
    assert_eq!(written.condition, "engagement.level == \"high\"");
    assert_eq!(
        written.parts,
        [("engagement.level == \"high\"".to_owned(), true)]
    );
    assert_eq!(
        written.signals,
        [("engagement.level".to_owned(), "high".to_owned())]
    );
    assert_eq!(
        (written.policy_revision, written.model.as_str()),
        (7, "one-factor")
    );
}
