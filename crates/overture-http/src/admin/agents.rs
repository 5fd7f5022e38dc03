//! Accounts of staff, and what routing knows of them.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{
    AgentHours, AgentId, AgentProfile, PerChannel, Private, RouteEvent, Subject, WeeklyHours, zone,
};
use overture_store::{Role, Staff};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::new_id;
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    desk::submit,
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields, identifiers, password,
};

/// Seats of one agent on one channel.
const CAPACITY_MAX: u32 = 50;
/// Skills and languages of one agent.
const SKILLS_MAX: usize = 64;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(change))
}

#[derive(Serialize, ToSchema)]
struct AgentBody {
    agent: String,
    name: String,
    email: String,
    /// `admin`, `supervisor`, `agent` or `analyst`.
    role: &'static str,
    skills: Vec<SkillBody>,
    /// BCP 47 primary languages; empty means any.
    languages: Vec<String>,
    capacity: CapacityBody,
    /// When they work; left out where it is the policy's hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<HoursBody>,
    active: bool,
    /// A one-time password, only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct SkillBody {
    skill: String,
    /// `1..=5`.
    level: u8,
}

#[derive(Serialize, Deserialize, ToSchema, Clone, Copy)]
struct CapacityBody {
    #[serde(default)]
    chat: u32,
    #[serde(default)]
    callback: u32,
}

/// Working hours.
#[derive(Serialize, Deserialize, ToSchema, Clone)]
struct HoursBody {
    /// Seven days, Monday first: intervals in minutes of the local day, `0..=1440`.
    days: Vec<Vec<(u16, u16)>>,
    /// The IANA zone they are in.
    time_zone: String,
}

impl HoursBody {
    fn of(hours: &AgentHours) -> Self {
        Self {
            days: hours.hours.days().to_vec(),
            time_zone: hours.time_zone.clone(),
        }
    }

    fn checked(self) -> ApiResult<AgentHours> {
        let hours = WeeklyHours::new(self.days)
            .map_err(|error| ApiError::bad_input("hours.days", error.to_string()))?;
        if zone(&self.time_zone).is_none() {
            return Err(ApiError::bad_input(
                "hours.time_zone",
                "expected the name of a time zone, like Europe/Berlin",
            ));
        }
        Ok(AgentHours {
            hours,
            time_zone: self.time_zone,
        })
    }
}

/// A field whose `null` says something else than its absence.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    reader: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

impl AgentBody {
    fn of(staff: &Staff) -> Self {
        Self {
            agent: staff.agent.to_string(),
            name: staff.name.clone(),
            email: staff.email.clone(),
            role: staff.role.name(),
            skills: staff
                .skills
                .iter()
                .map(|(skill, level)| SkillBody {
                    skill: skill.clone(),
                    level: *level,
                })
                .collect(),
            languages: staff.languages.iter().cloned().collect(),
            capacity: CapacityBody {
                chat: staff.capacity.chat,
                callback: staff.capacity.callback,
            },
            hours: staff.hours.as_ref().map(HoursBody::of),
            active: staff.active,
            password: None,
        }
    }
}

/// What may be set; absent fields stay as they are.
#[derive(Deserialize, ToSchema)]
struct AgentChange {
    name: Option<String>,
    email: Option<String>,
    role: Option<String>,
    skills: Option<Vec<SkillBody>>,
    languages: Option<Vec<String>>,
    capacity: Option<CapacityBody>,
    /// `null` for the policy's hours.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<HoursBody>)]
    hours: Option<Option<HoursBody>>,
    active: Option<bool>,
    /// At least 10 letters; it must be changed at the first sign-in.
    password: Option<String>,
}

async fn apply(staff: &mut Staff, asked: AgentChange) -> ApiResult<()> {
    if let Some(name) = asked.name {
        staff.name = fields::text("name", &name, 120)?;
    }
    if let Some(email) = asked.email {
        staff.email = identifiers::email(&email)
            .ok_or_else(|| {
                ApiError::bad_input("email", "expected an address like ann@example.com")
            })?
            .into_owned();
    }
    if let Some(role) = asked.role {
        staff.role = Role::from_name(&role).ok_or_else(|| {
            ApiError::bad_input("role", "expected admin, supervisor, agent or analyst")
        })?;
    }
    if let Some(skills) = asked.skills {
        staff.skills = checked_skills(skills)?;
    }
    if let Some(languages) = asked.languages {
        staff.languages = checked_languages(languages)?;
    }
    if let Some(capacity) = asked.capacity {
        if capacity.chat > CAPACITY_MAX || capacity.callback > CAPACITY_MAX {
            return Err(ApiError::bad_input("capacity", "expected at most 50 each"));
        }
        staff.capacity = PerChannel {
            chat: capacity.chat,
            callback: capacity.callback,
        };
    }
    if let Some(hours) = asked.hours {
        staff.hours = hours.map(HoursBody::checked).transpose()?;
    }
    if let Some(active) = asked.active {
        staff.active = active;
    }
    if let Some(password) = asked.password {
        staff.password_hash = password::hashed("password", password).await?;
        staff.must_change_password = true;
    }
    Ok(())
}

