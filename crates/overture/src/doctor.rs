//! `overture doctor`: is everything in place? One line a check, each with what to do.

use std::{
    io::Write,
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    time::{Duration, Instant},
};

use overture_engine::{decide::Policy, understand::TextModel};
use overture_store::{Store, StoreError};

use crate::{clock, config::Config, issues, storage, text};

/// A forced write to disk that takes longer limits every commit.
const FSYNC_SLOW: Duration = Duration::from_millis(20);

/// Forced writes that are timed; the median counts.
const FSYNC_TRIES: usize = 11;

/// 2025-01-01: a clock before it is wrong.
const CLOCK_FLOOR_MS: i64 = 1_735_689_600_000;

/// How a check came out.
enum Verdict {
    Ok(String),
    Warn(String),
    Fail(String),
}

use Verdict::{Fail, Ok as Fine, Warn};

/// Runs every check and prints it.
///
/// # Errors
/// At least one check failed.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(config: &Config) -> anyhow::Result<()> {
    let mut failed = 0;
    let mut say = |name: &str, verdict: Verdict| {
        let (mark, text) = match verdict {
            Fine(text) => ("ok  ", text),
            Warn(text) => ("warn", text),
            Fail(text) => {
                failed += 1;
                ("FAIL", text)
            }
        };
        println!("{mark}  {name:<12} {text}");
    };
    say("settings", Fine("valid".to_owned()));
    say("public url", public_url(config));
    say("remote text", remote_text(config));
    say("speech", speech(config));
    say("data folder", folder(config));
    say("models", models(config));
    say("master key", master_key(config));
    say("disk sync", disk_sync(config));
    say("clock", wall_clock());
    say("port", port(config));
    // Looking makes nothing: what the first start makes is missing until then.
    let store = storage::is_made(config).then(|| storage::open(config));
    match store {
        None => say(
            "store",
            Warn("none yet; the first start makes one".to_owned()),
        ),
        Some(Err(error)) => say("store", Fail(format!("{error:#}"))),
        Some(Ok(store)) => {
            say("store", Fine(format!("{} answers", store.kind())));
            say("disk", disk(&*store));
            say("writer", writer(&*store));
            say("policy", policy(&*store));
        }
    }
    anyhow::ensure!(failed == 0, "{failed} checks failed");
    Ok(())
}

fn public_url(config: &Config) -> Verdict {
    match config.public_url() {
        None => Warn("not set: links and cookies use whatever host people asked for; set public_url before customers come".to_owned()),
        Some(url) if url.starts_with("http://") => {
            Warn(format!("{url} is not https: put a TLS proxy in front and name it in trusted_proxies"))
        }
        Some(url) => Fine(url),
    }
}

fn remote_text(config: &Config) -> Verdict {
    match config.remote_text() {
        Err(error) => Fail(format!("{error:#}")),
        Ok(None) => Fine("none: what customers write is read on this server alone".to_owned()),
        Ok(Some(analyzer)) => Warn(format!(
            "what customers write is also sent to {} at {}",
            analyzer.service().title(),
            analyzer.host()
        )),
    }
}

fn speech(config: &Config) -> Verdict {
    match config.transcriber() {
        Err(error) => Fail(format!("{error:#}")),
        Ok(None) => Fine("no speech-to-text: calls are known by their voices alone".to_owned()),
        Ok(Some(transcriber)) => match transcriber.host() {
            None => Fine(format!("words from {}", transcriber.name())),
            Some(host) => Warn(format!(
                "what customers say in calls is also sent to {host}"
            )),
        },
    }
}

fn models(config: &Config) -> Verdict {
    let folder = config.data_dir.join("models");
    let text = text::shelf::active(&folder);
    let issues = issues::shelf::active(&folder);
    let problems: Vec<String> = [text.fallback, issues.problem]
        .into_iter()
        .flatten()
        .collect();
    if !problems.is_empty() {
        return Fail(problems.join("; "));
    }
    let classifier = match &issues.model {
        Some(model) => format!("issues by {}", model.name()),
        None => "no issue classifier".to_owned(),
    };
    Fine(format!("text by {}, {classifier}", text.model.name()))
}

