use overture_engine::{
    World,
    decide::{Capability, in_holdout, permits, suppression, withhold_reasons},
    model::*,
};
use proptest::prelude::*;
use smallvec::smallvec;

use crate::support::{NOON, at, customer, visit, world};

const RULE: &str =
    "[[rules]]\nid = \"r\"\nwhen = 'engagement.level == \"high\"'\naction = \"offer\"\n";

fn grant(
    limit: u32,
    used: u32,
    expires_at: Timestamp,
    revoked: bool,
    channels: &[ChannelKind],
) -> GrantState {
    GrantState {
        grant: GrantId::derive(NOON, Seq(3), 0),
        issue_key: None,
        base_limit: limit,
        boost: 0,
        boosted_at: NOON,
        boost_half_life: Millis(0),
        used,
        held: 0,
        channels: channels.into(),
        issued_at: NOON,
        expires_at,
        revoked,
        generation: 0,
        redemptions: smallvec![],
    }
}

fn offer(style: OfferStyle) -> OfferState {
    OfferState {
        offer: OfferId::derive(NOON, Seq(4), 0),
        decision: DecisionId::derive(NOON, Seq(4), 0),
        rule: RuleKey::of("r"),
        style,
        stage: OfferStage::Shown,
        options: smallvec![],
        seat: false,
        grant: None,
        device: None,
        made_at: NOON,
        expires_at: at(300.0),
    }
}

fn conversation() -> ConversationState {
    ConversationState {
        issues: Vec::new(),
        conversation: InteractionId::derive(NOON, Seq(5), 0),
        request: RequestId::derive(NOON, Seq(5), 0),
        channel: ChannelKind::Chat,
        status: ConversationStatus::Queued,
        agent: None,
        started_at: NOON,
        redemption: None,
        offer: None,
        key: 1,
        device: None,
        phone: None,
        recent: smallvec![],
        chat: Box::default(),
        callback: None,
    }
}

struct Case {
    state: CustomerState,
    world: World,
    capability: Capability,
}

impl Case {
    fn reasons(&self) -> Vec<WithholdReason> {
        let rule = &self.world.policy.rules()[0];
        withhold_reasons(&self.state, &self.world, rule, NOON, self.capability)
    }
}

fn case(toml: &str, change: impl FnOnce(&mut Case)) -> Case {
    let mut case = Case {
        state: customer(NOON),
        world: world(toml, Mode::Live),
        capability: Capability::EVERYTHING,
    };
    change(&mut case);
    case
}

fn paused_at(since: Timestamp) -> SmartPauseState {
    SmartPauseState {
        current: Some((7, since)),
        ..SmartPauseState::default()
    }
}

