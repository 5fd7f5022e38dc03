//! What goes on around a chat's messages: files, read marks, typing, presence, an address.

use futures_util::{FutureExt, SinkExt};
use overture_engine::model::*;
use overture_http::{ChatConfig, Config};
use overture_store::Role;
use serde_json::json;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{
    sockets::{desk, listen, next},
    support::*,
};

pub(crate) fn conversation() -> InteractionId {
    InteractionId::derive(NOW, Seq(9), 0)
}

fn config() -> Config {
    Config {
        chat: ChatConfig {
            away_after: Millis(1_000),
            file_bytes_max: 4_096,
            conversation_bytes_max: 6_000,
            email: true,
            ..ChatConfig::default()
        },
        ..Config::default()
    }
}

/// A customer in one browser who chats with the agent of the tests.
pub(crate) async fn chat() -> (Server, String, CustomerId) {
    chat_on(Server::start_with(config()).await).await
}

/// The same on a server that was started already.
pub(crate) async fn chat_on(server: Server) -> (Server, String, CustomerId) {
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let mut state = CustomerState::new(customer, NOW);
    state.conversation = Some(ConversationState {
        issues: Vec::new(),
        conversation: conversation(),
        request: RequestId::derive(NOW, Seq(9), 0),
        channel: ChannelKind::Chat,
        status: ConversationStatus::Assigned,
        agent: Some(agent(Role::Agent)),
        started_at: NOW,
        redemption: None,
        offer: None,
        key: 1,
        device: Some(device),
        phone: None,
        recent: Default::default(),
        chat: Box::default(),
        callback: None,
    });
    server.commit(vec![Effect::Conversation(ConversationRow {
        issue: None,
        conversation: conversation(),
        customer,
        request: RequestId::derive(NOW, Seq(9), 0),
        channel: ChannelKind::Chat,
        status: ConversationStatus::Assigned,
        agent: Some(agent(Role::Agent)),
        started_at: NOW,
        last_at: NOW,
        last_author: None,
        last_text: None,
        phone: None,
        code: None,
        chat: Box::default(),
        callback: None,
    })]);
    server.core.states.lock().unwrap().insert(customer, state);
    (server, token, customer)
}

fn png() -> Vec<u8> {
    let mut bytes =
        b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0CRC!".to_vec();
    bytes.extend(b"\0\0\0\x0ftEXt52.5163,13.3777CRC!\0\0\0\0IENDCRC!");
    bytes
}

fn widget_path() -> String {
    format!("/v1/widget/conversations/{}/attachments", conversation())
}

fn desk_path() -> String {
    format!("/v1/conversations/{}/attachments", conversation())
}

