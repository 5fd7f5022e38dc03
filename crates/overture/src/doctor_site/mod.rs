//! `overture doctor --site`: does the widget run on this page, and if not, what is to be
//! changed? Looks at the page from outside, as a browser and a search engine do.

mod address;
mod checks;
mod csp;
mod page;
mod reach;
mod tls;

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use rustls::{RootCertStore, pki_types::CertificateDer};
use serde::Serialize;
use ureq::{
    Agent,
    tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem},
};

/// How long one request may take, redirects included.
const REQUEST_WITHIN: Duration = Duration::from_secs(20);
/// Redirects that are followed.
const REDIRECTS_MAX: u32 = 5;

/// What to look at.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SiteArgs {
    /// Check a page that carries the widget, for example https://www.example.com/checkout.
    #[arg(long, value_name = "URL")]
    pub(crate) site: Option<String>,
    /// The write key that the page should carry; without it the one it does.
    #[arg(long, value_name = "KEY", requires = "site")]
    pub(crate) write_key: Option<String>,
    /// Where the server is reached; without it public_url, or where the page's script is.
    #[arg(long, value_name = "URL", requires = "site")]
    pub(crate) server: Option<String>,
    /// Certificates (PEM) of an authority of your own, believed in place of those of browsers.
    #[arg(long, value_name = "FILE", requires = "site")]
    pub(crate) ca: Option<PathBuf>,
    /// Print findings as JSON.
    #[arg(long, requires = "site")]
    pub(crate) json: bool,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<String>,
}

/// Every finding, in the order of the checks.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, check: &'static str, verdict: Verdict, text: String, change: Option<String>) {
        self.0.push(Finding {
            check,
            verdict,
            text,
            change,
        });
    }

    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, Verdict::Ok, text.into(), None);
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>, change: impl Into<String>) {
        self.add(check, Verdict::Warn, text.into(), Some(change.into()));
    }

    fn fail(&mut self, check: &'static str, text: impl Into<String>, change: impl Into<String>) {
        self.add(check, Verdict::Fail, text.into(), Some(change.into()));
    }

    fn failed(&self) -> usize {
        self.0
            .iter()
            .filter(|one| one.verdict == Verdict::Fail)
            .count()
    }
}

/// The means by which everything is looked at.
struct Means {
    agent: Agent,
    roots: RootCertStore,
}

impl Means {
    fn new(args: &SiteArgs) -> anyhow::Result<Self> {
        let mut more = Vec::new();
        if let Some(file) = &args.ca {
            let pem = std::fs::read(file)
                .with_context(|| format!("--ca: could not read {}", file.display()))?;
            for item in parse_pem(&pem) {
                if let PemItem::Certificate(certificate) = item.context("--ca is not PEM")? {
                    more.push(CertificateDer::from(certificate.der().to_vec()));
                }
            }
            anyhow::ensure!(!more.is_empty(), "--ca: expected certificates in PEM");
        }
        let believed = if more.is_empty() {
            RootCerts::WebPki
        } else {
            let certificates: Vec<_> = more
                .iter()
                .map(|der| Certificate::from_der(der).to_owned())
                .collect();
            RootCerts::new_with_certs(&certificates)
        };
        let agent = Agent::config_builder()
            .timeout_global(Some(REQUEST_WITHIN))
            .max_redirects(REDIRECTS_MAX)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent(concat!("overture-doctor/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(believed).build())
            .build()
            .new_agent();
        Ok(Self {
            agent,
            roots: tls::roots(&more)?,
        })
    }
}

/// Checks a site and prints what was found.
///
/// # Errors
/// At least one check failed, or the arguments cannot be used.
#[expect(clippy::print_stdout, reason = "the command's output")]
pub(crate) fn run(args: &SiteArgs, site: &str, public_url: Option<String>) -> anyhow::Result<()> {
    let means = Means::new(args)?;
    let server = args.server.clone().or(public_url);
    let mut findings = Findings::default();
    checks::all(
        &means,
        site,
        server.as_deref(),
        args.write_key.as_deref(),
        &mut findings,
    )?;
    let failed = findings.failed();
    if args.json {
        let report = serde_json::json!({
            "site": site, "ok": failed == 0, "findings": findings.0,
        });
        println!("{report:#}");
    } else {
        for Finding {
            check,
            verdict,
            text,
            change,
        } in &findings.0
        {
            let mark = match verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Fail => "FAIL",
            };
            println!("{mark}  {check:<12} {text}");
            if let Some(change) = change {
                for line in change.lines() {
                    println!("                   {line}");
                }
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} checks failed");
    Ok(())
}
