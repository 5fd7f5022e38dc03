//! What a claimed name and a link in an e-mail open, and mail that never arrives, through the
//! real server.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
};

use overture::{
    client::{Connection, Target},
    people::StaffMember,
};
use overture_engine::decide::Policy;
use serde_json::{Value, json};

use crate::support::{Backend, WRITE_KEY, admin, agent, eventually, serve};

/// A page that says who its visitor is, without a proof; or one that a link opened.
struct Page {
    connection: Connection,
    token: String,
    feed: Value,
}

impl Page {
    async fn claiming(target: &Target, user: &str) -> Self {
        let body = json!({"write_key": WRITE_KEY, "page": {"path": "/"}, "user": {"id": user}});
        let page = Self::opened(target, "/v1/widget/session", &body).await;
        page.expect("a session is given")
    }

    async fn opened(target: &Target, path: &str, body: &Value) -> Result<Self, u16> {
        let mut connection = Connection::new(target.clone());
        let answer = connection.call("POST", path, &[], body).await.unwrap();
        if answer.status != 200 {
            return Err(answer.status);
        }
        let answer = answer.json().unwrap();
        Ok(Self {
            connection,
            token: answer["session_token"].as_str().unwrap().to_owned(),
            feed: answer["feed"].clone(),
        })
    }

    async fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        let answer = self.connection.call(method, path, &headers, &body).await;
        let answer = answer.unwrap();
        (answer.status, answer.json().unwrap())
    }

    async fn post(&mut self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, body).await
    }

    async fn asks_for_help(&mut self, text: &str) -> String {
        let help = json!({"channel": "chat", "text": text, "idempotency_key": text});
        let (status, answer) = self.post("/v1/widget/help", help).await;
        assert_eq!(status, 200, "{answer}");
        answer["conversation"].as_str().unwrap().to_owned()
    }

    async fn says(&mut self, conversation: &str, text: &str) -> u16 {
        let message = json!({"conversation": conversation, "text": text, "client_key": text});
        self.post("/v1/widget/messages", message).await.0
    }

    async fn sees(&mut self) -> String {
        let (status, feed) = self
            .call("GET", "/v1/widget/feed?after=0", Value::Null)
            .await;
        assert_eq!(status, 200);
        feed.to_string()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_browsers_that_claim_one_id_share_no_chat() {
    for backend in Backend::all().await {
        let folder = tempfile::tempdir().unwrap();
        let server = serve(folder.path(), &backend, "", None).await;
        let target = Target::parse(&server.url).await.unwrap();
        let mut own = Page::claiming(&target, "anna").await;
        let mut stranger = Page::claiming(&target, "anna").await;
        let chat = own.asks_for_help("my card ends in 4711").await;

        assert!(own.sees().await.contains("4711"));
        assert!(!stranger.sees().await.contains(&chat));
        assert_eq!(stranger.says(&chat, "give it to me").await, 409);
        let end = format!("/v1/widget/conversations/{chat}/end");
        stranger.post(&end, json!({})).await;
        let read = format!("/v1/widget/conversations/{chat}/read");
        assert_eq!(stranger.post(&read, json!({"seq": 1})).await.0, 409);
        let details = json!({"terms": "yes"});
        let told = stranger.post("/v1/widget/chat/details", details).await;
        assert_eq!(told.0, 409, "{}", told.1);

        let theirs = stranger.asks_for_help("what did they say?").await;
        assert_ne!(theirs, chat);
        assert_eq!(stranger.says(&theirs, "hello?").await, 200);
        assert_eq!(own.says(&chat, "are you there?").await, 200, "it goes on");
        let (mine, others) = (own.sees().await, stranger.sees().await);
        assert!(!mine.contains("what did they say?") && !mine.contains("give it to me"));
        assert!(!others.contains("4711") && !others.contains("are you there?"));
        server.stop().await;
    }
}

/// A mail server that answers RCPT so; what it took is passed on.
fn mail_server(rcpt: &'static str) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            let mut writer = stream.try_clone().unwrap();
            let mut reader = BufReader::new(stream);
            let mut say = |line: &str| writer.write_all(format!("{line}\r\n").as_bytes());
            say("220 sink").unwrap();
            let mut line = String::new();
            while {
                line.clear();
                reader.read_line(&mut line).unwrap_or(0) > 0
            } {
                let verb = line.to_uppercase();
                let answer = match verb.split_whitespace().next().unwrap_or_default() {
                    "EHLO" | "HELO" => "250 sink",
                    "RCPT" => rcpt,
                    "DATA" => {
                        say("354 go on").unwrap();
                        let mut mail = String::new();
                        while !mail.ends_with("\r\n.\r\n") {
                            assert!(reader.read_line(&mut mail).unwrap() > 0);
                        }
                        // The test may have ended.
                        let _ = tell.send(mail);
                        "250 taken"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                if say(answer).is_err() {
                    break;
                }
            }
        }
    });
    (port, told)
}

fn mail_settings(port: u16) -> String {
    format!(
        "[smtp]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\n\
         from = \"help@example.com\"\n[chat]\naway_after_s = 1\n"
    )
}

