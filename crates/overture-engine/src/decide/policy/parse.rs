//! From text to a checked [`Policy`].

use jiff::{civil::Time, tz::TimeZone};
use toml_edit::{Document, TableLike};

use super::{
    CapSettings, ChatSettings, CooldownSettings, FrustrationSettings, GrantSettings, LawfulBasis,
    NeedSettings, OfferSettings, POLICY_BYTES_MAX, Parsed, PathSkill, PermissionSettings, Policy,
    PolicyError, QuietHours, RoutingSettings, SentimentSettings, Threshold, VoiceSettings,
    parse_callbacks,
    parse_rules::{RuleDefaults, rules},
    reader::{Reader, Section, position},
    rules::RuleIndex,
};
use crate::{
    decide::Guides,
    model::{Millis, PacingMode, PacingSettings, RouteSettings},
    understand::{
        entities::{Extractor, PRODUCT_BYTES_MAX},
        redact::{PATTERNS_MAX, PseudonymKey, Redactor, ReferencePattern},
    },
};

const BASES: [(&str, LawfulBasis); 2] = [
    ("legitimate_interest", LawfulBasis::LegitimateInterest),
    ("consent", LawfulBasis::Consent),
];
const MODES: [(&str, PacingMode); 2] = [
    ("expected", PacingMode::Expected),
    ("held", PacingMode::Held),
];
/// The most names of products.
const PRODUCTS_MAX: usize = 2_000;

const SECTIONS: [&str; 19] = [
    "format",
    "need",
    "frustration",
    "sentiment",
    "voice",
    "redaction",
    "entities",
    "permission",
    "caps",
    "cooldowns",
    "quiet_hours",
    "holdout",
    "offer",
    "grants",
    "routing",
    "pacing",
    "chat",
    "callbacks",
    "rules",
];

pub(super) fn parse(text: &str, revision: u32) -> Result<Parsed, Vec<PolicyError>> {
    let fail = |at: usize, message: String| {
        let (line, column) = position(text, at);
        vec![PolicyError {
            line,
            column,
            message,
        }]
    };
    if text.len() > POLICY_BYTES_MAX {
        let message = format!("expected at most {} KB", POLICY_BYTES_MAX / 1024);
        return Err(fail(0, message));
    }
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        fail(at, error.message().trim().replace('\n', ", "))
    })?;
    let mut reader = Reader {
        text,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    let policy = policy(&mut reader, document.as_table(), revision);
    if reader.errors.is_empty() {
        Ok(Parsed {
            policy,
            warnings: reader.warnings,
        })
    } else {
        reader
            .errors
            .sort_by_key(|error| (error.line, error.column));
        Err(reader.errors)
    }
}

fn policy(reader: &mut Reader<'_>, table: &dyn TableLike, revision: u32) -> Policy {
    let mut root = Section::root(reader, table, &SECTIONS);
    root.whole("format", 1, 1..=1);
    let (need, stale_after) = need(&mut root);
    let grants = grants(&mut root);
    let offer = offer(&mut root);
    let frustration = frustration(&mut root);
    let sentiment = sentiment(&mut root);
    let voice = voice(&mut root);
    let redactor = redactor(&mut root);
    let extractor = extractor(&mut root);
    let permission = permission(&mut root);
    let caps = caps(&mut root);
    let cooldowns = cooldowns(&mut root);
    let quiet_hours = quiet_hours(&mut root);
    let holdout_percent = root
        .section("holdout", &["percent"])
        .number("percent", 0.0, 0.0..=100.0);
    let chat = chat(&mut root);
    let mut routing = routing(&mut root);
    routing.machine.pacing = pacing(&mut root);
    routing.machine.callbacks = parse_callbacks::callbacks(&mut root);
    let defaults = RuleDefaults { grants, offer };
    let rules = rules(&mut root, &defaults);
    Policy {
        revision,
        need,
        stale_after,
        frustration,
        sentiment,
        voice,
        redactor,
        extractor,
        permission,
        caps,
        cooldowns,
        quiet_hours,
        holdout_percent,
        offer,
        grants,
        routing,
        chat,
        index: RuleIndex::of(&rules),
        rules,
        guides: Guides::default(),
    }
}

fn need(root: &mut Section<'_, '_>) -> (NeedSettings, Millis) {
    let known = [
        "medium",
        "high",
        "dwell_up_s",
        "dwell_down_s",
        "stale_after_s",
    ];
    let default = NeedSettings::default();
    let mut section = root.section("need", &known);
    let medium = threshold(&mut section, "medium", default.medium);
    let high = threshold(&mut section, "high", default.high);
    if high.enter <= medium.enter || high.leave < medium.leave {
        let at = section.at("high");
        section.reader.refuse(
            at,
            "expected `high` to begin above `medium` and to end no lower",
        );
    }
    let need = NeedSettings {
        medium,
        high,
        dwell_up: section.span("dwell_up_s", default.dwell_up, 3_600.0),
        dwell_down: section.span("dwell_down_s", default.dwell_down, 3_600.0),
    };
    let stale = section.span_in("stale_after_s", Millis::from_secs(120), 1.0..=86_400.0);
    (need, stale)
}

