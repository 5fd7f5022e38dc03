//! What sites of others need: first-party paths, the hosted help page, continuation links,
//! and the sample shop's headers.

use overture_engine::model::*;
use overture_http::{Config, Continuation, Keys, Rates};
use overture_store::Role;
use serde_json::json;

use crate::support::*;

const HELP: &str = "https://help.example.com";

fn with_prefix() -> Config {
    Config {
        public_url: Some(HELP.to_owned()),
        first_party_prefix: "/assist".to_owned(),
        ..Config::default()
    }
}

#[tokio::test]
async fn everything_the_widget_needs_answers_under_the_prefix_too() {
    let server = Server::start_with(with_prefix()).await;
    for path in ["/assist/w.js", "/assist/widget.js", "/w.js"] {
        let script = server.get(path).send().await.expect(200);
        assert!(script.header("content-type").starts_with("text/javascript"));
        assert_eq!(script.header("access-control-allow-origin"), "*", "{path}");
    }
    let started = server
        .post("/assist/v1/widget/session")
        .json(&json!({"write_key": KEY}))
        .send()
        .await
        .expect(200)
        .json();
    let token = started["session_token"].as_str().unwrap();
    server
        .get("/assist/v1/widget/feed?after=0")
        .bearer(token)
        .send()
        .await
        .expect(200);
    let batch =
        json!({"batch": [{"type": "track", "event": "A", "userId": "u", "messageId": "m"}]});
    let sent = server.post("/assist/v1/batch");
    sent.header(AUTHORIZATION, &basic(KEY))
        .json(&batch)
        .send()
        .await
        .expect(200);
    server
        .get(format!("/assist/help/{KEY}"))
        .send()
        .await
        .expect(200);
    // What staff uses is not there: a site's own cookies never reach it.
    for path in ["/assist/desk/", "/assist/v1/desk/state", "/assist/metrics"] {
        server.get(path).send().await.expect(404);
    }
}

#[tokio::test]
async fn without_a_prefix_there_is_no_second_address() {
    let server = Server::start().await;
    server.get("/assist/w.js").send().await.expect(404);
}

#[tokio::test]
async fn our_own_pages_may_always_start_a_session() {
    let server = Server::start_with(with_prefix()).await;
    let allowed = json!({"allowed_origins": ["https://www.shop.example"]});
    server
        .call(
            axum::http::Method::PATCH,
            format!("/v1/admin/sources/{}", server.source),
        )
        .role(Role::Admin)
        .json(&allowed)
        .send()
        .await
        .expect(200);
    for (origin, status) in [
        ("https://www.shop.example", 200),
        (HELP, 200),
        ("https://help.example.com.evil.example", 403),
        ("http://help.example.com", 403),
        ("null", 403),
    ] {
        let asked = server.post("/v1/widget/session").header("origin", origin);
        let answer = asked.json(&json!({"write_key": KEY})).send().await;
        assert_eq!(answer.status.as_u16(), status, "{origin}");
    }
}

#[tokio::test]
async fn the_help_page_keeps_to_itself() {
    let server = Server::start_with(with_prefix()).await;
    let page = server
        .get(format!("/help/{KEY}?view=chat&locale=ar"))
        .send()
        .await
        .expect(200);
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"));
    assert!(policy.contains("wss://help.example.com"), "{policy}");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-robots-tag"), "noindex");
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(text.contains("lang=\"ar\" dir=\"rtl\""), "{text}");
    assert!(text.contains("data-view=\"chat\""), "{text}");
    assert!(
        !text.contains("<script>") && !text.contains("style="),
        "{text}"
    );

    let odd = server
        .get(format!(
            "/help/{KEY}?view=%22%3E%3Cscript%3E&mode=%22x&locale=%22"
        ))
        .send()
        .await
        .expect(200);
    let text = String::from_utf8(odd.bytes).unwrap();
    assert!(text.contains("data-view=\"\" data-locale=\"en\" data-mode=\"page\""));

    let unknown = server.get("/help/wk_unknown").send().await.expect(404);
    assert!(unknown.header("content-type").starts_with("text/html"));
    for file in ["help.js", "help.css"] {
        let file = server.get(format!("/help/assets/{file}")).send().await;
        file.expect(200);
    }
    server.get("/help/assets/none.js").send().await.expect(404);
}

