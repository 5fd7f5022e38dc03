//! From the event that makes a customer struggle to the banner in the page.

use std::{cell::RefCell, rc::Rc, time::Duration};

use anyhow::bail;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{task::LocalSet, time::Instant};

use super::{
    Machine, MachineMeter, OfferArgs, Schedule, capture,
    report::{Measured, Summary},
    staff,
};
use crate::{client::Target, people::Visitor};

/// How long a banner may take before it counts as missed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long before its events a probe opens its page and its socket.
const ARRIVES_BEFORE: Duration = Duration::from_secs(2);

const PATH: &str = "/checkout/payment";

/// What an offer run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    mode: &'static str,
    background_events_per_s: u64,
    probes_per_s: u64,
    seconds: u64,
    event_to_banner: Summary,
    background: Summary,
    machine: Machine,
}

/// Loads the server with background events and probes.
pub(super) async fn run(args: &OfferArgs) -> anyhow::Result<Report> {
    let common = &args.common;
    let target = Target::parse(&common.url).await?;
    let _agent = staff::available_agent(&target, &args.staff).await?;
    let measured = Rc::new(RefCell::new(Measured::default()));
    let seconds = common.warmup_seconds + common.seconds;
    let schedule = Schedule {
        start: Instant::now() + ARRIVES_BEFORE,
        per_second: args.probes as f64,
    };
    let meter = MachineMeter::start(common.server_pid);
    let local = LocalSet::new();
    let background = local
        .run_until(async {
            let load = tokio::task::spawn_local({
                let (target, common) = (target.clone(), common.clone());
                let (rate, batch) = (args.rate, args.batch);
                let length = ARRIVES_BEFORE + Duration::from_secs(seconds);
                async move { capture::background(&target, &common, rate, batch, length).await }
            });
            let mut probes = Vec::new();
            for ticket in 0..seconds * args.probes {
                let due = schedule.due(ticket);
                tokio::time::sleep_until(due - ARRIVES_BEFORE).await;
                let is_measured = ticket >= common.warmup_seconds * args.probes;
                let (target, key) = (target.clone(), common.write_key.clone());
                let measured = Rc::clone(&measured);
                probes.push(tokio::task::spawn_local(async move {
                    let outcome = probe(&target, &key, ticket, due).await;
                    if is_measured {
                        let mut measured = measured.borrow_mut();
                        match outcome {
                            Ok(took) => measured.latency(took),
                            Err(error) => measured.failure(error.to_string()),
                        }
                    }
                }));
            }
            for probe in probes {
                let _ = probe.await;
            }
            load.await
        })
        .await?;
    let event_to_banner = measured.borrow().summary();
    Ok(Report {
        mode: "offer",
        background_events_per_s: args.rate,
        probes_per_s: args.probes,
        seconds: common.seconds,
        event_to_banner,
        background,
        machine: meter.stop(),
    })
}

/// One customer who struggles at `due`; returns how long the banner took from then.
async fn probe(target: &Target, key: &str, name: u64, due: Instant) -> anyhow::Result<Duration> {
    let mut visitor = Visitor::arrive(target, key, PATH, name).await?;
    let mut socket = visitor.socket().await?;
    socket.next().await?;
    let page = json!({"navigation": "navigate"});
    visitor.capture(PATH, &[("page", page)]).await?;
    tokio::time::sleep_until(due).await;
    let struggle = visitor.events(PATH, &struggle());
    visitor.send(&struggle).await?;
    loop {
        let frame = match tokio::time::timeout_at(due + PATIENCE, socket.next()).await {
            Ok(frame) => frame?,
            Err(_) => bail!("no banner within {} s", PATIENCE.as_secs()),
        };
        let Some(frame) = frame else {
            bail!("the socket was closed");
        };
        let items = visitor.take_items(&frame);
        let banner = items
            .iter()
            .find(|item| item["kind"] == "offer" && item["style"] == "banner");
        if let Some(offer) = banner {
            let took = due.elapsed();
            let id = offer["offer"].as_str().unwrap_or_default();
            let path = format!("/v1/widget/offers/{id}/dismiss");
            // Gives the seat back; the measurement is over.
            let _ = visitor.call(&path, &json!({"how": "not_now"})).await;
            return Ok(took);
        }
    }
}

/// Events of somebody who cannot get a form through.
pub(crate) fn struggle() -> Vec<(&'static str, Value)> {
    let error = |field: &str| json!({"form": "payment", "field": field, "code": "patternMismatch"});
    let failed = json!({"form": "payment", "outcome": "failed"});
    let click =
        json!({"x": 400, "y": 300, "target": "#pay", "interactive": true, "text_field": false});
    vec![
        ("overture:form_error", error("card")),
        ("overture:form_error", error("card")),
        ("overture:form_submit", failed.clone()),
        ("overture:form_error", error("expiry")),
        ("overture:form_submit", failed),
        ("overture:click", click.clone()),
        ("overture:click", click.clone()),
        ("overture:click", click),
        ("overture:form_error", error("card")),
    ]
}
