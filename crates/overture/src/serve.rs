//! `overture serve`: everything wired together, from the settings to the last flush.

use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use axum::serve::ListenerExt;
use indicatif::{ProgressBar, ProgressStyle};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use overture_engine::{
    model::{CallEnd, CallFact, CustomerBody, Ingress, Subject, Unsaid},
    understand::{EngagementModel, transcribe::Transcriber},
};
use overture_http::{Core, Readiness, pseudonym_key};
use overture_store::{CallsOf, Store};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    annoyance,
    cli::Texts,
    clock,
    config::{Config, LogFormat},
    core::{self, Handle},
    first_start::{self, Credentials, Preset},
    mail::{self, Post},
    outbox::{self, Outbox},
    replay, storage, voice,
};

/// How long open connections may take to finish when the server stops.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);

/// Bounds of the commit time's histogram, seconds.
const COMMIT_BUCKETS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

/// What to serve.
pub struct Settings {
    /// The settings.
    pub config: Config,
    /// Credentials wanted from outside.
    pub preset: Preset,
    /// Whether this is the demo.
    pub demo: bool,
    /// What scores customers; the product has one, tests may bring another.
    pub engagement: Arc<dyn EngagementModel>,
    /// What reads texts.
    pub texts: Texts,
    /// What turns speech into words, in place of what the settings name.
    pub transcriber: Option<Arc<dyn Transcriber>>,
}

