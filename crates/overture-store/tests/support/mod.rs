//! Where the stores under test live, and units to write to them.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read their own setting and say what they leave out"
)]

use std::{path::PathBuf, sync::Arc};

use overture_engine::model::*;
use overture_store::{CommitUnit, DiskLimits, MasterKey, Store, StoreError, StoreOptions};
use uuid::Uuid;

/// A database of its own that can be opened again and again.
pub(crate) trait Place {
    /// Opens it, once more.
    fn open_with(&self, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError>;

    /// Opens it with the usual options.
    fn open(&self) -> Arc<dyn Store> {
        self.open_with(&options()).unwrap()
    }

    /// Opens it and becomes its writer.
    fn writer(&self) -> Arc<dyn Store> {
        let store = self.open();
        store.acquire_lease(NOW).unwrap();
        store
    }
}

/// The time that tests begin at.
pub(crate) const NOW: Timestamp = Timestamp(1_767_225_600_000);

/// The key that all tests use.
pub(crate) fn options() -> StoreOptions {
    StoreOptions {
        master_key: MasterKey::new([7; 32]),
        limits: DiskLimits {
            reserve_bytes: 0,
            min_free_percent: 0,
            ..DiskLimits::default()
        },
    }
}

/// A database file in a folder of its own.
pub(crate) struct SqlitePlace {
    folder: tempfile::TempDir,
}

impl SqlitePlace {
    /// An empty folder.
    pub(crate) fn new() -> Option<Self> {
        Some(Self {
            folder: tempfile::tempdir().unwrap(),
        })
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("overture.db")
    }
}

impl Place for SqlitePlace {
    fn open_with(&self, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
        overture_store::open_sqlite(&self.path(), options)
    }
}

/// A schema of its own in a PostgreSQL database, dropped at the end.
pub(crate) struct PostgresPlace {
    base: String,
    schema: String,
}

impl PostgresPlace {
    /// An empty schema; `None`, and says so, when no PostgreSQL answers.
    pub(crate) fn new() -> Option<Self> {
        let base = match std::env::var("OVERTURE_TEST_POSTGRES") {
            Ok(url) => url,
            Err(_) => "postgres://postgres@127.0.0.1:5432/postgres?connect_timeout=2".to_owned(),
        };
        let place = Self {
            base,
            schema: format!("overture_test_{}", Uuid::new_v4().simple()),
        };
        match place.open_with(&options()) {
            Ok(_) => Some(place),
            Err(error) => {
                assert!(
                    std::env::var_os("OVERTURE_TEST_POSTGRES").is_none(),
                    "OVERTURE_TEST_POSTGRES does not answer: {error:?}"
                );
                eprintln!("left out: no PostgreSQL answers at 127.0.0.1:5432 ({error})");
                None
            }
        }
    }

