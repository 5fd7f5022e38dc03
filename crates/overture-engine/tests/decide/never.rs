//! Whatever the policy and whatever happens: no act without permission, over a cap, in a
//! cool-down, in quiet hours, in shadow mode. The rules of that are written down here a
//! second time, over the list of acts and not over the engine's own counters.
//!
//! `PROPTEST_CASES=250000` runs ten million decisions.

use overture_engine::{
    decide::{
        Capability, Conclusion, SignalGroups, conclude, due, evaluate, in_holdout, suppression,
    },
    model::*,
};
use proptest::prelude::*;

use crate::support::{NOON, customer, visit, world};

/// Something that happens, so many seconds after what happened before.
#[derive(Debug, Clone)]
enum Happening {
    Level(NeedLevel),
    Consent(Consent),
    OptedOut(bool),
    Dismissed(DismissedHow),
    Visit(IdentityLevel),
    Conversation(bool),
    Mode(Mode),
}

fn happening() -> impl Strategy<Value = (u32, Happening)> {
    use Happening as H;
    let level = prop::sample::select(vec![NeedLevel::Low, NeedLevel::Medium, NeedLevel::High]);
    let consent = prop::sample::select(vec![Consent::Unset, Consent::Granted, Consent::Denied]);
    let how = prop::sample::select(vec![DismissedHow::NotNow, DismissedHow::Ignored]);
    let identity = prop::sample::select(vec![
        IdentityLevel::Anonymous,
        IdentityLevel::Claimed,
        IdentityLevel::Verified,
    ]);
    let what = prop_oneof![
        12 => level.prop_map(H::Level),
        1 => consent.prop_map(H::Consent),
        1 => any::<bool>().prop_map(H::OptedOut),
        1 => how.prop_map(H::Dismissed),
        2 => identity.prop_map(H::Visit),
        1 => any::<bool>().prop_map(H::Conversation),
        1 => prop::sample::select(vec![Mode::Live, Mode::Live, Mode::Shadow]).prop_map(H::Mode),
    ];
    (prop_oneof![0u32..10, 0u32..3_000, 0u32..50_000], what)
}

#[derive(Debug, Clone)]
struct Terms {
    consent: bool,
    contacts: u32,
    window_h: u32,
    contact_min: u32,
    ignored_h: u32,
    quiet: Option<(u32, u32)>,
    holdout: u32,
    identity: &'static str,
    dwell_s: u32,
}

impl Terms {
    fn toml(&self) -> String {
        let basis = if self.consent {
            "consent"
        } else {
            "legitimate_interest"
        };
        let (from, to) = self.quiet.unwrap_or((1, 2));
        let rule = |id: &str, when: &str, action: &str| {
            format!(
                "[[rules]]\nid = \"{id}\"\nwhen = '{when}'\naction = \"{action}\"\nmin_identity = \"{}\"\ndwell_s = {}\n",
                self.identity, self.dwell_s
            )
        };
        format!(
            "[permission]\ncontact = \"{basis}\"\n[caps]\ncontacts = {}\nwindow_h = {}\n[cooldowns]\ncontact_min = {}\nignored_h = {}\n[quiet_hours]\nenabled = {}\nfrom = \"{from:02}:00\"\nto = \"{to:02}:00\"\n[holdout]\npercent = {}\n{}{}",
            self.contacts,
            self.window_h,
            self.contact_min,
            self.ignored_h,
            self.quiet.is_some(),
            self.holdout,
            rule(
                "prompt",
                "engagement.level in [\"medium\", \"high\"]",
                "prompt"
            ),
            rule("offer", "engagement.level == \"high\"", "offer"),
        )
    }
}

fn terms() -> impl Strategy<Value = Terms> {
    let identity = prop::sample::select(vec!["anonymous", "anonymous", "claimed", "verified"]);
    let quiet = prop::option::weighted(
        0.4,
        (0u32..24, 1u32..24).prop_map(|(a, b)| (a, (a + b) % 24)),
    );
    let holdout = prop::sample::select(vec![0u32, 0, 0, 50]);
    (
        prop::bool::weighted(0.2),
        1u32..4,
        1u32..48,
        0u32..60,
        0u32..24,
        quiet,
        holdout,
        identity,
        prop::sample::select(vec![0u32, 0, 5]),
    )
        .prop_map(
            |(
                consent,
                contacts,
                window_h,
                contact_min,
                ignored_h,
                quiet,
                holdout,
                identity,
                dwell_s,
            )| Terms {
                consent,
                contacts,
                window_h,
                contact_min,
                ignored_h,
                quiet,
                holdout,
                identity,
                dwell_s,
            },
        )
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
        recent: smallvec::smallvec![],
        chat: Box::default(),
        callback: None,
    }
}

