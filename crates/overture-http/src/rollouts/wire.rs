//! The plan as it goes over the wire, checked field by field.

use overture_engine::{
    decide::{RolloutError, Rollouts},
    model::{
        IdentifierKind, IdentityLevel, Private, RolloutPlan, RuleRollout, Stage, Tester, Timestamp,
        Unlisted,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::{ApiError, ApiResult},
    identifiers,
    keys::Keys,
};

/// The longest id of a rule, bytes.
const RULE_BYTES_MAX: usize = 100;

/// The largest daily budget.
const BUDGET_MAX: u32 = 1_000_000;

/// One test identity.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WireTester {
    /// `email` or `user_id`.
    pub(super) kind: String,
    pub(super) value: String,
}

impl From<&Tester> for WireTester {
    fn from(tester: &Tester) -> Self {
        let kind = match tester.kind {
            IdentifierKind::UserId => "user_id",
            _ => "email",
        };
        Self {
            kind: kind.to_owned(),
            value: tester.value.reveal().to_owned(),
        }
    }
}

/// One rule's stage, as it is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedRule {
    /// The rule's id, or `guide:` with a guide's.
    rule: String,
    /// `shadow`, `test` or `percent`.
    stage: String,
    /// With `percent`: how many percent of all customers, 1 to 100.
    #[serde(default)]
    percent: Option<u8>,
    /// Only customers for whom this condition holds (CEL, the policy's signals); empty for all.
    #[serde(default)]
    audience: String,
    /// How often it may act a day (UTC), from 1; missing for as often as it asks.
    #[serde(default)]
    daily_budget: Option<u32>,
    /// False lets a rule that paused itself go on. True leaves it as it is.
    #[serde(default)]
    paused: bool,
}

/// Whoever names what is wanted.
pub(super) struct Author {
    pub(super) by: String,
    pub(super) at: Timestamp,
}

/// Checks what is wanted against what is in force: rules that stay as they are keep who changed them and when.
///
/// # Errors
/// 400 naming the field, 422 for a condition with mistakes.
pub(super) fn plan(
    unlisted: &str,
    testers: &[WireTester],
    rules: Vec<WantedRule>,
    current: &RolloutPlan,
    keys: &Keys,
    author: &Author,
) -> ApiResult<RolloutPlan> {
    let unlisted = match unlisted {
        "live" => Unlisted::Live,
        "shadow" => Unlisted::Shadow,
        _ => return Err(ApiError::bad_input("unlisted", "expected live or shadow")),
    };
    let testers = testers
        .iter()
        .enumerate()
        .map(|(place, one)| tester(place, one, keys))
        .collect::<ApiResult<Vec<_>>>()?;
    let rules = rules
        .into_iter()
        .enumerate()
        .map(|(place, one)| rule(place, one, current, author))
        .collect::<ApiResult<Vec<_>>>()?;
    let plan = RolloutPlan {
        unlisted,
        testers,
        rules,
    };
    Rollouts::compile(0, &plan).map_err(|error| refusal(&plan, error))?;
    Ok(plan)
}

fn tester(place: usize, one: &WireTester, keys: &Keys) -> ApiResult<Tester> {
    let field = |name: &str| format!("testers[{place}].{name}");
    let (kind, value) = match one.kind.as_str() {
        "email" => {
            let value = identifiers::email(&one.value)
                .ok_or_else(|| ApiError::bad_input(field("value"), "expected an e-mail address"))?;
            (IdentifierKind::Email, value.into_owned())
        }
        "user_id" => (IdentifierKind::UserId, one.value.trim().to_owned()),
        _ => {
            return Err(ApiError::bad_input(
                field("kind"),
                "expected email or user_id",
            ));
        }
    };
    let found = identifiers::identifier(keys, kind, &value, IdentityLevel::Claimed)
        .ok_or_else(|| ApiError::bad_input(field("value"), "expected 1 to 256 bytes"))?;
    Ok(Tester {
        kind,
        key: found.key,
        value: Private::new(value),
    })
}