#[tokio::test]
async fn a_file_goes_from_the_customer_to_staff_and_nobody_else() {
    let (server, token, _) = chat().await;
    let path = format!("{}?name=..%2Fmy%20photo.PNG&alt=A%20bill", widget_path());
    let stored = server
        .post(&path)
        .bearer(&token)
        .header("content-type", "image/png")
        .body(png())
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(stored["name"], "my photo.png");
    assert_eq!(
        (stored["width_px"].clone(), stored["height_px"].clone()),
        (2.into(), 3.into())
    );
    let id = stored["id"].as_str().unwrap().to_owned();

    for (path, own) in [
        (format!("/v1/widget/attachments/{id}"), true),
        (format!("/v1/attachments/{id}"), false),
    ] {
        let call = server.get(&path);
        let call = if own {
            call.bearer(&token)
        } else {
            call.role(Role::Agent)
        };
        let answer = call.send().await.expect(200);
        assert_eq!(answer.header("content-type"), "image/png");
        assert_eq!(
            answer.header("content-disposition"),
            "inline; filename*=UTF-8''my%20photo.png"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("sandbox"));
        assert!(
            !answer.bytes.windows(7).any(|part| part == b"52.5163"),
            "where it was taken"
        );
        server.get(&path).send().await.expect(401);
    }
    // Another browser, with a session of its own.
    let (other, _) = server.widget().await;
    let theirs = server
        .get(format!("/v1/widget/attachments/{id}"))
        .bearer(&other);
    theirs.send().await.expect(404);
    let foreign = server
        .post(widget_path())
        .bearer(&other)
        .body(png())
        .send()
        .await;
    assert_eq!(foreign.expect(409).code(), "conversation_gone");

    let message = |attachments| {
        json!({"conversation": conversation().to_string(), "client_key": "k",
            "text": "", "attachments": attachments})
    };
    *server.core.reply.lock().unwrap() = Some(Reply::Message {
        message: MessageId::derive(NOW, Seq(1), 0),
        timeline_seq: 3,
    });
    let send = |attachments| {
        server
            .post("/v1/widget/messages")
            .bearer(&token)
            .json(&message(attachments))
            .send()
    };
    send(json!([{"id": id, "alt": "The last bill"}]))
        .await
        .expect(200);
    let Some(CustomerBody::CustomerMessage {
        attachments, text, ..
    }) = server.core.bodies().pop()
    else {
        panic!("a message is sent");
    };
    assert!(text.is_empty());
    assert_eq!(attachments[0].name.reveal(), "my photo.png");
    assert_eq!(attachments[0].alt.reveal(), "The last bill");
    // Without words and files there is no message; files of others are not sent.
    assert_eq!(send(json!([])).await.expect(400).json()["field"], "text");
    let unknown = AttachmentId::derive(NOW, Seq(7), 7).to_string();
    assert_eq!(
        send(json!([unknown])).await.expect(400).json()["field"],
        "attachments"
    );
    let six: Vec<&str> = vec![&id; 6];
    assert_eq!(
        send(json!(six)).await.expect(400).json()["field"],
        "attachments"
    );
    let reply = server
        .post(format!("/v1/conversations/{}/messages", conversation()))
        .role(Role::Agent)
        .json(&json!({"client_key": "d", "text": "see", "attachments": [id]}))
        .send()
        .await;
    assert_eq!(
        reply.expect(400).json()["field"],
        "attachments",
        "not staff's own file"
    );
}

#[tokio::test]
async fn files_that_are_too_large_or_something_else_are_refused() {
    let (server, token, _) = chat().await;
    let send = |content_type: &'static str, body: Vec<u8>| {
        server
            .post(widget_path())
            .bearer(&token)
            .header("content-type", content_type)
            .body(body)
            .send()
    };
    for (content_type, body, status, code) in [
        ("text/plain", vec![b'a'; 4_097], 413, "file_too_large"),
        (
            "image/svg+xml",
            b"<svg/>".to_vec(),
            415,
            "file_type_not_taken",
        ),
        ("text/html", b"<p>".to_vec(), 415, "file_type_not_taken"),
        (
            "image/png",
            b"MZ\x90\0".to_vec(),
            415,
            "file_is_something_else",
        ),
        (
            "text/plain",
            b"<script>1</script>".to_vec(),
            415,
            "file_is_something_else",
        ),
        ("image/png", png()[..18].to_vec(), 400, "bad_input"),
        ("text/plain", Vec::new(), 400, "bad_input"),
    ] {
        let answer = send(content_type, body).await.expect(status);
        assert_eq!(answer.code(), code, "{content_type}");
    }
    // Refused before it is read: the length alone is enough.
    let early = server
        .post(widget_path())
        .bearer(&token)
        .header("content-length", "999999999")
        .send()
        .await;
    assert_eq!(early.expect(413).json()["bytes_max"], 4_096);
    let answer = send("text/plain", vec![b'a'; 4_000]).await.expect(200);
    assert_eq!(answer.json()["name"], "file.txt");
    let full = send("text/plain", vec![b'a'; 4_000]).await.expect(413);
    assert_eq!(full.code(), "conversation_full");
}

#[tokio::test]
async fn a_text_file_is_only_saved_and_only_the_agent_sends_for_staff() {
    let (server, token, _) = chat().await;
    let stored = server
        .post(format!("{}?name=notes.txt", desk_path()))
        .role(Role::Agent)
        .header("content-type", "text/plain")
        .body("Grüße")
        .send()
        .await
        .expect(200)
        .json();
    let id = stored["id"].as_str().unwrap();
    let answer = server
        .get(format!("/v1/widget/attachments/{id}"))
        .bearer(&token)
        .send()
        .await
        .expect(200);
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment;")
    );
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    let supervisor = server
        .post(desk_path())
        .role(Role::Supervisor)
        .body("hi")
        .send()
        .await;
    assert_eq!(supervisor.expect(403).code(), "not_yours");
}

