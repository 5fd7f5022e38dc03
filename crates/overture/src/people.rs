//! Simulated visitors and staff, for load and for the demo: they use the public interface,
//! so what they can do, anybody can.

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use crate::client::{Connection, Target};

/// A browser with the widget.
#[derive(Debug)]
pub struct Visitor {
    connection: Connection,
    target: Target,
    write_key: String,
    token: String,
    anonymous_id: String,
    session: String,
    seq: u64,
    name: u64,
    sent: u64,
}

impl Visitor {
    /// Opens a page at `path` in a fresh browser. `name` makes message ids differ.
    pub async fn arrive(
        target: &Target,
        write_key: &str,
        path: &str,
        name: u64,
    ) -> anyhow::Result<Self> {
        let mut connection = Connection::new(target.clone());
        let body = json!({"write_key": write_key, "page": {"path": path}, "locale": "en"});
        let answer = connection
            .call("POST", "/v1/widget/session", &[], &body)
            .await?
            .ok()?;
        Ok(Self {
            connection,
            target: target.clone(),
            write_key: write_key.to_owned(),
            token: text(&answer, "session_token")?,
            anonymous_id: text(&answer, "anonymous_id")?,
            session: text(&answer, "session")?,
            seq: answer["seq"].as_u64().unwrap_or(0),
            name,
            sent: 0,
        })
    }

    /// The same browser after the server came back at another address.
    #[must_use]
    pub fn moved_to(self, target: &Target) -> Self {
        Self {
            connection: Connection::new(target.clone()),
            target: target.clone(),
            ..self
        }
    }

    /// The request that captures these events, for sending when the time has come.
    pub fn events(&mut self, path: &str, events: &[(&str, Value)]) -> Vec<u8> {
        let now = crate::clock::now().to_string();
        let batch: Vec<Value> = events
            .iter()
            .map(|(name, properties)| {
                self.sent += 1;
                let mut event = json!({
                    "messageId": format!("{}-{}-{}", self.anonymous_id, self.name, self.sent),
                    "anonymousId": self.anonymous_id,
                    "timestamp": now,
                    "properties": properties,
                    "context": {"page": {"path": path}, "overture": {"session": self.session}},
                });
                if *name == "page" {
                    event["type"] = "page".into();
                } else {
                    event["type"] = "track".into();
                    event["event"] = (*name).into();
                }
                event
            })
            .collect();
        let body = json!({"writeKey": self.write_key, "sentAt": now, "batch": batch});
        let body = body.to_string();
        crate::client::render(
            "POST",
            &self.target.authority,
            "/v1/batch",
            &[],
            body.as_bytes(),
        )
    }

    /// Captures these events.
    pub async fn capture(&mut self, path: &str, events: &[(&str, Value)]) -> anyhow::Result<()> {
        let request = self.events(path, events);
        self.connection.exchange(&request).await?.ok()?;
        Ok(())
    }

    /// Sends a ready-made request.
    pub async fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.connection.exchange(request).await?.ok()?;
        Ok(())
    }

    /// Calls the widget's interface.
    pub async fn call(&mut self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {}", self.token);
        self.connection
            .call("POST", path, &[("authorization", &bearer)], body)
            .await?
            .ok()
    }

    /// Reads from the widget's interface.
    pub async fn read(&mut self, path: &str) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {}", self.token);
        self.connection
            .call("GET", path, &[("authorization", &bearer)], &Value::Null)
            .await?
            .ok()
    }

    /// Reads the feed after the last number seen.
    pub async fn feed(&mut self) -> anyhow::Result<Vec<Value>> {
        let path = format!("/v1/widget/feed?after={}", self.seq);
        let answer = self.read(&path).await?;
        Ok(self.take_items(&answer))
    }

    /// Opens the feed's socket.
    pub async fn socket(&self) -> anyhow::Result<Socket> {
        let path = format!("/v1/widget/socket?token={}&after={}", self.token, self.seq);
        Ok(Socket(self.target.socket(&path, &[]).await?))
    }

    /// Notes the number of a frame and returns its items.
    pub fn take_items(&mut self, frame: &Value) -> Vec<Value> {
        if let Some(seq) = frame["seq"].as_u64() {
            self.seq = seq.max(self.seq);
        }
        frame["items"].as_array().cloned().unwrap_or_default()
    }
}

/// A WebSocket that speaks JSON.
#[derive(Debug)]
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// The next frame that is not a ping; `None` when the server closed.
    pub async fn next(&mut self) -> anyhow::Result<Option<Value>> {
        while let Some(message) = self.0.next().await {
            if let Message::Text(text) = message? {
                let frame: Value = serde_json::from_str(&text)?;
                if frame.get("ping").is_none() {
                    return Ok(Some(frame));
                }
            }
        }
        Ok(None)
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: &Value) -> anyhow::Result<()> {
        Ok(self.0.send(Message::text(frame.to_string())).await?)
    }
}

/// A signed-in member of staff.
#[derive(Debug)]
pub struct StaffMember {
    connection: Connection,
    target: Target,
    cookie: String,
    csrf: String,
    /// Their id.
    pub agent: String,
}

impl StaffMember {
    /// Signs in.
    pub async fn sign_in(target: &Target, email: &str, password: &str) -> anyhow::Result<Self> {
        let mut connection = Connection::new(target.clone());
        let body = json!({"email": email, "password": password});
        let answer = connection
            .call("POST", "/v1/auth/login", &[], &body)
            .await?;
        let cookie = answer.cookies.join("; ");
        let me = answer
            .ok()
            .with_context(|| format!("{email} could not sign in"))?;
        Ok(Self {
            connection,
            target: target.clone(),
            cookie,
            csrf: text(&me, "csrf")?,
            agent: text(&me, "agent")?,
        })
    }

    /// Calls the desk's and the administration's interface.
    pub async fn call(&mut self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        let answer = self.connection.call(method, path, &headers, body).await?;
        answer
            .ok()
            .with_context(|| format!("{method} {path} was refused"))
    }

    /// Sends a file as it is.
    pub async fn send(&mut self, path: &str, file: &[u8]) -> anyhow::Result<Value> {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", self.csrf.as_str()),
        ];
        let authority = &self.target.authority;
        let request = crate::client::render("POST", authority, path, &headers, file);
        let answer = self.connection.exchange(&request).await?;
        answer
            .ok()
            .with_context(|| format!("POST {path} was refused"))
    }

    /// Another connection to the same server, for calls at the same time.
    pub fn connection(&self) -> Connection {
        Connection::new(self.target.clone())
    }

    /// The headers that prove who calls.
    pub fn headers(&self) -> [(&'static str, String); 2] {
        [
            ("cookie", self.cookie.clone()),
            ("x-csrf-token", self.csrf.clone()),
        ]
    }

    /// Opens the desk's socket.
    pub async fn socket(&self) -> anyhow::Result<Socket> {
        Ok(Socket(self.socket_at("/v1/desk/socket").await?))
    }

    /// Opens another of the interface's sockets.
    pub async fn socket_at(&self, path: &str) -> anyhow::Result<WebSocketStream<TcpStream>> {
        let headers = [("cookie", self.cookie.as_str())];
        self.target.socket(path, &headers).await
    }

    /// The same sign-in, with a connection of its own.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            connection: Connection::new(self.target.clone()),
            target: self.target.clone(),
            cookie: self.cookie.clone(),
            csrf: self.csrf.clone(),
            agent: self.agent.clone(),
        }
    }
}

fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    value[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("the answer has no {field}"))
}
