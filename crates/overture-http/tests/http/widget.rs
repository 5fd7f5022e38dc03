use hmac::{Hmac, KeyInit, Mac};
use overture_engine::model::*;
use overture_http::{Config, Rates};
use serde_json::{Value, json};

use crate::support::*;

fn sign(secret: &str, user: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(user.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

async fn session(server: &Server, body: Value) -> Value {
    server
        .post("/v1/widget/session")
        .json(&body)
        .send()
        .await
        .expect(200)
        .json()
}

fn conversation() -> InteractionId {
    InteractionId::derive(NOW, Seq(9), 0)
}

fn offer_view(stage: OfferStage, grant: Option<(GrantId, u32)>) -> TimelineBody {
    TimelineBody::Offer(OfferView {
        offer: offer(),
        style: OfferStyle::Banner,
        stage,
        rule: "high".to_owned(),
        options: vec![
            (OfferOptionKind::Callback, None),
            (OfferOptionKind::Chat, Some(30)),
            (OfferOptionKind::Faq, None),
            (OfferOptionKind::SmartPause, None),
        ],
        grant,
        expires_at: NOW + Millis::from_secs(300),
        why: "form_errors",
    })
}

fn offer() -> OfferId {
    OfferId::derive(NOW, Seq(3), 0)
}

fn grant() -> GrantId {
    GrantId::derive(NOW, Seq(4), 0)
}

fn said(text: &str) -> TimelineBody {
    TimelineBody::Message {
        conversation: conversation(),
        message: MessageId::derive(NOW, Seq(5), 0),
        author: Author::Agent(agent(overture_store::Role::Agent)),
        client_key: "desk-key".to_owned(),
        text: Private::new(text),
        original: None,
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn a_browser_keeps_its_device_and_its_anonymous_id() {
    let server = Server::start().await;
    let first = session(
        &server,
        json!({"write_key": KEY, "page": {"path": "/a?x=1"}}),
    )
    .await;
    let device = server.device();
    assert_eq!(first["help_button"], true);
    assert_eq!(first["identity"], "anonymous");
    assert!(first["session"].as_str().unwrap().starts_with("int_"));

    let again = session(
        &server,
        json!({"write_key": KEY, "device_token": first["device_token"],
            "anonymous_id": first["anonymous_id"]}),
    )
    .await;
    assert_eq!(again["anonymous_id"], first["anonymous_id"]);
    assert_eq!(server.device(), device);

    // An anonymous id alone, or with another browser's token, proves nothing.
    for claim in [
        json!({"write_key": KEY, "anonymous_id": first["anonymous_id"]}),
        json!({"write_key": KEY, "anonymous_id": "someone", "device_token": first["device_token"]}),
        json!({"write_key": KEY, "anonymous_id": first["anonymous_id"], "device_token": "dvt_forged"}),
    ] {
        let stranger = session(&server, claim).await;
        assert_ne!(stranger["anonymous_id"], first["anonymous_id"]);
        assert_ne!(server.device(), device);
    }
}

#[tokio::test]
async fn only_the_signature_proves_a_user() {
    let server = Server::start().await;
    for (signature, level) in [
        (sign(SECRET, "u-1"), "verified"),
        (sign("other", "u-1"), "anonymous"),
        (sign(SECRET, "u-2"), "anonymous"),
        (String::new(), "claimed"),
    ] {
        let answer = session(
            &server,
            json!({"write_key": KEY, "user": {"id": "u-1", "signature": signature,
                "traits": {"email": "Ann@Example.com", "name": "<b>Ann</b>"}}}),
        )
        .await;
        assert_eq!(answer["identity"], level);
        let Subject::Identified(who, CustomerBody::SessionStarted(started)) =
            server.core.last().subject
        else {
            panic!("the last input starts the session");
        };
        assert_eq!(started.level.name(), level);
        let user = who.iter().find(|one| one.kind == IdentifierKind::UserId);
        if level == "anonymous" {
            // Nothing of a forged user is believed, and nothing of theirs is kept.
            assert_eq!(who.len(), 2, "{who:?}");
            continue;
        }
        assert_eq!(user.unwrap().level.name(), level);
        // The signature covers the id, not the e-mail address.
        let email = who.iter().find(|one| one.kind == IdentifierKind::Email);
        assert_eq!(email.unwrap().level, IdentityLevel::Claimed);
        assert_eq!(email.unwrap().value.reveal(), "ann@example.com");
    }
}

#[tokio::test]
async fn key_and_origin_are_checked() {
    let server = Server::start().await;
    let answer = server
        .post("/v1/widget/session")
        .json(&json!({"write_key": "wk_other"}))
        .send()
        .await
        .expect(401);
    assert_eq!(answer.code(), "unknown_write_key");

    let (token, _) = server.widget().await;
    server
        .call(
            axum::http::Method::PATCH,
            format!("/v1/admin/sources/{}", server.source),
        )
        .role(overture_store::Role::Admin)
        .json(&json!({"allowed_origins": ["https://shop.example/"]}))
        .send()
        .await
        .expect(200);
    for (origin, status) in [
        ("https://shop.example", 200),
        ("https://SHOP.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        let answer = server
            .post("/v1/widget/session")
            .header("origin", origin)
            .json(&json!({"write_key": KEY}))
            .send()
            .await
            .expect(status);
        if status == 403 {
            assert_eq!(answer.code(), "origin_not_allowed");
        }
        server
            .get("/v1/widget/feed")
            .bearer(&token)
            .header("origin", origin)
            .send()
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn a_session_ends_after_a_day() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    server
        .get("/v1/widget/feed")
        .bearer(&token)
        .send()
        .await
        .expect(200);
    server.advance(Millis::from_secs(86_400));
    let answer = server
        .get("/v1/widget/feed")
        .bearer(&token)
        .send()
        .await
        .expect(401);
    assert_eq!(answer.code(), "session_expired");
}

#[tokio::test]
async fn a_visitor_reads_their_own_rows_only() {
    let server = Server::start().await;
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let other = LinkKey(77);
    server.commit(vec![
        row(customer, 1, Audience::Everyone, Some(device), said("yours")),
        row(
            customer,
            2,
            Audience::Everyone,
            Some(other),
            said("another browser's"),
        ),
        row(
            customer,
            3,
            Audience::Staff,
            None,
            TimelineBody::Page { path: "/x".into() },
        ),
        row(
            customer,
            4,
            Audience::Everyone,
            Some(device),
            said("<script>alert(1)</script>"),
        ),
    ]);
    let feed = server
        .get("/v1/widget/feed?after=0")
        .bearer(&token)
        .send()
        .await
        .expect(200);
    assert_eq!(feed.header("content-type"), "application/json");
    let feed = feed.json();
    assert_eq!(feed["seq"], 4);
    let items = feed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items[0]["text"], "yours");
    assert_eq!(items[0]["author"], "agent");
    assert_eq!(items[0]["author_name"], "The agent");
    assert!(items[0].get("client_key").is_none());
    assert_eq!(items[1]["text"], "<script>alert(1)</script>");
    let rest = server
        .get("/v1/widget/feed?after=4")
        .bearer(&token)
        .send()
        .await
        .json();
    assert_eq!(rest, json!({"items": [], "seq": 4}));
}

#[tokio::test]
async fn an_offer_is_worded_when_it_is_sent() {
    let server = Server::start().await;
    let german = session(&server, json!({"write_key": KEY, "locale": "de-AT"})).await;
    let device = server.device();
    let customer = FakeCore::customer_of(device);
    let token = german["session_token"].as_str().unwrap().to_owned();
    server.commit(vec![
        row(
            customer,
            1,
            Audience::Everyone,
            Some(device),
            offer_view(OfferStage::Eligible, None),
        ),
        row(
            customer,
            2,
            Audience::Everyone,
            Some(device),
            offer_view(OfferStage::Reserved, Some((grant(), 1))),
        ),
    ]);
    let read = async || {
        let feed = server.get("/v1/widget/feed").bearer(&token).send().await;
        feed.expect(200).json()["items"].clone()
    };
    let items = read().await;
    assert_eq!(items.as_array().unwrap().len(), 1);
    let item = &items[0];
    assert_eq!(item["kind"], "offer");
    assert_eq!(item["title"], "Hilfe ist da");
    assert!(item["why"].as_str().unwrap().contains("Formular"));
    let kinds: Vec<&str> = item["options"]
        .as_array()
        .unwrap()
        .iter()
        .map(|option| option["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["callback", "chat", "faq", "smart_pause"]);
    assert_eq!(item["options"][1]["wait_s"], 30);
    let grant_token = item["grant_token"].as_str().unwrap();
    assert!(grant_token.starts_with("grtk_") && grant_token.len() > 32);

    server.advance(Millis::from_secs(301));
    assert_eq!(read().await[0]["kind"], "offer_withdrawn");
}

#[tokio::test]
async fn a_page_that_loads_again_gets_what_is_live() {
    let server = Server::start().await;
    let first = session(&server, json!({"write_key": KEY})).await;
    let device = server.device();
    let customer = FakeCore::customer_of(device);
    let status = |status| TimelineBody::Conversation {
        conversation: conversation(),
        channel: ChannelKind::Chat,
        status,
        agent: None,
        position: Some(1),
        wait_s: None,
    };
    let everyone = |seq, body| row(customer, seq, Audience::Everyone, Some(device), body);
    server.commit(vec![
        everyone(1, offer_view(OfferStage::Reserved, None)),
        everyone(
            2,
            offer_view(OfferStage::Accepted(OfferOptionKind::Chat), None),
        ),
        everyone(3, status(ConversationStatus::Queued)),
        everyone(4, said("hello")),
        everyone(5, status(ConversationStatus::Assigned)),
    ]);
    let again = session(
        &server,
        json!({"write_key": KEY, "device_token": first["device_token"]}),
    )
    .await;
    let kinds: Vec<&str> = again["feed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["message", "conversation"]);
    assert_eq!(again["seq"], 5);

    server.commit(vec![everyone(6, status(ConversationStatus::Ended))]);
    let ended = session(
        &server,
        json!({"write_key": KEY, "device_token": first["device_token"]}),
    )
    .await;
    assert_eq!(ended["feed"], json!([]));
}

#[tokio::test]
async fn an_offer_is_answered_and_a_stolen_token_is_not_available() {
    let server = Server::start().await;
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let path = format!("/v1/widget/offers/{}/accept", offer());
    let accept = |body: Value| server.post(&path).bearer(&token).json(&body).send();

    server.commit(vec![row(
        customer,
        1,
        Audience::Everyone,
        Some(device),
        offer_view(OfferStage::Reserved, Some((grant(), 2))),
    )]);
    let feed = server
        .get("/v1/widget/feed")
        .bearer(&token)
        .send()
        .await
        .json();
    let genuine = feed["items"][0]["grant_token"].as_str().unwrap().to_owned();

    server.reply(Reply::Conversation {
        customer,
        conversation: conversation(),
    });
    let answer = accept(json!({"option": "chat", "grant_token": genuine, "idempotency_key": "k"}))
        .await
        .expect(200);
    assert_eq!(answer.json()["conversation"], conversation().to_string());
    let CustomerBody::OfferAccepted {
        grant: presented, ..
    } = server.core.bodies().last().unwrap().clone()
    else {
        panic!("the offer is accepted");
    };
    assert_eq!(presented, Some(grant()));

    let before = server.core.taken.lock().unwrap().len();
    let mut forged = genuine.clone();
    forged.replace_range(10..11, if &genuine[10..11] == "A" { "B" } else { "A" });
    for stolen in [forged, "grtk_".to_owned(), "x".repeat(5_000)] {
        let answer =
            accept(json!({"option": "chat", "grant_token": stolen, "idempotency_key": "k"}))
                .await
                .expect(403);
        assert_eq!(answer.json()["self_service"], true);
        assert_eq!(answer.code(), "not_available");
    }
    assert_eq!(server.core.taken.lock().unwrap().len(), before);

    for (reply, status, code) in [
        (Reply::Gone, 409, "offer_gone"),
        (Reply::NotAvailable, 403, "not_available"),
    ] {
        server.reply(reply);
        let answer = accept(json!({"option": "chat", "idempotency_key": "k"}))
            .await
            .expect(status);
        assert_eq!(answer.code(), code);
    }
    for (body, field) in [
        (json!({"option": "hold", "idempotency_key": "k"}), "option"),
        (
            json!({"option": "callback", "idempotency_key": "k"}),
            "phone",
        ),
        (
            json!({"option": "callback", "idempotency_key": "k", "phone": "020 7946"}),
            "phone",
        ),
        (
            json!({"option": "chat", "idempotency_key": ""}),
            "idempotency_key",
        ),
        (json!({"option": "chat"}), "idempotency_key"),
    ] {
        let answer = accept(body).await.expect(400);
        assert_eq!(answer.json()["field"], field);
    }
}

#[tokio::test]
async fn answers_and_requests_reach_the_core() {
    let server = Server::start().await;
    let (token, device) = server.widget().await;
    let customer = FakeCore::customer_of(device);
    let post = |path: String, body: Value| server.post(path).bearer(&token).json(&body).send();
    post(format!("/v1/widget/offers/{}/shown", offer()), json!({}))
        .await
        .expect(204);
    post(
        format!("/v1/widget/offers/{}/dismiss", offer()),
        json!({"how": "never"}),
    )
    .await
    .expect(204);
    post("/v1/widget/offers/undo_never".into(), json!({}))
        .await
        .expect(204);
    post(
        format!("/v1/widget/conversations/{}/end", conversation()),
        json!({}),
    )
    .await
    .expect(204);
    server.reply(Reply::Conversation {
        customer,
        conversation: conversation(),
    });
    let help = json!({"channel": "callback", "idempotency_key": "h", "phone": "+49 30 123456",
        "text": "<img src=x onerror=alert(1)>"});
    let answer = post("/v1/widget/help".into(), help).await.expect(200);
    assert_eq!(answer.json()["conversation"], conversation().to_string());

    let bodies = server.core.bodies();
    assert!(bodies.contains(&CustomerBody::OfferShown { offer: offer() }));
    assert!(bodies.contains(&CustomerBody::OfferDismissed {
        offer: offer(),
        how: DismissedHow::Never
    }));
    assert!(bodies.contains(&CustomerBody::OffersWanted));
    assert!(bodies.contains(&CustomerBody::CustomerEnded {
        conversation: conversation()
    }));
    let asked = bodies.iter().find_map(|body| match body {
        CustomerBody::CallbackAsked { phone, .. } => Some(phone.reveal().to_owned()),
        _ => None,
    });
    assert_eq!(asked.as_deref(), Some("+4930123456"));
    let Some(CustomerBody::CustomerMessage { text, .. }) = bodies.last() else {
        panic!("the words are in the conversation");
    };
    assert_eq!(text.reveal(), "<img src=x onerror=alert(1)>");
}

#[tokio::test]
async fn messages_have_a_length() {
    let server = Server::start().await;
    let (token, _) = server.widget().await;
    server.reply(Reply::Message {
        message: MessageId::derive(NOW, Seq(8), 0),
        timeline_seq: 12,
    });
    for (text, status, code) in [
        ("hello".to_owned(), 200, ""),
        ("é".repeat(4_000), 200, ""),
        ("é".repeat(4_001), 413, "message_too_long"),
        ("x".repeat(1 << 20), 413, "body_too_large"),
        ("   ".to_owned(), 400, "bad_input"),
    ] {
        let body =
            json!({"conversation": conversation().to_string(), "client_key": "c", "text": text});
        let answer = server
            .post("/v1/widget/messages")
            .bearer(&token)
            .json(&body)
            .send()
            .await
            .expect(status);
        if status == 200 {
            assert_eq!(answer.json()["seq"], 12);
        } else {
            assert_eq!(answer.code(), code);
        }
    }
    server.reply(Reply::Gone);
    let body = json!({"conversation": conversation().to_string(), "client_key": "c", "text": "x"});
    let answer = server
        .post("/v1/widget/messages")
        .bearer(&token)
        .json(&body)
        .send()
        .await
        .expect(409);
    assert_eq!(answer.code(), "conversation_gone");
}

#[tokio::test]
async fn a_session_that_writes_too_fast_is_told_to_wait() {
    let server = Server::start_with(Config {
        rates: Rates {
            widget_per_min: 1,
            ..Rates::default()
        },
        ..Config::default()
    })
    .await;
    let (token, _) = server.widget().await;
    let send = || {
        server
            .post("/v1/widget/offers/undo_never")
            .bearer(&token)
            .send()
    };
    send().await.expect(204);
    let answer = send().await.expect(429);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() >= 1);
    // Reading goes on.
    server
        .get("/v1/widget/feed")
        .bearer(&token)
        .send()
        .await
        .expect(200);
}
