//! What all routes share.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::ArcSwap;
use axum::http::StatusCode;
use overture_engine::decide::Policy;
use overture_engine::model::{AgentId, SourceId, Timestamp};
use overture_store::{ApiToken, RejectedEvent, SourceCapture, Store, StoreError};
use tokio::sync::{mpsc, watch};

use crate::{
    admin::WIDGET_SEEN,
    brands::Brands,
    callback::codes::Codes,
    calls::{self, CallParts, LiveCalls},
    capture::Told,
    config::{Clock, Config, Issues, MailStatus, Parts, RemoteTextStatus, TextModels, Texts},
    core::{Core, Unavailable},
    error::{ApiError, ApiResult},
    guides,
    hub::Hub,
    keys::{Keys, WidgetSession},
    knowledge::live::Live,
    limits::Limits,
    presence::{self, Presence},
    replay::Replays,
    uploads::Uploads,
    wording::Words,
};

/// Rejected events that wait to be written; more are counted and dropped.
const REJECTED_WAITING_MAX: usize = 4_096;

/// What all routes share; cheap to clone.
pub(crate) type Shared = Arc<App>;

pub(crate) struct App {
    pub(crate) core: Arc<dyn Core>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<dyn Fn() -> String + Send + Sync>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) texts: Option<Arc<dyn Texts>>,
    /// Codes that prove numbers.
    pub(crate) codes: Codes,
    pub(crate) keys: Keys,
    pub(crate) limits: Limits,
    pub(crate) hub: Arc<Hub>,
    pub(crate) mail: Option<MailStatus>,
    pub(crate) remote_text: Option<RemoteTextStatus>,
    /// What texts are read with when a list is tried.
    pub(crate) text_models: TextModels,
    pub(crate) issues: Issues,
    /// What calls are listened to with.
    pub(crate) call_parts: CallParts,
    /// Calls that go on here.
    pub(crate) calls: Arc<LiveCalls>,
    pub(crate) presence: Presence,
    /// The replay that runs, or the last one.
    pub(crate) replays: Replays,
    /// Room for files that are being received.
    pub(crate) uploads: Uploads,
    /// Write keys in memory: every event asks.
    pub(crate) sources: ArcSwap<Sources>,
    /// How sources look and speak.
    pub(crate) brands: ArcSwap<Brands>,
    /// What Segment's events last said of consent.
    pub(crate) consents: Told,
    /// Guides whose elements visitors do not find.
    pub(crate) guide_alerts: guides::Alerts,
    /// Guides being tried on a page.
    pub(crate) previews: guides::Previews,
    /// Staff names as customers see them.
    pub(crate) names: ArcSwap<BTreeMap<AgentId, String>>,
    /// API tokens by the hash of their secret.
    pub(crate) tokens: ArcSwap<HashMap<[u8; 32], ApiToken>>,
    /// What customers can read.
    pub(crate) knowledge: Live,
    /// The active policy, by its revision.
    policy: ArcSwap<Option<Arc<Policy>>>,
    /// Whether it is known already that a widget was seen.
    widget_seen: AtomicBool,
    rejected: mpsc::Sender<RejectedEvent>,
}

/// A source as capture and widget need it.
#[derive(Debug)]
pub(crate) struct SourceEntry {
    pub(crate) source: SourceId,
    /// Seed of its message keys.
    pub(crate) seed: u64,
    pub(crate) allowed_origins: Vec<String>,
    pub(crate) identity_secret: String,
    pub(crate) capture: SourceCapture,
}

/// Sources by unrevoked write key, and by id.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) by_key: HashMap<String, Arc<SourceEntry>>,
    pub(crate) by_id: HashMap<SourceId, Arc<SourceEntry>>,
}

impl Sources {
    fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let mut sources = Self::default();
        for source in store.sources()? {
            let entry = Arc::new(SourceEntry {
                source: source.source,
                seed: crate::capture::seed_of(source.source),
                allowed_origins: source.allowed_origins,
                identity_secret: source.identity_secret.reveal().to_owned(),
                capture: source.capture,
            });
            for key in source.write_keys {
                if key.revoked_at.is_none() {
                    sources.by_key.insert(key.key, Arc::clone(&entry));
                }
            }
            sources.by_id.insert(source.source, entry);
        }
        Ok(sources)
    }
}

fn read_names(store: &dyn Store) -> Result<BTreeMap<AgentId, String>, StoreError> {
    let staff = store.staff_list()?;
    Ok(staff.into_iter().map(|one| (one.agent, one.name)).collect())
}

fn read_tokens(store: &dyn Store) -> Result<HashMap<[u8; 32], ApiToken>, StoreError> {
    let tokens = store.tokens()?;
    Ok(tokens
        .into_iter()
        .map(|token| (token.secret_hash, token))
        .collect())
}

