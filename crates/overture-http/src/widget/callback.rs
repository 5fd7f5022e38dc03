//! Callbacks as a visitor asks for them: which times there are, asking, moving, calling off.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use jiff::tz::TimeZone;
use overture_engine::model::{
    CallbackAsk, CallbackOffer, CallbackStage, CustomerBody, IdentifierKind, InteractionId,
    LinkKey, OfferId, Private, Reply, Slot, SlotRefusal, Timestamp, zone,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Visitor, actions::key, submit};
use crate::{
    app::{App, Shared},
    callback::{brand::CallbackBrand, codes::CodeProblem, number, times, times::SlotDay, words},
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields,
    keys::WidgetSession,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(slots))
        .routes(routes!(ask))
        .routes(routes!(code))
        .routes(routes!(move_to))
        .routes(routes!(cancel))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SlotsOf {
    /// The IANA zone to show times in; the session's when left out.
    zone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct CallbackTimes {
    now: NowBody,
    /// The days ahead that have room, in the customer's calendar.
    days: Vec<SlotDay>,
    /// The zone that the times are in.
    zone: String,
    slot_min: u32,
    /// Countries that are called, with their calling codes.
    #[schema(value_type = Object)]
    countries: std::collections::BTreeMap<String, u16>,
    /// The country of our own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    /// The number that we call from.
    #[serde(skip_serializing_if = "Option::is_none")]
    our_number: Option<String>,
    /// Whether text messages can be sent about the callback.
    texts: bool,
    /// Whether the number must be proven by a code that is sent to it.
    verify: bool,
}

#[derive(Serialize, ToSchema)]
struct NowBody {
    /// Whether somebody who calls is there now.
    open: bool,
    /// Expected wait in seconds, if that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait_s: Option<u32>,
}

/// Lists when a callback can be had: now, and the times ahead with room.
#[utoipa::path(get, path = "/v1/widget/callback/slots", tag = "widget", params(SlotsOf),
    security(("widget_session" = [])),
    responses((status = 200, body = CallbackTimes), (status = 400, body = ErrorBody)))]
async fn slots(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Params(asked): Params<SlotsOf>,
) -> ApiResult<Json<CallbackTimes>> {
    let (name, zone) = zone_of(&app, &session, asked.zone.as_deref()).await?;
    let brand = app.callback_brand(session.source);
    let now = app.now();
    let policy = app.policy().await?;
    let outlook = app
        .core
        .callback_outlook(session.customer)
        .await
        .ok_or_else(|| ApiError::not_found("customer"))?;
    let is_open = outlook.staffed && brand.hours.is_open(&brand.time_zone, now);
    let wait_s = outlook.wait_s.filter(|_| is_open);
    let settings = policy.routing.machine.callbacks.clone();
    let (days, brand) = tokio::task::spawn_blocking(move || {
        let free = times::free(&outlook, &settings, &brand.limits(), now);
        (times::by_day(&free, &zone), brand)
    })
    .await
    .map_err(|cause| ApiError::internal(&cause))?;
    Ok(Json(CallbackTimes {
        now: NowBody {
            open: is_open,
            wait_s,
        },
        days,
        zone: name,
        slot_min: brand.slot_min,
        countries: number::countries(&brand.countries),
        country: brand.phone.as_deref().and_then(number::country_of),
        our_number: brand.phone.as_deref().map(number::readable),
        texts: app.texts.is_some(),
        verify: brand.verify_sms && app.texts.is_some(),
    }))
}

async fn zone_of(
    app: &App,
    session: &WidgetSession,
    asked: Option<&str>,
) -> ApiResult<(String, TimeZone)> {
    if let Some(name) = asked.filter(|name| !name.is_empty()) {
        let found = zone(name).ok_or_else(|| {
            ApiError::bad_input(
                "zone",
                "expected the name of a time zone, like Europe/Berlin",
            )
        })?;
        return Ok((name.to_owned(), found));
    }
    let known = app.core.peek(session.customer).await;
    let name = known.and_then(|view| view.state.permission.time_zone);
    let found = name.and_then(|name| zone(&name).map(|zone| (name, zone)));
    Ok(found.unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC)))
}

/// A time as it came from the list.
#[derive(Deserialize, ToSchema, Clone)]
pub(crate) struct WantedSlot {
    /// In UTC, as it was listed.
    from: String,
    /// In UTC, as it was listed.
    to: String,
}

