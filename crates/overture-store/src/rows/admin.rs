//! Staff, sources, tokens, policies and other rows that people edit.

use std::collections::{BTreeMap, BTreeSet};

use overture_engine::model::{
    AgentHours, AgentId, BrandId, PerChannel, Private, SourceId, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Sees all work, reads the administration.
    Supervisor,
    /// Serves customers.
    Agent,
    /// Reads decisions and reports.
    Analyst,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 4] = [Role::Admin, Role::Supervisor, Role::Agent, Role::Analyst];

    /// `admin`, `supervisor`, `agent` or `analyst`.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Supervisor => "supervisor",
            Role::Agent => "agent",
            Role::Analyst => "analyst",
        }
    }

    /// The role with this wire name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Who.
    pub agent: AgentId,
    /// Lower-cased; unique.
    pub email: String,
    /// As shown to customers and colleagues.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The Argon2 hash in PHC text form.
    pub password_hash: Private,
    /// Whether the password was given to them and must be replaced.
    pub must_change_password: bool,
    /// Skills with proficiency, `1..=5`.
    pub skills: BTreeMap<String, u8>,
    /// BCP 47 primary languages; empty means any.
    pub languages: BTreeSet<String>,
    /// How many at once, by channel.
    pub capacity: PerChannel,
    /// When they work; `None` is the policy's hours.
    pub hours: Option<AgentHours>,
    /// Whether the account may be used.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signed-in browser of a member of staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffSession {
    /// SHA-256 of the cookie's value.
    pub token_hash: [u8; 32],
    /// Who.
    pub agent: AgentId,
    /// What every change must echo in a header.
    pub csrf: Private,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A source of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which.
    pub source: SourceId,
    /// As people call it.
    pub name: String,
    /// Origins whose pages may use it; empty means any.
    pub allowed_origins: Vec<String>,
    /// The secret that proves a user id by HMAC; stored under the master key.
    pub identity_secret: Private,
    /// The brand that its customers meet; none is the default brand.
    pub brand: Option<BrandId>,
    /// What its pages may tell, and on whose word.
    pub capture: SourceCapture,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its write keys, oldest first. Only read here: see [`crate::Store::add_write_key`].
    pub write_keys: Vec<WriteKey>,
    /// Inputs that it brought. Only read here.
    pub events_total: u64,
    /// When it brought the last one. Only read here.
    pub last_event_at: Option<Timestamp>,
}

/// What a source's pages may tell, and on whose word.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceCapture {
    /// When the widget may begin to watch.
    pub consent: ConsentMode,
    /// Keys of a page's query that are kept; `#` keeps the fragment. All else is dropped.
    pub url_allow: Vec<String>,
    /// What Segment's consent categories stand for, by category.
    pub consent_categories: BTreeMap<String, ConsentPurpose>,
}

/// When the widget may begin to watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMode {
    /// Only once the customer has allowed it.
    Required,
    /// A consent platform on the page decides; without one, the policy's lawful basis.
    #[default]
    Platform,
    /// At once, until the customer refuses.
    NotRequired,
}

/// A purpose as a source's settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPurpose {
    /// To watch and score what is done on pages.
    AnalyseBehaviour,
    /// To offer help unasked.
    Contact,
}

/// A key that lets events in; public by nature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteKey {
    /// The key.
    pub key: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A token for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Which.
    pub token: TokenId,
    /// As people call it.
    pub name: String,
    /// What it may do, for example `grants`.
    pub scopes: Vec<String>,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
}

/// One revision of the policy; never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRevision {
    /// Counts up from 1 without gaps.
    pub revision: u32,
    /// The text.
    pub toml: String,
    /// Who made it active: a name for people.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// An event that was refused at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedEvent {
    /// When.
    pub at: Timestamp,
    /// From where, if the write key was known.
    pub source: Option<SourceId>,
    /// Why, as a code.
    pub reason: String,
    /// Which field was wrong.
    pub field: Option<String>,
    /// The start of what came; the caller shortens and redacts it.
    pub excerpt: String,
}

/// How many rejected events are kept; the oldest go first.
pub const REJECTED_MAX: u64 = 10_000;

/// What a status page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Inputs ever logged.
    pub inputs: u64,
    /// Customers with a row.
    pub customers: u64,
    /// Events ever rejected.
    pub rejected: u64,
    /// Inputs ever skipped.
    pub skipped: u64,
    /// Outbox rows that wait.
    pub outbox: u64,
    /// Texts that were read after their key had been destroyed, since this start.
    pub erased_reads: u64,
}