impl App {
    /// Reads what is kept in memory. Blocks; starts a task, so it needs a tokio runtime.
    pub(crate) fn start(parts: Parts) -> Result<Shared, StoreError> {
        let store = parts.store;
        let (rejected, waiting) = mpsc::channel(REJECTED_WAITING_MAX);
        let app = Arc::new(Self {
            keys: Keys::derive(&store.installation_secret()?),
            limits: Limits::new(parts.config.rates),
            sources: ArcSwap::from_pointee(Sources::read(&*store)?),
            brands: ArcSwap::from_pointee(Brands::read(&*store)?),
            consents: Told::default(),
            guide_alerts: guides::Alerts::read(&*store)?,
            previews: guides::Previews::default(),
            names: ArcSwap::from_pointee(read_names(&*store)?),
            tokens: ArcSwap::from_pointee(read_tokens(&*store)?),
            hub: Hub::start(parts.core.hints()),
            mail: parts.mail,
            remote_text: parts.remote_text,
            text_models: parts.text_models,
            issues: parts.issues,
            call_parts: parts.calls,
            calls: Arc::default(),
            presence: Presence::default(),
            replays: Replays::new(parts.replay),
            uploads: Uploads::default(),
            core: parts.core,
            store: Arc::clone(&store),
            config: parts.config,
            metrics: parts.metrics,
            stopping: parts.stopping,
            texts: parts.texts,
            codes: Codes::default(),
            knowledge: Live::read(&*store, (parts.clock)())?,
            clock: parts.clock,
            policy: ArcSwap::from_pointee(None),
            widget_seen: AtomicBool::new(store.setting(WIDGET_SEEN)?.is_some()),
            rejected,
        });
        tokio::spawn(write_rejected(store, waiting));
        tokio::spawn(presence::watch(Arc::downgrade(&app)));
        tokio::spawn(calls::forget_old_audio(Arc::downgrade(&app)));
        Ok(app)
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Asks the store on a thread that may block.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> ApiResult<T> {
        let store = Arc::clone(&self.store);
        match tokio::task::spawn_blocking(move || ask(&*store)).await {
            Ok(answer) => answer.map_err(ApiError::from),
            Err(cause) => Err(ApiError::internal(&cause)),
        }
    }

    /// After sources or write keys were changed.
    pub(crate) async fn reload_sources(&self) -> ApiResult<()> {
        let sources = self.store(Sources::read).await?;
        self.sources.store(Arc::new(sources));
        self.reload_brands().await
    }

    /// After brands, or which source shows which, were changed.
    pub(crate) async fn reload_brands(&self) -> ApiResult<()> {
        let brands = self.store(Brands::read).await?;
        self.brands.store(Arc::new(brands));
        Ok(())
    }

    /// How the customer of a session is spoken to.
    pub(crate) fn words(&self, session: &WidgetSession) -> Words {
        Words {
            language: session.language,
            brand: self.brands.load().of(session.source),
        }
    }

    /// After staff was changed.
    pub(crate) async fn reload_names(&self) -> ApiResult<()> {
        let names = self.store(read_names).await?;
        self.names.store(Arc::new(names));
        Ok(())
    }

    /// After API tokens were changed.
    pub(crate) async fn reload_tokens(&self) -> ApiResult<()> {
        let tokens = self.store(read_tokens).await?;
        self.tokens.store(Arc::new(tokens));
        Ok(())
    }

    /// The active policy, parsed once a revision.
    pub(crate) async fn policy(&self) -> ApiResult<Arc<Policy>> {
        let revision = self.core.world().policy_revision;
        if let Some(policy) = &**self.policy.load()
            && policy.revision == revision
        {
            return Ok(Arc::clone(policy));
        }
        let stored = self.store(move |store| store.policy(revision)).await?;
        let policy = match stored {
            Some(stored) => match Policy::parse(&stored.toml, revision) {
                Ok(parsed) => parsed.policy,
                Err(_) => return Err(ApiError::internal(&"the active policy does not parse")),
            },
            None => Policy::from_shipped(revision),
        };
        let policy = Arc::new(policy);
        self.policy.store(Arc::new(Some(Arc::clone(&policy))));
        Ok(policy)
    }

    /// Remembers for the checklist when a widget was seen first.
    pub(crate) async fn saw_widget(&self) -> ApiResult<()> {
        if self.widget_seen.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        let at = self.now().to_string();
        self.store(move |store| store.set_setting(WIDGET_SEEN, &at))
            .await
    }

    /// Lists a refused event; never waits, and drops it when too many wait already.
    pub(crate) fn reject(&self, event: RejectedEvent) {
        metrics::counter!("overture_rejected_events_total", "reason" => event.reason.clone())
            .increment(1);
        if self.rejected.try_send(event).is_err() {
            metrics::counter!("overture_rejected_events_unlisted_total").increment(1);
        }
    }
}

async fn write_rejected(store: Arc<dyn Store>, mut waiting: mpsc::Receiver<RejectedEvent>) {
    let mut events = Vec::new();
    while waiting.recv_many(&mut events, 256).await > 0 {
        let batch = std::mem::take(&mut events);
        let store = Arc::clone(&store);
        let written = tokio::task::spawn_blocking(move || store.add_rejected(&batch)).await;
        if let Ok(Err(cause)) = written {
            tracing::warn!(error = %cause, "rejected events could not be listed");
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Full { .. } => Unavailable {
                retry_after_s: 30,
                reason: "disk_full",
            }
            .into(),
            StoreError::Unavailable { .. } | StoreError::Fenced | StoreError::LeaseHeld => {
                tracing::warn!(error = %cause, "the store is not available");
                Unavailable {
                    retry_after_s: 2,
                    reason: "store_unavailable",
                }
                .into()
            }
            StoreError::Conflict { what } => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                format!("{what} exists already or has changed"),
            ),
            StoreError::Missing { what } => Self::not_found(what),
            StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::WrongMasterKey => {
                Self::internal(&cause)
            }
        }
    }
}
