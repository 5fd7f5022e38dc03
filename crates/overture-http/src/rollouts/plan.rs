//! The plan that is in force, and how a new one is made.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State};
use overture_engine::model::{
    GuideId, Millis, Outcome, RolloutPlan, RuleKey, RuleRollout, Stage, Unlisted,
};
use overture_store::{RolloutRevision, RolloutSaved};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::wire::{self, Author, WantedRule, WireTester, told};
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    core::WorldChange,
    error::{ApiError, ApiResult, Body, ErrorBody},
};

/// Revisions shown.
const REVISIONS_MAX: u32 = 100;

/// The longest note, characters.
const NOTE_CHARS_MAX: usize = 200;

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show, save))
        .routes(routes!(revisions))
}

#[derive(Serialize, ToSchema)]
struct RolloutsBody {
    /// 0 before anything was saved: every rule then follows the mode.
    revision: u32,
    /// `shadow` or `live`; in shadow nothing reaches anybody, whatever the stages say.
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saved_by: Option<String>,
    /// What it was saved for.
    note: String,
    /// What holds for rules without a stage of their own while the mode is live: `live` or `shadow`.
    unlisted: &'static str,
    testers: Vec<WireTester>,
    /// Every rule of the active policy, every live guide, and whatever else has a stage.
    rules: Vec<RuleBody>,
}

#[derive(Serialize, ToSchema)]
struct RuleBody {
    rule: String,
    about: String,
    /// `rule`, `guide`, or `gone` when neither the policy nor a live guide has it now.
    kind: &'static str,
    /// `prompt`, `offer`, `notify`, `escalate`, `grant` or `boost`; empty when it is gone.
    action: &'static str,
    /// The policy itself has the rule in shadow: no stage changes that.
    policy_shadow: bool,
    /// `follow` (no stage of its own), `shadow`, `test` or `percent`.
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    /// `{at, why}` while it has paused itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    paused: Option<Value>,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    daily_budget: Option<u32>,
    /// How often it acted today (UTC), where it has a budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    acted_today: Option<u64>,
    /// Whether today's budget is spent.
    budget_spent: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<String>,
}

/// Shows how far each rule has gone live.
#[utoipa::path(get, path = "/v1/admin/rollouts", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = RolloutsBody), (status = 403, body = ErrorBody)))]
async fn show(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<RolloutsBody>> {
    Ok(Json(current(&app).await?))
}

async fn current(app: &App) -> ApiResult<RolloutsBody> {
    let policy = app.policy().await?;
    let now = app.now();
    let day = now.start_of_day();
    let (stored, guides, acts) = app
        .store(move |store| {
            let stored = store.newest_rollouts()?;
            let has_budget = stored
                .iter()
                .flat_map(|stored| &stored.plan.rules)
                .any(|rule| rule.daily_budget.is_some());
            let acts = match has_budget {
                true => store.minute_counts(day, day + Millis::DAY)?,
                false => Vec::new(),
            };
            Ok((stored, store.newest_guide_set()?, acts))
        })
        .await?;
    let mut acted: BTreeMap<String, u64> = BTreeMap::new();
    for row in acts {
        if Outcome::ACTS.contains(&row.what.as_str()) {
            *acted.entry(row.rule).or_insert(0) += row.count;
        }
    }
    let world = app.core.world();
    let (saved, plan) = match stored {
        Some(RolloutRevision { saved, plan }) => (Some(saved), plan),
        None => (None, RolloutPlan::default()),
    };
    let body = |rule: &str, about: &str, kind, action, policy_shadow| {
        let own = plan.rules.iter().find(|own| own.rule == rule);
        let budget = own.and_then(|own| own.daily_budget);
        RuleBody {
            rule: rule.to_owned(),
            about: about.to_owned(),
            kind,
            action,
            policy_shadow,
            stage: own.map_or("follow", |own| own.stage.name()),
            percent: own.and_then(|own| match own.stage {
                Stage::Percent(percent) => Some(percent),
                Stage::Shadow | Stage::Test => None,
            }),
            paused: own
                .and_then(|own| own.paused.as_ref())
                .map(|paused| json!({"at": paused.at.to_string(), "why": paused.why})),
            audience: own.map_or_else(String::new, |own| own.audience.clone()),
            daily_budget: budget,
            acted_today: budget.map(|_| acted.get(rule).copied().unwrap_or(0)),
            budget_spent: world
                .budgets_spent
                .iter()
                .any(|spent| spent.rule == RuleKey::of(rule) && now < spent.until),
            changed_by: own.map(|own| own.changed_by.clone()),
            changed_at: own.map(|own| own.changed_at.to_string()),
        }
    };
    let mut rules: Vec<RuleBody> = policy
        .rules()
        .iter()
        .map(|rule| {
            body(
                &rule.id,
                &rule.about,
                "rule",
                rule.action.name(),
                rule.shadow,
            )
        })
        .collect();
    for target in guides.iter().flat_map(|set| &set.targets) {
        rules.push(body(
            &target.guide.rule(),
            &target.name,
            "guide",
            "prompt",
            false,
        ));
    }
    let known: BTreeSet<String> = rules.iter().map(|rule| rule.rule.clone()).collect();
    let gone = plan.rules.iter().filter(|own| !known.contains(&own.rule));
    rules.extend(gone.map(|own| {
        let about = GuideId::of_rule(&own.rule).map_or("", |_| "a guide that is not live");
        body(&own.rule, about, "gone", "", false)
    }));
    Ok(RolloutsBody {
        revision: saved.as_ref().map_or(0, |saved| saved.revision),
        mode: world.mode.name(),
        saved_at: saved.as_ref().map(|saved| saved.at.to_string()),
        note: saved
            .as_ref()
            .map_or_else(String::new, |saved| saved.note.clone()),
        saved_by: saved.map(|saved| saved.by),
        unlisted: unlisted_name(plan.unlisted),
        testers: plan.testers.iter().map(WireTester::from).collect(),
        rules,
    })
}

fn unlisted_name(unlisted: Unlisted) -> &'static str {
    match unlisted {
        Unlisted::Live => "live",
        Unlisted::Shadow => "shadow",
    }
}