fn rule(
    place: usize,
    one: WantedRule,
    current: &RolloutPlan,
    author: &Author,
) -> ApiResult<RuleRollout> {
    let field = |name: &str| format!("rules[{place}].{name}");
    if one.rule.is_empty() || one.rule.len() > RULE_BYTES_MAX || one.rule.contains('\0') {
        return Err(ApiError::bad_input(
            field("rule"),
            format!("expected 1 to {RULE_BYTES_MAX} bytes"),
        ));
    }
    let stage = match (one.stage.as_str(), one.percent) {
        ("shadow", None) => Stage::Shadow,
        ("test", None) => Stage::Test,
        ("percent", Some(percent)) => Stage::Percent(percent),
        ("shadow" | "test", Some(_)) => {
            return Err(ApiError::bad_input(
                field("percent"),
                "only with the stage percent",
            ));
        }
        ("percent", None) => {
            return Err(ApiError::bad_input(field("percent"), "expected 1 to 100"));
        }
        _ => {
            return Err(ApiError::bad_input(
                field("stage"),
                "expected shadow, test or percent",
            ));
        }
    };
    if one
        .daily_budget
        .is_some_and(|budget| !(1..=BUDGET_MAX).contains(&budget))
    {
        return Err(ApiError::bad_input(
            field("daily_budget"),
            format!("expected 1 to {BUDGET_MAX}"),
        ));
    }
    let before = current.rules.iter().find(|known| known.rule == one.rule);
    let paused = before.and_then(|before| before.paused.clone());
    if one.paused && paused.is_none() {
        return Err(ApiError::bad_input(
            field("paused"),
            "a rule pauses itself; the stage shadow stops it by hand",
        ));
    }
    let wanted = RuleRollout {
        rule: one.rule,
        stage,
        paused: paused.filter(|_| one.paused),
        audience: one.audience.trim().to_owned(),
        daily_budget: one.daily_budget,
        changed_by: author.by.clone(),
        changed_at: author.at,
    };
    let stays = before.filter(|before| same(before, &wanted));
    Ok(stays.cloned().unwrap_or(wanted))
}

/// Whether two say the same, whoever said it.
pub(super) fn same(one: &RuleRollout, other: &RuleRollout) -> bool {
    let said = |rule: &RuleRollout| {
        (
            rule.stage,
            rule.paused.clone(),
            rule.audience.clone(),
            rule.daily_budget,
        )
    };
    said(one) == said(other)
}

fn refusal(plan: &RolloutPlan, error: RolloutError) -> ApiError {
    use overture_engine::model::{ROLLOUT_RULES_MAX, TESTERS_MAX};
    let field = |place: usize, name: &str| format!("rules[{place}].{name}");
    match error {
        RolloutError::TooManyRules => {
            ApiError::bad_input("rules", format!("expected at most {ROLLOUT_RULES_MAX}"))
        }
        RolloutError::TooManyTesters => {
            ApiError::bad_input("testers", format!("expected at most {TESTERS_MAX}"))
        }
        RolloutError::Twice(place) => {
            ApiError::bad_input(field(place, "rule"), "it is named twice")
        }
        RolloutError::Percent(place) => {
            ApiError::bad_input(field(place, "percent"), "expected 1 to 100")
        }
        RolloutError::Budget(place) => {
            ApiError::bad_input(field(place, "daily_budget"), "expected 1 or more")
        }
        RolloutError::Audience(place, errors) => {
            let mut refusal = ApiError::new(
                axum::http::StatusCode::UNPROCESSABLE_ENTITY,
                "audience_invalid",
                "the audience has errors; nothing was changed",
            );
            refusal.field = Some(field(place, "audience"));
            let text = &plan.rules[place].audience;
            refusal.more.insert(
                "errors".into(),
                crate::guides::mistakes(text, &errors).into(),
            );
            refusal
        }
    }
}

/// A rule's stage in a few words, for differences.
pub(super) fn told(rule: &RuleRollout) -> String {
    let mut told = match rule.stage {
        Stage::Shadow => "shadow".to_owned(),
        Stage::Test => "test identities".to_owned(),
        Stage::Percent(percent) => format!("{percent} %"),
    };
    if let Some(budget) = rule.daily_budget {
        told.push_str(&format!(", {budget} a day"));
    }
    if !rule.audience.is_empty() {
        told.push_str(&format!(", where {}", rule.audience));
    }
    if rule.paused.is_some() {
        told.push_str(", paused");
    }
    told
}
