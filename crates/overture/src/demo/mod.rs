//! `overture demo`: a shop with simulated visitors and agents. They use the public HTTP
//! interface like anybody; nothing in the engine knows that this is a demo.

mod agents;
mod guides;
mod phone;
mod texts;
mod visitors;

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use overture_engine::decide::Policy;
use serde_json::{Value, json};

use crate::{
    cli,
    client::Target,
    config::{Config, Flags},
    first_start::{Preset, random_text},
    people::StaffMember,
    serve::{self, Print, Server, Settings},
};

/// Visitors in the shop at once.
pub(crate) const VISITORS: usize = 8;

/// The demo's admin, when no other is preset.
const ADMIN_EMAIL: &str = "admin@demo.localhost";

/// The seat that is left free for the person who looks around.
const SEAT_EMAIL: &str = "you@demo.localhost";

/// Name, address, skills with proficiency, languages.
type Seat = (
    &'static str,
    &'static str,
    &'static [(&'static str, u8)],
    &'static [&'static str],
);

/// Simulated agents: name, address, skills, languages.
const AGENTS: [Seat; 3] = [
    (
        "Maya Okafor",
        "maya@demo.localhost",
        &[("payments", 5), ("orders", 3)],
        &["en"],
    ),
    (
        "Jonas Lindqvist",
        "jonas@demo.localhost",
        &[("orders", 4), ("coffee", 3)],
        &["en", "sv"],
    ),
    (
        "Priya Raman",
        "priya@demo.localhost",
        &[("coffee", 5), ("payments", 4)],
        &["en", "ta"],
    ),
];

/// Which skill which page needs.
const SKILLS: &str = r#"skills = [
  { path = "/shop/checkout", skill = "payments" },
  { path = "/shop/cart", skill = "orders" },
  { path = "/shop/product", skill = "coffee" },
]"#;

/// The demo's knowledge base, in the form that the administration exports and imports.
const ARTICLES: &str = include_str!("articles.json");

/// What the demo is started with.
pub(crate) struct DemoSettings {
    /// Settings given as flags.
    pub(crate) flags: Flags,
    /// Credentials wanted from outside.
    pub(crate) preset: Preset,
    /// How addresses and sign-in are printed.
    pub(crate) print: Print,
    /// Visitors in the shop at once.
    pub(crate) visitors: usize,
}

/// Serves the demo until told to stop. Without a data folder everything is forgotten then.
///
/// # Errors
/// In words for the person who started it.
pub(crate) async fn run(settings: DemoSettings) -> anyhow::Result<()> {
    let DemoSettings {
        mut flags,
        mut preset,
        print,
        visitors,
    } = settings;
    let folder = match &flags.data_dir {
        Some(_) => None,
        None => Some(TemporaryFolder::make()?),
    };
    if let Some(folder) = &folder {
        flags.data_dir = Some(folder.0.clone());
    }
    let mut config = Config::load(&flags)?;
    if config.log == "info" {
        // The addresses below are what a person looks for.
        config.log = "warn".to_owned();
    }
    serve::start_logging(&config)?;
    preset
        .admin_email
        .get_or_insert_with(|| ADMIN_EMAIL.to_owned());
    preset.admin_password.get_or_insert_with(|| random_text(16));
    let (tracks, scripted) = phone::call();
    let server = Server::start(Settings {
        texts: cli::texts(&config)?,
        transcriber: Some(scripted),
        config,
        preset,
        demo: true,
        engagement: cli::engagement(),
    })
    .await?;
    server.wait_until_ready().await?;
    let seat_password = random_text(12);
    let accounts = furnish(&server, &seat_password).await?;
    match print {
        Print::Json => serve::print_json(&server)?,
        Print::Text => print_text(&server, &seat_password)?,
    }
    let target = Target::parse(&server.url).await?;
    if let Some(account) = accounts.first() {
        tokio::spawn(phone::ring(target.clone(), account.clone(), tracks));
    }
    for (number, account) in accounts.into_iter().enumerate() {
        tokio::spawn(agents::work(target.clone(), account, 100 + number as u64));
    }
    let write_key = &server.credentials.write_key;
    for number in 0..visitors {
        let seed = 1 + number as u64;
        tokio::spawn(visitors::come_and_go(
            target.clone(),
            write_key.clone(),
            seed,
        ));
    }
    server.run().await
}

