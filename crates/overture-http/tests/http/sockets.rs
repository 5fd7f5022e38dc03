use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use overture_engine::model::*;
use overture_http::Hint;
use overture_store::Role;
use serde_json::{Value, json};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest},
};

use crate::support::*;

pub(crate) async fn listen(server: &Server) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = server.router.clone();
    tokio::spawn(async move {
        axum::serve(
            listener,
            router.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .await
        .unwrap();
    });
    address
}

pub(crate) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// The next frame that is JSON.
pub(crate) async fn next(socket: &mut Socket) -> Value {
    loop {
        match socket.next().await.unwrap().unwrap() {
            // Desks are told who is on the phone beside everything else.
            Message::Text(text) if text.starts_with("{\"calls\"") => {}
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// The close code, once the socket is closed.
async fn closed(socket: &mut Socket) -> u16 {
    loop {
        if let Message::Close(Some(frame)) = socket.next().await.unwrap().unwrap() {
            return frame.code.into();
        }
    }
}

fn said(text: &str) -> TimelineBody {
    TimelineBody::Message {
        conversation: InteractionId::derive(NOW, Seq(9), 0),
        message: MessageId::derive(NOW, Seq(5), 0),
        author: Author::System,
        client_key: String::new(),
        text: Private::new(text),
        original: None,
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn a_hint_makes_the_widgets_socket_read_and_a_stop_ends_it() {
    let server = Server::start().await;
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let address = listen(&server).await;
    let say = |seq, text: &str| {
        server.commit(vec![row(
            customer,
            seq,
            Audience::Everyone,
            Some(device),
            said(text),
        )]);
    };
    say(1, "before");
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=0");
    let (mut socket, _) = connect_async(url).await.unwrap();
    let first = next(&mut socket).await;
    assert_eq!(first["items"][0]["text"], "before");
    assert_eq!(first["seq"], 1);

    say(2, "after");
    server.core.hints.send(Hint::Customer(customer, 2)).unwrap();
    let second = next(&mut socket).await;
    assert_eq!(second["items"][0]["text"], "after");
    assert_eq!(second["items"].as_array().unwrap().len(), 1);

    // Who reconnects with the last number gets only what came since, at once.
    say(3, "meanwhile");
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=2");
    let (mut again, _) = connect_async(url).await.unwrap();
    assert_eq!(next(&mut again).await["items"][0]["text"], "meanwhile");

    server.stop.send(true).unwrap();
    assert_eq!(closed(&mut again).await, 1012);
}

#[tokio::test]
async fn a_socket_follows_its_customer_into_another() {
    let server = Server::start().await;
    let (token, device) = server.widget().await;
    let from = FakeCore::customer_of(device);
    let into = CustomerId::derive(NOW, Seq(400), 0);
    let address = listen(&server).await;
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=0");
    let (mut socket, _) = connect_async(url).await.unwrap();
    assert_eq!(next(&mut socket).await["items"], json!([]));
    server.commit(vec![
        Effect::Merged {
            from,
            into,
            timeline_offset: 0,
        },
        row(
            into,
            1,
            Audience::Everyone,
            Some(device),
            said("welcome back"),
        ),
    ]);
    server.core.hints.send(Hint::Customer(from, 0)).unwrap();
    assert_eq!(next(&mut socket).await["items"][0]["text"], "welcome back");
    server.commit(vec![row(
        into,
        2,
        Audience::Everyone,
        Some(device),
        said("again"),
    )]);
    server.core.hints.send(Hint::Customer(into, 2)).unwrap();
    assert_eq!(next(&mut socket).await["items"][0]["text"], "again");
}

#[tokio::test]
async fn a_socket_without_a_session_is_refused() {
    let server = Server::start().await;
    let address = listen(&server).await;
    for path in ["/v1/widget/socket?token=wst_forged", "/v1/desk/socket"] {
        match connect_async(format!("ws://{address}{path}")).await {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), 401, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
    }
}

pub(crate) fn desk(
    address: SocketAddr,
    origin: &str,
) -> tokio_tungstenite::tungstenite::handshake::client::Request {
    let mut request = format!("ws://{address}/v1/desk/socket")
        .into_client_request()
        .unwrap();
    let cookie = format!("overture_session=cookie-{}", Role::Agent.name());
    request
        .headers_mut()
        .insert("cookie", cookie.parse().unwrap());
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    request
}

#[tokio::test]
async fn the_desks_socket_sends_state_and_watched_timelines() {
    let server = Server::start().await;
    let address = listen(&server).await;
    let customer = CustomerId::derive(NOW, Seq(500), 0);
    let page = |seq: u64| {
        let path = format!("/{seq}");
        row(
            customer,
            seq,
            Audience::Staff,
            None,
            TimelineBody::Page { path },
        )
    };
    server.commit(vec![page(1)]);
    let own = format!("http://{address}");
    let (mut socket, _) = connect_async(desk(address, &own)).await.unwrap();
    assert_eq!(next(&mut socket).await["state"]["mode"], "shadow");

    let watch = json!({"watch": [customer.to_string()]}).to_string();
    socket.send(Message::Text(watch.into())).await.unwrap();
    let frame = next(&mut socket).await;
    assert_eq!(frame["timeline"]["customer"], customer.to_string());
    assert_eq!(frame["timeline"]["items"][0]["path"], "/1");

    server.commit(vec![page(2)]);
    server.core.hints.send(Hint::Customer(customer, 2)).unwrap();
    let frame = next(&mut socket).await;
    assert_eq!(frame["timeline"]["seq"], 2);
    assert_eq!(frame["timeline"]["items"].as_array().unwrap().len(), 1);

    server.core.facts.lock().unwrap().mode = Mode::Live;
    server.core.hints.send(Hint::World(2)).unwrap();
    assert_eq!(next(&mut socket).await["state"]["mode"], "live");
}

#[tokio::test]
async fn a_page_elsewhere_cannot_open_the_desks_socket() {
    let server = Server::start().await;
    let address = listen(&server).await;
    match connect_async(desk(address, "https://evil.example")).await {
        Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), 403),
        other => panic!("{other:?}"),
    }
}