fn threshold(section: &mut Section<'_, '_>, key: &str, default: Threshold) -> Threshold {
    let mut inner = section.section(key, &["enter", "leave"]);
    let enter = inner.number("enter", default.enter, 0.0..=1.0);
    // With only `enter` given, the level ends where it begins at the latest.
    let leave = inner.number("leave", default.leave.min(enter), 0.0..=1.0);
    if leave > enter {
        inner.refuse("leave", "expected `leave` to be no higher than `enter`");
    }
    Threshold { enter, leave }
}

fn frustration(root: &mut Section<'_, '_>) -> FrustrationSettings {
    let known = [
        "rage_clicks",
        "rage_radius_px",
        "rage_window_ms",
        "form_faults",
        "form_window_s",
        "quick_back_s",
        "slow_click_s",
        "dead_click_s",
        "hesitation_s",
        "thrash_reversals",
        "thrash_window_ms",
        "idle_s",
    ];
    let default = FrustrationSettings::default();
    let mut section = root.section("frustration", &known);
    let dead_click = section.span_in("dead_click_s", default.dead_click, 1.0..=60.0);
    // With only `dead_click_s` given, no click is slow that would be dead.
    let slow_click = section.span_in(
        "slow_click_s",
        default.slow_click.min(dead_click),
        0.5..=60.0,
    );
    if slow_click > dead_click {
        section.refuse(
            "slow_click_s",
            "expected `slow_click_s` to be no more than `dead_click_s`",
        );
    }
    FrustrationSettings {
        rage_clicks: section.whole("rage_clicks", default.rage_clicks.into(), 2..=6) as u8,
        rage_radius_px: section.number(
            "rage_radius_px",
            default.rage_radius_px.into(),
            1.0..=1_000.0,
        ) as f32,
        rage_window: section.span_in("rage_window_ms", default.rage_window, 100.0..=60_000.0),
        form_faults: section.whole("form_faults", default.form_faults.into(), 2..=4) as u8,
        form_window: section.span_in("form_window_s", default.form_window, 1.0..=3_600.0),
        quick_back: section.span_in("quick_back_s", default.quick_back, 0.5..=300.0),
        slow_click,
        dead_click,
        hesitation: section.span_in("hesitation_s", default.hesitation, 1.0..=600.0),
        thrash_reversals: section.whole("thrash_reversals", default.thrash_reversals.into(), 2..=20)
            as u8,
        thrash_window: section.span_in("thrash_window_ms", default.thrash_window, 100.0..=60_000.0),
        idle: section.span_in("idle_s", default.idle, 1.0..=600.0),
    }
}

fn sentiment(root: &mut Section<'_, '_>) -> SentimentSettings {
    let known = [
        "fresh_min",
        "smoothing",
        "usual",
        "spread",
        "reference",
        "limit",
        "dwell_s",
        "properties",
    ];
    let default = SentimentSettings::default();
    let mut section = root.section("sentiment", &known);
    let number = |section: &mut Section<'_, '_>, key, default: f32, range| {
        section.number(key, default.into(), range) as f32
    };
    SentimentSettings {
        fresh: section.span_in("fresh_min", default.fresh, 1.0..=10_080.0),
        smoothing: number(&mut section, "smoothing", default.smoothing, 0.01..=1.0),
        usual: number(&mut section, "usual", default.usual, -1.0..=1.0),
        spread: number(&mut section, "spread", default.spread, 0.05..=2.0),
        reference: number(&mut section, "reference", default.reference, 0.0..=3.0),
        limit: number(&mut section, "limit", default.limit, 0.5..=20.0),
        dwell: section.span("dwell_s", default.dwell, 86_400.0),
        properties: properties(&mut section, &default.properties),
    }
}