#[tokio::test]
async fn an_address_is_checked_and_kept_only_where_mail_is_sent() {
    let (server, token, _) = chat().await;
    let known = server
        .get("/v1/widget/chat")
        .bearer(&token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(known["ask_email"], true);
    assert_eq!(known["attachments"]["bytes_max"], 4_096);
    assert_eq!(known["is_open"], true);
    *server.core.reply.lock().unwrap() = Some(Reply::Duplicate);
    let details = |body| {
        server
            .post("/v1/widget/chat/details")
            .bearer(&token)
            .json(&body)
            .send()
    };
    let wrong = details(json!({"email": "ann@"})).await.expect(400);
    assert_eq!(wrong.json()["field"], "email");
    let long = details(json!({"terms": "x".repeat(1_001)}))
        .await
        .expect(400);
    assert_eq!(long.json()["field"], "terms");
    details(json!({"email": " Ann@Example.com ", "terms": "By chatting you agree"}))
        .await
        .expect(204);
    let Some(CustomerBody::ChatDetails(told)) = server.core.bodies().pop() else {
        panic!("the details are told");
    };
    assert_eq!(told.email.unwrap().reveal(), "ann@example.com");
    assert_eq!(told.terms.as_deref(), Some("By chatting you agree"));

    let without = Server::start().await;
    let (token, _) = without.widget().await;
    let chat = without
        .get("/v1/widget/chat")
        .bearer(&token)
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(chat["ask_email"], false);
    let refused = without
        .post("/v1/widget/chat/details")
        .bearer(&token)
        .json(&json!({"email": "ann@example.com"}))
        .send()
        .await;
    assert_eq!(refused.expect(409).code(), "email_not_sent");
}

#[tokio::test]
async fn typing_and_reading_reach_the_other_side_and_nobody_stores_them() {
    let (server, token, _) = chat().await;
    let address = listen(&server).await;
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=0");
    let (mut widget, _) = connect_async(url).await.unwrap();
    assert_eq!(next(&mut widget).await["items"], json!([]));
    let own = format!("http://{address}");
    let (mut staff, _) = connect_async(desk(address, &own)).await.unwrap();
    let state = next(&mut staff).await;
    assert_eq!(state["state"]["conversations"][0]["here"], true);

    let id = conversation().to_string();
    let typing = || Message::Text(json!({"typing": id}).to_string().into());
    for _ in 0..5 {
        widget.send(typing()).await.unwrap();
        staff.send(typing()).await.unwrap();
    }
    let frame = loop {
        let frame = next(&mut staff).await;
        if frame["typing"].is_object() {
            break frame;
        }
    };
    assert_eq!(
        frame["typing"],
        json!({"conversation": id, "author": "customer"})
    );
    let frame = next(&mut widget).await;
    assert_eq!(
        frame["typing"],
        json!({"conversation": id, "author": "agent"})
    );

    server
        .post(format!("/v1/conversations/{id}/read"))
        .role(Role::Agent)
        .json(&json!({"seq": 7}))
        .send()
        .await
        .expect(204);
    // Of five signs that somebody types one was told: the next frame is the mark.
    let frame = next(&mut widget).await;
    assert_eq!(
        frame["read"],
        json!({"conversation": id, "by": "agent", "seq": 7})
    );
    server
        .post(format!("/v1/widget/conversations/{id}/read"))
        .bearer(&token)
        .json(&json!({"seq": 8}))
        .send()
        .await
        .expect(204);
    let reads: Vec<ChatRead> = server
        .core
        .bodies()
        .into_iter()
        .filter_map(|body| match body {
            CustomerBody::ChatRead(read) => Some(read),
            _ => None,
        })
        .collect();
    assert_eq!(reads.len(), 2);
    assert_eq!(
        (reads[0].agent, reads[0].timeline_seq),
        (Some(agent(Role::Agent)), 7)
    );
    assert_eq!((reads[1].agent, reads[1].timeline_seq), (None, 8));
}

/// The last word the core heard about who is there.
fn presence(server: &Server) -> Option<Option<Timestamp>> {
    server
        .core
        .bodies()
        .into_iter()
        .rev()
        .find_map(|body| match body {
            CustomerBody::ChatPresence { left_at } => Some(left_at),
            _ => None,
        })
}

async fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), asking)
        .await
        .unwrap()
}

