//! From the file's rules to [`Rule`]s.

use smallvec::SmallVec;

use super::{
    Action, GrantSettings, OfferSettings, RULES_MAX, Rule,
    parse::grant_terms,
    reader::{Section, places_of_characters},
};
use crate::{
    decide::Condition,
    model::{GrantTerms, IdentityLevel, Millis, OfferOptionKind, RuleKey},
};

const ACTIONS: [(&str, Action); 6] = [
    ("prompt", Action::Prompt),
    ("offer", Action::Offer),
    ("notify", Action::Notify),
    ("escalate", Action::Escalate),
    ("grant", Action::Grant),
    ("boost", Action::Boost),
];
const LEVELS: [(&str, IdentityLevel); 3] = [
    ("anonymous", IdentityLevel::Anonymous),
    ("claimed", IdentityLevel::Claimed),
    ("verified", IdentityLevel::Verified),
];
const OPTIONS: [(&str, OfferOptionKind); 4] = [
    ("chat", OfferOptionKind::Chat),
    ("callback", OfferOptionKind::Callback),
    ("faq", OfferOptionKind::Faq),
    ("smart_pause", OfferOptionKind::SmartPause),
];

/// What a rule takes from the rest of the file.
pub(super) struct RuleDefaults {
    pub(super) grants: GrantSettings,
    pub(super) offer: OfferSettings,
}

/// Reads every rule, the highest priority first.
pub(super) fn rules(root: &mut Section<'_, '_>, defaults: &RuleDefaults) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for (at, table) in root.tables("rules", RULES_MAX) {
        let known = [
            "id",
            "about",
            "when",
            "action",
            "priority",
            "min_identity",
            "grant",
            "boost",
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
    boost: u32,
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
        let issues = matches!(action, Action::Grant | Action::Boost);
        if section.item("grant").is_some() && (require_grant || !reaches_agent) && !issues {
            section.refuse(
                "grant",
                "expected no `grant` where the rule requires one or reaches no agent",
            );
        }
        if section.item("boost").is_some() && action != Action::Boost {
            section.refuse("boost", "expected no `boost` but with the action \"boost\"");
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
            grant: (issues || reaches_agent && !require_grant).then(|| GrantTerms {
                limit: terms.limit,
                ttl: terms.ttl,
                channels: SmallVec::new(),
            }),
            boost: section.whole("boost", 1, 1..=100),
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
            boost: self.boost,
            require_grant: self.require_grant,
            options: self.options,
            skill: self.skill,
            shadow: self.shadow,
            dwell: self.dwell,
            cooldown: self.cooldown,
            expires: self.expires,
            guide: None,
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
            None => section.reader.refuse(
                at,
                "expected an option: \"chat\", \"callback\", \"faq\" or \"smart_pause\"",
            ),
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
                OfferOptionKind::SmartPause,
            ],
        };
        options.extend_from_slice(all);
    } else if options.is_empty() {
        section.refuse("options", "expected at least one option");
    }
    options
}
