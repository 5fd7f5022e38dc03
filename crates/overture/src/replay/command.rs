//! `overture replay`: what a draft would have decided, on the command line.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use overture_engine::{decide::Policy, model::Timestamp, understand::EngagementModel};
use overture_http::{
    COST_PER_MINUTE, HANDLE_MINUTES, ReplayAs, ReplayAsked, ReplayProgress, ReplayReport,
};

use overture_store::Store;

use super::{Source, print, run};
use crate::{
    cli, clock,
    config::{Config, Flags},
    policy, progress, storage,
};

/// How often the bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// Decides the recorded history anew and compares.
///
/// The log is only read, also while a server writes it. With the policy, the mode and the engine
/// of then the result is exact, decision by decision; otherwise every figure of the draft is an
/// open-loop estimate: seats are there when an agent was free then, an offer that nobody was
/// really made counts as ignored, and what customers answered to offers that the draft does not
/// make is dropped.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    flags: Flags,
    /// The draft; without it, the policies that were in force.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The first instant to compare: RFC 3339, or so long before `--to` as in 24h, 7d, 90m. What
    /// came before it only warms up, under the policies of then.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The first instant not to compare any more: RFC 3339, or so long ago. Now by default.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// How rules count: as in live mode, as in shadow mode, or as it was at each time.
    #[arg(long = "as", value_enum, default_value = "live")]
    acts: As,
    /// The IANA zone whose hours of the day are shown.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// Minutes that one contact needs, for the cost.
    #[arg(long, default_value_t = HANDLE_MINUTES)]
    handle_minutes: f64,
    /// What an agent's minute costs, for the cost.
    #[arg(long, default_value_t = COST_PER_MINUTE)]
    cost_per_minute: f64,
    /// Print the whole result as JSON.
    #[arg(long)]
    json: bool,
    /// Threads that step customers, beside the one that reads the log.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
    /// Customers that may be in memory, about 2 KB each; more is an error.
    #[arg(long, default_value_t = 2_000_000)]
    customers_max: usize,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum As {
    Live,
    Shadow,
    Recorded,
}

impl From<As> for ReplayAs {
    fn from(acts: As) -> Self {
        match acts {
            As::Live => Self::Live,
            As::Shadow => Self::Shadow,
            As::Recorded => Self::Recorded,
        }
    }
}

/// Replays and prints.
///
/// # Errors
/// A time or an option is wrong, the draft has mistakes, there is no database, the log is empty,
/// or it was interrupted.
pub(crate) fn run_command(args: &ReplayArgs) -> anyhow::Result<()> {
    let asked = asked(args, clock::now())?;
    let store = storage::open_existing(&Config::load(&args.flags)?)?;
    let source = Source {
        store,
        engagement: cli::engagement(),
        shards: usize::from(args.threads),
        customers_max: args.customers_max,
        rest: 0.0,
    };
    let report = watched(&source, &asked)?;
    if args.json {
        print::json(&report)
    } else {
        print::tables(&report, args.policy.as_deref());
        Ok(())
    }
}

/// Replays with a bar on a terminal; Ctrl-C ends it.
fn watched(source: &Source, asked: &ReplayAsked) -> anyhow::Result<ReplayReport> {
    let progress = ReplayProgress::default();
    let is_done = AtomicBool::new(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::scope(|scope| {
        scope.spawn(|| {
            let bar = progress::bar();
            runtime.block_on(async {
                let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
                while !is_done.load(Ordering::Relaxed) {
                    progress::set(&bar, progress.share() as f32);
                    tokio::select! {
                        _ = &mut interrupted, if !progress.is_cancelled() => progress.cancel(),
                        () = tokio::time::sleep(DRAW_EVERY) => {}
                    }
                }
            });
            bar.finish_and_clear();
        });
        let report = run(source, asked, &progress);
        is_done.store(true, Ordering::Relaxed);
        report
    })
}

fn asked(args: &ReplayArgs, now: Timestamp) -> anyhow::Result<ReplayAsked> {
    let to = match &args.to {
        None => now,
        Some(text) => time("--to", text, now)?,
    };
    let from = time("--from", &args.from, to)?;
    ensure!(
        from < to,
        "--from: expected a time before --to ({from} is not before {to})"
    );
    ensure!(
        jiff::tz::TimeZone::get(&args.time_zone).is_ok(),
        "--time-zone: expected an IANA zone like Europe/Vienna, got {:?}",
        args.time_zone
    );
    for (name, value) in [
        ("--handle-minutes", args.handle_minutes),
        ("--cost-per-minute", args.cost_per_minute),
    ] {
        ensure!(
            value.is_finite() && value >= 0.0,
            "{name}: expected zero or more, got {value}"
        );
    }
    let draft = args.policy.as_ref().map(|file| {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("could not read {}", file.display()))?;
        check(&text, &file.display().to_string())?;
        anyhow::Ok(text)
    });
    Ok(ReplayAsked {
        draft: draft.transpose()?,
        from,
        to,
        acts: args.acts.into(),
        time_zone: args.time_zone.clone(),
        handle_minutes: args.handle_minutes,
        cost_per_minute: args.cost_per_minute,
    })
}

/// Every mistake with its place, as `overture policy check` prints it.
fn check(text: &str, name: &str) -> anyhow::Result<()> {
    let Err(errors) = Policy::parse(text, 0) else {
        return Ok(());
    };
    let lines = policy::mistakes(name, &errors).join("\n");
    bail!("{name} has {} mistakes\n{lines}", errors.len())
}

/// An instant, or a span before `until`.
fn time(option: &str, text: &str, until: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(time.as_millisecond()));
    }
    let wrong = || {
        anyhow::anyhow!(
            "{option}: expected a time like 2026-11-30T08:00:00Z, or a span like 24h or 7d, got {text:?}"
        )
    };
    let place = text
        .find(|letter: char| !letter.is_ascii_digit())
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(place);
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let unit_ms = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let span = number.checked_mul(unit_ms).ok_or_else(wrong)?;
    Ok(Timestamp(until.0.checked_sub(span).ok_or_else(wrong)?))
}

/// How the server replays for the desk: on few threads that rest half of the time, because
/// customers come first.
pub(crate) fn for_desk(
    store: Arc<dyn Store>,
    engagement: Arc<dyn EngagementModel>,
) -> overture_http::RunReplay {
    let source = Source {
        store,
        engagement,
        shards: 1,
        customers_max: 1_000_000,
        rest: 1.0,
    };
    Arc::new(move |asked, progress| {
        run(&source, asked, progress).map_err(|error| format!("{error:#}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_instants_or_spans_and_nothing_else() {
        let now = Timestamp(1_750_000_000_000);
        for (text, expected) in [
            ("2025-06-15T15:06:40Z", Some(1_750_000_000_000)),
            ("2025-06-15T17:06:40+02:00", Some(1_750_000_000_000)),
            ("24h", Some(1_750_000_000_000 - 86_400_000)),
            ("7d", Some(1_750_000_000_000 - 7 * 86_400_000)),
            ("90m", Some(1_750_000_000_000 - 5_400_000)),
            ("0s", Some(1_750_000_000_000)),
            ("", None),
            ("h", None),
            ("24", None),
            ("-1h", None),
            ("7 d", None),
            ("yesterday", None),
            ("99999999999999999d", None),
            ("2025-06-15", None),
        ] {
            let found = time("--from", text, now).ok().map(|time| time.0);
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