#[tokio::test]
async fn closing_the_last_socket_is_leaving_only_after_a_while() {
    let (server, token, customer) = chat().await;
    let address = listen(&server).await;
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=0");
    let open = || connect_async(url.clone()).map(|opened| opened.unwrap().0);
    let mut first = open().await;
    next(&mut first).await;
    drop(first);
    // A page change: the next page's socket comes within the while.
    let mut second = open().await;
    next(&mut second).await;
    server.advance(Millis(5_000));
    assert_eq!(presence(&server), None, "nobody left");
    drop(second);
    until(|| {
        server.advance(Millis(400));
        presence(&server)
    })
    .await
    .expect("somebody left");
    let left = presence(&server).unwrap().unwrap();
    assert!(
        left >= NOW + Millis(5_000),
        "{left} is when the socket closed"
    );
    // The core believes it now; who comes back is told to be there.
    {
        let mut states = server.core.states.lock().unwrap();
        let state = states.get_mut(&customer).unwrap();
        state.conversation.as_mut().unwrap().chat.left_at = Some(left);
    }
    server
        .get("/v1/widget/feed?after=0")
        .bearer(&token)
        .send()
        .await
        .expect(200);
    until(|| (presence(&server) == Some(None)).then_some(())).await;
}

/// Somebody without a conversation whose offer has a seat is missed too: others need the seat.
#[tokio::test]
async fn who_closes_the_page_on_an_offer_with_a_seat_has_left() {
    let (server, token, customer) = chat().await;
    let mut state = CustomerState::new(customer, NOW);
    state.offer = Some(OfferState {
        offer: OfferId::derive(NOW, Seq(1), 0),
        decision: DecisionId::derive(NOW, Seq(1), 0),
        rule: RuleKey(1),
        style: OfferStyle::Banner,
        stage: OfferStage::Shown,
        options: [OfferOptionKind::Chat, OfferOptionKind::Faq]
            .into_iter()
            .collect(),
        seat: true,
        grant: None,
        device: None,
        made_at: NOW,
        expires_at: NOW + Millis(300_000),
    });
    server.core.states.lock().unwrap().insert(customer, state);
    let address = listen(&server).await;
    let url = format!("ws://{address}/v1/widget/socket?token={token}&after=0");
    next(&mut connect_async(url).await.unwrap().0).await;
    let left = until(|| {
        server.advance(Millis(400));
        presence(&server)
    });
    assert!(left.await.is_some(), "the engine knows that they left");
}

#[tokio::test]
async fn a_transcript_holds_what_the_session_may_see() {
    let (server, token, customer) = chat().await;
    let (other, device) = server.widget().await;
    let _ = other;
    let said = |seq, text: &str, device| {
        Effect::Timeline(TimelineItem {
            customer,
            seq,
            at: NOW,
            audience: Audience::Everyone,
            device: Some(device),
            body: TimelineBody::Message {
                conversation: conversation(),
                message: MessageId::derive(NOW, Seq(seq), 0),
                author: if seq == 1 {
                    Author::Customer
                } else {
                    Author::Agent(agent(Role::Agent))
                },
                client_key: String::new(),
                text: Private::new(text),
                original: None,
                attachments: Vec::new(),
            },
        })
    };
    let own = {
        let states = server.core.states.lock().unwrap();
        states[&customer]
            .conversation
            .as_ref()
            .unwrap()
            .device
            .unwrap()
    };
    server.commit(vec![
        said(1, "Hello\nthere", own),
        said(2, "Good day", own),
        said(3, "in another browser", device),
    ]);
    let path = format!("/v1/widget/conversations/{}/transcript", conversation());
    let answer = server.get(&path).bearer(&token).send().await.expect(200);
    let text = String::from_utf8(answer.bytes.clone()).unwrap();
    assert!(
        answer
            .header("content-disposition")
            .starts_with("attachment")
    );
    assert!(text.contains("You: Hello\r\n there"), "{text}");
    assert!(
        text.contains("Good day") && !text.contains("another browser"),
        "{text}"
    );
    let elsewhere = InteractionId::derive(NOW, Seq(77), 0);
    let path = format!("/v1/widget/conversations/{elsewhere}/transcript");
    server.get(&path).bearer(&token).send().await.expect(404);
}