    /// The URL with the schema.
    pub(crate) fn url(&self) -> String {
        let join = if self.base.contains('?') { '&' } else { '?' };
        format!("{}{join}schema={}", self.base, self.schema)
    }
}

impl Place for PostgresPlace {
    fn open_with(&self, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
        overture_store::open_postgres(&self.url(), options)
    }
}

impl Drop for PostgresPlace {
    fn drop(&mut self) {
        let (base, schema) = (self.base.clone(), self.schema.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let dropped = runtime.block_on(async {
            let (client, connection) =
                tokio_postgres::connect(&base, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            client
                .batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
                .await
        });
        if let Err(error) = dropped {
            eprintln!("the schema {schema} was not dropped: {error}");
        }
    }
}

/// The `n`-th customer of a test.
pub(crate) fn customer(n: u64) -> CustomerId {
    CustomerId::derive(NOW, Seq(n), 0)
}

/// The `n`-th identifier of a test.
pub(crate) fn key(n: u64) -> LinkKey {
    LinkKey(u128::from(n) << 64 | 0xfeed)
}

/// A source.
pub(crate) fn source(n: u64) -> SourceId {
    SourceId::derive(NOW, Seq(n), 0)
}

/// An agent.
pub(crate) fn agent(n: u64) -> AgentId {
    AgentId::from_uuid(Uuid::from_u128(u128::from(n) + 1))
}

/// A page view as it is logged.
pub(crate) fn page_view(seq: u64, of: CustomerId) -> Input {
    Input {
        seq: Seq(seq),
        received_at: NOW + Millis(seq),
        body: InputBody::Customer(CustomerEvent {
            customer: of,
            occurred_at: NOW,
            source: Some(source(1)),
            link: Some(key(1)),
            asker: None,
            message_key: Some(seq.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            reading: None,
            issue: None,
            original: None,
            body: CustomerBody::Behaviour(Behaviour::PageView {
                path: format!("/products/{}", seq % 7),
                navigation: Navigation::Navigate,
            }),
        }),
    }
}

/// A message as it is logged.
pub(crate) fn message(seq: u64, of: CustomerId, text: &str) -> Input {
    let mut input = page_view(seq, of);
    if let InputBody::Customer(event) = &mut input.body {
        event.body = CustomerBody::CustomerMessage {
            conversation: InteractionId::derive(NOW, Seq(1), 0),
            key: seq,
            client_key: format!("k{seq}"),
            text: Private::new(text),
            attachments: Vec::new(),
        };
    }
    input
}

/// A row of a timeline that says a text.
pub(crate) fn said(of: CustomerId, seq: u64, text: &str) -> TimelineItem {
    TimelineItem {
        customer: of,
        seq,
        at: NOW + Millis(seq),
        audience: Audience::Everyone,
        device: Some(key(1)),
        body: TimelineBody::Message {
            conversation: InteractionId::derive(NOW, Seq(1), 0),
            message: MessageId::derive(NOW, Seq(seq), 0),
            author: Author::Customer,
            client_key: format!("k{seq}"),
            text: Private::new(text),
            original: None,
            attachments: Vec::new(),
        },
    }
}

/// A state with something in it.
pub(crate) fn state(of: CustomerId, applied: u64) -> CustomerState {
    let mut state = CustomerState::new(of, NOW);
    state.applied = Seq(applied);
    state.last_seen_at = NOW + Millis(applied * 1_000);
    state.visits = 3;
    state.features.counters[Signal::Click as usize] = Decayed {
        values: [1.0, 0.5, 0.25, 0.125],
        at: NOW,
    };
    state.need.score = 0.25;
    state.need.level = NeedLevel::Medium;
    state
}

/// An e-mail address of a customer.
pub(crate) fn email(of: CustomerId, n: u64, value: &str) -> IdentityLink {
    IdentityLink {
        identifier: Identifier {
            kind: IdentifierKind::Email,
            key: key(n),
            value: Private::new(value),
            level: IdentityLevel::Verified,
        },
        customer: of,
        linked_at: NOW + Millis(n),
    }
}

/// A conversation of a customer.
pub(crate) fn conversation(of: CustomerId, n: u64, status: ConversationStatus) -> ConversationRow {
    ConversationRow {
        issue: None,
        grant: None,
        conversation: InteractionId::derive(NOW, Seq(n), 0),
        customer: of,
        request: RequestId::derive(NOW, Seq(n), 0),
        channel: ChannelKind::Chat,
        status,
        agent: Some(agent(1)),
        started_at: NOW,
        last_at: NOW + Millis(n),
        last_author: Some(Author::Customer),
        last_text: Some(Private::new(format!("words {n}"))),
        phone: None,
        code: None,
        chat: Default::default(),
        callback: None,
    }
}

/// A grant with room for some contacts.
pub(crate) fn grant(n: u64) -> GrantState {
    GrantState {
        grant: GrantId::derive(NOW, Seq(n), 0),
        base_limit: 3,
        boost: 0,
        boosted_at: NOW,
        boost_half_life: Millis(0),
        used: 1,
        held: 0,
        channels: smallvec::smallvec![ChannelKind::Chat],
        issued_at: NOW + Millis(n),
        expires_at: NOW + Millis::from_secs(86_400),
        revoked: false,
        generation: 1,
        issue_key: Some(7),
        redemptions: smallvec::smallvec![],
    }
}

/// A decision about a customer.
pub(crate) fn decision(of: CustomerId, n: u64, outcome: Outcome) -> DecisionRecord {
    DecisionRecord {
        decision: DecisionId::derive(NOW + Millis(n), Seq(n), 0),
        customer: of,
        session: None,
        at: NOW + Millis(n),
        rule: format!("rule-{}", n % 2),
        outcome,
        trace: Trace {
            signals: vec![("engagement.score".to_owned(), "0.91".to_owned())],
            condition: "engagement.score > 0.8".to_owned(),
            parts: vec![("engagement.score > 0.8".to_owned(), true)],
            score: 0.91,
            contributions: vec![Contribution {
                factor: "form_errors",
                value: 3.0,
                weight: 0.5,
                contribution: 1.5,
            }],
            policy_revision: 1,
            model: "engagement-1".to_owned(),
            engine: "0.1.0".to_owned(),
        },
    }
}

/// A unit of these inputs and effects.
pub(crate) fn unit(inputs: Vec<Input>, effects: Vec<Effect>) -> CommitUnit {
    CommitUnit {
        at: inputs.last().map_or(NOW, |last| last.received_at),
        replay_from: Seq(1),
        inputs,
        effects,
        ..CommitUnit::default()
    }
}