fn voice(root: &mut Section<'_, '_>) -> VoiceSettings {
    let known = [
        "enabled",
        "alert_on",
        "alert_off",
        "memory_s",
        "fresh_min",
        "recording_days",
    ];
    let default = VoiceSettings::default();
    let mut section = root.section("voice", &known);
    let alert_on = section.number("alert_on", default.alert_on.into(), 0.0..=1.0) as f32;
    // With only `alert_on` given, an alert ends where it begins at the latest.
    let off = default.alert_off.min(alert_on);
    let alert_off = section.number("alert_off", off.into(), 0.0..=1.0) as f32;
    if alert_off > alert_on {
        section.refuse(
            "alert_off",
            "expected `alert_off` to be no higher than `alert_on`",
        );
    }
    VoiceSettings {
        enabled: section.flag("enabled", default.enabled),
        alert_on,
        alert_off,
        memory: section.span_in("memory_s", default.memory, 5.0..=600.0),
        fresh: section.span_in("fresh_min", default.fresh, 1.0..=10_080.0),
        recording_days: section.whole("recording_days", default.recording_days, 0..=3_650),
    }
}

fn properties(section: &mut Section<'_, '_>, default: &[String]) -> Vec<String> {
    if section.item("properties").is_none() {
        return default.to_vec();
    }
    let mut names = Vec::new();
    for (at, value) in section.array("properties", 20) {
        match value.as_str() {
            Some(name) if (1..=100).contains(&name.len()) => names.push(name.to_owned()),
            _ => section
                .reader
                .refuse(at, "expected the name of a property, 1 to 100 letters"),
        }
    }
    names
}

/// Each pattern is tried with those before it, so that a mistake is told where it stands.
fn redactor(root: &mut Section<'_, '_>) -> Redactor {
    let mut section = root.section("redaction", &["references"]);
    let mut patterns = Vec::new();
    let mut redactor = Redactor::default();
    for (at, table) in section.tables("references", PATTERNS_MAX) {
        let mut one = Section::open(section.reader, Some(table), at, &["kind", "pattern"]);
        for key in ["kind", "pattern"] {
            if one.item(key).is_none() {
                one.refuse(key, format!("expected the reference to have a `{key}`"));
            }
        }
        let (Some(kind), Some(pattern)) = (one.text("kind", 24), one.text("pattern", 200)) else {
            continue;
        };
        patterns.push(ReferencePattern {
            kind: kind.to_owned(),
            pattern: pattern.to_owned(),
        });
        match Redactor::new(PseudonymKey::default(), &patterns) {
            Ok(known) => redactor = known,
            Err(error) => {
                patterns.pop();
                one.refuse(error.key(), error.to_string());
            }
        }
    }
    redactor
}

fn extractor(root: &mut Section<'_, '_>) -> Extractor {
    let mut section = root.section("entities", &["products"]);
    let mut products = Vec::new();
    for (at, value) in section.array("products", PRODUCTS_MAX) {
        match value.as_str().map(str::trim) {
            Some(name) if (1..=PRODUCT_BYTES_MAX).contains(&name.len()) => {
                products.push(name.to_owned());
            }
            _ => section
                .reader
                .refuse(at, "expected the name of a product, 1 to 96 letters"),
        }
    }
    Extractor::new(&[], &products).expect("without patterns none can be wrong")
}

fn permission(root: &mut Section<'_, '_>) -> PermissionSettings {
    let default = PermissionSettings::default();
    let mut section = root.section(
        "permission",
        &["analyse_behaviour", "contact", "analyse_voice"],
    );
    PermissionSettings {
        analyse_behaviour: section
            .choice("analyse_behaviour", &BASES)
            .unwrap_or(default.analyse_behaviour),
        contact: section.choice("contact", &BASES).unwrap_or(default.contact),
        analyse_voice: section
            .choice("analyse_voice", &BASES)
            .unwrap_or(default.analyse_voice),
    }
}

fn caps(root: &mut Section<'_, '_>) -> CapSettings {
    let default = CapSettings::default();
    let mut section = root.section("caps", &["contacts", "window_h"]);
    CapSettings {
        contacts: section.whole("contacts", default.contacts, 1..=1_000),
        window: section.span_in("window_h", default.window, 0.01..=8_784.0),
    }
}

fn cooldowns(root: &mut Section<'_, '_>) -> CooldownSettings {
    let default = CooldownSettings::default();
    let mut section = root.section("cooldowns", &["contact_min", "not_now_d", "ignored_h"]);
    CooldownSettings {
        contact: section.span("contact_min", default.contact, 525_600.0),
        not_now: section.span("not_now_d", default.not_now, 365.0),
        ignored: section.span("ignored_h", default.ignored, 8_760.0),
    }
}

fn quiet_hours(root: &mut Section<'_, '_>) -> Option<QuietHours> {
    let known = ["enabled", "from", "to", "fallback_zones"];
    let mut section = root.section("quiet_hours", &known);
    let enabled = section.flag("enabled", false);
    let from = clock(&mut section, "from", Time::constant(21, 0, 0, 0));
    let to = clock(&mut section, "to", Time::constant(8, 0, 0, 0));
    if enabled && from == to {
        section.refuse("to", "expected `to` to differ from `from`");
    }
    let mut fallback = Vec::new();
    for (at, value) in section.array("fallback_zones", 50) {
        match value.as_str().map(TimeZone::get) {
            Some(Ok(zone)) => fallback.push(zone),
            _ => section.reader.refuse(
                at,
                "expected the name of a time zone, such as \"Europe/Berlin\"",
            ),
        }
    }
    enabled.then_some(QuietHours { from, to, fallback })
}