fn folder(config: &Config) -> Verdict {
    let folder = &config.data_dir;
    match std::fs::metadata(folder) {
        Err(_) => Warn(format!(
            "{} does not exist yet; the first start makes it",
            folder.display()
        )),
        Ok(found) if !found.is_dir() => Fail(format!("{} is not a folder", folder.display())),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Warn(format!(
            "others may look into {}; run chmod 700 on it",
            folder.display()
        )),
        Ok(_) => Fine(folder.display().to_string()),
    }
}

fn master_key(config: &Config) -> Verdict {
    if !config.master_key.is_empty() {
        return Fine("from the settings or the environment".to_owned());
    }
    let file = config.key_file();
    match std::fs::metadata(&file) {
        Err(_) if config.database_file().exists() => Fail(format!(
            "{} is missing and there is a database: restore the file or set OVERTURE_MASTER_KEY",
            file.display()
        )),
        Err(_) => Warn("none yet; the first start makes one".to_owned()),
        Ok(found) if found.permissions().mode() & 0o077 != 0 => Fail(format!(
            "others may read {}; run chmod 600 on it",
            file.display()
        )),
        Ok(_) => Warn(format!(
            "in {}, beside the data: a backup of the folder can be opened by anybody; OVERTURE_MASTER_KEY keeps it apart",
            file.display()
        )),
    }
}

fn disk_sync(config: &Config) -> Verdict {
    let folder = if config.data_dir.is_dir() {
        config.data_dir.clone()
    } else {
        std::env::temp_dir()
    };
    match time_sync(&folder) {
        Err(error) => Fail(format!(
            "could not write into {}: {error}",
            folder.display()
        )),
        Ok(took) if took > FSYNC_SLOW => Warn(format!(
            "a forced write takes {:.1} ms; a faster disk makes every commit faster",
            took.as_secs_f64() * 1e3
        )),
        Ok(took) => Fine(format!(
            "a forced write takes {:.1} ms",
            took.as_secs_f64() * 1e3
        )),
    }
}

fn time_sync(folder: &std::path::Path) -> std::io::Result<Duration> {
    let path = folder.join(format!("doctor-{}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    let outcome = (|| {
        for _ in 0..FSYNC_TRIES {
            let started = Instant::now();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            times.push(started.elapsed());
        }
        Ok(())
    })();
    std::fs::remove_file(&path)?;
    times.sort();
    outcome.map(|()| times[times.len() / 2])
}

fn wall_clock() -> Verdict {
    let now = clock::now();
    if now.0 < CLOCK_FLOOR_MS {
        Fail(format!("it says {now}: set it, or run a time service"))
    } else {
        Fine(now.to_string())
    }
}

fn port(config: &Config) -> Verdict {
    match TcpListener::bind(&config.listen) {
        Ok(_) => Fine(format!("{} is free", config.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Warn(format!(
            "{} is in use: by a running overture, or choose another --listen",
            config.listen
        )),
        Err(error) => Fail(format!("cannot listen on {}: {error}", config.listen)),
    }
}

fn disk(store: &dyn Store) -> Verdict {
    match store.pressure() {
        Err(error) => Fail(error.to_string()),
        Ok(disk) => {
            let mb = |bytes: u64| bytes / 1_000_000;
            let text = format!(
                "{} MB used, {} MB free",
                mb(disk.used_bytes),
                mb(disk.free_bytes)
            );
            if disk.refusing {
                Fail(format!(
                    "{text}: writes are refused; free some space or raise disk.max_bytes"
                ))
            } else {
                Fine(text)
            }
        }
    }
}

fn writer(store: &dyn Store) -> Verdict {
    match store.acquire_lease(clock::now()) {
        Ok(_) => Fine("no other process writes".to_owned()),
        Err(StoreError::LeaseHeld) => Warn("a running overture serves this data".to_owned()),
        Err(error) => Fail(error.to_string()),
    }
}

fn policy(store: &dyn Store) -> Verdict {
    let (text, revision) = match store.newest_policy() {
        Err(error) => return Fail(error.to_string()),
        Ok(Some(row)) => (row.toml, row.revision),
        Ok(None) => (Policy::shipped().to_owned(), 0),
    };
    match Policy::parse(&text, revision) {
        Ok(parsed) => Fine(format!(
            "revision {revision}, {} rules",
            parsed.policy.rules().len()
        )),
        Err(errors) => Fail(format!(
            "revision {revision} is not valid: {}; activate a corrected one at the desk",
            errors.first().map_or_else(String::new, ToString::to_string)
        )),
    }
}