#[tokio::test]
async fn what_was_replaced_is_the_customers_and_staffs_who_say_why() {
    let (server, token, customer) = chat().await;
    let device = {
        let states = server.core.states.lock().unwrap();
        let open = states[&customer].conversation.as_ref().unwrap();
        open.device.unwrap()
    };
    let written = |seq, text: &str, original: Option<&str>| {
        Effect::Timeline(TimelineItem {
            customer,
            seq,
            at: NOW,
            audience: Audience::Everyone,
            device: Some(device),
            body: TimelineBody::Message {
                conversation: conversation(),
                message: MessageId::derive(NOW, Seq(seq), 0),
                author: Author::Customer,
                client_key: String::new(),
                text: Private::new(text),
                original: original.map(Private::new),
                attachments: Vec::new(),
            },
        })
    };
    server.commit(vec![
        written(
            1,
            "mail [email:k3v7x2aq] [card]",
            Some("mail ada@example.org [card]"),
        ),
        written(2, "just [card]", None),
    ]);

    let feed = server.get("/v1/widget/feed?after=0").bearer(&token);
    let feed = feed.send().await.expect(200).json();
    assert_eq!(feed["items"][0]["text"], "mail ada@example.org [card]");
    let path = format!("/v1/widget/conversations/{}/transcript", conversation());
    let copy = server.get(&path).bearer(&token).send().await.expect(200);
    assert!(String::from_utf8_lossy(&copy.bytes).contains("ada@example.org"));

    let path = format!("/v1/customers/{customer}/timeline");
    for role in [Role::Agent, Role::Analyst] {
        let shown = server.get(&path).role(role).send().await.expect(200).json();
        assert_eq!(shown["items"][0]["text"], "mail [email:k3v7x2aq] [card]");
        assert_eq!(shown["items"][0]["redacted"], true);
        assert_eq!(shown["items"][1]["redacted"], serde_json::Value::Null);
        assert!(!shown.to_string().contains("ada@example.org"));
    }

    let path = format!("/v1/conversations/{}/messages", conversation());
    let ask = async |seq: u64, role: Role, reason: &str, status: u16| {
        let call = server.post(format!("{path}/{seq}/reveal")).role(role);
        let answer = call.json(&json!({ "reason": reason })).send().await;
        answer.expect(status)
    };
    for (seq, role, reason, status) in [
        (1, Role::Analyst, "to see", 403),
        (1, Role::Agent, " x ", 400),
        (1, Role::Agent, &"x".repeat(301), 400),
        (2, Role::Agent, "to see", 404),
        (9, Role::Agent, "to see", 404),
    ] {
        ask(seq, role, reason, status).await;
    }
    let is_look = |body: &CustomerBody| matches!(body, CustomerBody::Revealed { .. });
    assert!(
        !server.core.bodies().iter().any(is_look),
        "nobody saw anything"
    );
    for role in [Role::Agent, Role::Supervisor, Role::Admin] {
        server.reply(Reply::Done);
        let shown = ask(1, role, " to write to her ", 200).await.json();
        assert_eq!(shown["text"], "mail ada@example.org [card]");
        let Some(CustomerBody::Revealed {
            agent: by,
            row,
            reason,
        }) = server.core.bodies().pop()
        else {
            panic!("it is said who looked");
        };
        assert_eq!((by, row), (agent(role), 1));
        assert_eq!(reason.reveal(), "to write to her");
    }
}