#[test]
fn each_reason_alone_withholds() {
    use AuthorizationDenial as Denial;
    use WithholdReason as R;
    let rule = |line: &str| format!("{RULE}{line}");
    let needs_grant = rule("require_grant = true");
    let denied = |denial| R::AuthorizationDenied(denial);
    let with_grant = |grant: GrantState| {
        let toml = needs_grant.clone();
        case(&toml, |case| case.state.grants = smallvec![grant])
    };
    let cases: Vec<(Case, Option<R>)> = vec![
        (case(RULE, |_| {}), None),
        (
            case(RULE, |case| case.state.permission.contact = Consent::Denied),
            Some(R::NoConsent),
        ),
        (
            case(
                &format!("[permission]\ncontact = \"consent\"\n{RULE}"),
                |_| {},
            ),
            Some(R::NoConsent),
        ),
        (
            case(
                &format!("[permission]\ncontact = \"consent\"\n{RULE}"),
                |case| {
                    case.state.permission.contact = Consent::Granted;
                },
            ),
            None,
        ),
        (
            case(RULE, |case| case.state.permission.opted_out = true),
            Some(R::OptedOut),
        ),
        (
            case(&rule("min_identity = \"claimed\""), |_| {}),
            Some(R::IdentityTooWeak),
        ),
        (
            case(&rule("min_identity = \"claimed\""), |case| {
                case.state.session = Some(visit(1, IdentityLevel::Claimed, NOON));
            }),
            None,
        ),
        (case(&needs_grant, |_| {}), Some(denied(Denial::NoGrant))),
        (
            with_grant(grant(1, 1, at(60.0), false, &[])),
            Some(denied(Denial::Exhausted)),
        ),
        (
            with_grant(grant(1, 0, NOON, false, &[])),
            Some(denied(Denial::Expired)),
        ),
        (
            with_grant(grant(1, 0, at(60.0), true, &[])),
            Some(denied(Denial::Revoked)),
        ),
        (with_grant(grant(1, 0, at(60.0), false, &[])), None),
        (
            case(
                &rule("require_grant = true\noptions = [\"chat\"]"),
                |case| {
                    case.state.grants =
                        smallvec![grant(1, 0, at(60.0), false, &[ChannelKind::Callback])];
                },
            ),
            Some(denied(Denial::WrongChannel)),
        ),
        (
            case(
                &format!("[quiet_hours]\nenabled = true\nfrom = \"11:00\"\nto = \"13:00\"\n{RULE}"),
                |_| {},
            ),
            Some(R::QuietHours),
        ),
        (
            case(&format!("[caps]\ncontacts = 1\n{RULE}"), |case| {
                case.state.suppression.tokens_at = at(-60.0);
            }),
            Some(R::FrequencyCap),
        ),
        (
            case(RULE, |case| {
                case.state.suppression.cooling_until = at(0.001)
            }),
            Some(R::CoolingDown),
        ),
        (
            case(RULE, |case| case.state.suppression.cooling_until = NOON),
            None,
        ),
        (
            case(RULE, |case| {
                case.state.suppression.cooling_until = at(60.0);
                case.state.suppression.waived = true;
            }),
            None,
        ),
        (
            case(RULE, |case| case.state.suppression.declined_until = at(1.0)),
            Some(R::DeclinedRecently),
        ),
        (
            case(RULE, |case| {
                case.state.offer = Some(offer(OfferStyle::Banner))
            }),
            Some(R::LiveOffer),
        ),
        // A banner takes the place of a prompt.
        (
            case(RULE, |case| {
                case.state.offer = Some(offer(OfferStyle::Prompt))
            }),
            None,
        ),
        (
            case(&RULE.replace("\"offer\"", "\"prompt\""), |case| {
                case.state.offer = Some(offer(OfferStyle::Prompt));
            }),
            Some(R::LiveOffer),
        ),
        (
            case(RULE, |case| case.state.conversation = Some(conversation())),
            Some(R::AlreadyInContact),
        ),
        (
            case(RULE, |case| {
                case.state.smart_pause = Some(paused_at(at(-60.0)))
            }),
            Some(R::AlreadyInContact),
        ),
        (
            case(RULE, |case| {
                case.state.smart_pause = Some(paused_at(at(-1_800.0)))
            }),
            None,
        ),
        (
            case(&format!("[holdout]\npercent = 100\n{RULE}"), |_| {}),
            Some(R::Holdout),
        ),
        (
            case(RULE, |case| {
                case.capability = Capability {
                    chat: false,
                    callback: false,
                    faq: false,
                    smart_pause: false,
                };
            }),
            Some(R::Paced),
        ),
        (
            case(RULE, |case| {
                case.capability = Capability {
                    chat: false,
                    callback: false,
                    faq: true,
                    smart_pause: false,
                };
            }),
            None,
        ),
        (
            case(RULE, |case| {
                case.state.session.as_mut().unwrap().last_at = at(-120.001)
            }),
            Some(R::StaleSignals),
        ),
        (
            case(RULE, |case| {
                case.state.session.as_mut().unwrap().last_at = at(-120.0)
            }),
            None,
        ),
        (
            case(RULE, |case| case.world.facts.mode = Mode::Shadow),
            Some(R::ShadowMode),
        ),
        (case(&rule("shadow = true"), |_| {}), Some(R::ShadowMode)),
    ];
    let mut seen = 0u32;
    for (index, (case, expected)) in cases.iter().enumerate() {
        let expected: Vec<R> = expected.iter().copied().collect();
        assert_eq!(case.reasons(), expected, "case {index}");
        seen |= expected
            .iter()
            .fold(0, |set, reason| set | 1 << reason.place());
    }
    assert_eq!(seen, (1 << 14) - 1, "every reason has a case");
}