/// A time of day such as `21:30`.
fn clock(section: &mut Section<'_, '_>, key: &str, default: Time) -> Time {
    let Some(text) = section.text(key, 16) else {
        return default;
    };
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(hour) || !digits(minute) {
            return None;
        }
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    read().unwrap_or_else(|| {
        section.refuse(
            key,
            format!("expected `{key}` to be a time of day like \"21:30\""),
        );
        default
    })
}

fn offer(root: &mut Section<'_, '_>) -> OfferSettings {
    let default = OfferSettings::default();
    let mut section = root.section("offer", &["prompt_expires_s", "banner_expires_s"]);
    OfferSettings {
        prompt_expires: section.span_in("prompt_expires_s", default.prompt_expires, 5.0..=86_400.0),
        banner_expires: section.span_in("banner_expires_s", default.banner_expires, 5.0..=86_400.0),
    }
}

fn grants(root: &mut Section<'_, '_>) -> GrantSettings {
    let mut section = root.section("grants", &["limit", "ttl_h"]);
    grant_terms(&mut section, GrantSettings::default())
}

pub(super) fn grant_terms(section: &mut Section<'_, '_>, default: GrantSettings) -> GrantSettings {
    GrantSettings {
        limit: section.whole("limit", default.limit, 1..=1_000),
        ttl: section.span_in("ttl_h", default.ttl, 0.01..=8_784.0),
    }
}

fn routing(root: &mut Section<'_, '_>) -> RoutingSettings {
    let known = [
        "reservation_chat_s",
        "reservation_callback_s",
        "bounded_wait_s",
        "max_queue",
        "skills",
    ];
    let default = RouteSettings::default();
    let mut section = root.section("routing", &known);
    let machine = RouteSettings {
        chat_reservation: section.span_in(
            "reservation_chat_s",
            default.chat_reservation,
            1.0..=3_600.0,
        ),
        callback_reservation: section.span_in(
            "reservation_callback_s",
            default.callback_reservation,
            1.0..=3_600.0,
        ),
        bounded_wait: section.span_in("bounded_wait_s", default.bounded_wait, 1.0..=86_400.0),
        queued_max: section.whole("max_queue", default.queued_max as u32, 1..=1_000_000) as usize,
        ..default
    };
    RoutingSettings {
        machine,
        skills: skills(&mut section),
    }
}

fn pacing(root: &mut Section<'_, '_>) -> PacingSettings {
    let known = [
        "mode",
        "target_s",
        "service_level",
        "accept_share",
        "handle_min",
    ];
    let default = PacingSettings::default();
    let mut section = root.section("pacing", &known);
    PacingSettings {
        mode: section.choice("mode", &MODES).unwrap_or(default.mode),
        target: section.span_in("target_s", default.target, 1.0..=600.0),
        service_level: section.number("service_level", default.service_level, 0.0..=0.999),
        accept_share: section.number("accept_share", default.accept_share, 0.001..=1.0),
        handle: section.span_in("handle_min", default.handle, 0.1..=240.0),
    }
}

fn chat(root: &mut Section<'_, '_>) -> ChatSettings {
    let default = ChatSettings::default();
    let mut section = root.section("chat", &["mail_after_min", "mail_collect_s"]);
    ChatSettings {
        mail_after: section.span_in("mail_after_min", default.mail_after, 0.0..=1_440.0),
        mail_collect: section.span_in("mail_collect_s", default.mail_collect, 0.0..=3_600.0),
    }
}

fn skills(section: &mut Section<'_, '_>) -> Vec<PathSkill> {
    let tables = section.tables("skills", 1_000);
    let mut skills: Vec<PathSkill> = Vec::new();
    for (at, table) in tables {
        let mut one = Section::open(section.reader, Some(table), at, &["path", "skill"]);
        let (path, skill) = (one.text("path", 500), one.text("skill", 64));
        match (path, skill) {
            (Some(path), Some(skill)) if !skill.is_empty() => skills.push(PathSkill {
                path: path.to_owned(),
                skill: skill.to_owned(),
            }),
            _ => one
                .reader
                .refuse(at, "expected { path = \"/...\", skill = \"...\" }"),
        }
    }
    skills.sort_by_key(|one| std::cmp::Reverse(one.path.len()));
    skills
}
