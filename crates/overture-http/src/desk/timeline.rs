//! A customer's timeline, as staff sees it.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{
    ArticleFact, Attachment, Author, CallChange, CallView, CustomerId, LedgerChange, MoodReading,
    NotAnalysed, OfferStage, Outcome, PauseChange, Private, ReadingOf, TextLabel, TimelineBody,
    TimelineItem, UtteranceView, VoiceScore, WithholdReason,
};
use overture_engine::understand::entities::Extractor;
use overture_store::{TimelineQuery, TimelineReader, TimelineWindow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::{App, Shared},
    auth::{Auth, Reads},
    error::{ApiResult, ErrorBody, Params},
    fields,
    reading::{self, decimal},
};

/// Rows a reader gets when it does not say.
pub(crate) const ROWS: u32 = 100;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(timeline))
}

/// A stretch of a timeline, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// `{seq, at, kind, ..}`; kinds are `page`, `behaviour`, `identified`, `offer`,
    /// `decision`, `conversation`, `message`, `mood` (what the words of a message or an event say;
    /// `replaces` is the row of an earlier reading of the same words; `evidence` in bytes of the text, as are the `entities` of a message), `revealed` (somebody was shown what was replaced in the
    /// message at `row`), `labelled` (somebody said what the message at `row` really is), `issue` (what the words of a message or an
    /// event are about: a `label` with its probability `p`, or none and the probability of that), `labelled_issue` (somebody said
    /// what the message at `row` is about; no `label` for none of the issues), `resolution`, `grant`, `merge`, `call` (a call began, ended or changed), `utterance` (a stretch of the customer's speech in a call), `pause`, `custom`. A message with
    /// `redacted` holds markers such as `[email:k3v7x2aq]` in place of what was written;
    /// `POST /v1/conversations/{conversation}/messages/{seq}/reveal` shows that.
    #[schema(value_type = Vec<Object>)]
    pub(crate) items: Vec<Value>,
    /// The last number in it.
    pub(crate) seq: u64,
    /// Whether more rows exist in the direction that was read.
    pub(crate) more: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Window {
    /// The oldest rows after this number.
    after: Option<u64>,
    /// The newest rows before this number.
    before: Option<u64>,
    /// `1..=500`.
    limit: Option<u32>,
}

/// Reads a timeline; without `after` and `before` its newest rows.
#[utoipa::path(get, path = "/v1/customers/{customer}/timeline", tag = "customers",
    params(("customer" = String, Path), Window),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Timeline), (status = 401, body = ErrorBody)))]
async fn timeline(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Path(customer): Path<String>,
    Params(window): Params<Window>,
) -> ApiResult<Json<Timeline>> {
    let customer: CustomerId = fields::id("customer", &customer)?;
    let limit = window.limit.unwrap_or(ROWS).clamp(1, 500);
    let window = match (window.after, window.before) {
        (Some(after), _) => TimelineWindow::After(after),
        (None, Some(before)) => TimelineWindow::Before(before),
        (None, None) => TimelineWindow::Newest,
    };
    let (_, timeline) = read(&app, customer, window, limit).await?;
    Ok(Json(timeline))
}

/// Reads rows of a customer, who may have been folded into another.
pub(crate) async fn of(
    app: &App,
    customer: CustomerId,
    window: TimelineWindow,
) -> ApiResult<Timeline> {
    let (_, timeline) = read(app, customer, window, ROWS).await?;
    Ok(timeline)
}

/// Reads rows for staff, and tells whose timeline they were found in.
pub(crate) async fn read(
    app: &App,
    customer: CustomerId,
    window: TimelineWindow,
    limit: u32,
) -> ApiResult<(CustomerId, Timeline)> {
    let (customer, page) = app
        .store(move |store| {
            let customer = store.survivor(customer)?;
            let page = store.timeline(&TimelineQuery {
                customer,
                window,
                reader: TimelineReader::Staff,
                limit,
            })?;
            Ok((customer, page))
        })
        .await?;
    let nothing = match window {
        TimelineWindow::After(after) => after,
        TimelineWindow::Before(_) | TimelineWindow::Newest => 0,
    };
    let policy = app.policy().await?;
    let extractor = &policy.extractor;
    let timeline = Timeline {
        seq: page.items.last().map_or(nothing, |row| row.seq),
        items: page
            .items
            .iter()
            .map(|row| item(app, row, extractor))
            .collect(),
        more: page.more,
    };
    Ok((customer, timeline))
}

