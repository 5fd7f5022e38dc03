//! A server in a process or in this one, and the people who use it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use overture::{
    cli,
    client::{Answer, Connection, Target},
    config::{Config, Flags},
    first_start::Preset,
    people::StaffMember,
    serve::{Server, Settings},
};
use overture_engine::understand::EngagementModel;
use serde_json::{Value, json};

pub(crate) const WRITE_KEY: &str = "wk_test";
pub(crate) const EMAIL: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// How long a condition may take to become true.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which store a test runs on.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Sqlite,
    /// A database of its own.
    Postgres(String),
}

impl Backend {
    /// Every store there is. PostgreSQL only where `OVERTURE_TEST_POSTGRES` names one.
    pub(crate) async fn all() -> Vec<Backend> {
        let mut all = vec![Backend::Sqlite];
        match std::env::var("OVERTURE_TEST_POSTGRES") {
            Ok(url) => all.push(Backend::Postgres(own_database(&url).await)),
            Err(_) => println!("not on PostgreSQL: OVERTURE_TEST_POSTGRES names none"),
        }
        all
    }

    fn flags(&self) -> Vec<String> {
        match self {
            Backend::Sqlite => Vec::new(),
            Backend::Postgres(url) => vec!["--database-url".to_owned(), url.clone()],
        }
    }
}

/// Makes an empty database on the server that `url` names.
async fn own_database(url: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let name = format!("overture_{}", overture::first_start::random_text(12));
    let create = format!("create database {name}");
    client.batch_execute(&create).await.unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// The real binary.
pub(crate) struct Process {
    child: Child,
    pub(crate) target: Target,
}

impl Process {
    /// Starts it on `folder` and waits until it takes inputs.
    pub(crate) async fn start(folder: &Path, backend: &Backend) -> Self {
        let mut child = command(folder, backend)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(out).read_line(&mut line).unwrap();
            line
        });
        let printed: Value = serde_json::from_str(&line.await.unwrap()).unwrap();
        assert_eq!(printed["write_key"], WRITE_KEY);
        assert_eq!(printed["admin_email"], EMAIL);
        assert_eq!(printed["admin_password"], PASSWORD);
        let target = Target::parse(printed["url"].as_str().unwrap())
            .await
            .unwrap();
        let process = Self { child, target };
        wait_until_ready(&process.target).await;
        process
    }

    /// As a crash: nothing is flushed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As an operator stops it; returns its exit code.
    pub(crate) async fn terminate(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(sent.success());
        eventually("the process ends", async || self.child.try_wait().unwrap())
            .await
            .code()
    }
}

impl Drop for Process {
    /// A failed test leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `overture serve` on `folder`, with preset credentials.
pub(crate) fn command(folder: &Path, backend: &Backend) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_overture"));
    command
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--print",
            "json",
            "--data-dir",
        ])
        .arg(folder)
        .args(backend.flags())
        .env("OVERTURE_ADMIN_EMAIL", EMAIL)
        .env("OVERTURE_ADMIN_PASSWORD", PASSWORD)
        .env("OVERTURE_WRITE_KEY", WRITE_KEY)
        .env("OVERTURE_LOG", "error")
        .env("OVERTURE_SECOND_READING", "false")
        .stdin(Stdio::null());
    command
}

/// The settings of a server on `folder` that [`command`] starts.
pub(crate) fn config(folder: &Path, backend: &Backend) -> Config {
    Config::load(&Flags {
        data_dir: Some(folder.to_owned()),
        database_url: match backend {
            Backend::Sqlite => None,
            Backend::Postgres(url) => Some(url.clone()),
        },
        ..Flags::default()
    })
    .unwrap()
}

