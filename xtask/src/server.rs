//! A server of our own for measuring: started on a temporary folder, stopped when dropped.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// A running `overture serve`.
pub(crate) struct Server {
    child: Child,
    /// From the start of the process until it said that it listens.
    pub(crate) listening_after: Duration,
    pub(crate) url: String,
    pub(crate) write_key: String,
    pub(crate) admin_email: String,
    pub(crate) admin_password: String,
}

impl Server {
    /// Starts `binary` on `data` and waits for the line that it prints when it listens.
    ///
    /// # Errors
    /// It cannot be started, or ends before it listens.
    pub(crate) fn start(binary: &Path, data: &Path) -> Result<Self> {
        let started = Instant::now();
        let mut child = Command::new(binary)
            .arg("serve")
            .arg("--data-dir")
            .arg(data)
            .args(["--listen", "127.0.0.1:0", "--print", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("could not start {}", binary.display()))?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .context("could not read what the server printed")?;
        let listening_after = started.elapsed();
        let Ok(printed) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            bail!("the server printed no line of JSON but {line:?}");
        };
        let field = |name: &str| printed[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            listening_after,
            url: field("url").trim_end_matches('/').to_owned(),
            write_key: field("write_key"),
            admin_email: field("admin_email"),
            admin_password: field("admin_password"),
        })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in megabytes, where the system tells.
    pub(crate) fn resident_mb(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kilobytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kilobytes / 1024.0)
    }

    /// Ends it at once, as a crash does.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.child.kill().context("could not end the server")?;
        self.child.wait().context("could not wait for the server")?;
        Ok(())
    }

    /// Asks `/readyz` until it answers 200; returns how long that took.
    ///
    /// # Errors
    /// It is not ready within `limit`.
    pub(crate) fn wait_ready(&self, limit: Duration) -> Result<Duration> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if self.answers_ready() {
                return Ok(started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("the server was not ready within {limit:?}")
    }

    fn answers_ready(&self) -> bool {
        let address = self.url.trim_start_matches("http://");
        let Ok(mut stream) = TcpStream::connect(address) else {
            return false;
        };
        let request =
            format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let mut status = [0; 12];
        stream.write_all(request.as_bytes()).is_ok()
            && stream.read_exact(&mut status).is_ok()
            && status.ends_with(b" 200")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing is kept of a measurement's data, so it need not end gently.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
