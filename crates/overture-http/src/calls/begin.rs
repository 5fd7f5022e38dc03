//! Telling the engine that there is a call.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    AgentId, CALL_EXTERNAL_BYTES_MAX, CallBegan, CallDirection, CallEnd, CallFact, CallVia,
    CustomerBody, CustomerId, IdentifierKind, IdentityLevel, InteractionId, NotAnalysed, Reply,
    Subject,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use xxhash_rust::xxh3::xxh3_64;

use super::view;
use crate::{
    app::{App, Shared},
    auth::{Auth, Calls},
    desk::submit,
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields, identifiers,
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(disclosed))
        .routes(routes!(end))
}

/// A call that begins. Who calls, or is called, is known by `customer`, or by what is given of `phone`, `email` and `user_id`; without
/// any the call is of somebody unknown.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, ToSchema)]
pub(super) struct Begin {
    /// Its id where it comes from, at most 128 bytes. The same one again is the same call.
    pub(super) external_id: String,
    /// `stream` (live) or `recording`; `stream` where it is not said.
    #[serde(default)]
    pub(super) via: Option<String>,
    /// `cus_..`
    #[serde(default)]
    pub(super) customer: Option<String>,
    /// With its country code.
    #[serde(default)]
    pub(super) phone: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) user_id: Option<String>,
    /// `inbound` or `outbound`; `inbound` where it is not said.
    #[serde(default)]
    pub(super) direction: Option<String>,
    /// Whether the customer was told that the call is analysed. Nothing is listened to before.
    #[serde(default)]
    pub(super) disclosed: bool,
    /// Who talks with the customer: the `agt_..` of a member of staff.
    #[serde(default)]
    pub(super) agent: Option<String>,
    /// Whether the voices are made by a synthesiser, for a demonstration.
    #[serde(default)]
    pub(super) synthetic: bool,
}

/// A call as it stands for whoever brings it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Standing {
    pub(super) call: String,
    pub(super) customer: String,
    /// Whether it is listened to.
    pub(super) analysed: bool,
    /// Why it is not: `not_enabled`, `not_disclosed`, `opted_out` or `no_model`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_analysed: Option<&'static str>,
}

/// A call that the engine knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    pub(super) customer: CustomerId,
    pub(super) call: InteractionId,
    pub(super) not_analysed: Option<NotAnalysed>,
}

impl Begun {
    pub(super) fn standing(self, app: &App) -> Standing {
        let why = view::not_analysed(app, self.not_analysed);
        Standing {
            call: self.call.to_string(),
            customer: self.customer.to_string(),
            analysed: why.is_none(),
            not_analysed: why,
        }
    }
}

/// Begins a call whose audio comes over `/v1/calls/{call}/audio` or as a recording.
#[utoipa::path(post, path = "/v1/calls", tag = "calls", request_body = Begin,
    security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 201, body = Standing), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn begin(
    State(app): State<Shared>,
    _auth: Auth<Calls>,
    Body(asked): Body<Begin>,
) -> ApiResult<(StatusCode, Json<Standing>)> {
    let via = match asked.via.as_deref() {
        None | Some("stream") => CallVia::Stream,
        Some("recording") => CallVia::Recording,
        Some(_) => {
            return Err(ApiError::bad_input("via", "expected stream or recording"));
        }
    };
    let begun = tell(&app, via, &asked).await?;
    Ok((StatusCode::CREATED, Json(begun.standing(&app))))
}

/// Says that the customer was told: from now on the call is listened to, where it may be.
#[utoipa::path(post, path = "/v1/calls/{call}/disclosed", tag = "calls",
    params(("call" = String, Path)), security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 200, body = Standing), (status = 404, body = ErrorBody)))]
async fn disclosed(
    State(app): State<Shared>,
    _auth: Auth<Calls>,
    Path(call): Path<String>,
) -> ApiResult<Json<Standing>> {
    let (customer, call) = find(&app, &call).await?;
    let begun = submit_fact(&app, customer, CallFact::Disclosed { call }).await?;
    app.calls.permitted(call, begun.not_analysed.is_none());
    Ok(Json(begun.standing(&app)))
}

/// Ends a call. Where its audio still comes, that is no longer listened to.
#[utoipa::path(post, path = "/v1/calls/{call}/end", tag = "calls",
    params(("call" = String, Path)), security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
