//! A server without a network, and short ways to call it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use futures_util::{FutureExt, future::BoxFuture};
use overture_engine::{
    World,
    decide::{self, Matches, Policy},
    model::*,
    route::slots::CallbackOutlook,
    understand::{EngagementInputs, EngagementModel, text::NoTextModel},
};
use overture_http::{
    Config, Core, CoreStats, CustomerView, Explained, Hint, Issues, Matched, Parts, Readiness,
    TextModels, Texts, Unavailable, WorldChange,
};
use overture_store::{
    ApiToken, CommitUnit, DiskLimits, MasterKey, Role, Source, SourceCapture, Staff, StaffSession,
    Store, StoreOptions, WriteKey,
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{broadcast, watch};
use tower::ServiceExt;

pub(crate) const NOW: Timestamp = Timestamp(1_750_000_000_000);
pub(crate) const KEY: &str = "wk_test";
pub(crate) const SECRET: &str = "identity-secret";

/// A core that records what it is handed and answers as it is told.
pub(crate) struct FakeCore {
    pub(crate) taken: Mutex<Vec<Ingress>>,
    pub(crate) reply: Mutex<Option<Reply>>,
    pub(crate) down: Mutex<Option<Unavailable>>,
    pub(crate) ready: Mutex<Readiness>,
    pub(crate) facts: Mutex<WorldFacts>,
    pub(crate) changes: Mutex<Vec<WorldChange>>,
    pub(crate) wiped: AtomicU64,
    pub(crate) states: Mutex<BTreeMap<CustomerId, CustomerState>>,
    pub(crate) outlook: Mutex<Option<CallbackOutlook>>,
    pub(crate) pacing: Mutex<Option<PacingOutlook>>,
    /// Who every browser claims to be; else each is a customer of its own.
    pub(crate) claimed: Mutex<Option<CustomerId>>,
    pub(crate) hints: broadcast::Sender<Hint>,
}

impl FakeCore {
    /// Whose a device is: every device is a customer of its own.
    pub(crate) fn customer_of(device: LinkKey) -> CustomerId {
        CustomerId::derive(NOW, Seq(device.0 as u64), 0)
    }

    fn reply(&self, ingress: &Ingress) -> Reply {
        if let Some(reply) = self.reply.lock().unwrap().clone()
            && !matches!(
                &ingress.subject,
                Subject::Identified(_, CustomerBody::SessionStarted(_))
            )
        {
            return reply;
        }
        match &ingress.subject {
            Subject::Identified(_, CustomerBody::SessionStarted(started)) => Reply::Session {
                customer: self
                    .claimed
                    .lock()
                    .unwrap()
                    .unwrap_or_else(|| Self::customer_of(started.device)),
                session: InteractionId::derive(NOW, Seq(1), 0),
                timeline_seq: 0,
            },
            _ => Reply::Done,
        }
    }

    fn shipped_world(&self) -> World {
        World {
            facts: self.facts.lock().unwrap().clone(),
            policy: Arc::new(Policy::from_shipped(1)),
            engagement: Arc::new(NoModel),
            text: Arc::new(NoTextModel),
            issues: None,
            lexicon: Arc::default(),
            rollouts: Arc::default(),
            key: Default::default(),
        }
    }

    pub(crate) fn bodies(&self) -> Vec<CustomerBody> {
        let taken = self.taken.lock().unwrap();
        taken
            .iter()
            .filter_map(|ingress| match &ingress.subject {
                Subject::Identified(_, body)
                | Subject::Customer(_, body)
                | Subject::Visitor(_, _, body) => Some(body.clone()),
                Subject::Route(_) | Subject::World(_) => None,
            })
            .collect()
    }

    /// Everything it took, in order.
    pub(crate) fn all(&self) -> Vec<Ingress> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn last(&self) -> Ingress {
        self.taken.lock().unwrap().last().unwrap().clone()
    }
}

impl Core for FakeCore {
    fn submit(&self, inputs: Vec<Ingress>) -> BoxFuture<'static, Result<Vec<Reply>, Unavailable>> {
        if let Some(down) = *self.down.lock().unwrap() {
            return async move { Err(down) }.boxed();
        }
        let replies = inputs.iter().map(|ingress| self.reply(ingress)).collect();
        self.taken.lock().unwrap().extend(inputs);
        async move { Ok(replies) }.boxed()
    }

    fn hints(&self) -> broadcast::Receiver<Hint> {
        self.hints.subscribe()
    }

    fn peek(&self, customer: CustomerId) -> BoxFuture<'static, Option<CustomerView>> {
        let state = self.states.lock().unwrap().get(&customer).cloned();
        let view = state.map(|state| CustomerView {
            score: EngagementScore {
                score: Probability::new(0.62).unwrap(),
                intercept: -2.0,
                contributions: vec![Contribution {
                    factor: "form_errors",
                    value: 2.0,
                    weight: 1.0,
                    contribution: 2.0,
                }],
                model: "engagement-1",
            },
            state,
            thresholds: (0.5, 0.7),
        });
        async move { view }.boxed()
    }

    fn explain(&self, customer: CustomerId) -> BoxFuture<'static, Option<Explained>> {
        let state = self.states.lock().unwrap().get(&customer).cloned();
        let world = self.shipped_world();
        let explained = state.map(|state| Explained {
            customer,
            at: NOW,
            policy_revision: world.policy.revision,
            rules: (world.policy.rules().iter())
                .map(|rule| decide::explain(&state, &world, rule, NOW))
                .collect(),
        });
        async move { explained }.boxed()
    }

    fn matches(&self, policy: Arc<Policy>, within: Millis) -> BoxFuture<'static, Option<Matched>> {
        let world = World {
            policy,
            ..self.shipped_world()
        };
        let mut matches = Matches::default();
        for state in self.states.lock().unwrap().values() {
            if NOW.since(state.last_seen_at) <= within {
                matches.count(state, &world, NOW);
            }
        }
        let matched = Matched {
            at: NOW,
            matches,
            is_sample: false,
        };
        async move { Some(matched) }.boxed()
    }

    fn callback_outlook(&self, _: CustomerId) -> BoxFuture<'static, Option<CallbackOutlook>> {
        let outlook = self.outlook.lock().unwrap().clone();
        async move { outlook }.boxed()
    }

    fn pacing_outlook(&self) -> BoxFuture<'static, Option<PacingOutlook>> {
        let outlook = *self.pacing.lock().unwrap();
        async move { outlook }.boxed()
    }

    fn world(&self) -> WorldFacts {
        self.facts.lock().unwrap().clone()
    }

    fn change_world(
        &self,
        change: WorldChange,
    ) -> BoxFuture<'static, Result<WorldFacts, Unavailable>> {
        let mut facts = self.facts.lock().unwrap();
        facts.version += 1;
        match &change {
            WorldChange::Mode(mode) => facts.mode = *mode,
            WorldChange::Policy { revision, .. } => facts.policy_revision = *revision,
            WorldChange::Faqs(any) => facts.faqs = *any,
            WorldChange::Guides { revision, .. } => facts.guides_revision = *revision,
            WorldChange::Lexicon(lexicon) => facts.lexicon_revision = lexicon.revision(),
            WorldChange::Rollouts { revision, .. } => facts.rollouts_revision = *revision,
        }
        self.changes.lock().unwrap().push(change);
        let facts = facts.clone();
        async move { Ok(facts) }.boxed()
    }

    fn ready(&self) -> Readiness {
        *self.ready.lock().unwrap()
    }

    fn stats(&self) -> CoreStats {
        CoreStats {
            uptime_s: 5,
            events_per_s: 12.5,
            ..CoreStats::default()
        }
    }

    fn wipe_demo(&self) -> BoxFuture<'static, Result<(), Unavailable>> {
        self.wiped.fetch_add(1, Ordering::Relaxed);
        async { Ok(()) }.boxed()
    }
}

