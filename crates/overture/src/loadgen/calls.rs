//! Calls at once, both parties of each at the pace of speech: from the end of a second of speech to what was heard in it.

use std::{cell::RefCell, ops::ControlFlow, rc::Rc, time::Duration};

use overture_engine::understand::voice::Party;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{
    task::{JoinSet, LocalSet},
    time::Instant,
};

use super::{
    CallsArgs, Machine, MachineMeter,
    report::{Measured, Summary},
    staff,
};
use crate::{
    client::Target,
    people::StaffMember,
    phone::{self, FRAME_MS, Manner, Said, Tracks},
};

/// What a run with calls measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    mode: &'static str,
    calls: u32,
    seconds: u64,
    /// From the end of a second of the customer's speech, as it was due on the line, to its reading.
    heard: Summary,
    /// Seconds of all calls' audio.
    audio_s: u64,
    calls_failed: u64,
    machine: Machine,
}

/// What both talk about, over and over.
fn tracks() -> Tracks {
    let said = |party, manner, after_ms, text| Said {
        party,
        manner,
        text,
        after_ms,
    };
    Tracks::of(&[
        said(
            Party::Customer,
            Manner::Calm,
            300,
            "I have been waiting for this parcel since Monday and nobody can tell me where it is",
        ),
        said(
            Party::Agent,
            Manner::Calm,
            500,
            "Let me look that up for you, it will only take a moment",
        ),
        said(
            Party::Customer,
            Manner::Angry,
            200,
            "That is what they told me yesterday and the day before, it is always the same",
        ),
        said(
            Party::Agent,
            Manner::Calm,
            400,
            "I see it here now, it was sent to the wrong depot and is on its way back",
        ),
    ])
}

/// Loads the server with calls.
pub(super) async fn run(args: &CallsArgs) -> anyhow::Result<Report> {
    let common = &args.common;
    let target = Target::parse(&common.url).await?;
    staff::calls_heard(&target, &args.staff).await?;
    let local = LocalSet::new();
    local.run_until(ring(&target, args)).await
}

async fn ring(target: &Target, args: &CallsArgs) -> anyhow::Result<Report> {
    let seconds = args.common.seconds;
    let tracks = Rc::new(tracks());
    let measured = Rc::new(RefCell::new(Measured::default()));
    let frames = (seconds * 1_000 / FRAME_MS) as usize;
    let admin = &args.staff;
    let staff = StaffMember::sign_in(target, &admin.admin_email, &admin.admin_password).await?;
    let staff = Rc::new(tokio::sync::Mutex::new(staff));
    let run = format!("{:x}", std::process::id());
    let meter = MachineMeter::start(args.common.server_pid);
    let start = Instant::now() + Duration::from_secs(1);
    let mut calls = JoinSet::new();
    for number in 0..args.calls {
        let (staff, tracks) = (Rc::clone(&staff), Rc::clone(&tracks));
        let measured = Rc::clone(&measured);
        let begin = json!({
            "external_id": format!("load-{run}-{number}"), "phone": format!("+4420794{number:05}"),
            "disclosed": true, "synthetic": true,
        });
        // Spread over two seconds, as calls are: none begins with another.
        let start =
            start + Duration::from_millis(u64::from(number) * 2_000 / u64::from(args.calls));
        calls.spawn_local(async move {
            let mut connected = staff.lock().await;
            let call = phone::begin(&mut connected, &begin).await?;
            let staff = connected.again();
            drop(connected);
            let heard = |said: &Value| {
                if let Some(at_ms) = said["heard"]["at_ms"].as_u64() {
                    // The frame that holds the sample was due at its own end.
                    let due = start + Duration::from_millis(at_ms.next_multiple_of(FRAME_MS));
                    let mut measured = measured.borrow_mut();
                    measured.latency(Instant::now().saturating_duration_since(due));
                }
                ControlFlow::Continue(())
            };
            phone::carry(&staff, &call, &tracks, frames, start, heard).await
        });
    }
    let mut calls_failed = 0;
    while let Some(ended) = calls.join_next().await {
        if let Err(error) = ended.map_err(anyhow::Error::from).and_then(|ended| ended) {
            calls_failed += 1;
            measured.borrow_mut().failure(format!("{error:#}"));
        }
    }
    let heard = measured.borrow().summary();
    Ok(Report {
        mode: "calls",
        calls: args.calls,
        seconds,
        heard,
        audio_s: seconds * u64::from(args.calls),
        calls_failed,
        machine: meter.stop(),
    })
}