#[derive(Deserialize, ToSchema)]
struct NewRollouts {
    /// The revision that this was made from.
    base_revision: u32,
    /// `live` or `shadow`: what holds for every other rule while the mode is live.
    unlisted: String,
    /// Who sees a rule from the stage `test` on, at most 50.
    #[serde(default)]
    testers: Vec<WireTester>,
    /// The rules with a stage of their own, at most 250; one that is left out follows the mode.
    rules: Vec<WantedRule>,
    /// What for, at most 200 characters.
    #[serde(default)]
    note: String,
}

/// Sets how far each rule has gone live. Only crossings that begin afterwards act; open offers of rules that now reach nobody are
/// withdrawn.
#[utoipa::path(put, path = "/v1/admin/rollouts", tag = "administration", request_body = NewRollouts,
    security(("session_cookie" = [])),
    responses((status = 200, body = RolloutsBody), (status = 400, body = ErrorBody),
        (status = 409, description = "{code, message, current, by, differs:[{what,was,is}]}", body = ErrorBody),
        (status = 422, description = "{code, message, field, errors:[{line,column,message}]}", body = ErrorBody)))]
async fn save(
    State(app): State<Shared>,
    auth: Auth<Administers>,
    Body(asked): Body<NewRollouts>,
) -> ApiResult<Json<RolloutsBody>> {
    let note = asked.note.trim().to_owned();
    if note.chars().nth(NOTE_CHARS_MAX).is_some() || note.contains('\0') {
        return Err(ApiError::bad_input(
            "note",
            format!("expected at most {NOTE_CHARS_MAX} characters"),
        ));
    }
    let newest = app.store(|store| store.newest_rollouts()).await?;
    let current_revision = newest.as_ref().map_or(0, |newest| newest.saved.revision);
    let before = newest.map(|newest| newest.plan).unwrap_or_default();
    let author = Author {
        by: auth.caller.name(),
        at: app.now(),
    };
    let plan = wire::plan(
        &asked.unlisted,
        &asked.testers,
        asked.rules,
        &before,
        &app.keys,
        &author,
    )?;
    if current_revision > 0 && plan == before {
        // Asked again after an answer was lost.
        tell(&app, current_revision, plan).await?;
        return Ok(Json(current(&app).await?));
    }
    if asked.base_revision != current_revision {
        return Err(stale(&app, asked.base_revision).await?);
    }
    let made = RolloutRevision {
        saved: RolloutSaved {
            revision: current_revision + 1,
            by: author.by,
            at: author.at,
            note,
        },
        plan: plan.clone(),
    };
    if let Err(error) = app.store(move |store| store.add_rollouts(&made, &[])).await {
        // Somebody was quicker between the two questions.
        return Err(match error.code {
            "conflict" => stale(&app, asked.base_revision).await?,
            _ => error,
        });
    }
    tell(&app, current_revision + 1, plan).await?;
    app.hub.touch_desk();
    Ok(Json(current(&app).await?))
}

