//! The desk's socket: state when it changes, and the timelines that are looked at.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::Response,
};
use overture_engine::model::{ChatSide, CustomerId, InteractionId, Timestamp};
use overture_store::{Role, TimelineWindow};
use serde::Deserialize;
use serde_json::json;
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{conversations, state, timeline};
use crate::{
    app::Shared,
    auth::{self, AtDesk, Auth, Caller, SignedInStaff},
    calls::{LiveCall, Seen, changes, live_calls},
    client::PublicUrl,
    error::{ApiError, ApiResult, ErrorBody},
    hub::{CustomerFrame, Watch},
    widget::chat::{self, TYPING_EVERY},
    widget::socket::{PING, PING_EVERY, close, not_a_socket, send, sized, stopped},
};

/// Changes of the desk's state are collected for so long before they are sent.
const COLLECT_FOR: Duration = Duration::from_millis(100);
/// What is new in a timeline that somebody looks at is sent after at most so long.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Timelines that one desk may look at at once.
const WATCHED_MAX: usize = 20;
/// How often the list of calls that go on is sent at most.
const CALLS_EVERY: Duration = Duration::from_secs(1);
/// How often what is new of one call is sent at most.
const CALL_EVERY: Duration = Duration::from_millis(250);

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(socket))
}

#[derive(Deserialize)]
struct Said {
    watch: Option<Vec<String>>,
    /// A conversation in which this agent types.
    typing: Option<String>,
    #[serde(default)]
    after: HashMap<String, u64>,
    /// A call to follow; empty for none.
    call: Option<String>,
}

/// A call that is followed.
struct Followed {
    call: InteractionId,
    seen: Seen,
    /// What is heard of it now, and the changes of that.
    live: Option<(Arc<LiveCall>, watch::Receiver<u64>)>,
    is_new: bool,
}

impl Followed {
    fn new(call: &str) -> Option<Self> {
        Some(Self {
            call: call.parse().ok()?,
            seen: Seen::default(),
            live: None,
            is_new: true,
        })
    }

    /// Sends what is new, where anything is; whether more may come.
    async fn send(&mut self, app: &Shared, socket: &mut WebSocket) -> Result<bool, u16> {
        let live = app.calls.get(self.call);
        if live.is_some() != self.live.is_some() {
            // Its audio began to come, or is over: all of it is said anew.
            self.seen = Seen::default();
            self.is_new = true;
            self.live = live.map(|live| {
                let changed = live.changed();
                (live, changed)
            });
        }
        let has_changed = match &mut self.live {
            Some((_, changed)) => {
                let has_changed = changed.has_changed().unwrap_or(true);
                changed.mark_unchanged();
                has_changed
            }
            None => false,
        };
        if !self.is_new && !has_changed {
            return Ok(true);
        }
        self.is_new = false;
        let live = self.live.as_ref().map(|(live, _)| &**live);
        let Ok(frame) = changes(app, self.call, live, &mut self.seen).await else {
            return Ok(false);
        };
        if send(socket, frame.to_string()).await.is_break() {
            return Err(close_code::POLICY);
        }
        Ok(frame["call"]["call"]["status"] == "live")
    }
}

/// Pushes `{"state":..}` (first at once), `{"timeline":{customer,items,seq}}` for the
/// customers named by `{"watch":[..]}`, `{"calls":[..]}` when calls that go on changed, `{"call":{call,from,trace,utterances,partial}}`
/// for the one named by `{"call":"int_.."}` (each list is replaced from its place in `from` on), and `{"ping":true}`.
#[utoipa::path(get, path = "/v1/desk/socket", tag = "desk", security(("session_cookie" = [])),
    responses((status = 101, description = "the socket is open"), (status = 401, body = ErrorBody)))]
async fn socket(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    PublicUrl(url): PublicUrl,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    same_origin(&url, &headers)?;
    let Caller::Staff(staff) = auth.caller else {
        return Err(ApiError::not_allowed());
    };
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    Ok(sized(upgrade).on_upgrade(move |socket| serve(app, *staff, socket)))
}

/// A page elsewhere could open a socket with the visitor's cookie: it must be ours.
pub(crate) fn same_origin(url: &str, headers: &HeaderMap) -> ApiResult<()> {
    let host = |url: &str| url.split_once("://").map(|(_, host)| host.to_owned());
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let own = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let origin_host = host(origin);
    if origin_host.is_some() && (origin_host == host(url) || origin_host.as_deref() == own) {
        return Ok(());
    }
    Err(ApiError::not_allowed())
}

async fn serve(app: Shared, staff: SignedInStaff, mut socket: WebSocket) {
    metrics::gauge!("overture_desk_sockets").increment(1.0);
    let code = follow(&app, staff, &mut socket).await;
    close(&mut socket, code).await;
    metrics::gauge!("overture_desk_sockets").decrement(1.0);
}

/// A timeline that is looked at.
struct Looked {
    /// As the client named it.
    name: String,
    watch: Watch,
    /// Read up to here; `None` before the first read.
    after: Option<u64>,
}