impl WantedSlot {
    /// The slot, if it is on the grid.
    pub(crate) fn checked(&self) -> ApiResult<Slot> {
        let time = |field: &'static str, text: &str| {
            text.parse::<jiff::Timestamp>()
                .map(|time| Timestamp(time.as_millisecond()))
                .map_err(|_| {
                    ApiError::bad_input(field, "expected a time like 2026-03-29T12:30:00Z")
                })
        };
        let slot = Slot {
            from: time("slot.from", &self.from)?,
            to: time("slot.to", &self.to)?,
        };
        if slot.is_on_grid() {
            Ok(slot)
        } else {
            Err(ApiError::bad_input("slot", "expected a time from the list"))
        }
    }
}

#[derive(Deserialize, ToSchema)]
struct AskCallback {
    /// In any form of its country, or international.
    phone: String,
    /// ISO 3166-1 alpha-2, for a national form.
    country: Option<String>,
    /// One of the listed times; left out for now.
    slot: Option<WantedSlot>,
    /// Whether text messages about this callback are wanted.
    #[serde(default)]
    texts: bool,
    /// The zone that the times were shown in.
    time_zone: Option<String>,
    /// The code that was sent to the number, where one is needed.
    code: Option<String>,
    /// The offer it is asked for with.
    offer: Option<String>,
    /// As it came with the offer.
    grant_token: Option<String>,
    /// The same key again has no second effect.
    idempotency_key: String,
}

#[derive(Serialize, ToSchema)]
struct Asked {
    conversation: String,
}

/// Asks to be called, now or at a time.
#[utoipa::path(post, path = "/v1/widget/callback", tag = "widget", request_body = AskCallback,
    security(("widget_session" = [])),
    responses((status = 200, body = Asked), (status = 400, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn ask(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<AskCallback>,
) -> ApiResult<Json<Asked>> {
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let slot = asked.slot.as_ref().map(WantedSlot::checked).transpose()?;
    let wanted = Wanted {
        phone: &asked.phone,
        country: asked.country.as_deref(),
        slot,
        texts: asked.texts,
        time_zone: asked.time_zone.as_deref(),
        code: asked.code.as_deref().unwrap_or_default(),
        offer: offer_of(&app, &asked)?,
    };
    let taken = take_on(&app, &session, key, &wanted).await?;
    settled(&app, &session, taken.conversation, key).await?;
    app.codes.used(taken.number);
    Ok(Json(Asked {
        conversation: taken.conversation.to_string(),
    }))
}

/// What is asked, as far as it was read.
#[derive(Default)]
struct Wanted<'a> {
    phone: &'a str,
    country: Option<&'a str>,
    slot: Option<Slot>,
    texts: bool,
    time_zone: Option<&'a str>,
    code: &'a str,
    offer: Option<CallbackOffer>,
}

/// A callback as soon as possible, as an offer or a request for help brings it. A
/// conversation that is open already is returned.
pub(super) async fn ask_now(
    app: &App,
    session: &WidgetSession,
    phone: Option<&str>,
    key: u64,
    offer: Option<CallbackOffer>,
) -> ApiResult<InteractionId> {
    let wanted = Wanted {
        phone: phone.unwrap_or_default(),
        offer,
        ..Wanted::default()
    };
    let taken = take_on(app, session, key, &wanted).await?;
    let view = app.core.peek(session.customer).await;
    match view.and_then(|view| view.state.callback_refusal) {
        Some(refused) if refused.key == key => Err(refusal(refused.why)),
        _ => {
            app.codes.used(taken.number);
            Ok(taken.conversation)
        }
    }
}

/// What was submitted. Routing may still refuse it: until that is known, the number's code
/// is good for another time.
struct Taken {
    conversation: InteractionId,
    number: LinkKey,
}

async fn take_on(
    app: &App,
    session: &WidgetSession,
    key: u64,
    wanted: &Wanted<'_>,
) -> ApiResult<Taken> {
    app.limits.callbacks.check(&session.session)?;
    let brand = app.callback_brand(session.source);
    let number = number::callable(wanted.phone, wanted.country, Some(&brand.countries))?;
    if let Some(slot) = wanted.slot {
        check_offered(&brand, slot)?;
    }
    let link = app.keys.link(IdentifierKind::Phone, &number.e164);
    if brand.verify_sms && app.texts.is_some() {
        app.codes
            .check(link, wanted.code, app.now())
            .map_err(code_problem)?;
    }
    let (zone_name, _) = zone_of(app, session, wanted.time_zone).await?;
    let ask = CallbackAsk {
        number: link,
        slot: wanted.slot,
        texts: wanted.texts && app.texts.is_some(),
        our_number: brand.phone.clone(),
        time_zone: Some(zone_name),
        language: Some(session.language.tag().to_owned()),
        hours: Some(brand.open_hours()),
    };
    let body = CustomerBody::CallbackAsked {
        ask: Box::new(ask),
        phone: Private::new(number.e164),
        key,
        offer: wanted.offer,
    };
    let conversation = match submit(app, session, body).await? {
        Reply::Conversation { conversation, .. } => conversation,
        Reply::Gone | Reply::NotAvailable => return Err(not_from_here()),
        other => return Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    };
    Ok(Taken {
        conversation,
        number: link,
    })
}

#[derive(Deserialize, ToSchema)]
struct WantCode {
    /// In any form of its country, or international.
    phone: String,
    /// ISO 3166-1 alpha-2, for a national form.
    country: Option<String>,
}

/// Sends a code to the number, where the brand wants numbers proven.
#[utoipa::path(post, path = "/v1/widget/callback/code", tag = "widget", request_body = WantCode,
    security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
async fn code(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Body(asked): Body<WantCode>,
) -> ApiResult<StatusCode> {
    app.limits.callbacks.check(&session.session)?;
    let brand = app.callback_brand(session.source);
    let texts = app.texts.clone().filter(|_| brand.verify_sms);
    let texts =
        texts.ok_or_else(|| ApiError::conflict("no_code_needed", "numbers need no code here"))?;
    let number = number::callable(
        &asked.phone,
        asked.country.as_deref(),
        Some(&brand.countries),
    )?;
    let link = app.keys.link(IdentifierKind::Phone, &number.e164);
    let code = format!("{:06}", rand::random_range(0..1_000_000u32));
    app.codes
        .put(link, &code, app.now())
        .map_err(code_problem)?;
    let text = words::code_text(&code, session.language.tag());
    let sent = tokio::task::spawn_blocking(move || texts.send(&number.e164, &text)).await;
    match sent {
        Ok(Ok(())) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(reason)) => {
            tracing::warn!(%reason, "a code could not be sent");
            Err(ApiError {
                field: Some("phone".to_owned()),
                ..ApiError::new(
                    StatusCode::BAD_GATEWAY,
                    "code_not_sent",
                    "the code could not be sent to this number",
                )
            })
        }
        Err(cause) => Err(ApiError::internal(&cause)),
    }
}