#[test]
fn all_reasons_are_kept_in_their_order() {
    let toml = format!(
        "[quiet_hours]\nenabled = true\nfrom = \"00:00\"\nto = \"23:59\"\n[caps]\ncontacts = 1\n[holdout]\npercent = 100\n{RULE}min_identity = \"verified\"\nrequire_grant = true"
    );
    let everything = case(&toml, |case| {
        case.world.facts.mode = Mode::Shadow;
        case.capability = Capability {
            chat: false,
            callback: false,
            faq: false,
            smart_pause: false,
        };
        let state = &mut case.state;
        state.permission.contact = Consent::Denied;
        state.permission.opted_out = true;
        state.suppression.tokens_at = NOON;
        state.suppression.cooling_until = at(9.0);
        state.suppression.declined_until = at(9.0);
        state.offer = Some(offer(OfferStyle::Banner));
        state.conversation = Some(conversation());
        state.session.as_mut().unwrap().last_at = at(-600.0);
    });
    let places: Vec<u32> = everything
        .reasons()
        .iter()
        .map(|reason| reason.place())
        .collect();
    assert_eq!(places, (0..14).collect::<Vec<u32>>());
}

#[test]
fn what_reaches_only_staff_needs_no_permission_to_contact() {
    let toml = format!(
        "[holdout]\npercent = 100\n{}",
        RULE.replace("\"offer\"", "\"escalate\"")
    );
    let escalation = case(&toml, |case| {
        case.state.permission.contact = Consent::Denied;
        case.state.permission.opted_out = true;
        case.state.conversation = Some(conversation());
        case.state.suppression.cooling_until = at(60.0);
    });
    assert_eq!(escalation.reasons(), []);
}

#[test]
fn in_shadow_both_the_live_and_the_virtual_holds_count() {
    let shadow = |change: fn(&mut CustomerState)| {
        case(RULE, |case| {
            case.world.facts.mode = Mode::Shadow;
            change(&mut case.state);
        })
        .reasons()
    };
    let cooling = [WithholdReason::CoolingDown, WithholdReason::ShadowMode];
    assert_eq!(
        shadow(|state| state.shadow_suppression.cooling_until = at(9.0)),
        cooling
    );
    assert_eq!(
        shadow(|state| state.suppression.cooling_until = at(9.0)),
        cooling
    );
    let live = case(RULE, |case| {
        case.state.shadow_suppression.cooling_until = at(9.0)
    });
    assert_eq!(
        live.reasons(),
        [],
        "virtual holds never hold live contact back"
    );
}

#[test]
fn analysing_behaviour_has_its_own_basis() {
    let world = world("[permission]\nanalyse_behaviour = \"consent\"", Mode::Live);
    let mut state = customer(NOON);
    assert!(!permits(&state, &world.policy, Purpose::AnalyseBehaviour));
    assert!(permits(&state, &world.policy, Purpose::Contact));
    state.permission.analyse_behaviour = Consent::Granted;
    assert!(permits(&state, &world.policy, Purpose::AnalyseBehaviour));
}

#[test]
fn the_comparison_group_is_stable_grows_and_has_its_share() {
    let customers: Vec<CustomerId> = (0..20_000)
        .map(|n| CustomerId::derive(NOON, Seq(n), 0))
        .collect();
    let share = |percent: f64| {
        customers
            .iter()
            .filter(|one| in_holdout(**one, percent))
            .count()
    };
    assert_eq!((share(0.0), share(100.0)), (0, 20_000));
    let ten = share(10.0);
    assert!((1_850..2_150).contains(&ten), "{ten}");
    for one in &customers {
        assert!(!in_holdout(*one, 5.0) || in_holdout(*one, 10.0));
    }
}