async fn end(
    State(app): State<Shared>,
    _auth: Auth<Calls>,
    Path(call): Path<String>,
) -> ApiResult<StatusCode> {
    let (customer, call) = find(&app, &call).await?;
    // Whoever carries the audio writes what is left of it first, and ends the call then.
    if !app.calls.hang_up(call) {
        let fact = CallFact::ended_unheard(call, CallEnd::HungUp);
        let body = CustomerBody::Call(Box::new(fact));
        match submit(&app, Subject::Customer(customer, body)).await? {
            Reply::Done => {}
            _ => return Err(ApiError::not_found("call that goes on")),
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// The call of this id, and whose it is.
pub(super) async fn find(app: &App, call: &str) -> ApiResult<(CustomerId, InteractionId)> {
    let call: InteractionId = fields::id("call", call)?;
    let found = app.store(move |store| store.call(call)).await?;
    let found = found.ok_or_else(|| ApiError::not_found("call"))?;
    Ok((found.customer, call))
}

/// Tells the engine that a call begins.
pub(super) async fn tell(app: &App, via: CallVia, asked: &Begin) -> ApiResult<Begun> {
    let external = fields::text("external_id", &asked.external_id, CALL_EXTERNAL_BYTES_MAX)?;
    let direction = match asked.direction.as_deref() {
        None | Some("inbound") => CallDirection::Inbound,
        Some("outbound" | "outbound-api" | "outbound-dial") => CallDirection::Outbound,
        Some(_) => {
            return Err(ApiError::bad_input(
                "direction",
                "expected inbound or outbound",
            ));
        }
    };
    let agent = match asked.agent.as_deref() {
        None | Some("") => None,
        Some(agent) => Some(fields::id::<AgentId>("agent", agent)?),
    };
    let began = CallBegan {
        key: xxh3_64(format!("{}\0{external}", via.name()).as_bytes()),
        via,
        external,
        direction,
        disclosed: asked.disclosed,
        agent,
        synthetic: asked.synthetic,
    };
    let body = CustomerBody::Call(Box::new(CallFact::Began(began)));
    let begun = begun(submit(app, subject(app, asked, body)?).await?)?;
    app.hub.touch_desk();
    Ok(begun)
}

/// Whom the call concerns. Programs with a secret vouch for what they name.
fn subject(app: &App, asked: &Begin, body: CustomerBody) -> ApiResult<Subject> {
    let given = |field: &'static str, text: &Option<String>| {
        let text = text.as_deref().map(str::trim);
        text.filter(|text| !text.is_empty())
            .map(|text| (field, text.to_owned()))
    };
    if let Some((field, customer)) = given("customer", &asked.customer) {
        return Ok(Subject::Customer(fields::id(field, &customer)?, body));
    }
    let mut found = Vec::new();
    let mut add = |field, kind, value: Option<String>, expected: &'static str| {
        let level = IdentityLevel::Verified;
        let one = value.and_then(|value| identifiers::identifier(&app.keys, kind, &value, level));
        match one {
            Some(one) => found.push(one),
            None => return Err(ApiError::bad_input(field, expected)),
        }
        Ok(())
    };
    if let Some((field, id)) = given("user_id", &asked.user_id) {
        add(
            field,
            IdentifierKind::UserId,
            Some(id),
            "expected a user id",
        )?;
    }
    if let Some((field, email)) = given("email", &asked.email) {
        let email = identifiers::email(&email).map(|email| email.into_owned());
        add(
            field,
            IdentifierKind::Email,
            email,
            "expected an e-mail address",
        )?;
    }
    if let Some((field, phone)) = given("phone", &asked.phone) {
        let phone = identifiers::phone(&phone);
        let expected = "expected a number with its country code, such as +442079460018";
        add(field, IdentifierKind::Phone, phone, expected)?;
    }
    if found.is_empty() {
        let name = format!("call:{}", asked.external_id);
        let kind = IdentifierKind::Anonymous;
        found.extend(identifiers::identifier(
            &app.keys,
            kind,
            &name,
            IdentityLevel::Anonymous,
        ));
    }
    Ok(Subject::Identified(found, body))
}

/// Tells the engine something of a call that is known.
pub(super) async fn submit_fact(
    app: &App,
    customer: CustomerId,
    fact: CallFact,
) -> ApiResult<Begun> {
    let body = CustomerBody::Call(Box::new(fact));
    begun(submit(app, Subject::Customer(customer, body)).await?)
}

fn begun(reply: Reply) -> ApiResult<Begun> {
    match reply {
        Reply::Call {
            customer,
            call,
            not_analysed,
        } => Ok(Begun {
            customer,
            call,
            not_analysed,
        }),
        // What may not be heard any more is taken and dropped.
        Reply::Gone | Reply::Done => Err(ApiError::not_found("call that goes on")),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}
