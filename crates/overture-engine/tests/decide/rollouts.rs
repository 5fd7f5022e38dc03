//! Going live rule by rule: whom a stage reaches, and that nobody else is contacted.

use std::sync::Arc;

use overture_engine::{
    World,
    decide::{RolloutError, Rollouts, ShadowWhy, in_share, shadow_why, trace},
    model::*,
};
use proptest::prelude::*;

use crate::{
    standings::look,
    support::{NOON, at, customer, world},
};

const RULES: &str = "[cooldowns]\ncontact_min = 0\n[caps]\ncontacts = 1000\n\
    [[rules]]\nid = \"high\"\nwhen = 'engagement.level == \"high\"'\naction = \"offer\"\n\
    [[rules]]\nid = \"watched\"\nwhen = 'engagement.level == \"high\"'\naction = \"notify\"\nshadow = true\n";

fn rule(rule: &str, stage: Stage) -> RuleRollout {
    RuleRollout {
        rule: rule.to_owned(),
        stage,
        paused: None,
        audience: String::new(),
        daily_budget: None,
        changed_by: "Ada".to_owned(),
        changed_at: NOON,
    }
}

fn paused(stage: Stage) -> RuleRollout {
    RuleRollout {
        paused: Some(Paused {
            at: NOON,
            why: "it annoyed".to_owned(),
        }),
        ..rule("high", stage)
    }
}

fn tester(key: u128) -> Tester {
    Tester {
        kind: IdentifierKind::Email,
        key: LinkKey(key),
        value: Private::new("ada@example.com"),
    }
}

fn with(mode: Mode, plan: &RolloutPlan) -> World {
    let mut world = world(RULES, mode);
    world.rollouts = Arc::new(Rollouts::compile(1, plan).unwrap());
    world.facts.rollouts_revision = 1;
    world
}

fn plan(rules: Vec<RuleRollout>) -> RolloutPlan {
    RolloutPlan {
        testers: vec![tester(7)],
        rules,
        ..RolloutPlan::default()
    }
}

fn linked(mut state: CustomerState, key: u128) -> CustomerState {
    state.links.push(KnownLink {
        key: LinkKey(key),
        kind: IdentifierKind::Email,
        level: IdentityLevel::Claimed,
    });
    state
}

fn why(world: &World, state: &CustomerState, id: &str) -> Option<ShadowWhy> {
    shadow_why(state, world, world.policy.rule(id).unwrap(), NOON)
}

#[test]
fn each_stage_reaches_whom_it_should() {
    use ShadowWhy as W;
    let shut = RolloutPlan {
        unlisted: Unlisted::Shadow,
        ..RolloutPlan::default()
    };
    let narrow = RuleRollout {
        audience: "session.path == \"/cart\"".to_owned(),
        ..rule("high", Stage::Percent(100))
    };
    let here = RuleRollout {
        audience: "session.path == \"/checkout\"".to_owned(),
        ..rule("high", Stage::Percent(100))
    };
    let test = || plan(vec![rule("high", Stage::Test)]);
    // (mode, plan, anybody, a test identity)
    let cases = [
        (
            Mode::Shadow,
            plan(vec![rule("high", Stage::Percent(100))]),
            Some(W::Everything),
            Some(W::Everything),
        ),
        (Mode::Live, RolloutPlan::default(), None, None),
        (Mode::Live, shut, Some(W::Stage), Some(W::Stage)),
        (
            Mode::Live,
            plan(vec![rule("other", Stage::Shadow)]),
            None,
            None,
        ),
        (
            Mode::Live,
            plan(vec![rule("high", Stage::Shadow)]),
            Some(W::Stage),
            Some(W::Stage),
        ),
        (Mode::Live, test(), Some(W::NotTester), None),
        (
            Mode::Live,
            plan(vec![rule("high", Stage::Percent(100))]),
            None,
            None,
        ),
        (
            Mode::Live,
            plan(vec![paused(Stage::Percent(100))]),
            Some(W::Paused),
            Some(W::Paused),
        ),
        (
            Mode::Live,
            plan(vec![paused(Stage::Test)]),
            Some(W::Paused),
            Some(W::Paused),
        ),
        (
            Mode::Live,
            plan(vec![narrow]),
            Some(W::Audience),
            Some(W::Audience),
        ),
        (Mode::Live, plan(vec![here]), None, None),
    ];
    for (mode, plan, anybody, tried) in cases {
        let world = with(mode, &plan);
        let state = customer(NOON);
        assert_eq!(why(&world, &state, "high"), anybody, "{plan:?}");
        assert_eq!(why(&world, &linked(state, 7), "high"), tried, "{plan:?}");
    }
    // No stage takes a rule live that the policy has in shadow.
    let everywhere = with(
        Mode::Live,
        &plan(vec![rule("watched", Stage::Percent(100))]),
    );
    assert_eq!(
        why(&everywhere, &customer(NOON), "watched"),
        Some(W::Policy)
    );
}

#[test]
fn a_spent_budget_ends_with_the_day() {
    let mut world = with(Mode::Live, &RolloutPlan::default());
    world.facts.budgets_spent = vec![BudgetSpent {
        rule: RuleKey::of("high"),
        until: at(10.0),
    }];
    let state = customer(NOON);
    let at_time = |seconds| {
        shadow_why(
            &state,
            &world,
            world.policy.rule("high").unwrap(),
            at(seconds),
        )
    };
    assert_eq!(at_time(0.0), Some(ShadowWhy::BudgetSpent));
    assert_eq!(at_time(9.999), Some(ShadowWhy::BudgetSpent));
    assert_eq!(at_time(10.0), None);
}