#[tokio::test]
async fn help_pages_are_limited_by_address() {
    let server = Server::start_with(Config {
        rates: Rates {
            sessions_per_min: 2,
            ..Rates::default()
        },
        ..with_prefix()
    })
    .await;
    let page = || server.get(format!("/help/{KEY}")).send();
    page().await.expect(200);
    page().await.expect(200);
    let refused = page().await.expect(429);
    assert_ne!(refused.header("retry-after"), "");
}

fn link(server: &Server, device: LinkKey) -> Continuation {
    Continuation {
        source: server.source,
        customer: FakeCore::customer_of(device),
        conversation: InteractionId::derive(NOW, Seq(9), 0),
        device,
        generation: 1,
        expires_at: NOW + Millis::from_secs(7 * 86_400),
    }
}

fn said(text: &str, device: LinkKey, seq: u64, link: &Continuation) -> Effect {
    let body = TimelineBody::Message {
        conversation: link.conversation,
        message: MessageId::derive(NOW, Seq(seq), 0),
        author: Author::Agent(agent(Role::Agent)),
        client_key: String::new(),
        text: Private::new(text),
        original: None,
        attachments: Vec::new(),
    };
    row(link.customer, seq, Audience::Everyone, Some(device), body)
}

fn opened(link: &Continuation) -> Effect {
    let body = TimelineBody::Conversation {
        conversation: link.conversation,
        channel: ChannelKind::Chat,
        status: ConversationStatus::Queued,
        agent: None,
        position: None,
        wait_s: None,
    };
    row(
        link.customer,
        1,
        Audience::Everyone,
        Some(link.device),
        body,
    )
}

/// The conversation of a link, as of this many addresses.
fn conversation_row(link: &Continuation, mail_generation: u32) -> Effect {
    Effect::Conversation(ConversationRow {
        issue: None,
        grant: None,
        conversation: link.conversation,
        customer: link.customer,
        request: RequestId::derive(NOW, Seq(9), 0),
        channel: ChannelKind::Chat,
        status: ConversationStatus::Queued,
        agent: None,
        started_at: NOW,
        last_at: NOW,
        last_author: None,
        last_text: None,
        phone: None,
        code: None,
        chat: Box::new(ChatStanding {
            mail_generation,
            ..ChatStanding::default()
        }),
        callback: None,
    })
}

#[tokio::test]
async fn a_link_goes_on_with_its_conversation_and_with_no_other() {
    let server = Server::start_with(with_prefix()).await;
    let keys = Keys::derive(&server.store.installation_secret().unwrap());
    let link = link(&server, LinkKey(7));
    let token = keys.continuation_token(&link);
    let earlier = Continuation {
        conversation: InteractionId::derive(NOW, Seq(8), 0),
        ..link
    };
    server.commit(vec![
        opened(&link),
        said("for this browser", link.device, 2, &link),
        said("for another browser", LinkKey(8), 3, &link),
        said("in an earlier chat", link.device, 4, &earlier),
        conversation_row(&link, 1),
    ]);
    // Looking at the page changes nothing.
    let before = server.core.bodies().len();
    let page = server
        .get(format!("/help/c/{token}"))
        .send()
        .await
        .expect(200);
    let text = String::from_utf8(page.bytes).unwrap();
    assert!(text.contains("<button") && text.contains(&token), "{text}");

    let resumed = server
        .post(format!("/help/c/{token}"))
        .json(&json!({"locale": "de"}))
        .send()
        .await
        .expect(200)
        .json();
    assert_eq!(
        server.core.bodies().len(),
        before,
        "nothing reaches the engine"
    );
    assert_eq!(resumed["device_token"], serde_json::Value::Null);
    assert_eq!(resumed["identity"], "anonymous");
    let feed = resumed["feed"].to_string();
    assert!(feed.contains("for this browser"), "{feed}");
    assert!(!feed.contains("for another browser"), "{feed}");
    assert!(!feed.contains("in an earlier chat"), "{feed}");

    let session = resumed["session_token"].as_str().unwrap();
    let message = json!({"conversation": link.conversation.to_string(),
        "text": "still here", "client_key": "k-1"});
    server.reply(Reply::Message {
        message: MessageId::derive(NOW, Seq(11), 0),
        timeline_seq: 4,
    });
    server
        .post("/v1/widget/messages")
        .bearer(session)
        .json(&message)
        .send()
        .await
        .expect(200);
    let asker = Asker {
        device: link.device,
        level: IdentityLevel::Anonymous,
        only: Some(link.conversation),
    };
    assert_eq!(
        server.core.last().subject,
        Subject::Visitor(link.customer, asker, server.core.bodies().pop().unwrap())
    );
    let seen = server.get("/v1/widget/feed?after=0").bearer(session).send();
    let seen = seen.await.expect(200).json().to_string();
    assert!(seen.contains("for this browser") && !seen.contains("in an earlier chat"));
    let transcript = |of: InteractionId| {
        let path = format!("/v1/widget/conversations/{of}/transcript");
        server.get(path).bearer(session).send()
    };
    transcript(link.conversation).await.expect(200);
    transcript(earlier.conversation).await.expect(404);

    // A day later the session is over, and the link opens the next one; a week later neither.
    server.advance(Millis::from_secs(86_401));
    let feed = || server.get("/v1/widget/feed?after=0").bearer(session).send();
    feed().await.expect(401);
    let again = || server.post(format!("/help/c/{token}")).send();
    again().await.expect(200);
    server.advance(Millis::from_secs(6 * 86_400));
    let late = again().await.expect(404);
    assert_eq!(late.code(), "link_expired");
    let page = server.get(format!("/help/c/{token}")).send().await;
    let text = String::from_utf8(page.expect(404).bytes).unwrap();
    assert!(!text.contains("<button"), "{text}");
}

