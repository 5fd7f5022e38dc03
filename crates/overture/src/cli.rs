//! The command line.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, LazyLock},
};

use clap::{Args, Parser, Subcommand};
use overture_engine::understand::{EngagementModel, TextModel};
use overture_http::{Issues, LoadModel};
use overture_inference::text::TextTables;

use crate::{
    audit,
    config::{Config, DEFAULTS, Flags},
    core::LoadText,
    demo, doctor,
    doctor_site::{self, SiteArgs},
    export,
    first_start::Preset,
    fusion, issues, loadgen, models, policy, remote_text, replay,
    serve::{self, Print, Settings},
    storage, text, voice,
};

/// Proactive customer support: notices who struggles, decides by your policy, offers help,
/// and routes whoever accepts to an agent.
#[derive(Debug, Parser)]
#[command(name = "overture", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: capture, decide, offer, chat, desk and administration. Needs no settings.
    Serve(ServeArgs),
    /// Serve a sample shop with simulated visitors and agents, to look around.
    Demo(DemoArgs),
    /// The ledger of grants.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Take out what belongs elsewhere.
    #[command(subcommand)]
    Export(ExportCommand),
    /// Check that everything is in place, here or (`--site`) on a page that carries the
    /// widget; each line says what to do.
    Doctor(DoctorArgs),
    /// Load a server on a fixed schedule and report latencies.
    #[command(subcommand)]
    Loadgen(loadgen::Load),
    /// Bring the database to this release's schema. `serve` does the same when it starts.
    Migrate(Flags),
    /// What a draft policy would have decided on the recorded history, beside what happened.
    Replay(replay::ReplayArgs),
    /// Policies.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Score messages with the active text model or with an issue classifier, or recordings by their sound.
    #[command(subcommand)]
    Score(ScoreCommand),
    /// Make a model from labelled data.
    #[command(subcommand)]
    Train(TrainCommand),
    /// Measure a model on labelled data.
    #[command(subcommand)]
    Evaluate(EvaluateCommand),
    /// Text models and issue classifiers: which there are, and which are in use.
    Models(models::ModelsArgs),
    /// Print the commented default settings, to begin a file with.
    Config,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    flags: Flags,
    /// How the address and the credentials are printed once it listens.
    #[arg(long, value_enum, default_value = "text")]
    print: Print,
    #[command(flatten)]
    preset: PresetArgs,
}

#[derive(Debug, Args)]
struct DemoArgs {
    #[command(flatten)]
    flags: Flags,
    /// How the addresses and the sign-in are printed.
    #[arg(long, value_enum, default_value = "text")]
    print: Print,
    /// Visitors in the shop at once.
    #[arg(long, default_value_t = demo::VISITORS)]
    visitors: usize,
    #[command(flatten)]
    preset: PresetArgs,
}

#[derive(Debug, Args)]
struct PresetArgs {
    /// The admin's e-mail address; the account is made when it is missing.
    #[arg(long, env = "OVERTURE_ADMIN_EMAIL")]
    admin_email: Option<String>,
    /// The admin's password; without it the first start prints a one-time password.
    #[arg(long, env = "OVERTURE_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<String>,
    /// A write key of the default source; without it the first start makes one.
    #[arg(long, env = "OVERTURE_WRITE_KEY")]
    write_key: Option<String>,
}

impl PresetArgs {
    fn preset(self) -> Preset {
        Preset {
            admin_email: self.admin_email,
            admin_password: self.admin_password,
            write_key: self.write_key,
        }
    }
}

#[derive(Debug, Args)]
struct DoctorArgs {
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    site: SiteArgs,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check the hash chains; name the first row that was changed, and exit with 1.
    Verify(Flags),
}