/// Sets the shop up over the public interface: agents, articles, policy, live mode.
async fn furnish(server: &Server, seat_password: &str) -> anyhow::Result<Vec<agents::Account>> {
    let target = Target::parse(&server.url).await?;
    let credentials = &server.credentials;
    let password = credentials
        .admin_password
        .as_deref()
        .context("the demo's admin has a preset password")?;
    let mut admin = StaffMember::sign_in(&target, &credentials.admin_email, password).await?;
    let mut accounts = Vec::new();
    for (name, email, skills, languages) in AGENTS {
        let password = random_text(16);
        put_agent(&mut admin, name, email, &password, skills, languages).await?;
        accounts.push(agents::Account {
            email: email.to_owned(),
            password,
        });
    }
    let all = [("payments", 3), ("orders", 3), ("coffee", 3)];
    put_agent(&mut admin, "You", SEAT_EMAIL, seat_password, &all, &["en"]).await?;
    let articles: Value = serde_json::from_str(ARTICLES).context("the demo's articles")?;
    admin
        .call("POST", "/v1/admin/articles/import", &articles)
        .await?;
    guides::furnish(&mut admin).await?;
    let policy = admin.call("GET", "/v1/admin/policy", &Value::Null).await?;
    let toml = Policy::shipped()
        .replacen("\nskills = []", &format!("\n{SKILLS}"), 1)
        .replacen("[voice]\nenabled = false", "[voice]\nenabled = true", 1)
        .replacen("recording_days = 0", "recording_days = 1", 1);
    if policy["toml"] != toml.as_str() {
        let body = json!({"toml": toml, "base_revision": policy["revision"]});
        admin.call("PUT", "/v1/admin/policy", &body).await?;
    }
    let live = json!({"mode": "live", "confirm": true});
    admin.call("POST", "/v1/admin/mode", &live).await?;
    Ok(accounts)
}

/// Adds an agent, or gives one from an earlier run this run's password.
async fn put_agent(
    admin: &mut StaffMember,
    name: &str,
    email: &str,
    password: &str,
    skills: &[(&str, u8)],
    languages: &[&str],
) -> anyhow::Result<()> {
    let skills: Vec<Value> = skills
        .iter()
        .map(|(skill, level)| json!({"skill": skill, "level": level}))
        .collect();
    let body = json!({
        "name": name, "email": email, "password": password, "role": "agent",
        "skills": skills, "languages": languages,
        "capacity": {"chat": 3, "callback": 1}, "active": true,
    });
    let known = admin.call("GET", "/v1/admin/agents", &Value::Null).await?;
    let list = known["agents"].as_array().or_else(|| known.as_array());
    let id = list
        .into_iter()
        .flatten()
        .find(|one| one["email"] == email)
        .and_then(|one| one["agent"].as_str());
    match id {
        Some(id) => {
            let path = format!("/v1/admin/agents/{id}");
            admin.call("PATCH", &path, &body).await?;
        }
        None => {
            admin.call("POST", "/v1/admin/agents", &body).await?;
        }
    }
    Ok(())
}

fn print_text(server: &Server, seat_password: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let url = &server.url;
    let credentials = &server.credentials;
    writeln!(out, "\nThe demo is running.\n")?;
    writeln!(
        out,
        "  shop   {url}/shop/   be a customer: fail the checkout form a few times"
    )?;
    writeln!(
        out,
        "  desk   {url}/desk/   sign in and set yourself Available"
    )?;
    writeln!(
        out,
        "  calls  {url}/desk/#/calls   listen in: the voices and words of the demo's caller are synthetic"
    )?;
    writeln!(out, "  API    {url}/docs")?;
    writeln!(
        out,
        "\n  a free agent's seat   {SEAT_EMAIL}   {seat_password}"
    )?;
    writeln!(
        out,
        "  the admin             {}   {}",
        credentials.admin_email,
        credentials.admin_password.as_deref().unwrap_or("")
    )?;
    writeln!(
        out,
        "\nCtrl-C stops it; Admin > Status > Wipe forgets everything that happened."
    )?;
    Ok(out.flush()?)
}

/// A folder that goes when the demo ends.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn make() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("overture-demo-{}", random_text(8)));
        std::fs::create_dir(&path).with_context(|| format!("could not make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