#[tokio::test]
async fn another_address_ends_the_links_that_were_mailed_before() {
    let server = Server::start_with(with_prefix()).await;
    let keys = Keys::derive(&server.store.installation_secret().unwrap());
    let link = link(&server, LinkKey(7));
    let token = keys.continuation_token(&link);
    server.commit(vec![opened(&link), conversation_row(&link, 1)]);
    let resumed = server.post(format!("/help/c/{token}")).send().await;
    let resumed = resumed.expect(200).json();
    let session = resumed["session_token"].as_str().unwrap();
    let feed = || server.get("/v1/widget/feed?after=0").bearer(session).send();
    feed().await.expect(200);
    server.commit(vec![conversation_row(&link, 2)]);
    assert_eq!(feed().await.expect(401).code(), "session_expired");
    let again = server.post(format!("/help/c/{token}")).send().await;
    assert_eq!(again.expect(404).code(), "link_expired");
    let page = server.get(format!("/help/c/{token}")).send().await;
    page.expect(404);
}

#[tokio::test]
async fn forged_links_are_refused() {
    let server = Server::start().await;
    let ours = Keys::derive(&server.store.installation_secret().unwrap());
    let link = link(&server, LinkKey(7));
    let mut gone = link;
    gone.source = SourceId::derive(NOW, Seq(99), 0);
    for token in [
        Keys::derive(&[9; 32]).continuation_token(&link),
        ours.continuation_token(&gone),
        "cnt_".to_owned(),
        "x".repeat(4_000),
    ] {
        let answer = server.post(format!("/help/c/{token}")).send().await;
        assert_eq!(answer.expect(404).code(), "link_expired");
    }
}

#[tokio::test]
async fn the_sample_shop_is_served_with_a_new_nonce_each_time() {
    let server = Server::start_with(Config {
        demo: true,
        shop_write_key: KEY.to_owned(),
        ..with_prefix()
    })
    .await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let page = server.get("/shop/checkout").send().await.expect(200);
        let policy = page.header("content-security-policy").to_owned();
        assert!(!policy.contains("unsafe"), "{policy}");
        let text = String::from_utf8(page.bytes.clone()).unwrap();
        let nonce = policy
            .split_once("'nonce-")
            .and_then(|(_, rest)| rest.split_once('\''))
            .unwrap()
            .0
            .to_owned();
        let scripts = text.matches("<script").count();
        assert_eq!(text.matches(&format!("nonce=\"{nonce}\"")).count(), scripts);
        nonces.push(nonce);
    }
    assert_ne!(nonces[0], nonces[1]);
}