/// A server that listens.
pub struct Server {
    /// Where it is reached, without a slash at the end.
    pub url: String,
    /// What the operator is told.
    pub credentials: Credentials,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The core.
    pub core: Arc<Handle>,
    running: core::Running,
    outbox: Outbox,
    stopping: watch::Sender<bool>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Opens the data, starts the core, and listens. Recovery goes on behind it: until it
    /// ends, `/readyz` fails and changes answer 503.
    ///
    /// # Errors
    /// In words for an operator.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        let (config, preset, texts) = (settings.config, settings.preset, settings.texts);
        let (store, epoch, credentials) = tokio::task::spawn_blocking({
            let config = config.clone();
            move || {
                let store = storage::open(&config)?;
                let epoch = storage::acquire(&config, &*store)?;
                let credentials = first_start::prepare(&*store, &preset)
                    .context("could not prepare the first start")?;
                anyhow::Ok((store, epoch, credentials))
            }
        })
        .await??;
        let listener = TcpListener::bind(&config.listen)
            .await
            .with_context(|| format!("could not listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let prometheus = prometheus();
        let engagement = Arc::clone(&settings.engagement);
        let (core, running) = core::start(core::Options {
            store: Arc::clone(&store),
            engagement: settings.engagement,
            text: Arc::clone(&texts.first),
            issues: texts.issues.classifier.clone(),
            text_again: texts.second,
            key: pseudonym_key(&store.installation_secret()?),
            clock: clock::now,
        });
        let (stopping, stopped) = watch::channel(false);
        let sms = config.sms()?.map(Arc::new);
        let mailer = config.mailer()?.map(Arc::new);
        let url = config.public_url().unwrap_or_else(|| local_url(address));
        let post = match &mailer {
            Some(mailer) => {
                let (store, mailer, url) = (Arc::clone(&store), Arc::clone(mailer), url.clone());
                let post = move || Post::new(store, mailer, url);
                Some(tokio::task::spawn_blocking(post).await??)
            }
            None => None,
        };
        let parts = overture_http::Parts {
            texts: sms
                .clone()
                .map(|account| Arc::new(outbox::Codes(account)) as _),
            core: Arc::clone(&core) as Arc<dyn Core>,
            store: Arc::clone(&store),
            config: overture_http::Config {
                public_url: config.public_url(),
                first_party_prefix: config.first_party_prefix.clone(),
                trusted_proxies: config.networks()?,
                demo: settings.demo,
                shop_write_key: credentials.write_key.clone(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                rates: config.rates(),
                chat: config.chat(),
            },
            clock: Arc::new(clock::now),
            metrics: Arc::new(move || prometheus.render()),
            mail: mailer.clone().map(|mailer| overture_http::MailStatus {
                host: config.smtp.host.clone(),
                from: mailer.from(),
                send_test: Arc::new(move |to: &str| mail::send_test(&mailer, to, clock::now())),
            }),
            remote_text: config
                .remote_text()?
                .map(|analyzer| overture_http::RemoteTextStatus {
                    service: analyzer.service().title(),
                    host: analyzer.host().to_owned(),
                }),
            text_models: overture_http::TextModels {
                first: texts.first,
                second: texts.encoder,
                problem: texts.problem,
            },
            issues: texts.issues,
            calls: overture_http::CallParts {
                analyzer: Some(voice::analyzer()),
                transcriber: match settings.transcriber {
                    None => config.transcriber()?,
                    other => other,
                },
                twilio_token: config.twilio_token(),
            },
            replay: Some(replay::for_desk(Arc::clone(&store), engagement)),
            stopping: stopped.clone(),
        };
        let router = tokio::task::spawn_blocking(move || overture_http::router(parts)).await??;
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| {
            // An answer is small and somebody waits for it.
            let _ = stream.set_nodelay(true);
        });
        let served = tokio::spawn(
            axum::serve(listener, service)
                .with_graceful_shutdown(turned_true(stopped))
                .into_future(),
        );
        tokio::spawn(align_when_ready(Arc::clone(&store), Arc::clone(&core)));
        annoyance::start(&store, &core);
        let outbox = Outbox::start(outbox::Parts {
            store: Arc::clone(&store),
            epoch,
            core: Arc::clone(&core),
            webhook: config
                .webhook()?
                .map(|sender| (config.webhook.url.clone(), sender)),
            post,
            sms,
            runtime: tokio::runtime::Handle::current(),
        });
        Ok(Self {
            url,
            credentials,
            store,
            core,
            running,
            outbox,
            stopping,
            served,
        })
    }

    /// Waits until inputs are taken.
    ///
    /// # Errors
    /// The core cannot go on.
    pub async fn wait_until_ready(&self) -> anyhow::Result<()> {
        let mut readiness = self.core.readiness();
        let mut fatal = self.core.fatal();
        tokio::select! {
            _ = readiness.wait_for(|now| *now == Readiness::Ready) => Ok(()),
            why = fatal.wait_for(Option::is_some) => {
                anyhow::bail!("the core cannot go on: {}", why.map(|why| why.clone().unwrap_or_default()).unwrap_or_default())
            }
        }
    }

    /// Serves until SIGTERM or SIGINT, or until the core cannot go on; then stops.
    ///
    /// # Errors
    /// The core could not go on.
    pub async fn run(self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut fatal = self.core.fatal();
        let why = tokio::select! {
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            why = fatal.wait_for(Option::is_some) => why.ok().and_then(|why| why.clone()),
        };
        tracing::info!("stopping: no new connections, open ones are finished");
        self.stop().await;
        match why {
            Some(why) => anyhow::bail!("the core could not go on: {why}"),
            None => Ok(()),
        }
    }

    /// Stops accepting, lets connections finish, and writes every state behind.
    pub async fn stop(self) {
        let _ = self.stopping.send(true);
        let mut served = self.served;
        if tokio::time::timeout(DRAIN_TIME_MAX, &mut served)
            .await
            .is_err()
        {
            tracing::warn!("some connections did not finish in time");
            served.abort();
        }
        let (core, running, outbox) = (self.core, self.running, self.outbox);
        let flushed = tokio::task::spawn_blocking(move || {
            outbox.stop();
            core.stop(running);
        });
        let _ = flushed.await;
        tracing::info!("everything is written, good-bye");
    }
}

async fn turned_true(mut flag: watch::Receiver<bool>) {
    // A closed channel means that the server is being dropped: stop as well.
    let _ = flag.wait_for(|stopping| *stopping).await;
}

async fn align_when_ready(store: Arc<dyn Store>, core: Arc<Handle>) {
    let mut readiness = core.readiness();
    let is_ready = readiness
        .wait_for(|now| *now == Readiness::Ready)
        .await
        .is_ok();
    if is_ready && let Err(error) = first_start::align(&store, &core).await {
        tracing::error!(error = %format!("{error:#}"), "rows that people edit could not be told to the engine");
    }
    if is_ready && let Err(error) = lost_calls(&store, &core).await {
        tracing::error!(error = %format!("{error:#}"), "calls of the last run could not be ended");
    }
}

/// Whoever carried the audio of a call when the last run ended is gone: such calls are over.
async fn lost_calls(store: &Arc<dyn Store>, core: &Arc<Handle>) -> anyhow::Result<()> {
    let before = Arc::clone(store);
    let live = tokio::task::spawn_blocking(move || before.calls(CallsOf::Live, None, u32::MAX));
    let lost = live.await??.into_iter().map(|entry| Ingress {
        source: None,
        occurred_at: None,
        message_key: None,
        unsaid: Unsaid::default(),
        subject: Subject::Customer(
            entry.customer,
            CustomerBody::Call(Box::new(CallFact::ended_unheard(
                entry.row.call,
                CallEnd::Lost,
            ))),
        ),
    });
    let lost: Vec<_> = lost.collect();
    if !lost.is_empty() {
        core.submit(lost).await?;
    }
    Ok(())
}

fn local_url(address: SocketAddr) -> String {
    match address {
        _ if address.ip().is_unspecified() => format!("http://127.0.0.1:{}", address.port()),
        _ => format!("http://{address}"),
    }
}

/// The process's one recorder; a second server in the same process shares it.
fn prometheus() -> PrometheusHandle {
    static HANDLE: std::sync::OnceLock<PrometheusHandle> = std::sync::OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let commit = Matcher::Full("overture_commit_seconds".to_owned());
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(commit, &COMMIT_BUCKETS)
                .expect("there are buckets")
                .build_recorder();
            let handle = recorder.handle();
            // Somebody else's recorder stays; this one then only renders nothing.
            let _ = metrics::set_global_recorder(recorder);
            core::describe_metrics();
            handle
        })
        .clone()
}