fn code_problem(problem: CodeProblem) -> ApiError {
    let (code, message) = match problem {
        CodeProblem::TooSoon(seconds) => return ApiError::too_many(seconds),
        CodeProblem::Wrong => (
            "code_wrong",
            "expected the code that was sent to the number",
        ),
        CodeProblem::Over => (
            "code_over",
            "the code is over or was tried too often: ask for a new one",
        ),
    };
    ApiError {
        field: Some("code".to_owned()),
        ..ApiError::new(StatusCode::BAD_REQUEST, code, message)
    }
}

fn offer_of(app: &App, asked: &AskCallback) -> ApiResult<Option<CallbackOffer>> {
    let Some(offer) = asked.offer.as_deref().filter(|offer| !offer.is_empty()) else {
        return Ok(None);
    };
    let offer: OfferId = fields::id("offer", offer)?;
    let token = asked
        .grant_token
        .as_deref()
        .filter(|token| !token.is_empty());
    // A token that is not genuine opens nothing; the request is then the customer's own.
    let grant = token.and_then(|token| app.keys.open_grant(token));
    Ok(Some(CallbackOffer {
        offer,
        grant: grant.map(|grant| grant.grant),
    }))
}

/// Times outside the brand's hours are not on the list.
pub(crate) fn check_offered(brand: &CallbackBrand, slot: Slot) -> ApiResult<()> {
    if times::is_offered(slot, &brand.limits()) {
        return Ok(());
    }
    Err(refusal(SlotRefusal::OutOfReach))
}