/// A reason as `{code, detail?}`.
pub(crate) fn reason(reason: &WithholdReason) -> Value {
    match reason {
        WithholdReason::AuthorizationDenied(denial) => {
            json!({"code": reason.name(), "detail": denial.name()})
        }
        _ => json!({"code": reason.name()}),
    }
}

/// The reasons of an outcome; none unless it is to withhold.
pub(crate) fn reasons(outcome: &Outcome) -> Vec<Value> {
    match outcome {
        Outcome::Withhold(reasons) => reasons.iter().map(reason).collect(),
        _ => Vec::new(),
    }
}

fn item(app: &App, row: &TimelineItem, extractor: &Extractor) -> Value {
    let names = app.names.load();
    let name = |agent| names.get(&agent).cloned();
    let mut value = match &row.body {
        TimelineBody::Page { path } => json!({"kind": "page", "path": path}),
        TimelineBody::Struggle { signal, detail } => {
            json!({"kind": "behaviour", "name": signal.name(), "detail": detail})
        }
        TimelineBody::Custom { name } => json!({"kind": "custom", "name": name}),
        TimelineBody::Identified { kinds } => {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            json!({"kind": "identified", "identifiers": kinds})
        }
        TimelineBody::Consent {
            purpose,
            granted,
            by,
        } => json!({
            "kind": "consent", "purpose": purpose.name(), "granted": granted, "by": by.name(),
        }),
        TimelineBody::Offer(view) => {
            let state = match view.stage {
                OfferStage::Reserved => "eligible",
                stage => stage.name(),
            };
            let mut value = json!({
                "kind": "offer", "offer": view.offer.to_string(), "style": view.style.name(),
                "rule": view.rule, "state": state,
            });
            if let OfferStage::Accepted(option) = view.stage {
                value["option"] = option.name().into();
            }
            value
        }
        TimelineBody::Decision {
            decision,
            rule,
            outcome,
        } => json!({
            "kind": "decision", "decision": decision.to_string(), "rule": rule,
            "outcome": outcome.name(), "reasons": reasons(outcome),
        }),
        TimelineBody::Conversation {
            conversation,
            channel,
            status,
            agent,
            ..
        } => json!({
            "kind": "conversation", "conversation": conversation.to_string(),
            "status": status.name(), "channel": channel.name(),
            "agent": agent.map(|agent| agent.to_string()), "agent_name": agent.and_then(name),
        }),
        TimelineBody::Message {
            conversation,
            message,
            author,
            client_key,
            text,
            original,
            attachments,
        } => {
            let agent = match author {
                Author::Agent(agent) => Some(*agent),
                Author::Customer | Author::System => None,
            };
            json!({
                "kind": "message", "conversation": conversation.to_string(),
                "message": message.to_string(),
                "author": crate::widget::author_name(*author),
                "author_name": agent.and_then(name), "text": text.reveal(),
                "client_key": agent.map(|_| client_key),
                // Of an erased customer nothing can be shown again.
                "redacted": original.as_ref().filter(|text| !text.is_empty()).map(|_| true),
                "attachments": attachment_list(attachments),
                "entities": match author {
                    Author::Customer => entities(text.reveal(), extractor),
                    Author::Agent(_) | Author::System => Value::Null,
                },
            })
        }
        TimelineBody::Revealed { agent, row, reason } => json!({
            "kind": "revealed", "row": row, "agent_name": name(*agent), "reason": reason.reveal(),
        }),
        TimelineBody::Labelled { agent, row, label } => match label {
            TextLabel::Sentiment(sentiment) => json!({
                "kind": "labelled", "row": row, "agent_name": name(*agent),
                "sentiment": sentiment.name(),
            }),
            TextLabel::Issue(named) => json!({
                "kind": "labelled_issue", "row": row, "agent_name": name(*agent), "label": named,
            }),
        },
        TimelineBody::Issue { of, issue } => {
            let (message, event) = read_of(of);
            json!({
                "kind": "issue", "message": message, "event": event, "label": issue.named,
                "p": decimal(issue.p), "model": issue.model,
            })
        }
        TimelineBody::Mood(reading) => mood(reading),
        TimelineBody::Call(view) => call(view),
        TimelineBody::Utterance(view) => utterance(view),
        TimelineBody::ChatTerms {
            conversation,
            terms,
        } => json!({
            "kind": "chat_terms", "conversation": conversation.to_string(), "terms": terms,
        }),
        TimelineBody::MailFailed {
            conversation,
            failure,
            detail,
        } => json!({
            "kind": "mail_failed", "conversation": conversation.to_string(),
            "failure": failure.name(), "detail": detail,
        }),
        TimelineBody::Resolution {
            conversation,
            code,
            notes,
            agent,
        } => json!({
            "kind": "resolution", "conversation": conversation.to_string(),
            "code": code.name(), "notes": notes.reveal(), "agent_name": name(*agent),
        }),
        TimelineBody::Grant { grant, change } => {
            let mut value = json!({
                "kind": "grant", "grant": grant.to_string(), "state": change.name(),
            });
            if let LedgerChange::Denied(denial) = change {
                value["detail"] = denial.name().into();
            }
            value
        }
        TimelineBody::Guide { guide, step, fact } => json!({
            "kind": "guide", "guide": guide.to_string(), "step": step, "state": fact.name(),
        }),
        TimelineBody::Callback(view) => json!({
            "kind": "callback", "conversation": view.conversation.to_string(),
            "notice": view.notice.name(), "due_at": view.due_at.to_string(),
            "slot_at": view.slot.map(|slot| slot.from.to_string()),
            "slot_end_at": view.slot.map(|slot| slot.to.to_string()),
            "expected_at": view.expected_at.map(|at| at.to_string()),
            "attempts": view.attempts, "agent_name": view.by.and_then(name),
        }),
        TimelineBody::Pause {
            path,
            change,
            lasted,
        } => {
            let lasted_s = lasted.map(|lasted| lasted.0 / 1_000);
            match change {
                PauseChange::Started => json!({"kind": "pause", "state": "started", "path": path}),
                PauseChange::Resumed { exact, how } => json!({
                    "kind": "pause", "state": "resumed", "path": path, "exact": exact,
                    "how": how.name(), "lasted_s": lasted_s,
                }),
                PauseChange::Failed(why) => json!({
                    "kind": "pause", "state": "failed", "path": path, "why": why.name(),
                    "lasted_s": lasted_s,
                }),
            }
        }
        TimelineBody::Merge { other } => json!({"kind": "merge", "other": other.to_string()}),
        TimelineBody::Article(fact) => article(fact),
    };
    let fields = value
        .as_object_mut()
        .expect("every item is made as an object");
    without_nulls(fields);
    fields.insert("seq".to_owned(), row.seq.into());
    fields.insert("at".to_owned(), row.at.to_string().into());
    value
}

