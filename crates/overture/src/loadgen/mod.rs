//! `overture loadgen`: an open-loop load generator.
//!
//! Requests follow a fixed schedule that does not wait for answers, and a latency counts
//! from the time a request was meant to be sent: a server that stalls cannot hide it. The
//! report is JSON on standard output, progress goes to standard error, and the report says
//! what CPU the generator took itself.

mod bodies;
mod calls;
mod capture;
mod chat;
mod offer;
pub mod random;
mod report;
mod staff;

use std::time::Duration;

use clap::{Args, Subcommand};
use report::ProcessUse;
use serde::Serialize;

use crate::client::Target;

/// What to load, and how.
#[derive(Debug, Subcommand)]
pub enum Load {
    /// Batches of events through the Segment-compatible interface.
    Capture(CaptureArgs),
    /// One event a request.
    Single(SingleArgs),
    /// From the event that makes a customer struggle to the banner in the page, with
    /// background events and a free seat.
    Offer(OfferArgs),
    /// Messages of conversations, from sender to receiver, both ways.
    Chat(ChatArgs),
    /// Calls at once, from the end of a second of speech to what was heard in it. Turns the analysis of calls on.
    Calls(CallsArgs),
}

/// Where the server is and how long to load it.
#[derive(Debug, Clone, Args)]
pub struct CommonArgs {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A source's write key.
    #[arg(long, env = "OVERTURE_WRITE_KEY")]
    pub write_key: String,
    /// How long to measure, seconds.
    #[arg(long, default_value_t = 60)]
    pub seconds: u64,
    /// How long to load before measuring, seconds.
    #[arg(long, default_value_t = 5)]
    pub warmup_seconds: u64,
    /// How many customers there are.
    #[arg(long, default_value_t = 100_000)]
    pub customers: usize,
    /// The exponent of the customers' activity (Zipf).
    #[arg(long, default_value_t = 1.1)]
    pub zipf: f64,
    /// Connections that may wait for an answer at once.
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// The server's process id, to report its CPU and memory as well.
    #[arg(long)]
    pub server_pid: Option<u32>,
    /// Makes a run repeatable.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Capture in batches.
#[derive(Debug, Clone, Args)]
pub struct CaptureArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Events a second.
    #[arg(long, default_value_t = 50_000)]
    rate: u64,
    /// Events a request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

/// Capture of single events.
#[derive(Debug, Clone, Args)]
pub struct SingleArgs {
    #[command(flatten)]
    common: CommonArgs,
    /// Requests a second.
    #[arg(long, default_value_t = 5_000)]
    rate: u64,
}

/// Staff access, to set up an agent and to go live.
#[derive(Debug, Clone, Args)]
pub struct StaffArgs {
    /// An admin's e-mail address.
    #[arg(long, env = "OVERTURE_ADMIN_EMAIL")]
    pub admin_email: String,
    /// The admin's password.
    #[arg(long, env = "OVERTURE_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: String,
}

/// Event to banner.
#[derive(Debug, Clone, Args)]
pub struct OfferArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    staff: StaffArgs,
    /// Background events a second.
    #[arg(long, default_value_t = 10_000)]
    rate: u64,
    /// Events a background request.
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Customers that struggle, a second.
    #[arg(long, default_value_t = 5)]
    probes: u64,
}

/// Chats.
#[derive(Debug, Clone, Args)]
pub struct ChatArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    staff: StaffArgs,
    /// Conversations at once, all with one agent.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(staff::SEATS)))]
    conversations: u32,
    /// Customers' messages a second, over all conversations; each is answered by the agent.
    #[arg(long, default_value_t = 50)]
    rate: u64,
}

/// Calls.
#[derive(Debug, Clone, Args)]
pub struct CallsArgs {
    #[command(flatten)]
    common: CommonArgs,
    #[command(flatten)]
    staff: StaffArgs,
    /// Calls at once, both parties of each.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    calls: u32,
}

/// Loads the server and prints the report. Runs on one thread, so that the generator can
/// never take more than one core.
pub fn run(load: Load) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match load {
            Load::Capture(args) => {
                let target = Target::parse(&args.common.url).await?;
                print(&capture::run(&target, &args.common, args.rate, args.batch).await?)
            }
            Load::Single(args) => {
                let target = Target::parse(&args.common.url).await?;
                print(&capture::run(&target, &args.common, args.rate, 1).await?)
            }
            Load::Offer(args) => print(&offer::run(&args).await?),
            Load::Chat(args) => print(&chat::run(&args).await?),
            Load::Calls(args) => print(&calls::run(&args).await?),
        }
    })
}

#[expect(clippy::print_stdout, reason = "the report is the command's output")]
fn print(report: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}

/// What the generator and the server took during a run.
#[derive(Debug, Serialize)]
struct Machine {
    generator: ProcessUse,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<ProcessUse>,
}

/// Starts counting CPU.
struct MachineMeter {
    generator: ProcessUse,
    server: Option<(u32, ProcessUse)>,
}

impl MachineMeter {
    fn start(server: Option<u32>) -> Self {
        Self {
            generator: ProcessUse::of(None),
            server: server.map(|id| (id, ProcessUse::of(Some(id)))),
        }
    }

    fn stop(self) -> Machine {
        Machine {
            generator: ProcessUse::of(None).since(self.generator),
            server: self
                .server
                .map(|(id, before)| ProcessUse::of(Some(id)).since(before)),
        }
    }
}

/// The schedule of an open loop: ticket `n` is due at `start + n * interval`.
#[derive(Debug, Clone, Copy)]
struct Schedule {
    start: tokio::time::Instant,
    per_second: f64,
}

impl Schedule {
    fn due(&self, ticket: u64) -> tokio::time::Instant {
        self.start + Duration::from_secs_f64(ticket as f64 / self.per_second)
    }
}

/// The wall-clock time as RFC 3339 with milliseconds: 24 bytes.
fn now_text() -> [u8; 24] {
    let text = crate::clock::now().to_string();
    text.as_bytes()
        .try_into()
        .expect("a time of this era has 24 characters")
}
