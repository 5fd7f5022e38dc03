//! From text to a checked [`Policy`].

use jiff::{civil::Time, tz::TimeZone};
use smallvec::SmallVec;
use toml_edit::{Document, Item, TableLike};

use super::{
    Action, CapSettings, CooldownSettings, FrustrationSettings, GrantSettings, LawfulBasis,
    NeedSettings, OfferSettings, POLICY_BYTES_MAX, Parsed, PathSkill, PermissionSettings, Policy,
    PolicyError, QuietHours, RULES_MAX, RoutingSettings, Rule, Threshold,
    reader::{Reader, Section, places_of_characters, position},
    rules::RuleIndex,
};
use crate::{
    decide::Condition,
    model::{GrantTerms, IdentityLevel, Millis, OfferOptionKind, RuleKey},
    route::RouteSettings,
};

const ACTIONS: [(&str, Action); 4] = [
    ("prompt", Action::Prompt),
    ("offer", Action::Offer),
    ("notify", Action::Notify),
    ("escalate", Action::Escalate),
];
const BASES: [(&str, LawfulBasis); 2] = [
    ("legitimate_interest", LawfulBasis::LegitimateInterest),
    ("consent", LawfulBasis::Consent),
];
const LEVELS: [(&str, IdentityLevel); 3] = [
    ("anonymous", IdentityLevel::Anonymous),
    ("claimed", IdentityLevel::Claimed),
    ("verified", IdentityLevel::Verified),
];
const OPTIONS: [(&str, OfferOptionKind); 3] = [
    ("chat", OfferOptionKind::Chat),
    ("callback", OfferOptionKind::Callback),
    ("faq", OfferOptionKind::Faq),
];
const SECTIONS: [&str; 12] = [
    "format",
    "need",
    "frustration",
    "permission",
    "caps",
    "cooldowns",
    "quiet_hours",
    "holdout",
    "offer",
    "grants",
    "routing",
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
    let permission = permission(&mut root);
    let caps = caps(&mut root);
    let cooldowns = cooldowns(&mut root);
    let quiet_hours = quiet_hours(&mut root);
    let holdout_percent = root
        .section("holdout", &["percent"])
        .number("percent", 0.0, 0.0..=100.0);
    let routing = routing(&mut root);
    let defaults = RuleDefaults { grants, offer };
    let rules = rules(&mut root, &defaults);
    Policy {
        revision,
        need,
        stale_after,
        frustration,
        permission,
        caps,
        cooldowns,
        quiet_hours,
        holdout_percent,
        offer,
        grants,
        routing,
        index: RuleIndex::of(&rules),
        rules,
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
    ];
    let default = FrustrationSettings::default();
    let mut section = root.section("frustration", &known);
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
    }
}