/// Files as desks show them; null for none.
fn attachment_list(attachments: &[Attachment]) -> Value {
    if attachments.is_empty() {
        return Value::Null;
    }
    let shown = attachments.iter().map(|file| {
        json!({
            "id": file.attachment.to_string(), "name": file.name.reveal(),
            "content_type": file.content_type, "bytes": file.bytes,
            "width_px": file.width_px, "height_px": file.height_px, "alt": file.alt.reveal(),
            "url": format!("/v1/attachments/{}", file.attachment),
        })
    });
    Value::Array(shown.collect())
}

/// What a text speaks of; null for nothing.
fn entities(text: &str, extractor: &Extractor) -> Value {
    let found = extractor.entities(text);
    if found.is_empty() {
        return Value::Null;
    }
    let shown = found.into_iter().map(|entity| {
        let mut fields = json!({
            "start": entity.range.start, "end": entity.range.end,
            "kind": entity.value.kind(), "value": extractor.say(&entity.value),
        });
        without_nulls(fields.as_object_mut().expect("made as an object"));
        fields
    });
    Value::Array(shown.collect())
}

/// What was read: the id of a message, or the name of an event.
fn read_of(of: &ReadingOf) -> (Option<String>, Option<&str>) {
    match of {
        ReadingOf::Message(message) => (Some(message.to_string()), None),
        ReadingOf::Event(name) => (None, Some(name)),
    }
}