/// Nobody needs help.
struct NoModel;

impl EngagementModel for NoModel {
    fn name(&self) -> &'static str {
        "none"
    }

    fn probability(&self, _: &EngagementInputs) -> f64 {
        0.0
    }

    fn score(&self, _: &EngagementInputs) -> EngagementScore {
        EngagementScore {
            score: Probability::new(0.0).unwrap(),
            intercept: 0.0,
            contributions: Vec::new(),
            model: self.name(),
        }
    }
}

/// What a call answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{error}: {:?}", String::from_utf8_lossy(&self.bytes));
        })
    }

    /// The error's code; also checks that there is a message.
    pub(crate) fn code(&self) -> String {
        let json = self.json();
        assert!(!json["message"].as_str().unwrap().is_empty(), "{json}");
        json["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        self
    }
}

/// A call in the making.
pub(crate) struct Call<'s> {
    server: &'s Server,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    /// As a signed-in browser of this role.
    pub(crate) fn role(self, role: Role) -> Self {
        self.cookie_of(role)
            .header("x-csrf-token", &format!("csrf-{}", role.name()))
    }

    /// As a signed-in browser that forgot the CSRF header.
    pub(crate) fn cookie_of(self, role: Role) -> Self {
        self.header(
            "cookie",
            &format!("overture_session=cookie-{}", role.name()),
        )
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method).uri(self.path);
        *request.headers_mut().unwrap() = self.headers;
        let request = request.body(Body::from(self.body)).unwrap();
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 64 << 20).await.unwrap().to_vec();
        Answer {
            status: head.status,
            headers: head.headers,
            bytes,
        }
    }
}