#[test]
fn a_trace_says_why_a_rule_only_watched() {
    let world = with(Mode::Live, &plan(vec![paused(Stage::Percent(100))]));
    let state = customer(NOON);
    let told = trace(
        &state,
        &world,
        world.policy.rule("high").unwrap(),
        NOON,
        None,
    );
    assert!(
        told.signals
            .contains(&("shadow.why".to_owned(), "paused".to_owned())),
        "{:?}",
        told.signals
    );
}

#[test]
fn going_further_acts_on_new_crossings_only() {
    let further = [
        (
            plan(vec![rule("high", Stage::Shadow)]),
            plan(vec![rule("high", Stage::Percent(100))]),
        ),
        (
            plan(vec![rule("high", Stage::Test)]),
            plan(vec![rule("high", Stage::Percent(100))]),
        ),
        (
            plan(vec![paused(Stage::Percent(100))]),
            plan(vec![rule("high", Stage::Percent(100))]),
        ),
    ];
    for (before, after) in further {
        let mut state = customer(at(0.0));
        let (before, after) = (with(Mode::Live, &before), with(Mode::Live, &after));
        assert_eq!(
            look(&mut state, &before, NeedLevel::High, 0.0)[0],
            "high: record shadow_mode"
        );
        assert_eq!(
            state.suppression,
            Suppression::default(),
            "a virtual contact"
        );
        let still = look(&mut state, &after, NeedLevel::High, 1.0);
        assert!(!still.contains(&"high: act".to_owned()), "{still:?}");
        look(&mut state, &after, NeedLevel::Low, 2.0);
        let again = look(&mut state, &after, NeedLevel::High, 3.0);
        assert!(again.contains(&"high: act".to_owned()), "{again:?}");
    }
}

#[test]
fn a_rule_that_pauses_in_a_crossing_stays_away_for_its_rest() {
    let live = with(Mode::Live, &plan(vec![rule("high", Stage::Percent(100))]));
    let pausing = with(Mode::Live, &plan(vec![paused(Stage::Percent(100))]));
    let mut state = customer(at(0.0));
    state.permission.opted_out = true;
    look(&mut state, &live, NeedLevel::High, 0.0);
    state.permission.opted_out = false;
    look(&mut state, &pausing, NeedLevel::High, 1.0);
    let resumed = look(&mut state, &live, NeedLevel::High, 2.0);
    assert!(!resumed.contains(&"high: act".to_owned()), "{resumed:?}");
}

#[test]
fn a_plan_that_makes_no_sense_is_refused() {
    let twice = vec![rule("high", Stage::Test), rule("high", Stage::Shadow)];
    let broken = RuleRollout {
        audience: "nonsense ==".to_owned(),
        ..rule("high", Stage::Test)
    };
    let nothing = RuleRollout {
        daily_budget: Some(0),
        ..rule("high", Stage::Test)
    };
    let refusal = |rules| Rollouts::compile(1, &plan(rules)).unwrap_err();
    assert_eq!(refusal(twice), RolloutError::Twice(1));
    assert_eq!(
        refusal(vec![rule("high", Stage::Percent(0))]),
        RolloutError::Percent(0)
    );
    assert_eq!(
        refusal(vec![rule("high", Stage::Percent(101))]),
        RolloutError::Percent(0)
    );
    assert_eq!(refusal(vec![nothing]), RolloutError::Budget(0));
    assert!(
        matches!(refusal(vec![broken]), RolloutError::Audience(0, errors) if !errors.is_empty())
    );
    let many = (0..=ROLLOUT_RULES_MAX).map(|number| rule(&number.to_string(), Stage::Test));
    assert_eq!(refusal(many.collect()), RolloutError::TooManyRules);
    let crowd = RolloutPlan {
        testers: (0..=TESTERS_MAX as u128).map(tester).collect(),
        ..RolloutPlan::default()
    };
    assert_eq!(
        Rollouts::compile(1, &crowd).unwrap_err(),
        RolloutError::TooManyTesters
    );
}

#[test]
fn a_share_is_about_as_large_as_it_says() {
    let shop = |number| CustomerId::derive(NOON, Seq(number), 0);
    for percent in [1, 10, 50] {
        let reached =
            (0..20_000).filter(|number| in_share(shop(*number), RuleKey::of("high"), percent));
        let share = reached.count() as f64 / 200.0;
        assert!(
            (share - f64::from(percent)).abs() < 1.5,
            "{percent} % are {share} %"
        );
    }
    assert!((0..1_000).all(|number| in_share(shop(number), RuleKey::of("high"), 100)));
}

proptest! {
    #[test]
    fn whoever_is_in_a_share_is_in_every_larger_one(
        number in any::<u64>(), id in "[a-z-]{1,12}", less in 1u8..=100, more in 1u8..=100,
    ) {
        let (less, more) = (less.min(more), less.max(more));
        let customer = CustomerId::derive(NOON, Seq(number), 0);
        let rule = RuleKey::of(&id);
        prop_assert!(!in_share(customer, rule, less) || in_share(customer, rule, more));
    }
}