/// Answers are mailed to whoever is away, at once.
async fn mail_at_once(target: &Target) {
    let toml = Policy::shipped()
        .replace("mail_after_min = 2", "mail_after_min = 0")
        .replace("mail_collect_s = 60", "mail_collect_s = 0");
    let policy = json!({"toml": toml, "base_revision": 1});
    let mut admin = admin(target).await;
    admin
        .call("PUT", "/v1/admin/policy", &policy)
        .await
        .unwrap();
}

async fn conversation(staff: &mut StaffMember, id: &str) -> Option<Value> {
    let state = staff.call("GET", "/v1/desk/state", &Value::Null).await;
    let state = state.unwrap();
    let mut all = state["conversations"].as_array()?.iter();
    all.find(|one| one["conversation"] == id).cloned()
}

/// The agent takes what is offered, and answers once the customer is away.
async fn answer_when_away(maya: &mut StaffMember, chat: &str, text: &str) {
    let reservation = eventually("the chat is offered", async || {
        let state = maya.call("GET", "/v1/desk/state", &Value::Null).await;
        let state = state.unwrap();
        let offered = state["reservations"].as_array()?.first()?.clone();
        Some(offered["reservation"].as_str()?.to_owned())
    })
    .await;
    let accept = format!("/v1/desk/reservations/{reservation}/accept");
    maya.call("POST", &accept, &json!({})).await.unwrap();
    reply_when_away(maya, chat, text).await;
}

async fn reply_when_away(maya: &mut StaffMember, chat: &str, text: &str) {
    eventually("the customer is away", async || {
        conversation(maya, chat).await?["left_at"]
            .as_str()
            .map(|_| ())
    })
    .await;
    let message = json!({"text": text, "client_key": text});
    let path = format!("/v1/conversations/{chat}/messages");
    maya.call("POST", &path, &message).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_mail_is_a_fact_that_the_agent_sees() {
    let (port, _) = mail_server("550 no such mailbox");
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, &mail_settings(port), None).await;
    let target = Target::parse(&server.url).await.unwrap();
    mail_at_once(&target).await;
    let mut maya = agent(&target, "maya").await;
    let mut page = Page::claiming(&target, "anna").await;
    let chat = page.asks_for_help("hello").await;
    let address = json!({"email": "mistyped@example.org"});
    assert_eq!(page.post("/v1/widget/chat/details", address).await.0, 204);
    page.sees().await;
    answer_when_away(&mut maya, &chat, "here is the answer").await;

    let row = eventually("the desk says that mail does not arrive", async || {
        let row = conversation(&mut maya, &chat).await?;
        (row["undeliverable"] == true).then_some(row)
    })
    .await;
    let customer = row["customer"].as_str().unwrap();
    let timeline = format!("/v1/customers/{customer}/timeline?limit=100");
    let timeline = maya.call("GET", &timeline, &Value::Null).await.unwrap();
    let failed: Vec<_> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["kind"] == "mail_failed")
        .collect();
    assert_eq!(failed.len(), 1, "{timeline}");
    assert_eq!(failed[0]["failure"], "refused");
    assert_eq!(failed[0]["detail"], "answered 550");
    assert!(
        !page.sees().await.contains("mail_failed"),
        "only staff is told"
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_one_conversation_until_the_address_changes() {
    let (port, mails) = mail_server("250 ok");
    let folder = tempfile::tempdir().unwrap();
    let server = serve(folder.path(), &Backend::Sqlite, &mail_settings(port), None).await;
    let target = Target::parse(&server.url).await.unwrap();
    mail_at_once(&target).await;
    let mut maya = agent(&target, "maya").await;
    let mut page = Page::claiming(&target, "anna").await;
    let earlier = page.asks_for_help("an earlier secret").await;
    page.post(
        &format!("/v1/widget/conversations/{earlier}/end"),
        json!({}),
    )
    .await;
    let chat = page.asks_for_help("this chat").await;
    let mistyped = json!({"email": "stranger@example.org"});
    page.post("/v1/widget/chat/details", mistyped).await;
    page.sees().await;
    answer_when_away(&mut maya, &chat, "here is the answer").await;
    let mail = eventually("the answer is mailed", async || mails.try_recv().ok()).await;
    // Quoted-printable breaks long lines.
    let mail = mail.replace("=\r\n", "");
    let link = mail.split("/help/c/").nth(1).unwrap();
    let link = format!("/help/c/{}", link.split('?').next().unwrap());

    let mut linked = Page::opened(&target, &link, &json!({})).await.unwrap();
    let seen = linked.sees().await;
    assert!(seen.contains("here is the answer") && linked.feed.to_string().contains(&chat));
    assert!(
        !seen.contains("an earlier secret") && !seen.contains(&earlier),
        "{seen}"
    );
    assert_eq!(linked.says(&chat, "by the link").await, 200);
    let other = json!({"email": "thief@example.org"});
    let taken = linked.post("/v1/widget/chat/details", other).await;
    assert_eq!(taken.0, 409, "{}", taken.1);

    let right = json!({"email": "anna@example.org"});
    assert_eq!(page.post("/v1/widget/chat/details", right).await.0, 204);
    assert_eq!(linked.says(&chat, "still here").await, 401);
    let again = Page::opened(&target, &link, &json!({})).await;
    assert_eq!(again.err(), Some(404));
    server.stop().await;
}