fn opened(reply: Reply) -> ApiResult<InteractionId> {
    match reply {
        Reply::Conversation { conversation, .. } => Ok(conversation),
        Reply::Gone | Reply::NotYours => Err(gone()),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}

/// The session may not have a callback: it came from a link, or the one callback that there
/// can be belongs to another browser.
fn not_from_here() -> ApiError {
    ApiError::conflict(
        "callback_not_here",
        "a call cannot be asked for from here now: chat instead",
    )
}

fn gone() -> ApiError {
    ApiError::conflict("callback_gone", "the callback is over or has begun")
}

/// What routing made of it, once everything is committed.
async fn settled(
    app: &App,
    session: &WidgetSession,
    conversation: InteractionId,
    key: u64,
) -> ApiResult<()> {
    let Some(view) = app.core.peek(session.customer).await else {
        return Err(gone());
    };
    let state = view.state;
    if let Some(refused) = state.callback_refusal.filter(|refused| refused.key == key) {
        return Err(refusal(refused.why));
    }
    let mut there = state.open().chain(state.scheduled.as_deref());
    match there.find(|there| there.conversation == conversation) {
        Some(there) if there.key == key => Ok(()),
        Some(_) => Err(ApiError::conflict(
            "callback_open",
            "there is a conversation or a callback already: change that one",
        )),
        None => Err(gone()),
    }
}

/// Why routing did not book, as an answer.
pub(crate) fn refusal(why: SlotRefusal) -> ApiError {
    let (status, message) = match why {
        SlotRefusal::Full => (
            StatusCode::CONFLICT,
            "this time was just taken: choose another one",
        ),
        SlotRefusal::OutOfReach => (
            StatusCode::CONFLICT,
            "expected a time from the list; it may have passed",
        ),
        SlotRefusal::NumberLimit => (
            StatusCode::TOO_MANY_REQUESTS,
            "too many callbacks to this number today",
        ),
        SlotRefusal::NumberCoolDown => (
            StatusCode::TOO_MANY_REQUESTS,
            "a callback to this number was asked for a moment ago",
        ),
        SlotRefusal::NumberBlocked => (
            StatusCode::FORBIDDEN,
            "callbacks to this number are not available",
        ),
    };
    ApiError {
        field: matches!(why, SlotRefusal::Full | SlotRefusal::OutOfReach)
            .then(|| "slot".to_owned())
            .or_else(|| Some("phone".to_owned())),
        ..ApiError::new(status, why.name(), message)
    }
}

#[derive(Deserialize, ToSchema)]
struct MoveCallback {
    slot: WantedSlot,
    /// The same key again has no second effect.
    idempotency_key: String,
}

/// Moves a booked callback to another time.
#[utoipa::path(post, path = "/v1/widget/callback/{conversation}/move", tag = "widget",
    params(("conversation" = String, Path)), request_body = MoveCallback,
    security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody)))]
async fn move_to(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(conversation): Path<String>,
    Body(asked): Body<MoveCallback>,
) -> ApiResult<StatusCode> {
    app.limits.callbacks.check(&session.session)?;
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    let slot = asked.slot.checked()?;
    check_offered(&app.callback_brand(session.source), slot)?;
    let key = key("idempotency_key", &asked.idempotency_key)?;
    let body = CustomerBody::CallbackMoved {
        conversation,
        slot,
        key,
    };
    opened(submit(&app, &session, body).await?)?;
    moved(&app, session.customer, slot, key).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a move was made, once everything is committed.
pub(crate) async fn moved(
    app: &App,
    customer: overture_engine::model::CustomerId,
    slot: Slot,
    key: u64,
) -> ApiResult<()> {
    let Some(view) = app.core.peek(customer).await else {
        return Err(gone());
    };
    let state = view.state;
    if let Some(refused) = state.callback_refusal.filter(|refused| refused.key == key) {
        return Err(refusal(refused.why));
    }
    let callback = state.scheduled.and_then(|scheduled| scheduled.callback);
    let holds = callback.is_some_and(|callback| {
        callback.stage == CallbackStage::Booked && callback.ask.slot == Some(slot)
    });
    if holds { Ok(()) } else { Err(gone()) }
}

/// Calls a callback off.
#[utoipa::path(post, path = "/v1/widget/callback/{conversation}/cancel", tag = "widget",
    params(("conversation" = String, Path)), security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn cancel(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(conversation): Path<String>,
) -> ApiResult<StatusCode> {
    let conversation: InteractionId = fields::id("conversation", &conversation)?;
    let body = CustomerBody::CallbackCancelled {
        conversation,
        by: None,
    };
    // One that is over already is what was wanted.
    submit(&app, &session, body).await?;
    Ok(StatusCode::NO_CONTENT)
}
