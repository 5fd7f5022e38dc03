//! The desk's own state, presence, reservations and alerts.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    AgentState, CustomerId, DeliveryId, PacingOutlook, PerChannel, Presence, Reply, RequestStage,
    ReservationId, RouteEvent, Subject,
};
use overture_store::{ConversationsOf, Role, Staff};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{conversations::Conversation, labels, submit};
use crate::{
    app::{App, Shared},
    auth::{AtDesk, Auth},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

/// The most of each list that a desk is shown.
const LIST_MAX: u32 = 200;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(state))
        .routes(routes!(presence))
        .routes(routes!(accept))
        .routes(routes!(reject))
        .routes(routes!(alert_done))
}

/// Everything on the desk but timelines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeskState {
    seq: u64,
    me: Myself,
    reservations: Vec<Reservation>,
    conversations: Vec<Conversation>,
    queue: Vec<Waiting>,
    agents: Vec<Colleague>,
    alerts: Vec<AlertLine>,
    /// `shadow` or `live`.
    mode: &'static str,
    /// How offers with a chat are paced, while somebody takes chats.
    #[serde(skip_serializing_if = "Option::is_none")]
    offers: Option<Offers>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Offers {
    /// `expected`: offers share seats; `held`: each has its own.
    mode: &'static str,
    /// How many are not answered yet.
    open: u32,
    /// How many of them are expected to become chats.
    expected: f64,
    /// Seats that are held for them.
    seats_held: u32,
    /// Seats of everybody who takes chats.
    seats: u32,
    /// The probability that whoever asks in the next minute is answered within `target_s` if one
    /// more offer is accepted now.
    in_time: f64,
    /// Whether that is enough to offer one more.
    level_holds: bool,
    target_s: u64,
    /// What share is to be.
    service_level: f64,
}