fn checked_skills(skills: Vec<SkillBody>) -> ApiResult<BTreeMap<String, u8>> {
    if skills.len() > SKILLS_MAX {
        return Err(ApiError::bad_input("skills", "expected at most 64"));
    }
    skills
        .into_iter()
        .map(|one| {
            if !(1..=5).contains(&one.level) {
                return Err(ApiError::bad_input("skills.level", "expected 1 to 5"));
            }
            Ok((fields::text("skills.skill", &one.skill, 64)?, one.level))
        })
        .collect()
}

fn checked_languages(languages: Vec<String>) -> ApiResult<BTreeSet<String>> {
    if languages.len() > SKILLS_MAX {
        return Err(ApiError::bad_input("languages", "expected at most 64"));
    }
    languages
        .into_iter()
        .map(|language| {
            let language = language.trim().to_ascii_lowercase();
            let primary = (2..=3).contains(&language.len())
                && language.bytes().all(|byte| byte.is_ascii_lowercase());
            primary.then_some(language).ok_or_else(|| {
                ApiError::bad_input("languages", "expected primary languages like en or de")
            })
        })
        .collect()
}

/// What routing may know of a member of staff.
fn profile(staff: &Staff) -> AgentProfile {
    AgentProfile {
        skills: staff.skills.clone(),
        languages: staff.languages.clone(),
        capacity: staff.capacity,
        hours: staff.hours.clone(),
        active: staff.active && staff.role != Role::Analyst,
    }
}

/// Stores an account and tells routing.
async fn put(app: &App, staff: &Staff) -> ApiResult<()> {
    let row = staff.clone();
    app.store(move |store| store.put_staff(&row))
        .await
        .map_err(|error| {
            if error.code == "conflict" {
                ApiError {
                    field: Some("email".to_owned()),
                    ..ApiError::conflict("email_taken", "somebody else has this e-mail address")
                }
            } else {
                error
            }
        })?;
    app.reload_names().await?;
    let event = RouteEvent::AgentChanged {
        agent: staff.agent,
        profile: profile(staff),
    };
    submit(app, Subject::Route(event)).await?;
    Ok(())
}

/// Lists accounts.
#[utoipa::path(get, path = "/v1/admin/agents", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Vec<AgentBody>), (status = 403, body = ErrorBody)))]
async fn list(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
) -> ApiResult<Json<Vec<AgentBody>>> {
    let staff = app.store(|store| store.staff_list()).await?;
    Ok(Json(staff.iter().map(AgentBody::of).collect()))
}

/// Adds an account. Without a password a one-time password is made and returned.
#[utoipa::path(post, path = "/v1/admin/agents", tag = "administration", request_body = AgentChange,
    security(("session_cookie" = [])),
    responses((status = 200, body = AgentBody), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn add(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(mut asked): Body<AgentChange>,
) -> ApiResult<Json<AgentBody>> {
    for (field, given) in [("name", &asked.name), ("email", &asked.email)] {
        if given.is_none() {
            return Err(ApiError::bad_input(
                field,
                format!("missing field `{field}`"),
            ));
        }
    }
    let made = asked
        .password
        .is_none()
        .then(|| hex::encode(rand::random::<[u8; 8]>()));
    if let Some(made) = &made {
        asked.password = Some(made.clone());
    }
    let now = app.now();
    let mut staff = Staff {
        agent: new_id!(AgentId, now),
        email: String::new(),
        name: String::new(),
        role: Role::Agent,
        password_hash: Private::default(),
        must_change_password: true,
        skills: BTreeMap::new(),
        languages: BTreeSet::new(),
        capacity: PerChannel {
            chat: 3,
            callback: 1,
        },
        hours: None,
        active: true,
        created_at: now,
    };
    apply(&mut staff, asked).await?;
    put(&app, &staff).await?;
    Ok(Json(AgentBody {
        password: made,
        ..AgentBody::of(&staff)
    }))
}

/// Changes an account. Switching it off or giving it a new password signs it out.
#[utoipa::path(patch, path = "/v1/admin/agents/{agent}", tag = "administration",
    params(("agent" = String, Path)), request_body = AgentChange, security(("session_cookie" = [])),
    responses((status = 200, body = AgentBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn change(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Path(agent): Path<String>,
    Body(asked): Body<AgentChange>,
) -> ApiResult<Json<AgentBody>> {
    let agent: AgentId = fields::id("agent", &agent)?;
    let everybody = app.store(|store| store.staff_list()).await?;
    let before = everybody
        .iter()
        .find(|staff| staff.agent == agent)
        .ok_or_else(|| ApiError::not_found("agent"))?;
    let mut staff = before.clone();
    let new_password = asked.password.is_some();
    apply(&mut staff, asked).await?;

    let is_admin = |staff: &Staff| staff.active && staff.role == Role::Admin;
    let others = everybody
        .iter()
        .any(|other| other.agent != agent && is_admin(other));
    if is_admin(before) && !is_admin(&staff) && !others {
        return Err(ApiError::conflict(
            "last_admin",
            "somebody must stay administrator",
        ));
    }
    put(&app, &staff).await?;
    if !staff.active || new_password {
        app.store(move |store| store.end_sessions_of(agent)).await?;
    }
    Ok(Json(AgentBody::of(&staff)))
}