#[test]
fn the_cap_gives_contacts_back_evenly() {
    let world = world(
        &format!("[caps]\ncontacts = 2\nwindow_h = 2\n[cooldowns]\ncontact_min = 0\n{RULE}"),
        Mode::Live,
    );
    let (policy, rule) = (&*world.policy, &world.policy.rules()[0]);
    let mut hold = Suppression::default();
    let allowed =
        |hold: &Suppression, seconds: f64| suppression::cap_allows(hold, &policy.caps, at(seconds));
    assert!(allowed(&hold, 0.0), "never used: full");
    suppression::contacted(&mut hold, policy, rule, at(0.0));
    assert!(allowed(&hold, 0.0));
    suppression::contacted(&mut hold, policy, rule, at(0.0));
    assert!(!allowed(&hold, 3_599.0));
    assert!(allowed(&hold, 3_600.0), "one an hour comes back");
    assert_eq!(
        suppression::tokens(&hold, &policy.caps, at(1e6)),
        2.0,
        "and no more than fit"
    );
}

#[test]
fn a_failure_of_ours_waives_one_cool_down() {
    let world = world(RULE, Mode::Live);
    let (policy, rule) = (&*world.policy, &world.policy.rules()[0]);
    let mut state = customer(NOON);
    let cooling = |state: &CustomerState| {
        withhold_reasons(state, &world, rule, NOON, Capability::EVERYTHING)
            .contains(&WithholdReason::CoolingDown)
    };
    suppression::contacted(&mut state.suppression, policy, rule, NOON);
    assert!(cooling(&state));
    suppression::failed_by_us(&mut state.suppression);
    assert!(!cooling(&state));
    suppression::contacted(&mut state.suppression, policy, rule, NOON);
    assert!(cooling(&state), "once");
}

#[test]
fn a_contact_that_never_reached_anybody_is_taken_back() {
    let world = world(&format!("[caps]\ncontacts = 1\n{RULE}"), Mode::Live);
    let (policy, rule) = (&*world.policy, &world.policy.rules()[0]);
    let mut state = customer(NOON);
    suppression::contacted(&mut state.suppression, policy, rule, NOON);
    let reasons = |state: &CustomerState| {
        withhold_reasons(state, &world, rule, at(1.0), Capability::EVERYTHING)
    };
    let held = [WithholdReason::FrequencyCap, WithholdReason::CoolingDown];
    assert_eq!(reasons(&state), held);
    suppression::not_reached(&mut state.suppression, &policy.caps, at(1.0));
    assert_eq!(reasons(&state), []);
    assert_eq!(
        suppression::tokens(&state.suppression, &policy.caps, at(1.0)),
        1.0
    );
}

#[test]
fn declines_hold_as_long_as_the_policy_says() {
    let world = world(RULE, Mode::Live);
    let day = 86_400.0;
    for (how, until) in [
        (DismissedHow::NotNow, 7.0 * day),
        (DismissedHow::Ignored, day),
    ] {
        let mut hold = Suppression::default();
        suppression::dismissed(&mut hold, &world.policy, how, NOON);
        assert_eq!(hold.declined_until, at(until), "{how:?}");
    }
}

proptest! {
    #[test]
    fn united_customers_have_no_more_contacts_left_than_either(
        used in (0u32..5, 0u32..5), seconds in (0.0..1e5f64, 0.0..1e5f64), later in 0.0..1e5f64,
    ) {
        let world = world(RULE, Mode::Live);
        let (policy, rule) = (&*world.policy, &world.policy.rules()[0]);
        let hold = |times: u32, seconds: f64| {
            let mut hold = Suppression::default();
            (0..times).for_each(|_| suppression::contacted(&mut hold, policy, rule, at(seconds)));
            hold
        };
        let (one, other) = (hold(used.0, seconds.0), hold(used.1, seconds.1));
        let now = at(1e5 + later);
        let united = suppression::merge(&one, &other, &policy.caps, now);
        let left = |hold: &Suppression| suppression::tokens(hold, &policy.caps, now);
        prop_assert!(left(&united) <= left(&one).min(left(&other)) + 1e-4);
        prop_assert!(united.cooling_until == one.cooling_until.max(other.cooling_until));
    }
}