impl Offers {
    fn of(outlook: &PacingOutlook) -> Option<Self> {
        let rounded = |number: f64| (number * 1_000.0).round() / 1_000.0;
        Some(Self {
            mode: outlook.mode.name(),
            open: outlook.outstanding,
            expected: rounded(outlook.expected),
            seats_held: outlook.held,
            seats: outlook.seats,
            in_time: rounded(outlook.in_time?),
            level_holds: outlook.level_holds,
            target_s: outlook.target.0 / 1_000,
            service_level: outlook.service_level,
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    chat: u32,
    callback: u32,
}

impl From<PerChannel> for Counts {
    fn from(counts: PerChannel) -> Self {
        Self {
            chat: counts.chat,
            callback: counts.callback,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct Myself {
    agent: String,
    name: String,
    /// `available`, `busy`, `away` or `offline`.
    presence: &'static str,
    capacity: Counts,
    load: Counts,
}

#[derive(Debug, Serialize, ToSchema)]
struct Reservation {
    reservation: String,
    request: String,
    conversation: String,
    customer: String,
    customer_label: String,
    channel: &'static str,
    queue: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    waited_s: u64,
    expires_at: String,
    why: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Waiting {
    request: String,
    conversation: String,
    customer: String,
    customer_label: String,
    channel: &'static str,
    waited_s: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    skill: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    priority: u8,
}

#[derive(Debug, Serialize, ToSchema)]
struct Colleague {
    agent: String,
    name: String,
    presence: &'static str,
    load: Counts,
}

#[derive(Debug, Serialize, ToSchema)]
struct AlertLine {
    id: String,
    at: String,
    customer: String,
    text: String,
}

/// Reads the desk of one member of staff. Supervisors see every open conversation, agents
/// their own.
pub(crate) async fn read(app: &App, staff: &Staff, seq: u64) -> ApiResult<DeskState> {
    let me = staff.agent;
    let of = match staff.role {
        Role::Admin | Role::Supervisor => ConversationsOf::Open,
        Role::Agent | Role::Analyst => ConversationsOf::Agent(me),
    };
    let (agents, requests, rows, alerts, labels) = app
        .store(move |store| {
            let agents = store.agents()?;
            let requests = store.requests()?;
            let mut rows = store.conversations(of, LIST_MAX)?;
            let alerts = store.open_alerts(LIST_MAX)?;
            for row in &mut rows {
                row.customer = store.survivor(row.customer)?;
            }
            let mut customers: Vec<CustomerId> = rows
                .iter()
                .map(|row| row.customer)
                .chain(requests.iter().map(|(_, request)| request.customer))
                .collect();
            customers.sort_unstable();
            customers.dedup();
            let labels = labels(store, &customers)?;
            Ok((agents, requests, rows, alerts, labels))
        })
        .await?;
    let now = app.now();
    let label = |customer: &CustomerId| {
        labels
            .get(customer)
            .cloned()
            .unwrap_or_else(|| super::visitor(*customer))
    };
    let mut reservations = Vec::new();
    let mut queue = Vec::new();
    for (id, request) in requests.iter().take(LIST_MAX as usize) {
        let waited_s = now.since(request.queued_at).0 / 1_000;
        match request.stage {
            RequestStage::Offered {
                agent,
                reservation,
                until,
            } if agent == me => reservations.push(Reservation {
                reservation: reservation.to_string(),
                request: id.to_string(),
                conversation: request.conversation.to_string(),
                customer: request.customer.to_string(),
                customer_label: label(&request.customer),
                channel: request.needs.channel.name(),
                queue: request
                    .needs
                    .skill
                    .clone()
                    .unwrap_or_else(|| "general".to_owned()),
                skill: request.needs.skill.clone(),
                language: request.needs.language.clone(),
                waited_s,
                expires_at: until.to_string(),
                why: request.why.clone(),
            }),
            RequestStage::Queued | RequestStage::Offered { .. } => queue.push(Waiting {
                request: id.to_string(),
                conversation: request.conversation.to_string(),
                customer: request.customer.to_string(),
                customer_label: label(&request.customer),
                channel: request.needs.channel.name(),
                waited_s,
                skill: request.needs.skill.clone(),
                language: request.needs.language.clone(),
                priority: request.needs.priority,
            }),
            RequestStage::Assigned { .. } => {}
        }
    }
    let names = app.names.load();
    let mine = agents.iter().find(|(agent, _)| *agent == me);
    let none = AgentState::default();
    let mine = mine.map_or(&none, |(_, state)| state);
    Ok(DeskState {
        seq,
        me: Myself {
            agent: me.to_string(),
            name: staff.name.clone(),
            presence: mine.presence.name(),
            capacity: staff.capacity.into(),
            load: mine.load.into(),
        },
        reservations,
        conversations: rows
            .iter()
            .map(|row| Conversation::of(app, row, label(&row.customer)))
            .collect(),
        queue,
        agents: agents
            .iter()
            .filter(|(_, state)| state.profile.active)
            .map(|(agent, state)| Colleague {
                agent: agent.to_string(),
                name: names.get(agent).cloned().unwrap_or_default(),
                presence: state.presence.name(),
                load: state.load.into(),
            })
            .collect(),
        alerts: alerts
            .into_iter()
            .map(|alert| AlertLine {
                id: alert.alert.to_string(),
                at: alert.at.to_string(),
                customer: alert.customer.to_string(),
                text: alert.text,
            })
            .collect(),
        mode: app.core.world().mode.name(),
        offers: app
            .core
            .pacing_outlook()
            .await
            .as_ref()
            .and_then(Offers::of),
    })
}

/// Shows the desk.
#[utoipa::path(get, path = "/v1/desk/state", tag = "desk", security(("session_cookie" = [])),
    responses((status = 200, body = DeskState), (status = 401, body = ErrorBody)))]
async fn state(State(app): State<Shared>, auth: Auth<AtDesk>) -> ApiResult<Json<DeskState>> {
    let seq = *app.hub.desk().borrow();
    Ok(Json(read(&app, auth.staff()?, seq).await?))
}

#[derive(Deserialize, ToSchema)]
struct SetPresence {
    /// `available`, `busy`, `away` or `offline`.
    presence: String,
}

/// Says whether one takes work.
#[utoipa::path(post, path = "/v1/desk/presence", tag = "desk", request_body = SetPresence,
    security(("session_cookie" = [])), responses((status = 204), (status = 400, body = ErrorBody)))]
async fn presence(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Body(asked): Body<SetPresence>,
) -> ApiResult<StatusCode> {
    let presence = Presence::from_name(&asked.presence).ok_or_else(|| {
        ApiError::bad_input("presence", "expected available, busy, away or offline")
    })?;
    let event = RouteEvent::PresenceSet {
        agent: auth.agent()?,
        presence,
    };
    match submit(&app, Subject::Route(event)).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::Gone | Reply::NotYours | Reply::NotAvailable => Err(ApiError::conflict(
            "not_an_agent",
            "this account has no place in routing",
        )),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

#[derive(Serialize, ToSchema)]
struct Taken {
    conversation: String,
    customer: String,
}

fn reservation_gone() -> ApiError {
    ApiError::conflict(
        "reservation_gone",
        "the reservation was answered, has timed out, or was taken back",
    )
}

/// Takes an offered request.
#[utoipa::path(post, path = "/v1/desk/reservations/{reservation}/accept", tag = "desk",
    params(("reservation" = String, Path)), security(("session_cookie" = [])),
    responses((status = 200, body = Taken), (status = 409, body = ErrorBody)))]
async fn accept(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(reservation): Path<String>,
) -> ApiResult<Json<Taken>> {
    let reservation: ReservationId = fields::id("reservation", &reservation)?;
    let event = RouteEvent::ReservationAccepted {
        agent: auth.agent()?,
        reservation,
    };
    match submit(&app, Subject::Route(event)).await? {
        Reply::Assigned {
            customer,
            conversation,
        } => Ok(Json(Taken {
            conversation: conversation.to_string(),
            customer: customer.to_string(),
        })),
        Reply::Gone | Reply::NotYours | Reply::NotAvailable => Err(reservation_gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

/// Passes on an offered request.
#[utoipa::path(post, path = "/v1/desk/reservations/{reservation}/reject", tag = "desk",
    params(("reservation" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 409, body = ErrorBody)))]
async fn reject(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(reservation): Path<String>,
) -> ApiResult<StatusCode> {
    let reservation: ReservationId = fields::id("reservation", &reservation)?;
    let event = RouteEvent::ReservationRejected {
        agent: auth.agent()?,
        reservation,
    };
    match submit(&app, Subject::Route(event)).await? {
        Reply::Done | Reply::Duplicate => Ok(StatusCode::NO_CONTENT),
        Reply::Gone | Reply::NotYours | Reply::NotAvailable => Err(reservation_gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

/// Puts an alert away.
#[utoipa::path(post, path = "/v1/desk/alerts/{alert}/done", tag = "desk",
    params(("alert" = String, Path)), security(("session_cookie" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn alert_done(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path(alert): Path<String>,
) -> ApiResult<StatusCode> {
    let alert: DeliveryId = fields::id("alert", &alert)?;
    let (by, at) = (auth.agent()?, app.now());
    let found = app
        .store(move |store| store.finish_alert(alert, by, at))
        .await?;
    if !found {
        return Err(ApiError::not_found("open alert"));
    }
    app.hub.touch_desk();
    Ok(StatusCode::NO_CONTENT)
}