#[derive(Debug, Subcommand)]
enum ExportCommand {
    /// What staff said messages really are, to learn from.
    Labels(export::LabelsArgs),
    /// What staff said messages are about, to train issue classifiers with.
    Issues(export::LabelsArgs),
    /// What phrases read as.
    Lexicon(export::LexiconArgs),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check a policy file; mistakes are printed with line and column.
    Check {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ScoreCommand {
    /// What messages say about their writers.
    Text(text::ScoreArgs),
    /// What messages are about, by a classifier of your own.
    Issues(issues::ScoreArgs),
    /// How voices sound, whatever they say.
    Voice(voice::ScoreArgs),
}

#[derive(Debug, Subcommand)]
enum TrainCommand {
    /// A text model: tables, and an encoder fitted to them.
    Text(text::TrainArgs),
    /// An issue classifier, from your own labels.
    Issues(issues::TrainArgs),
    /// A voice model, from recordings of known emotion.
    Voice(voice::TrainArgs),
}

#[derive(Debug, Subcommand)]
enum EvaluateCommand {
    /// A text model.
    Text(text::EvaluateArgs),
    /// An issue classifier.
    Issues(issues::EvaluateArgs),
    /// A voice model, or the recipe of one.
    Voice(voice::EvaluateArgs),
    /// What voice and words say together, also where a recogniser mishears.
    ///
    /// Utterances are put together from recordings of known emotion and messages of known feeling, of different people and languages:
    /// the figures say how robust the fusion is, not how often it is right about callers.
    Fusion(fusion::EvaluateArgs),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where a command's error is shown"
)]
fn complain(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

#[expect(clippy::print_stdout, reason = "the command's output")]
fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => {
            let config = Config::load(&args.flags)?;
            serve::start_logging(&config)?;
            let settings = Settings {
                preset: args.preset.preset(),
                demo: false,
                texts: texts(&config)?,
                config,
                engagement: engagement(),
                transcriber: None,
            };
            runtime()?.block_on(serve::run(settings, args.print))
        }
        Command::Demo(args) => runtime()?.block_on(demo::run(demo::DemoSettings {
            flags: args.flags,
            preset: args.preset.preset(),
            print: args.print,
            visitors: args.visitors,
        })),
        Command::Audit(AuditCommand::Verify(flags)) => audit::verify(&Config::load(&flags)?),
        Command::Export(ExportCommand::Labels(args)) => export::labels(&args),
        Command::Export(ExportCommand::Issues(args)) => export::issues(&args),
        Command::Export(ExportCommand::Lexicon(args)) => export::lexicon(&args),
        Command::Doctor(DoctorArgs { flags, site: args }) => {
            let config = Config::load(&flags)?;
            match args.site.clone() {
                None => doctor::run(&config),
                Some(site) => doctor_site::run(&args, &site, config.public_url()),
            }
        }
        Command::Loadgen(load) => loadgen::run(load),
        Command::Migrate(flags) => {
            let config = Config::load(&flags)?;
            let store = storage::open(&config)?;
            println!(
                "ok: the {} database has this release's schema",
                store.kind()
            );
            Ok(())
        }
        Command::Replay(args) => replay::run_command(&args),
        Command::Policy(PolicyCommand::Check { file }) => policy::check(&file),
        Command::Score(ScoreCommand::Text(args)) => text::score(&args),
        Command::Score(ScoreCommand::Issues(args)) => issues::score(&args),
        Command::Score(ScoreCommand::Voice(args)) => voice::score(&args),
        Command::Train(TrainCommand::Text(args)) => text::train(&args),
        Command::Train(TrainCommand::Issues(args)) => issues::train(&args),
        Command::Train(TrainCommand::Voice(args)) => voice::train(&args),
        Command::Evaluate(EvaluateCommand::Text(args)) => text::evaluate(&args),
        Command::Evaluate(EvaluateCommand::Issues(args)) => issues::evaluate(&args),
        Command::Evaluate(EvaluateCommand::Voice(args)) => voice::evaluate(&args),
        Command::Evaluate(EvaluateCommand::Fusion(args)) => fusion::evaluate(&args),
        Command::Models(args) => models::run(&args),
        Command::Config => {
            print!("{DEFAULTS}");
            Ok(())
        }
    }
}

/// The model that ships.
pub fn engagement() -> Arc<dyn EngagementModel> {
    Arc::new(overture_inference::Logistic::shipped())
}

/// The text model that ships.
pub fn text() -> Arc<dyn TextModel> {
    Arc::new(text::shelf::shipped())
}

/// What reads texts.
pub struct Texts {
    /// Before they are logged: the tables.
    pub first: Arc<dyn TextModel>,
    /// Behind that: tables and encoder, and a service where one is set.
    pub second: Option<LoadText>,
    /// Tables and encoder alone, to try a list with.
    pub encoder: Option<LoadModel>,
    /// Why the first is not the one that was chosen.
    pub problem: Option<String>,
    /// What says what they are about.
    pub issues: Issues,
}

/// The text models and the issue classifier that were made active; where one cannot be used, the log says so.
///
/// # Errors
/// The settings of a service cannot work.
pub fn texts(config: &Config) -> anyhow::Result<Texts> {
    let remote = config.remote_text()?;
    if let Some(analyzer) = &remote {
        remote_text::warn(analyzer);
    }
    let folder = config.data_dir.join("models");
    let active = text::shelf::active(&folder);
    let problem = active.fallback;
    if let Some(reason) = &problem {
        tracing::error!(%reason, "the active text model cannot be used");
    }
    let issues = issues::shelf::active(&folder);
    if let Some(reason) = &issues.problem {
        tracing::error!(%reason, "the active issue classifier cannot be used");
    }
    let issues = Issues {
        classifier: issues.model.map(|model| Arc::new(model) as _),
        problem: issues.problem,
    };
    let tables = Arc::new(active.model);
    if !config.second_reading {
        return Ok(Texts {
            first: tables,
            second: None,
            encoder: None,
            problem,
            issues,
        });
    }
    // Both the second reader and trials ask for the encoder; whoever comes first loads it.
    let own = {
        let (file, tables) = (active.file, Arc::clone(&tables));
        Arc::new(LazyLock::new(move || encoder(file.as_deref(), tables)))
    };
    let (same, encoder) = (Arc::clone(&tables), Arc::clone(&own));
    let load = move || match remote {
        None => (*own).clone(),
        Some(analyzer) => {
            let own = (*own).clone().unwrap_or(same);
            Some(remote_text::over(own, analyzer))
        }
    };
    Ok(Texts {
        first: tables,
        second: Some(Box::new(load)),
        encoder: Some(Arc::new(move || (*encoder).clone())),
        problem,
        issues,
    })
}

/// Tier 1, beside the tables' file; where it cannot be used, the log says so.
fn encoder(file: Option<&Path>, tables: Arc<TextTables>) -> Option<Arc<dyn TextModel>> {
    match text::shelf::blended(file, tables) {
        Ok(blended) => Some(Arc::new(blended)),
        Err(error) => {
            let reason = format!("{error:#}");
            tracing::error!(%reason, "texts are read by tier 0 alone: the encoder cannot be used");
            None
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}