#[tokio::test]
async fn who_claims_the_customers_name_touches_nothing_of_the_chat() {
    let (server, _, customer) = chat().await;
    {
        let mut states = server.core.states.lock().unwrap();
        let open = states.get_mut(&customer).unwrap().conversation.as_mut();
        let known = &mut open.unwrap().chat;
        known.email = Some(Private::new("ann@example.com"));
        known.terms = "as shown".to_owned();
    }
    *server.core.claimed.lock().unwrap() = Some(customer);
    let (token, device) = server.widget().await;
    let id = conversation();
    let seen = server.get("/v1/widget/chat").bearer(&token).send().await;
    let seen = seen.expect(200).json();
    assert_eq!(seen["email_hint"], serde_json::Value::Null);
    assert_eq!(seen["terms_recorded"], false);
    let upload = server.post(widget_path()).bearer(&token);
    let upload = upload.header("content-type", "text/plain").body("x");
    assert_eq!(upload.send().await.expect(409).code(), "conversation_gone");

    // Everything else is for the engine to say, who is told in which browser it was asked.
    server.reply(Reply::Gone);
    let slot = json!({"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T10:15:00Z"});
    for (path, body, status) in [
        (
            "/v1/widget/messages".to_owned(),
            json!({"conversation": id.to_string(), "text": "x", "client_key": "k"}),
            409,
        ),
        (
            "/v1/widget/messages".to_owned(),
            json!({"conversation": id.to_string(), "client_key": "k",
                "attachments": [AttachmentId::derive(NOW, Seq(1), 0).to_string()]}),
            409,
        ),
        (
            "/v1/widget/help".to_owned(),
            json!({"channel": "chat", "idempotency_key": "k"}),
            409,
        ),
        (
            "/v1/widget/chat/details".to_owned(),
            json!({"email": "thief@example.com"}),
            409,
        ),
        (
            format!("/v1/widget/conversations/{id}/read"),
            json!({"seq": 3}),
            409,
        ),
        (format!("/v1/widget/conversations/{id}/end"), json!({}), 204),
        (format!("/v1/widget/callback/{id}/cancel"), json!({}), 204),
        (
            "/v1/widget/callback".to_owned(),
            json!({"phone": "+442079460018", "idempotency_key": "k"}),
            409,
        ),
    ] {
        let answer = server.post(&path).bearer(&token).json(&body).send().await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        let asked = server.core.last().subject;
        if let Subject::Visitor(whose, asker, _) = asked {
            assert_eq!((whose, asker.device, asker.only), (customer, device, None));
        } else {
            panic!("{path} was asked as {asked:?}");
        }
    }
    let path = format!("/v1/widget/callback/{id}/move");
    let body = json!({"slot": slot, "idempotency_key": "k"});
    let moved = server.post(&path).bearer(&token).json(&body).send().await;
    moved.expect(409);
}

#[tokio::test]
async fn files_go_along_when_the_chat_ended_before_they_were_sent() {
    let (server, token, customer) = chat().await;
    let stored = server
        .post(widget_path())
        .bearer(&token)
        .header("content-type", "text/plain")
        .body("a bill")
        .send()
        .await
        .expect(200)
        .json();
    let id: AttachmentId = stored["id"].as_str().unwrap().parse().unwrap();
    let next = InteractionId::derive(NOW, Seq(10), 0);
    let send = |conversation: InteractionId| {
        let message = json!({"conversation": conversation.to_string(), "client_key": "k",
            "attachments": [id.to_string()]});
        server
            .post("/v1/widget/messages")
            .bearer(&token)
            .json(&message)
            .send()
    };
    // The first try found it still open, and its end came before the message.
    server.reply(Reply::Gone);
    assert_eq!(
        send(conversation()).await.expect(409).code(),
        "conversation_gone"
    );
    {
        let mut states = server.core.states.lock().unwrap();
        let open = states.get_mut(&customer).unwrap().conversation.as_mut();
        open.unwrap().conversation = next;
    }
    server.reply(Reply::Message {
        message: MessageId::derive(NOW, Seq(11), 0),
        timeline_seq: 4,
    });
    send(next).await.expect(200);
    assert_eq!(
        server.store.attachments(&[id]).unwrap()[0].conversation,
        next
    );
    let Some(CustomerBody::CustomerMessage { attachments, .. }) = server.core.bodies().pop() else {
        panic!("the message is sent");
    };
    assert_eq!(attachments[0].attachment, id);

    // What somebody else uploaded stays theirs.
    *server.core.claimed.lock().unwrap() = Some(customer);
    let (stranger, device) = server.widget().await;
    {
        let mut states = server.core.states.lock().unwrap();
        let open = states.get_mut(&customer).unwrap().conversation.as_mut();
        open.unwrap().device = Some(device);
    }
    let message = json!({"conversation": next.to_string(), "client_key": "k",
        "attachments": [id.to_string()]});
    let call = server.post("/v1/widget/messages").bearer(&stranger);
    let refused = call.json(&message).send().await.expect(400);
    assert_eq!(refused.json()["field"], "attachments");
}
