//! Calls as they are shown: what is stored of them, and what is heard of them now.

use overture_engine::model::{CallDynamics, InteractionId, NotAnalysed};
use overture_store::{CallEntry, CallPartKind, CallsOf};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::live::{Heard, LiveCall, Seen, Trace};
use crate::{
    app::App,
    desk::labels,
    error::{ApiError, ApiResult},
    reading::{decimal, rounded},
};

/// Live calls that a board is shown.
const LIVE_MAX: u32 = 200;
/// Bytes of kept audio of a second.
pub(super) const AUDIO_BYTES_PER_SECOND: u64 = 8_000;

/// A call.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct CallSummary {
    id: String,
    customer: String,
    customer_name: Option<String>,
    /// `twilio`, `stream` or `recording`.
    via: &'static str,
    external_id: String,
    /// `inbound` or `outbound`.
    direction: &'static str,
    started_at: String,
    ended_at: Option<String>,
    /// `live` or `ended`.
    status: &'static str,
    agent: Option<String>,
    agent_name: Option<String>,
    /// The voices are a synthesiser's.
    synthetic: bool,
    /// Whether it is, or was, listened to.
    analysed: bool,
    /// Why it is not: `not_enabled`, `not_disclosed`, `opted_out` or `no_model`.
    not_analysed: Option<&'static str>,
    /// What heard the words; none where the voice alone is known.
    words_from: Option<String>,
    /// What staff should know of it.
    trouble: Option<String>,
    seconds: f64,
    /// How the customer sounded last, `0..=1`.
    #[schema(value_type = Option<f64>)]
    anger: Option<Value>,
    #[schema(value_type = Option<f64>)]
    arousal: Option<Value>,
    #[schema(value_type = Option<f64>)]
    quality: Option<Value>,
    /// How likely the customer is upset, over the call, by voice and words together.
    #[schema(value_type = Option<f64>)]
    fused: Option<Value>,
    #[schema(value_type = Option<f64>)]
    fused_max: Option<Value>,
    /// Its change over the last 30 seconds of speech.
    #[schema(value_type = Option<f64>)]
    trend: Option<Value>,
    alert: bool,
    /// `{seconds, customer_share, overlap_share, silence_share, dead_air_s, interruptions_by_customer, interruptions_by_agent,
    /// interruptions_per_min, customer_latency_ms, agent_latency_ms}` where both were heard.
    #[schema(value_type = Option<Object>)]
    dynamics: Option<Value>,
    /// `{seconds, bytes}` where the customer's side is kept.
    #[schema(value_type = Option<Object>)]
    recording: Option<Value>,
}

/// Why a call is not listened to, which may be that there is nothing to listen with.
pub(super) fn not_analysed(app: &App, why: Option<NotAnalysed>) -> Option<&'static str> {
    match (why, &app.call_parts.analyzer) {
        (Some(why), _) => Some(why.name()),
        (None, None) => Some("no_model"),
        (None, Some(_)) => None,
    }
}

/// Stored calls with what is heard of them now.
pub(super) async fn summaries(
    app: &App,
    of: CallsOf,
    before: Option<InteractionId>,
    limit: u32,
) -> ApiResult<Vec<CallSummary>> {
    let found = app
        .store(move |store| {
            let entries = store.calls(of, before, limit)?;
            let customers: Vec<_> = entries.iter().map(|entry| entry.customer).collect();
            let labels = labels(store, &customers)?;
            Ok(entries
                .into_iter()
                .map(|entry| {
                    let label = labels.get(&entry.customer).cloned();
                    (entry, label)
                })
                .collect::<Vec<_>>())
        })
        .await?;
    Ok(found
        .into_iter()
        .map(|(entry, label)| {
            let live = app.calls.get(entry.row.call);
            let heard = live.as_ref().map(|live| live.lock());
            summary(app, &entry, label, heard.as_deref())
        })
        .collect())
}

/// One call by its id.
pub(super) async fn one(app: &App, call: InteractionId) -> ApiResult<(CallEntry, Option<String>)> {
    app.store(move |store| {
        let Some(entry) = store.call(call)? else {
            return Ok(None);
        };
        let label = labels(store, &[entry.customer])?.remove(&entry.customer);
        Ok(Some((entry, label)))
    })
    .await?
    .ok_or_else(|| ApiError::not_found("call"))
}

