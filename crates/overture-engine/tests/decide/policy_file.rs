use overture_engine::{
    decide::{
        Action, CapSettings, CooldownSettings, FrustrationSettings, GrantSettings, NeedSettings,
        OfferSettings, PermissionSettings, Policy, RoutingSettings, VoiceSettings,
    },
    model::{Millis, OfferOptionKind, PacingMode, PacingSettings},
};
use proptest::prelude::*;

/// The mistakes of a file as `line:column message`.
fn mistakes(toml: &str) -> Vec<String> {
    match Policy::parse(toml, 1) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .iter()
            .map(|error| format!("{}:{} {}", error.line, error.column, error.message))
            .collect(),
    }
}

#[test]
fn the_shipped_file_is_valid_and_says_what_the_defaults_are() {
    let shipped = Policy::from_shipped(1);
    let empty = Policy::parse("", 1).unwrap().policy;
    for policy in [&shipped, &empty] {
        assert_eq!(policy.need, NeedSettings::default());
        assert_eq!(policy.frustration, FrustrationSettings::default());
        assert_eq!(policy.permission, PermissionSettings::default());
        assert_eq!(policy.caps, CapSettings::default());
        assert_eq!(policy.cooldowns, CooldownSettings::default());
        assert_eq!(policy.offer, OfferSettings::default());
        assert_eq!(policy.grants, GrantSettings::default());
        assert_eq!(policy.routing, RoutingSettings::default());
        assert_eq!(policy.voice, VoiceSettings::default());
        assert_eq!(policy.quiet_hours, None);
        assert_eq!(policy.holdout_percent, 0.0);
        assert_eq!(policy.stale_after, Millis::from_secs(120));
    }
    let ids: Vec<&str> = shipped
        .rules()
        .iter()
        .map(|rule| rule.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "extreme-negative-escalate",
            "upset-caller-notify",
            "angry-offer",
            "repeated-negatives-offer",
            "struggle-offer",
            "struggle-prompt",
        ]
    );
    let offer = shipped.rule("struggle-offer").unwrap();
    assert_eq!(offer.action, Action::Offer);
    assert_eq!(offer.grant.as_ref().unwrap().limit, 1);
    assert!(offer.options.contains(&OfferOptionKind::Chat));
}

#[test]
fn every_shipped_signal_is_documented_in_the_file() {
    for part in [
        "engagement.score",
        "session.path",
        "identity.level",
        "history.visits",
        "event.name",
    ] {
        assert!(Policy::shipped().contains(part), "{part}");
    }
    for signal in overture_engine::model::Signal::ALL {
        assert!(
            Policy::shipped().contains(signal.name()),
            "{}",
            signal.name()
        );
    }
}