impl Looked {
    /// Sends what is new, if anything is.
    async fn send(&mut self, app: &Shared, socket: &mut WebSocket) -> Result<(), u16> {
        let fresh = self.after.is_none();
        if !fresh && !self.watch.changed.has_changed().unwrap_or(true) {
            return Ok(());
        }
        self.watch.changed.mark_unchanged();
        let window = match self.after {
            Some(after) => TimelineWindow::After(after),
            None => TimelineWindow::Newest,
        };
        let (customer, page) = timeline::read(app, self.watch.customer, window, timeline::ROWS)
            .await
            .map_err(|_| close_code::AGAIN)?;
        if customer != self.watch.customer {
            // Folded into another: look at that one from now on.
            self.watch = app.hub.watch(customer);
        }
        if fresh || !page.items.is_empty() {
            let frame = json!({"timeline": {
                "customer": self.name, "items": page.items, "seq": page.seq,
            }});
            if send(socket, frame.to_string()).await.is_break() {
                return Err(close_code::POLICY);
            }
        }
        self.after = Some(page.seq);
        if page.more && !fresh {
            // More than one page came at once: go on with the next tick.
            self.watch.changed.mark_changed();
        }
        Ok(())
    }
}

async fn follow(app: &Shared, mut staff: SignedInStaff, socket: &mut WebSocket) -> u16 {
    let mut stopping = app.stopping.clone();
    let mut desk: watch::Receiver<u64> = app.hub.desk();
    desk.mark_changed();
    let mut looked: Vec<Looked> = Vec::new();
    let mut frames = app.hub.desk_frames();
    let mut typed_at = Timestamp(0);
    let mut tick = interval(COLLECT_FOR);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut calls = app.calls.changed();
    let mut calls_told = None;
    calls.mark_changed();
    let mut calls_tick = interval(CALLS_EVERY);
    calls_tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut followed: Option<Followed> = None;
    let mut call_tick = interval(CALL_EVERY);
    call_tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    loop {
        tokio::select! {
            _ = tick.tick() => {
                if desk.has_changed().unwrap_or(false) {
                    let seq = *desk.borrow_and_update();
                    let Ok(state) = state::read(app, &staff.staff, seq).await else {
                        return close_code::AGAIN;
                    };
                    if send(socket, json!({"state": state}).to_string()).await.is_break() {
                        return close_code::POLICY;
                    }
                }
            }
            _ = look.tick(), if !looked.is_empty() => {
                for one in &mut looked {
                    if let Err(code) = one.send(app, socket).await {
                        return code;
                    }
                }
            }
            _ = calls_tick.tick() => {
                if calls.has_changed().unwrap_or(false) {
                    calls.mark_unchanged();
                    let Ok(live) = live_calls(app).await else {
                        return close_code::AGAIN;
                    };
                    if calls_told.as_ref() != Some(&live) {
                        if send(socket, live.to_string()).await.is_break() {
                            return close_code::POLICY;
                        }
                        calls_told = Some(live);
                    }
                }
            }
            _ = call_tick.tick(), if followed.is_some() => {
                let Some(one) = &mut followed else { continue };
                match one.send(app, socket).await {
                    Ok(true) => {}
                    Ok(false) => followed = None,
                    Err(code) => return code,
                }
            }
            _ = ping.tick() => {
                // Signed out or switched off meanwhile: the socket ends too.
                match auth::by_hash(app, staff.session.token_hash).await {
                    Ok(Some(still)) => staff = still,
                    Ok(None) => return close_code::POLICY,
                    Err(_) => return close_code::AGAIN,
                }
                if send(socket, PING.to_owned()).await.is_break() {
                    return close_code::POLICY;
                }
                // Finds folded customers whose hint was lost.
                for one in &mut looked {
                    one.watch.changed.mark_changed();
                }
            }
            frame = frames.recv() => {
                let Ok(frame) = frame else { continue };
                let senior = matches!(staff.staff.role, Role::Admin | Role::Supervisor);
                if (senior || frame.agent == Some(staff.staff.agent))
                    && send(socket, frame.text.to_string()).await.is_break()
                {
                    return close_code::POLICY;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if let Ok(said) = serde_json::from_str::<Said>(&text) {
                        if let Some(conversation) = &said.typing {
                            types(app, &staff, conversation, &mut typed_at).await;
                        }
                        if let Some(call) = &said.call {
                            followed = Followed::new(call);
                        }
                        look_at(app, said, &mut looked);
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return close_code::NORMAL,
                Some(Ok(_)) => {}
            },
            () = stopped(&mut stopping) => return close_code::RESTART,
        }
    }
}

/// Tells the customer that their agent types.
async fn types(app: &Shared, staff: &SignedInStaff, conversation: &str, typed_at: &mut Timestamp) {
    let now = app.now();
    if now.since(*typed_at) < TYPING_EVERY {
        return;
    }
    *typed_at = now;
    let Ok((row, _)) = conversations::find(app, conversation).await else {
        return;
    };
    if row.agent != Some(staff.staff.agent) {
        return;
    }
    let Some(open) = app.core.peek(row.customer).await else {
        return;
    };
    let frame = CustomerFrame {
        text: chat::typing_frame(row.conversation, ChatSide::Staff),
        conversation: row.conversation,
        device: open
            .state
            .open_one(row.conversation)
            .and_then(|open| open.device),
    };
    app.hub.tell_customer(row.customer, frame);
}

/// Replaces the set of watched customers; those that stay keep their place.
fn look_at(app: &Shared, said: Said, looked: &mut Vec<Looked>) {
    let Some(names) = said.watch else { return };
    let mut kept = Vec::new();
    for name in names.into_iter().take(WATCHED_MAX) {
        let after = said.after.get(&name).copied();
        if let Some(at) = looked.iter().position(|one| one.name == name) {
            let mut one = looked.swap_remove(at);
            if after.is_some() && after != one.after {
                one.after = after;
                one.watch.changed.mark_changed();
            }
            kept.push(one);
        } else if let Ok(customer) = name.parse::<CustomerId>() {
            let mut watch = app.hub.watch(customer);
            watch.changed.mark_changed();
            kept.push(Looked { name, watch, after });
        }
    }
    *looked = kept;
}