pub(super) fn summary(
    app: &App,
    entry: &CallEntry,
    label: Option<String>,
    heard: Option<&Heard>,
) -> CallSummary {
    let (row, began) = (&entry.row, &entry.row.began);
    let point = heard.and_then(|heard| heard.trace.points.last());
    let voice = row.voice.as_ref();
    let lasted = row.lasted.map_or(0.0, |lasted| lasted.as_secs_f64());
    let dynamics = heard.and_then(|heard| heard.dynamics).or(row.dynamics);
    let names = app.names.load();
    let why = not_analysed(app, row.not_analysed);
    // A call that was listened to while that was allowed says so after it is over.
    let why = why.filter(|_| row.voice.is_none());
    let words = app.call_parts.transcriber.as_ref();
    let words = words.map(|words| words.name().to_owned());
    CallSummary {
        id: row.call.to_string(),
        customer: entry.customer.to_string(),
        customer_name: label,
        via: began.via.name(),
        external_id: began.external.clone(),
        direction: began.direction.name(),
        started_at: row.started_at.to_string(),
        ended_at: row.ended_at.map(|at| at.to_string()),
        status: if row.ended_at.is_some() {
            "ended"
        } else {
            "live"
        },
        agent: began.agent.map(|agent| agent.to_string()),
        agent_name: began.agent.and_then(|agent| names.get(&agent).cloned()),
        synthetic: began.synthetic,
        analysed: why.is_none(),
        not_analysed: why,
        words_from: row.words_from.clone().or(words.filter(|_| heard.is_some())),
        trouble: heard.and_then(|heard| heard.trouble.clone()),
        seconds: heard.map_or(lasted, |heard| heard.seconds),
        anger: point
            .map(|point| point.anger.into())
            .or(voice.map(|voice| decimal(voice.anger))),
        arousal: point
            .map(|point| point.arousal.into())
            .or(voice.map(|voice| decimal(voice.arousal))),
        quality: point
            .map(|point| point.quality.into())
            .or(voice.map(|voice| decimal(voice.quality))),
        fused: row.score.map(|score| decimal(score.now)),
        fused_max: row.score.map(|score| decimal(score.highest)),
        trend: row.score.map(|score| decimal(score.trend)),
        alert: row.ended_at.is_none() && row.score.is_some_and(|score| score.alert),
        dynamics: dynamics.as_ref().map(dynamics_body),
        recording: entry.audio_bytes.map(|bytes| {
            json!({"seconds": bytes as f64 / AUDIO_BYTES_PER_SECOND as f64, "bytes": bytes})
        }),
    }
}

fn dynamics_body(talk: &CallDynamics) -> Value {
    json!({
        "seconds": rounded(talk.seconds), "customer_share": rounded(talk.customer_share),
        "overlap_share": rounded(talk.overlap_share), "silence_share": rounded(talk.silence_share),
        "dead_air_s": rounded(talk.dead_air_seconds),
        "interruptions_by_customer": talk.interruptions_by_customer,
        "interruptions_by_agent": talk.interruptions_by_agent,
        "interruptions_per_min": rounded(talk.interruptions_a_minute()),
        "customer_latency_ms": talk.customer_latency_ms, "agent_latency_ms": talk.agent_latency_ms,
    })
}

/// What was heard of a call that is over, as it was kept.
pub(super) async fn kept_trace(app: &App, call: InteractionId) -> ApiResult<Trace> {
    let kept = app
        .store(move |store| store.call_parts(call, CallPartKind::Trace, 0..1))
        .await?;
    Ok(kept
        .and_then(|kept| serde_json::from_slice(&kept).ok())
        .unwrap_or_default())
}

/// The calls that go on, for the desk's socket.
pub(crate) async fn live_calls(app: &App) -> ApiResult<Value> {
    let calls = summaries(app, CallsOf::Live, None, LIVE_MAX).await?;
    Ok(json!({"calls": calls}))
}

/// What is new since `seen` of a call that is `live`, or all that was kept of one that is not, for the desk's socket.
pub(crate) async fn changes(
    app: &App,
    call: InteractionId,
    live: Option<&LiveCall>,
    seen: &mut Seen,
) -> ApiResult<Value> {
    let (entry, label) = one(app, call).await?;
    let Some(live) = live else {
        *seen = Seen::default();
        let body = summary(app, &entry, label, None);
        return frame(&body, *seen, kept_trace(app, call).await?, None);
    };
    let heard = live.lock();
    let now = heard.seen();
    let from = std::mem::replace(seen, now);
    let trace = &heard.trace;
    let mut newer = Trace {
        points: trace.points[from.points.min(trace.points.len())..].to_vec(),
        turns: trace.turns[from.turns.min(trace.turns.len())..].to_vec(),
        utterances: trace.utterances[from.utterances.min(trace.utterances.len())..].to_vec(),
        ..Trace::default()
    };
    let levels = |all: &[u8]| all[from.levels.min(all.len())..].to_vec();
    newer.levels.customer = levels(&trace.levels.customer);
    newer.levels.agent = levels(&trace.levels.agent);
    let body = summary(app, &entry, label, Some(&heard));
    frame(&body, from, newer, heard.partial.as_deref())
}

fn frame(
    body: &CallSummary,
    from: Seen,
    mut trace: Trace,
    partial: Option<&str>,
) -> ApiResult<Value> {
    let utterances = std::mem::take(&mut trace.utterances);
    Ok(json!({"call": {
        "call": body, "from": from, "trace": shown(&trace)?, "utterances": utterances, "partial": partial,
    }}))
}

/// A trace without its utterances, which stand beside it.
pub(super) fn shown(trace: &Trace) -> ApiResult<Value> {
    let mut value = serde_json::to_value(trace).map_err(|error| ApiError::internal(&error))?;
    if let Some(members) = value.as_object_mut() {
        members.remove("utterances");
    }
    Ok(value)
}