/// A server in this process; `more` is appended to its settings file. Texts are read once only, unless `more` says otherwise.
pub(crate) async fn serve(
    folder: &Path,
    backend: &Backend,
    more: &str,
    engagement: Option<Arc<dyn EngagementModel>>,
) -> Server {
    let file = folder.join("settings.toml");
    let usual = if more.contains("second_reading") {
        ""
    } else {
        "second_reading = false\n"
    };
    std::fs::write(&file, format!("{usual}{more}")).unwrap();
    let config = Config::load(&Flags {
        config: Some(file),
        data_dir: Some(folder.join("data")),
        listen: Some("127.0.0.1:0".to_owned()),
        database_url: match backend {
            Backend::Sqlite => None,
            Backend::Postgres(url) => Some(url.clone()),
        },
        public_url: None,
    })
    .unwrap();
    let server = Server::start(Settings {
        texts: cli::texts(&config).unwrap(),
        config,
        preset: Preset {
            admin_email: Some(EMAIL.to_owned()),
            admin_password: Some(PASSWORD.to_owned()),
            write_key: Some(WRITE_KEY.to_owned()),
        },
        demo: false,
        engagement: engagement.unwrap_or_else(cli::engagement),
        transcriber: None,
    })
    .await
    .unwrap();
    server.wait_until_ready().await.unwrap();
    server
}

/// The readings in the timeline of the only customer, once there is one.
pub(crate) async fn moods(admin: &mut StaffMember) -> Option<Vec<Value>> {
    let known = admin
        .call("GET", "/v1/customers?limit=10", &Value::Null)
        .await
        .unwrap();
    let customer = known["customers"][0]["customer"].as_str()?;
    let timeline = format!("/v1/customers/{customer}/timeline?limit=100");
    let timeline = admin.call("GET", &timeline, &Value::Null).await.unwrap();
    let items = timeline["items"].as_array()?.iter();
    Some(
        items
            .filter(|item| item["kind"] == "mood")
            .cloned()
            .collect(),
    )
}

/// Sends what a customer said as the text of an event.
pub(crate) async fn say(connection: &mut Connection, message: usize, text: &str) {
    let event = json!({"type": "track", "event": "Feedback Submitted", "userId": "ann",
        "anonymousId": "a", "messageId": message.to_string(), "properties": {"text": text}});
    let answer = capture(connection, &[event]).await.unwrap();
    assert_eq!(answer.status, 200);
}

/// Waits until `/readyz` says so.
pub(crate) async fn wait_until_ready(target: &Target) {
    eventually("the server is ready", async || {
        let mut connection = Connection::new(target.clone());
        let answer = connection.call("GET", "/readyz", &[], &Value::Null).await;
        answer
            .is_ok_and(|answer| answer.status == 200)
            .then_some(())
    })
    .await;
}

/// Asks again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        // Between two questions, not instead of one.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The signed-in admin.
pub(crate) async fn admin(target: &Target) -> StaffMember {
    StaffMember::sign_in(target, EMAIL, PASSWORD).await.unwrap()
}

/// Signs an available agent in, who works around the clock.
pub(crate) async fn agent(target: &Target, name: &str) -> StaffMember {
    let email = format!("{name}@example.com");
    let always: Vec<_> = (0..7).map(|_| json!([[0, 1440]])).collect();
    let account = json!({
        "hours": {"days": always, "time_zone": "UTC"}, "name": name, "email": email, "password": PASSWORD, "role": "agent", "skills": [],
        "languages": [], "capacity": {"chat": 50, "callback": 50}, "active": true,
    });
    let mut admin = admin(target).await;
    admin
        .call("POST", "/v1/admin/agents", &account)
        .await
        .unwrap();
    let mut agent = StaffMember::sign_in(target, &email, PASSWORD)
        .await
        .unwrap();
    let available = json!({"presence": "available"});
    agent
        .call("POST", "/v1/desk/presence", &available)
        .await
        .unwrap();
    agent
}

/// Captures a batch; `Err` when the connection broke.
pub(crate) async fn capture(
    connection: &mut Connection,
    events: &[Value],
) -> anyhow::Result<Answer> {
    let body = json!({"writeKey": WRITE_KEY, "batch": events});
    connection.call("POST", "/v1/batch", &[], &body).await
}

/// Inputs that the only source brought, as its row counts them.
pub(crate) async fn events_total(target: &Target) -> u64 {
    let mut admin = admin(target).await;
    let answer = admin
        .call("GET", "/v1/admin/sources", &Value::Null)
        .await
        .unwrap();
    let sources = answer["sources"]
        .as_array()
        .or_else(|| answer.as_array())
        .unwrap();
    sources[0]["events_total"].as_u64().unwrap()
}