/// A server without a network.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) core: Arc<FakeCore>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) now: Arc<AtomicI64>,
    pub(crate) source: SourceId,
    pub(crate) stop: watch::Sender<bool>,
    seq: AtomicU64,
    _folder: tempfile::TempDir,
}

pub(crate) fn agent(role: Role) -> AgentId {
    AgentId::derive(NOW, Seq(role as u64 + 1), 0)
}

fn staff(role: Role) -> Staff {
    Staff {
        agent: agent(role),
        email: format!("{}@example.com", role.name()),
        name: format!("The {}", role.name()),
        role,
        password_hash: Private::default(),
        must_change_password: false,
        skills: BTreeMap::new(),
        languages: Default::default(),
        capacity: PerChannel {
            chat: 2,
            callback: 1,
        },
        hours: None,
        active: true,
        created_at: NOW,
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Staff of every role, signed in; one source; a token for each scope.
fn seed(store: &dyn Store, source: SourceId) {
    for role in Role::ALL {
        store.put_staff(&staff(role)).unwrap();
        store
            .add_session(&StaffSession {
                token_hash: hash(&format!("cookie-{}", role.name())),
                agent: agent(role),
                csrf: Private::new(format!("csrf-{}", role.name())),
                created_at: NOW,
                expires_at: NOW + Millis::from_secs(3_600),
            })
            .unwrap();
    }
    store
        .put_source(&Source {
            source,
            name: "Shop".to_owned(),
            allowed_origins: Vec::new(),
            identity_secret: Private::new(SECRET),
            brand: None,
            capture: SourceCapture::default(),
            created_at: NOW,
            write_keys: Vec::new(),
            events_total: 0,
            last_event_at: None,
        })
        .unwrap();
    store
        .add_write_key(
            source,
            &WriteKey {
                key: KEY.to_owned(),
                created_at: NOW,
                revoked_at: None,
            },
        )
        .unwrap();
    for (number, scope) in ["grants", "read", "capture", "calls"]
        .into_iter()
        .enumerate()
    {
        store
            .add_token(&ApiToken {
                token: TokenId::derive(NOW, Seq(number as u64 + 1), 0),
                name: scope.to_owned(),
                scopes: vec![scope.to_owned()],
                secret_hash: hash(&format!("ovt_{scope}")),
                created_at: NOW,
            })
            .unwrap();
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    pub(crate) async fn start_with(config: Config) -> Self {
        Self::start_with_texts(config, None).await
    }

    /// With an account that sends text messages.
    pub(crate) async fn start_with_texts(config: Config, texts: Option<Arc<dyn Texts>>) -> Self {
        Self::start_with_all(config, texts, Issues::default()).await
    }

    /// With an issue classifier, or with the reason why there is none.
    pub(crate) async fn start_with_issues(issues: Issues) -> Self {
        Self::start_with_all(Config::default(), None, issues).await
    }

    async fn start_with_all(config: Config, texts: Option<Arc<dyn Texts>>, issues: Issues) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            master_key: MasterKey::new([7; 32]),
            limits: DiskLimits {
                reserve_bytes: 0,
                min_free_percent: 0,
                ..DiskLimits::default()
            },
        };
        let path = folder.path().join("overture.db");
        let store = overture_store::open_sqlite(&path, &options).unwrap();
        store.acquire_lease(NOW).unwrap();
        let source = SourceId::derive(NOW, Seq(1), 0);
        seed(&*store, source);
        let core = Arc::new(FakeCore {
            taken: Mutex::default(),
            reply: Mutex::default(),
            down: Mutex::default(),
            ready: Mutex::new(Readiness::Ready),
            facts: Mutex::new(WorldFacts {
                version: 1,
                policy_revision: 1,
                ..WorldFacts::default()
            }),
            changes: Mutex::default(),
            wiped: AtomicU64::new(0),
            states: Mutex::default(),
            outlook: Mutex::new(None),
            pacing: Mutex::new(None),
            claimed: Mutex::new(None),
            hints: broadcast::channel(64).0,
        });
        let now = Arc::new(AtomicI64::new(NOW.0));
        let clock = Arc::clone(&now);
        let (stop, stopping) = watch::channel(false);
        let router = overture_http::router(Parts {
            core: Arc::clone(&core) as Arc<dyn Core>,
            store: Arc::clone(&store),
            config,
            clock: Arc::new(move || Timestamp(clock.load(Ordering::Relaxed))),
            metrics: Arc::new(|| "overture_up 1\n".to_owned()),
            texts,
            mail: None,
            remote_text: None,
            text_models: TextModels {
                first: Arc::new(NoTextModel),
                second: None,
                problem: None,
            },
            issues,
            calls: overture_http::CallParts::default(),
            replay: Some(Arc::new(fake_replay)),
            stopping,
        })
        .unwrap();
        Self {
            router,
            core,
            store,
            now,
            source,
            stop,
            seq: AtomicU64::new(0),
            _folder: folder,
        }
    }

    pub(crate) fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call {
            server: self,
            method,
            path: path.into(),
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: impl Into<String>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    /// A call as an administrator.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: Value) -> Answer {
        let call = self.call(method.clone(), path).role(Role::Admin);
        match method {
            Method::GET => call.send().await,
            _ => call.json(&body).send().await,
        }
    }

    pub(crate) fn reply(&self, reply: Reply) {
        *self.core.reply.lock().unwrap() = Some(reply);
    }

    pub(crate) fn advance(&self, span: Millis) {
        self.now.fetch_add(span.0 as i64, Ordering::Relaxed);
    }

    /// Writes what a step would have written.
    pub(crate) fn commit(&self, effects: Vec<Effect>) {
        let seq = Seq(self.seq.fetch_add(1, Ordering::Relaxed) + 1);
        self.store
            .commit(&CommitUnit {
                inputs: vec![Input {
                    seq,
                    received_at: NOW,
                    body: InputBody::Route(RouteEvent::Tick),
                }],
                effects,
                replay_from: seq,
                at: NOW,
                ..CommitUnit::default()
            })
            .unwrap();
    }

    /// A new widget session and the device behind it.
    pub(crate) async fn widget(&self) -> (String, LinkKey) {
        let answer = self
            .post("/v1/widget/session")
            .json(&serde_json::json!({"write_key": KEY, "page": {"path": "/"}}))
            .send()
            .await
            .expect(200)
            .json();
        (
            answer["session_token"].as_str().unwrap().to_owned(),
            self.device(),
        )
    }

    /// The device of the session that was started last.
    pub(crate) fn device(&self) -> LinkKey {
        let bodies = self.core.bodies();
        bodies
            .iter()
            .rev()
            .find_map(|body| match body {
                CustomerBody::SessionStarted(started) => Some(started.device),
                _ => None,
            })
            .unwrap()
    }
}

/// A row of a timeline.
pub(crate) fn row(
    customer: CustomerId,
    seq: u64,
    audience: Audience,
    device: Option<LinkKey>,
    body: TimelineBody,
) -> Effect {
    Effect::Timeline(TimelineItem {
        customer,
        seq,
        at: NOW,
        audience,
        device,
        body,
    })
}

pub(crate) fn basic(key: &str) -> String {
    use base64::Engine as _;
    let coded = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
    format!("Basic {coded}")
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) const AUTHORIZATION: &str = "authorization";

/// What takes the place of a replay: one of an hour waits until it is cancelled, one of two hours
/// fails, one of three panics, any other is done at once.
fn fake_replay(
    asked: &overture_http::ReplayAsked,
    progress: &overture_http::ReplayProgress,
) -> Result<overture_http::ReplayReport, String> {
    match asked.to.since(asked.from).0 / 3_600_000 {
        1 => {
            progress.add(1_000, 0.25);
            while !progress.is_cancelled() {
                std::thread::park_timeout(std::time::Duration::from_millis(1));
            }
            Err("cancelled".to_owned())
        }
        2 => Err("the log is empty".to_owned()),
        3 => panic!("a replay that panics"),
        _ => Ok(overture_http::ReplayReport {
            exact: false,
            why: vec![asked.draft.clone().unwrap_or_default()],
            from: asked.from.to_string(),
            to: asked.to.to_string(),
            acts: asked.acts.name(),
            log_from: asked.from.to_string(),
            log_is_whole: true,
            events: 5,
            customers: 1,
            left_out: 0,
            took_ms: 1,
            happened: Default::default(),
            draft: Default::default(),
            rules: Vec::new(),
            channels: Vec::new(),
            reasons: Vec::new(),
            hours: Vec::new(),
            time_zone: asked.time_zone.clone(),
            customers_examples: Vec::new(),
            differences: Default::default(),
            cost: overture_http::ReplayCost {
                handle_minutes: asked.handle_minutes,
                per_minute: asked.cost_per_minute,
                happened: 0.0,
                draft: 0.0,
            },
        }),
    }
}