/// Has the engine go by a stored plan, unless it does already.
async fn tell(app: &App, revision: u32, plan: RolloutPlan) -> ApiResult<()> {
    if app.core.world().rollouts_revision < revision {
        app.core
            .change_world(WorldChange::Rollouts { revision, plan })
            .await?;
    }
    Ok(())
}

/// The refusal that says what became of the plan since `base`.
async fn stale(app: &App, base: u32) -> ApiResult<ApiError> {
    let (before, now) = app
        .store(move |store| Ok((store.rollouts(base)?, store.newest_rollouts()?)))
        .await?;
    let (saved, plan) = now.map(|now| (now.saved, now.plan)).unzip();
    let before = before.map(|before| before.plan).unwrap_or_default();
    Ok(ApiError::stale_revision(
        "somebody changed how rules go live meanwhile; look at theirs first",
        saved.as_ref().map_or(0, |saved| saved.revision),
        saved.as_ref().map(|saved| saved.by.as_str()),
        differences(&before, &plan.unwrap_or_default()),
    ))
}

/// What each part of the plan said and says, where that is not the same; `null` for a rule that follows the mode.
fn differences(before: &RolloutPlan, now: &RolloutPlan) -> Vec<Value> {
    let mut differs = Vec::new();
    if before.unlisted != now.unlisted {
        differs.push(json!({
            "what": "unlisted", "was": unlisted_name(before.unlisted), "is": unlisted_name(now.unlisted),
        }));
    }
    if before.testers != now.testers {
        let names = |plan: &RolloutPlan| {
            let names: Vec<&str> = plan.testers.iter().map(|one| one.value.reveal()).collect();
            names.join(", ")
        };
        differs.push(json!({"what": "testers", "was": names(before), "is": names(now)}));
    }
    let by_rule = |plan: &RolloutPlan| -> BTreeMap<String, RuleRollout> {
        plan.rules
            .iter()
            .map(|rule| (rule.rule.clone(), rule.clone()))
            .collect()
    };
    let (before, now) = (by_rule(before), by_rule(now));
    let rules: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    for rule in rules {
        let (was, is) = (before.get(rule), now.get(rule));
        let stays = matches!((was, is), (Some(was), Some(is)) if wire::same(was, is));
        if !stays {
            differs.push(json!({"what": rule, "was": was.map(told), "is": is.map(told)}));
        }
    }
    differs
}

/// Lists revisions, newest first, with what each changed.
#[utoipa::path(get, path = "/v1/admin/rollouts/revisions", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, description = "{revisions:[{revision, saved_at, saved_by, note, changed:[{what,was,is}]}]}", body = Object)))]
async fn revisions(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Value>> {
    let found = app
        .store(|store| {
            let saved = store.rollouts_list(REVISIONS_MAX)?;
            let all = saved.iter().map(|one| store.rollouts(one.revision));
            all.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let found: Vec<RolloutRevision> = found.into_iter().flatten().collect();
    let nothing = RolloutPlan::default();
    let rows: Vec<Value> = found
        .iter()
        .enumerate()
        .map(|(place, one)| {
            let before = found.get(place + 1).map_or(&nothing, |before| &before.plan);
            json!({
                "revision": one.saved.revision, "saved_at": one.saved.at.to_string(),
                "saved_by": one.saved.by, "note": one.saved.note,
                "changed": differences(before, &one.plan),
            })
        })
        .collect();
    Ok(Json(json!({"revisions": rows})))
}