/// Why an act at `now` would be wrong, by the list of earlier acts and dismissals.
fn wrong(
    terms: &Terms,
    state: &CustomerState,
    mode: Mode,
    acts: &[i64],
    declined_until: i64,
    now: i64,
) -> Option<&'static str> {
    let said = state.permission.contact;
    let allowed = said == Consent::Granted || (said == Consent::Unset && !terms.consent);
    let hour = (now / 3_600_000 % 24) as u32;
    let quiet = terms.quiet.is_some_and(|(from, to)| {
        if from <= to {
            (from..to).contains(&hour)
        } else {
            hour >= from || hour < to
        }
    });
    let window_ms = f64::from(terms.window_h) * 3.6e6;
    // A bucket of n lets no more than n + n * t / window through in any span of t.
    let over = (0..acts.len()).any(|from| {
        let span = (now - acts[from]) as f64;
        let limit = f64::from(terms.contacts) * (1.0 + span / window_ms) + 1e-3;
        (acts.len() - from + 1) as f64 > limit
    });
    let rested = i64::from(terms.contact_min) * 60_000;
    let level = state.session.as_ref().unwrap().level;
    let checks = [
        (!allowed, "without permission"),
        (state.permission.opted_out, "after an opt-out"),
        (level.name() < terms.identity, "for too weak an identity"),
        (quiet, "in quiet hours"),
        (over, "over the cap"),
        (
            acts.last().is_some_and(|last| now < last + rested),
            "in a cool-down",
        ),
        (now < declined_until, "after a decline"),
        (state.conversation.is_some(), "during a conversation"),
        (
            in_holdout(state.customer, f64::from(terms.holdout)),
            "in the holdout",
        ),
        (mode == Mode::Shadow, "in shadow mode"),
    ];
    checks.into_iter().find(|(is, _)| *is).map(|(_, what)| what)
}

proptest! {
    #[test]
    fn nothing_reaches_a_customer_that_must_not(
        terms in terms(),
        number in 0u64..1_000,
        script in prop::collection::vec(happening(), 1..80),
    ) {
        let mut world = world(&terms.toml(), Mode::Live);
        let mut state = customer(NOON);
        state.customer = CustomerId::derive(NOON, Seq(number), 0);
        state.permission.time_zone = Some("UTC".to_owned());
        let mut now = NOON;
        let mut acts: Vec<i64> = Vec::new();
        let mut declined_until = 0;
        for (index, (seconds, what)) in script.into_iter().enumerate() {
            now = now + Millis::from_secs(seconds.into());
            let before = state.session.as_ref().unwrap().clone();
            match what {
                Happening::Level(level) => state.need.level = level,
                Happening::Consent(consent) => state.permission.contact = consent,
                Happening::OptedOut(out) => state.permission.opted_out = out,
                Happening::Dismissed(how) => {
                    suppression::dismissed(&mut state.suppression, &world.policy, how, now);
                    let hours = if how == DismissedHow::NotNow { 7 * 24 } else { terms.ignored_h };
                    declined_until = declined_until.max(now.0 + i64::from(hours) * 3_600_000);
                }
                Happening::Visit(level) => state.session = Some(visit(index as u32 + 2, level, now)),
                Happening::Conversation(open) => state.conversation = open.then(conversation),
                Happening::Mode(mode) => world.facts.mode = mode,
            }
            if let Some(session) = &mut state.session {
                session.last_at = now;
                prop_assert!(session.started_at >= before.started_at);
            }
            for hit in evaluate(&mut state, &world, now, SignalGroups::ALL, None) {
                let untouched = state.clone();
                let conclusion = conclude(&mut state, &world, hit, now, Capability::EVERYTHING);
                if conclusion == Conclusion::Act {
                    let mode = world.facts.mode;
                    let wrong = wrong(&terms, &untouched, mode, &acts, declined_until, now.0);
                    prop_assert_eq!(wrong, None, "acted at {}", now);
                    acts.push(now.0);
                } else {
                    prop_assert_eq!(untouched.suppression, state.suppression);
                }
            }
            // Looking again at once changes nothing and acts on nothing.
            for hit in evaluate(&mut state, &world, now, SignalGroups::ALL, None) {
                let again = conclude(&mut state, &world, hit, now, Capability::EVERYTHING);
                prop_assert_eq!(again, Conclusion::Unchanged);
            }
            prop_assert!(due(&state, &world).is_none_or(|due| due > now), "a due time in the past");
        }
    }
}
