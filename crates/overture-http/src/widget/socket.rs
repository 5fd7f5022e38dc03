//! The widget's socket: a hint says that there is something, the table says what.

use std::{ops::ControlFlow, time::Duration};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    http::HeaderMap,
    response::Response,
};
use overture_engine::model::Timestamp;
use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{admit, chat, feed, still_holds};
use crate::{
    app::Shared,
    error::{ApiResult, ErrorBody, Params},
    keys::WidgetSession,
    presence,
};

/// Bytes that may wait to be written; a socket that takes them no faster is closed.
pub(crate) const SOCKET_BUFFER_BYTES_MAX: usize = 256 * 1024;
/// The largest message that a client may send, bytes.
pub(crate) const SOCKET_MESSAGE_BYTES_MAX: usize = 16 * 1024;
/// How often a socket shows that it lives.
pub(crate) const PING_EVERY: Duration = Duration::from_secs(20);
/// How long one write may take before the socket is closed.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(socket))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct SocketQuery {
    /// The session token: browsers cannot set a header here.
    #[serde(default)]
    token: String,
    /// The last number seen.
    #[serde(default)]
    after: u64,
}

/// Pushes the feed: `{"items":[..],"seq":n}` frames, the first one at once, and
/// `{"ping":true}` every 20 s.
#[utoipa::path(get, path = "/v1/widget/socket", tag = "widget", params(SocketQuery),
    responses((status = 101, description = "the socket is open"), (status = 401, body = ErrorBody)))]
async fn socket(
    State(app): State<Shared>,
    Params(query): Params<SocketQuery>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> ApiResult<Response> {
    let session = admit(&app, &query.token, &headers).await?;
    let upgrade = upgrade.map_err(|_| not_a_socket())?;
    Ok(sized(upgrade).on_upgrade(move |socket| serve(app, session, query.after, socket)))
}

pub(crate) fn not_a_socket() -> crate::error::ApiError {
    crate::error::ApiError::new(
        axum::http::StatusCode::UPGRADE_REQUIRED,
        "not_a_socket",
        "expected a websocket upgrade",
    )
}

pub(crate) fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .write_buffer_size(0)
        .max_write_buffer_size(SOCKET_BUFFER_BYTES_MAX)
        .max_message_size(SOCKET_MESSAGE_BYTES_MAX)
        .max_frame_size(SOCKET_MESSAGE_BYTES_MAX)
}

/// Sends one frame. Breaks when the other end is gone or too slow.
pub(crate) async fn send(socket: &mut WebSocket, text: String) -> ControlFlow<()> {
    match timeout(WRITE_WITHIN, socket.send(Message::Text(text.into()))).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
    }
}

/// Says good-bye so that the client reconnects elsewhere or later.
pub(crate) async fn close(socket: &mut WebSocket, code: u16) {
    let frame = CloseFrame {
        code,
        reason: "".into(),
    };
    // The other end may be gone already; there is nobody left to tell.
    let _ = timeout(WRITE_WITHIN, socket.send(Message::Close(Some(frame)))).await;
}

pub(crate) const PING: &str = r#"{"ping":true}"#;

/// Resolves when the server stops.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        // Nobody can stop us any more.
        std::future::pending::<()>().await;
    }
}

async fn serve(app: Shared, session: WidgetSession, after: u64, mut socket: WebSocket) {
    metrics::gauge!("overture_widget_sockets").increment(1.0);
    let end = follow(&app, session, after, &mut socket).await;
    close(&mut socket, end).await;
    metrics::gauge!("overture_widget_sockets").decrement(1.0);
}

/// Runs until the socket is to be closed; returns the close code.
async fn follow(
    app: &Shared,
    mut session: WidgetSession,
    mut after: u64,
    socket: &mut WebSocket,
) -> u16 {
    let mut stopping = app.stopping.clone();
    let mut watch = app.hub.watch(session.customer);
    let mut here = presence::arrived(app, session.customer);
    let mut typed_at = Timestamp(0);
    let mut ping = interval(PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ping.reset();
    let mut first = true;
    loop {
        // Marked before the read: what is committed during it is hinted again.
        watch.changed.mark_unchanged();
        if !matches!(still_holds(app, &session).await, Ok(true)) {
            return close_code::POLICY;
        }
        let Ok((customer, feed)) = feed::read(app, &session, after).await else {
            return close_code::AGAIN;
        };
        if customer != session.customer {
            // Folded into another meanwhile: watch that one and read once more.
            session.customer = customer;
            watch = app.hub.watch(customer);
            drop(std::mem::replace(
                &mut here,
                presence::arrived(app, customer),
            ));
            continue;
        }
        if first {
            // How far both sides read; later marks come as frames of their own.
            if let Some(marks) = chat::read_marks(app, &session).await
                && send(socket, marks).await.is_break()
            {
                return close_code::POLICY;
            }
        }
        if first || !feed.items.is_empty() {
            let Ok(text) = serde_json::to_string(&feed) else {
                return close_code::ERROR;
            };
            if send(socket, text).await.is_break() {
                return close_code::POLICY;
            }
        }
        first = false;
        after = feed.seq;
        loop {
            tokio::select! {
                changed = watch.changed.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return close_code::RESTART,
                },
                _ = ping.tick() => {
                    if app.now() >= session.expires_at {
                        return close_code::POLICY;
                    }
                    if send(socket, PING.to_owned()).await.is_break() {
                        return close_code::POLICY;
                    }
                    // Also looks whether the customer was folded into another.
                    break;
                }
                frame = watch.frames.recv() => {
                    if let Ok(frame) = frame
                        && session.asker().may_use(frame.conversation, frame.device)
                        && send(socket, frame.text.to_string()).await.is_break()
                    {
                        return close_code::POLICY;
                    }
                }
                message = socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => {
                        chat::heard(app, &session, &text, &mut typed_at).await;
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return close_code::NORMAL,
                    Some(Ok(_)) => {}
                },
                () = stopped(&mut stopping) => return close_code::RESTART,
            }
        }
    }
}