/// How the address and the credentials are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Print {
    /// A few lines for people.
    Text,
    /// One JSON line: url, write_key, admin_email, admin_password.
    Json,
}

/// Serves until told to stop.
///
/// # Errors
/// In words for an operator.
pub async fn run(settings: Settings, print: Print) -> anyhow::Result<()> {
    let server = Server::start(settings).await?;
    match print {
        Print::Json => print_json(&server)?,
        Print::Text => print_text(&server)?,
    }
    tokio::spawn(show_recovery(server.core.readiness()));
    server.run().await
}

/// Writes the one line that scripts wait for.
///
/// # Errors
/// Standard output is closed.
pub fn print_json(server: &Server) -> anyhow::Result<()> {
    let line = serde_json::json!({
        "url": server.url,
        "write_key": server.credentials.write_key,
        "admin_email": server.credentials.admin_email,
        "admin_password": server.credentials.admin_password,
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn print_text(server: &Server) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let Credentials {
        write_key,
        admin_email,
        admin_password,
    } = &server.credentials;
    writeln!(out, "Overture is listening at {}", server.url)?;
    writeln!(out, "  desk       {}/desk/", server.url)?;
    writeln!(out, "  admin      {admin_email}")?;
    if let Some(password) = admin_password {
        writeln!(out, "  password   {password}")?;
    }
    writeln!(out, "  write key  {write_key}")?;
    Ok(out.flush()?)
}

/// Shows on a terminal how far recovery is; elsewhere the log says it once.
async fn show_recovery(mut readiness: watch::Receiver<Readiness>) {
    let bar = std::io::stderr().is_terminal().then(ProgressBar::no_length);
    if let Some(bar) = &bar {
        let style = ProgressStyle::with_template("recovering {bar:30} {pos}/{len} inputs")
            .expect("the template is valid");
        bar.set_style(style);
    }
    loop {
        let now = *readiness.borrow_and_update();
        match (now, &bar) {
            (Readiness::Starting { replayed, total }, Some(bar)) => {
                bar.set_length(total);
                bar.set_position(replayed);
            }
            (Readiness::Ready, bar) => {
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
                tracing::info!("ready");
                return;
            }
            _ => {}
        }
        if readiness.changed().await.is_err() {
            return;
        }
    }
}

/// Sends log lines to standard error.
///
/// # Errors
/// The filter is not valid.
pub fn start_logging(config: &Config) -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log)
        .with_context(|| format!("log: expected a level or a filter, got {:?}", config.log))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call in the same process keeps the first one's settings.
    let _ = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}
