//! A PostgreSQL for the tests: one that answers, or a private one from installed binaries.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::{paths, shell};

/// Names the server that the tests use; set it to choose one.
pub(crate) const URL_VARIABLE: &str = "OVERTURE_TEST_POSTGRES";

/// A running PostgreSQL. A private one stops and is removed when this is dropped.
pub(crate) struct Postgres {
    pub(crate) url: String,
    pub(crate) what: &'static str,
    private: Option<Private>,
}

struct Private {
    folder: TempDir,
    bin: PathBuf,
    user: Option<&'static str>,
}

/// Finds or starts a PostgreSQL.
///
/// # Errors
/// The text says why there is none.
pub(crate) fn find_or_start() -> Result<Postgres, String> {
    if let Ok(url) = std::env::var(URL_VARIABLE) {
        return Ok(Postgres {
            url,
            what: "the one named in the environment",
            private: None,
        });
    }
    let default = "postgres://postgres@127.0.0.1:5432/postgres";
    if answers(default) {
        return Ok(Postgres {
            url: default.to_owned(),
            what: "the one on 127.0.0.1:5432",
            private: None,
        });
    }
    let Some(bin) = find_binaries() else {
        return Err(
            "no server answers on 127.0.0.1:5432 and no PostgreSQL is installed".to_owned(),
        );
    };
    start_private(bin).map_err(|error| format!("a private server did not start: {error:#}"))
}

fn answers(url: &str) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], 5432));
    if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        return false;
    }
    let Some(psql) = paths::find_program("psql") else {
        return true;
    };
    let mut query = shell::command(psql, &["-X", "-w", "-q", "-c", "select 1", url]);
    query.env("PGCONNECT_TIMEOUT", "3");
    shell::run_quiet(query).is_ok()
}

fn find_binaries() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path().join("bin"))
                .collect()
        })
        .unwrap_or_default();
    versions.sort();
    versions.reverse();
    versions
        .into_iter()
        .find(|bin| bin.join("initdb").is_file())
        .or_else(|| {
            paths::find_program("initdb")?
                .parent()
                .map(Path::to_path_buf)
        })
}

fn start_private(bin: PathBuf) -> Result<Postgres> {
    let folder = TempDir::with_prefix("overture-postgres-")?;
    // PostgreSQL refuses to run as root.
    let user = is_root()?.then(|| {
        if has_user("postgres") {
            "postgres"
        } else {
            "nobody"
        }
    });
    if let Some(user) = user {
        let place = folder.path().display().to_string();
        shell::run_quiet(shell::command("chown", &[user, &place]))?;
    }
    let private = Private { folder, bin, user };
    let port = free_port()?;
    let data = private.data();
    shell::run_quiet(private.command(
        "initdb",
        &[
            "-D",
            &data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        ],
    ))?;
    let socket_folder = private.folder.path().display();
    // fsync=off: the power-cut tests cut the store's own file system, not this server's.
    let options = format!(
        "-p {port} -k {socket_folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
    );
    let log = private.folder.path().join("log").display().to_string();
    shell::run_quiet(private.command(
        "pg_ctl",
        &[
            "-D", &data, "-l", &log, "-o", &options, "-w", "-t", "60", "start",
        ],
    ))?;
    Ok(Postgres {
        url: format!("postgres://postgres@127.0.0.1:{port}/postgres"),
        what: "a private one, started for this run",
        private: Some(private),
    })
}

impl Private {
    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let program = self.bin.join(program);
        let mut command = match self.user {
            None => shell::command(program, args),
            Some(user) => {
                let mut command = shell::command("runuser", &["-u", user, "--"]);
                command.arg(program).args(args);
                command
            }
        };
        // Inherited pipes would keep our own waiting for the server's end.
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(private) = &self.private {
            let stop = private.command(
                "pg_ctl",
                &["-D", &private.data(), "-m", "immediate", "stop"],
            );
            if let Err(error) = shell::run_quiet(stop) {
                println!("the private PostgreSQL did not stop: {error:#}");
            }
        }
    }
}

fn is_root() -> Result<bool> {
    Ok(shell::run_quiet(shell::command("id", &["-u"]))?.trim() == "0")
}

fn has_user(name: &str) -> bool {
    shell::run_quiet(shell::command("id", &["-u", name])).is_ok()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("could not find a free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_server_answers_and_leaves_nothing_behind() {
        let Some(bin) = find_binaries() else {
            println!("did not run: no PostgreSQL is installed");
            return;
        };
        let postgres = start_private(bin).unwrap();
        let folder = postgres
            .private
            .as_ref()
            .unwrap()
            .folder
            .path()
            .to_path_buf();
        let port = postgres
            .url
            .rsplit([':', '/'])
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        assert!(TcpStream::connect(address).is_ok());
        drop(postgres);
        assert!(TcpStream::connect(address).is_err());
        assert!(!folder.exists());
    }
}