fn permission(root: &mut Section<'_, '_>) -> PermissionSettings {
    let default = PermissionSettings::default();
    let mut section = root.section("permission", &["analyse_behaviour", "contact"]);
    PermissionSettings {
        analyse_behaviour: section
            .choice("analyse_behaviour", &BASES)
            .unwrap_or(default.analyse_behaviour),
        contact: section.choice("contact", &BASES).unwrap_or(default.contact),
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

fn grant_terms(section: &mut Section<'_, '_>, default: GrantSettings) -> GrantSettings {
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

fn skills(section: &mut Section<'_, '_>) -> Vec<PathSkill> {
    let tables = tables(section, "skills", 1_000);
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

/// The tables of `key`, written as `[[key]]` or as a list of `{ }`.
fn tables<'r>(
    section: &mut Section<'r, '_>,
    key: &str,
    max: usize,
) -> Vec<(usize, &'r dyn TableLike)> {
    if let Some(tables) = section.item(key).and_then(Item::as_array_of_tables) {
        if tables.len() > max {
            section.refuse(key, format!("expected at most {max} in `{key}`"));
            return Vec::new();
        }
        let at = section.at(key);
        return tables
            .iter()
            .map(|table| {
                let start = table.span().map_or(at, |span| span.start);
                (start, table as &dyn TableLike)
            })
            .collect();
    }
    let mut found = Vec::new();
    for (at, value) in section.array(key, max) {
        match value.as_inline_table() {
            Some(table) => found.push((at, table as &dyn TableLike)),
            None => section.reader.refuse(at, "expected a table in braces"),
        }
    }
    found
}

struct RuleDefaults {
    grants: GrantSettings,
    offer: OfferSettings,
}

fn rules(root: &mut Section<'_, '_>, defaults: &RuleDefaults) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for (at, table) in tables(root, "rules", RULES_MAX) {
        let known = [
            "id",
            "about",
            "when",
            "action",
            "priority",
            "min_identity",
            "grant",
            "require_grant",
            "options",
            "skill",
            "shadow",
            "dwell_s",
            "cooldown_min",
            "expires_s",
        ];
        let mut section = Section::open(root.reader, Some(table), at, &known);
        let id = rule_id(&mut section, at);
        if let Some(id) = &id {
            if ids.contains(id) {
                section.refuse("id", format!("there is already a rule `{id}`"));
            }
            ids.push(id.clone());
        }
        let condition = condition(&mut section, at);
        let action = section.choice("action", &ACTIONS);
        if section.item("action").is_none() {
            section
                .reader
                .refuse(at, "expected the rule to have an `action`");
        }
        // Read the rest even if the rule is already refused, to tell every mistake at once.
        let rest = RuleRest::read(&mut section, action.unwrap_or(Action::Offer), defaults);
        if let (Some(id), Some(when), Some(action)) = (id, condition, action) {
            let rule = rest.into_rule(id, when, action);
            if rule.is_momentary() && rule.dwell > Millis(0) {
                section.refuse(
                    "dwell_s",
                    "expected no `dwell_s`: `event.name` holds for one event only",
                );
            }
            rules.push(rule);
        }
    }
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
    rules
}

fn rule_id(section: &mut Section<'_, '_>, at: usize) -> Option<String> {
    if section.item("id").is_none() {
        section
            .reader
            .refuse(at, "expected the rule to have an `id`");
        return None;
    }
    let id = section.text("id", 64)?;
    let fits = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_'
    };
    if id.is_empty() || !id.chars().all(fits) {
        section.refuse("id", "expected lower-case letters, digits, - and _ only");
        return None;
    }
    Some(id.to_owned())
}

fn condition(section: &mut Section<'_, '_>, at: usize) -> Option<Condition> {
    let Some(item) = section.item("when") else {
        section
            .reader
            .refuse(at, "expected the rule to have a condition: `when`");
        return None;
    };
    let Some(text) = item.as_str() else {
        section.refuse("when", "expected `when` to be a text");
        return None;
    };
    let start = section.at("when");
    match Condition::compile(text) {
        Ok(condition) => {
            for signal in condition.not_computed() {
                section.reader.warn(
                    start,
                    format!("nothing computes `{signal}` yet, so this does not hold for now"),
                );
            }
            Some(condition)
        }
        Err(errors) => {
            let span = item.span().unwrap_or(start..start);
            let places = places_of_characters(section.reader.text, span);
            for error in errors {
                let at = places.get(error.offset).or(places.last());
                let at = at.copied().unwrap_or(start);
                section.reader.refuse(at, error.message);
            }
            None
        }
    }
}

/// All of a rule but its id, condition and action.
struct RuleRest {
    about: String,
    priority: u16,
    min_identity: IdentityLevel,
    grant: Option<GrantTerms>,
    require_grant: bool,
    options: SmallVec<[OfferOptionKind; 4]>,
    skill: Option<String>,
    shadow: bool,
    dwell: Millis,
    cooldown: Option<Millis>,
    expires: Millis,
}

impl RuleRest {
    fn read(section: &mut Section<'_, '_>, action: Action, defaults: &RuleDefaults) -> Self {
        let options = options(section, action);
        let reaches_agent = options
            .iter()
            .any(|option| matches!(option, OfferOptionKind::Chat | OfferOptionKind::Callback));
        let require_grant = section.flag("require_grant", false);
        let terms = {
            let mut inner = section.section("grant", &["limit", "ttl_h"]);
            grant_terms(&mut inner, defaults.grants)
        };
        if section.item("grant").is_some() && (require_grant || !reaches_agent) {
            section.refuse(
                "grant",
                "expected no `grant` where the rule requires one or reaches no agent",
            );
        }
        if require_grant && !reaches_agent {
            section.refuse(
                "require_grant",
                "expected `chat` or `callback` among the options: nothing else needs a grant",
            );
        }
        let expires = match action {
            Action::Prompt => defaults.offer.prompt_expires,
            _ => defaults.offer.banner_expires,
        };
        let cooldown = section.item("cooldown_min").is_some();
        let cooldown_min = section.span("cooldown_min", Millis(0), 525_600.0);
        Self {
            about: section.text("about", 200).unwrap_or_default().to_owned(),
            priority: section.whole("priority", 0, 0..=1_000) as u16,
            min_identity: section.choice("min_identity", &LEVELS).unwrap_or_default(),
            grant: (reaches_agent && !require_grant).then(|| GrantTerms {
                limit: terms.limit,
                ttl: terms.ttl,
                channels: SmallVec::new(),
            }),
            require_grant,
            options,
            skill: section.text("skill", 64).map(str::to_owned),
            shadow: section.flag("shadow", false),
            dwell: section.span("dwell_s", Millis(0), 86_400.0),
            cooldown: cooldown.then_some(cooldown_min),
            expires: section.span_in("expires_s", expires, 5.0..=86_400.0),
        }
    }

    fn into_rule(self, id: String, when: Condition, action: Action) -> Rule {
        Rule {
            key: RuleKey::of(&id),
            id,
            about: self.about,
            when,
            action,
            priority: self.priority,
            min_identity: self.min_identity,
            grant: self.grant,
            require_grant: self.require_grant,
            options: self.options,
            skill: self.skill,
            shadow: self.shadow,
            dwell: self.dwell,
            cooldown: self.cooldown,
            expires: self.expires,
        }
    }
}

/// The rule's options; by default all that its action shows.
fn options(section: &mut Section<'_, '_>, action: Action) -> SmallVec<[OfferOptionKind; 4]> {
    let mut options: SmallVec<[OfferOptionKind; 4]> = SmallVec::new();
    for (at, value) in section.array("options", 4) {
        let found = OPTIONS
            .iter()
            .find(|(name, _)| value.as_str() == Some(name));
        match found {
            Some((_, option)) if options.contains(option) => {
                section.reader.refuse(at, "expected each option once");
            }
            Some((_, option)) => options.push(*option),
            None => section
                .reader
                .refuse(at, "expected an option: \"chat\", \"callback\" or \"faq\""),
        }
    }
    if !action.reaches_customer() {
        if section.item("options").is_some() {
            section.refuse("options", "expected no `options`: only staff sees this");
        }
        return SmallVec::new();
    }
    if section.item("options").is_none() {
        let all: &[OfferOptionKind] = match action {
            Action::Prompt => &[OfferOptionKind::Faq, OfferOptionKind::Chat],
            _ => &[
                OfferOptionKind::Callback,
                OfferOptionKind::Chat,
                OfferOptionKind::Faq,
            ],
        };
        options.extend_from_slice(all);
    } else if options.is_empty() {
        section.refuse("options", "expected at least one option");
    }
    options
}