#[test]
fn a_mistake_in_the_file_has_its_exact_place() {
    let rule = |line: &str| format!("[[rules]]\nid = \"a\"\n{line}\naction = \"offer\"\n");
    let cases: Vec<(String, Vec<&str>)> = vec![
        ("[caps]\ncontact = 3".into(), vec!["2:1 there is no key `contact` here; did you mean `contacts`?"]),
        ("[capz]".into(), vec!["1:2 there is no key `capz` here; did you mean `caps`?"]),
        ("[caps]\ncontacts = \"three\"".into(), vec!["2:12 expected `contacts` to be a whole number from 1 to 1000"]),
        ("[caps]\ncontacts = 0".into(), vec!["2:12 expected `contacts` to be a whole number from 1 to 1000"]),
        ("[holdout]\npercent = 101".into(), vec!["2:11 expected `percent` to be a number from 0 to 100"]),
        ("[holdout]\npercent = nan".into(), vec!["2:11 expected `percent` to be a number from 0 to 100"]),
        ("[permission]\ncontact = \"consnet\"".into(), vec!["2:11 expected `contact` to be one of legitimate_interest, consent; did you mean `consent`?"]),
        ("[need]\nhigh = { enter = 0.4 }".into(), vec!["2:8 expected `high` to begin above `medium` and to end no lower"]),
        ("[need]\nmedium = { enter = 0.4, leave = 0.45 }".into(), vec!["2:33 expected `leave` to be no higher than `enter`"]),
        ("[frustration]\nslow_click_s = 8".into(), vec!["2:16 expected `slow_click_s` to be no more than `dead_click_s`"]),
        ("[frustration]\ndead_click_s = 61".into(), vec!["2:16 expected `dead_click_s` to be a number from 1 to 60"]),
        ("[frustration]\nthrash_reversals = 1".into(), vec!["2:20 expected `thrash_reversals` to be a whole number from 2 to 20"]),
        ("[frustration]\nidle_s = 0".into(), vec!["2:10 expected `idle_s` to be a number from 1 to 600"]),
        ("[pacing]\nmode = \"hold\"\nservice_level = 1".into(), vec![
            "2:8 expected `mode` to be one of expected, held; did you mean `held`?",
            "3:17 expected `service_level` to be a number from 0 to 0.999",
        ]),
        ("[pacing]\ntarget_s = 0\naccept_share = 0\nhandle_min = 0".into(), vec![
            "2:12 expected `target_s` to be a number from 1 to 600",
            "3:16 expected `accept_share` to be a number from 0.001 to 1",
            "4:14 expected `handle_min` to be a number from 0.1 to 240",
        ]),
        ("[quiet_hours]\nfrom = \"25:00\"".into(), vec!["2:8 expected `from` to be a time of day like \"21:30\""]),
        ("[quiet_hours]\nfallback_zones = [\"UTC\", \"Mars/Base\"]".into(), vec!["2:26 expected the name of a time zone, such as \"Europe/Berlin\""]),
        (
            "[redaction]\nreferences = [{ kind = \"order\", pattern = \"ORD-[##\" }, { kind = \"Card\", pattern = \"##\" }, { pattern = 3 }]".into(),
            vec![
                "2:43 cannot use pattern `ORD-[##` of `order` at character 4: this bracket is never closed",
                "2:65 cannot use pattern `##` of `Card` at character 0: the name must be 1 to 24 of a-z, 0-9 and _",
                "2:91 expected the reference to have a `kind`",
                "2:103 expected `pattern` to be a text",
            ],
        ),
        ("[entities]\nproducts = [\"Lamp\", \" \"]".into(), vec!["2:21 expected the name of a product, 1 to 96 letters"]),
        ("need = 3".into(), vec!["1:1 expected `need` to be a table"]),
        ("[[rules]]\nid = \"a\"".into(), vec![
            "1:1 expected the rule to have a condition: `when`",
            "1:1 expected the rule to have an `action`",
        ]),
        (rule("when = 'engagement.score > \"x\"'"), vec!["3:9 a number cannot be compared with a text"]),
        (rule("when = 'offer.open && scroll'"), vec!["3:23 there is no signal `scroll`"]),
        (rule("when = \"\\u006fffer.open && scroll\""), vec!["3:28 there is no signal `scroll`"]),
        (rule("when = \"\"\"\noffer.open &&\n  scroll\"\"\""), vec!["5:3 there is no signal `scroll`"]),
        (rule("when = '''\noffer.open\n  && session.path == 'ü' && scroll'''"), vec!["5:29 there is no signal `scroll`"]),
        (rule("when = \"\"\"offer.open && \\\n   scroll\"\"\""), vec!["4:4 there is no signal `scroll`"]),
        (rule("when = 'offer.open'\nwhen_not = 'x'"), vec!["4:1 there is no key `when_not` here"]),
        (rule("when = 'event.name == \"x\"'\ndwell_s = 5"), vec!["4:11 expected no `dwell_s`: `event.name` holds for one event only"]),
        (rule("when = 'offer.open'\nrequire_grant = true\noptions = [\"faq\"]"), vec!["4:17 expected `chat` or `callback` among the options: nothing else needs a grant"]),
        (
            "rules = [{ id = \"a\", when = \"offer.open\", action = \"notify\" }, { id = \"a\", when = \"offer.open\", action = \"notify\" }]".into(),
            vec!["1:71 there is already a rule `a`"],
        ),
    ];
    for (toml, expected) in cases {
        assert_eq!(mistakes(&toml), expected, "{toml}");
    }
    for broken in ["[", "a = ", "\u{feff}[[", "= 3", "[a]\n[a]"] {
        assert_eq!(mistakes(broken).len(), 1, "{broken}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let toml = "[caps]\ncontacts = 0\n[grants]\nlimit = 0\n[[rules]]\nid = \"A b\"\nwhen = 'x'\naction = \"shout\"";
    let lines: Vec<String> = mistakes(toml)
        .iter()
        .map(|one| one.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["2:12", "4:9", "6:6", "7:9", "8:10"]);
}

#[test]
fn files_and_rules_have_limits() {
    let rule = |id: usize| {
        format!("[[rules]]\nid = \"r{id}\"\nwhen = 'offer.open'\naction = \"notify\"\n")
    };
    let many = |count: usize| (0..count).map(rule).collect::<String>();
    assert_eq!(
        Policy::parse(&many(200), 1).unwrap().policy.rules().len(),
        200
    );
    assert_eq!(
        mistakes(&many(201)),
        ["1:1 expected at most 200 in `rules`"]
    );
    let big = "#".repeat(256 * 1024 + 1);
    assert_eq!(mistakes(&big), ["1:1 expected at most 256 KB"]);
    let nested = format!("a = {}1{}", "[".repeat(5_000), "]".repeat(5_000));
    assert!(!mistakes(&nested).is_empty());
}

#[test]
fn a_signal_that_nothing_computes_is_a_warning() {
    let shipped = Policy::parse(Policy::shipped(), 1).unwrap();
    assert!(shipped.warnings.is_empty(), "{:?}", shipped.warnings);
    let rule = "[[rules]]\nid = \"tone\"\nwhen = \"voice.valence > 0.5\"\naction = \"notify\"";
    let parsed = Policy::parse(rule, 1).unwrap();
    assert!(
        parsed
            .warnings
            .iter()
            .any(|warning| warning.message.contains("voice.valence")),
        "{:?}",
        parsed.warnings
    );
}

#[test]
fn pacing_is_what_the_file_says() {
    let toml = "[pacing]\nmode = \"held\"\ntarget_s = 45\nservice_level = 0.9\n\
                accept_share = 0.25\nhandle_min = 3.5";
    let policy = Policy::parse(toml, 1).unwrap().policy;
    assert_eq!(
        policy.routing.machine.pacing,
        PacingSettings {
            mode: PacingMode::Held,
            target: Millis::from_secs(45),
            service_level: 0.9,
            accept_share: 0.25,
            handle: Millis::from_secs(210),
        }
    );
}

#[test]
fn skills_go_by_the_longest_path() {
    let toml = "[routing]\nskills = [{ path = \"/shop\", skill = \"sales\" }, { path = \"/shop/pay\", skill = \"payments\" }]";
    let routing = Policy::parse(toml, 1).unwrap().policy.routing;
    let skills = ["/shop/pay/card", "/shop/list", "/"].map(|path| routing.skill_for(path));
    assert_eq!(skills, [Some("payments"), Some("sales"), None]);
}

/// What a mutation puts into the file.
fn scrap() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        prop::sample::select(vec![
            "\n",
            "\"",
            "'",
            "'''",
            "\"\"\"",
            "[[rules]]",
            "[",
            "]",
            "{",
            "}",
            "=",
            "\\",
            "\\u12",
            "nan",
            "-inf",
            "999999999999999999999",
            "1e400",
            "ü",
            "\u{1F600}",
            "\0",
            "\r",
            "\r\n",
            "when = \"",
            "&&",
            "||",
            "!",
            "(",
            ")",
            "&& has(",
            "? :",
            ".exists(x, x)",
            "[1][0]",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_refused_or_read_and_never_a_panic(
        damage in prop::collection::vec((0.0..1.0f64, 0usize..40, scrap()), 1..5),
    ) {
        let mut text: Vec<char> = Policy::shipped().chars().collect();
        for (place, removed, scrap) in damage {
            // The rules are at the end; most damage should land there.
            let from = (place.sqrt() * text.len() as f64) as usize;
            let to = (from + removed).min(text.len());
            text.splice(from..to, scrap.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = Policy::parse(&text, 1) {
            let lines = text.split('\n').count() as u32;
            prop_assert!(!errors.is_empty());
            for error in errors {
                prop_assert!((1..=lines).contains(&error.line) && error.column >= 1, "{error:?}");
            }
        }
    }
}