/// What words said about the customer, as the command line says it, and where it left their mood.
fn mood(reading: &MoodReading) -> Value {
    let (message, event) = read_of(&reading.of);
    let mut item = json!({
        "kind": "mood", "message": message, "event": event,
        "average": decimal(reading.average), "trend": decimal(reading.trend),
        "repeated_negatives": reading.repeated_negatives, "replaces": reading.replaces,
    });
    let fields = item.as_object_mut().expect("made as an object");
    fields.extend(reading::members(&reading.score));
    item
}

/// What became of a call.
fn call(view: &CallView) -> Value {
    let (change, not_analysed, lasted) = match view.change {
        CallChange::Began(why) => ("began", why, None),
        CallChange::Analysed => ("analysed", None, None),
        CallChange::Alert => ("alert", None, None),
        CallChange::Calmed => ("calmed", None, None),
        CallChange::Ended(lasted) => ("ended", None, lasted),
    };
    json!({
        "kind": "call", "call": view.call.to_string(), "change": change, "via": view.via.name(),
        "not_analysed": not_analysed.map(NotAnalysed::name),
        "seconds": lasted.map(overture_engine::model::Millis::as_secs_f64),
    })
}

/// What was said in a call, how it sounded, and what both say together.
fn utterance(view: &UtteranceView) -> Value {
    let said = &view.utterance;
    let words = view.words.as_ref().map(reading::members);
    let word = |name: &str| words.as_ref().and_then(|words| words.get(name).cloned());
    let voice = |of: fn(&VoiceScore) -> f32| said.voice.as_ref().map(|voice| decimal(of(voice)));
    let fused = view.fused.as_ref();
    let text = said.text.reveal();
    json!({
        "kind": "utterance", "call": said.call.to_string(),
        "start_ms": said.start_ms, "end_ms": said.end_ms,
        "text": (!text.is_empty()).then_some(text), "words_from": said.words_from,
        "evidence": word("evidence").unwrap_or_else(|| json!([])),
        "sentiment": view.words.as_ref().map(|words| decimal(words.sentiment.score)),
        "voice_anger": voice(|voice| voice.anger), "quality": voice(|voice| voice.quality),
        "fused": fused.map(|fused| decimal(fused.score)),
        "confidence": fused.map(|fused| decimal(fused.confidence)),
        "disagree": fused.is_some_and(|fused| fused.disagree),
        "sarcasm": fused.map(|fused| decimal(fused.sarcasm)),
        "score": decimal(view.score),
    })
}

/// What the customer did with the knowledge base.
fn article(fact: &ArticleFact) -> Value {
    let (what, text, more) = match fact {
        ArticleFact::Opened(text) => ("opened", Some(text), json!({})),
        ArticleFact::Read { article, seconds } => {
            ("read", Some(article), json!({"seconds": seconds}))
        }
        ArticleFact::Rated {
            article,
            helpful,
            reason,
        } => {
            let reason = reason.as_ref().map(Private::reveal);
            let more = json!({"helpful": helpful, "reason": reason});
            ("rated", Some(article), more)
        }
        ArticleFact::StillNeeded { article } => ("still_needed", article.as_ref(), json!({})),
        ArticleFact::Searched {
            words,
            locale,
            found,
        } => {
            let more = json!({"words": words.reveal(), "locale": locale, "found": found});
            ("searched", None, more)
        }
    };
    let mut value = more;
    value["kind"] = "article".into();
    value["what"] = what.into();
    if let Some(text) = text {
        value["faq"] = text.faq.to_string().into();
        value["title"] = text.title.as_str().into();
        value["locale"] = text.locale.as_str().into();
        value["version"] = text.version.into();
    }
    value
}

/// Absent is absent, not null.
pub(crate) fn without_nulls(fields: &mut Map<String, Value>) {
    fields.retain(|_, value| !value.is_null());
}
