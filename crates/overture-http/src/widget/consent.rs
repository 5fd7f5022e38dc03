//! On what terms a page's widget may begin, and what its visitor allows.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use overture_engine::{
    decide::{FrustrationSettings, LawfulBasis, Policy},
    model::{self, ConsentSource, CustomerBody, Identifier, Ingress, Purpose, SourceId, Subject},
};
use overture_store::{ConsentMode, ConsentPurpose, SourceCapture};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{origin_not_allowed, session};
use crate::{
    app::Shared,
    client::Client,
    cors,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
};

/// Pages may keep the terms so long: they hold nothing of a person.
const TERMS_CACHE: &str = "public, max-age=60";

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(terms))
        .routes(routes!(said))
}

#[derive(Deserialize)]
struct TermsQuery {
    #[serde(default)]
    write_key: String,
}

/// What a page may do before anybody has said anything.
#[derive(Serialize, ToSchema)]
struct Terms {
    /// `required`, `platform` or `not_required`.
    #[schema(value_type = String)]
    consent: ConsentMode,
    /// What is allowed while nobody has said anything.
    unsaid: Unsaid,
    /// Keys of a page's query that may be sent; `#` stands for the fragment.
    url_allow: Vec<String>,
    /// What Segment's consent categories stand for.
    #[schema(value_type = Object)]
    consent_categories: BTreeMap<String, ConsentPurpose>,
    /// From when on what the widget notices is a struggle.
    thresholds: Thresholds,
}

/// The part of the policy's `[frustration]` that the widget heeds.
#[derive(Serialize, ToSchema)]
struct Thresholds {
    /// A click answered later is slow.
    slow_click_ms: u64,
    /// A click not answered by then is dead.
    dead_click_ms: u64,
    /// Time in a field without input.
    hesitation_ms: u64,
    /// Turns of the pointer or of scrolling.
    thrash_reversals: u8,
    /// In so short a time.
    thrash_window_ms: u64,
    /// Time since the last input that still counts as active.
    idle_ms: u64,
}

impl From<&FrustrationSettings> for Thresholds {
    fn from(settings: &FrustrationSettings) -> Self {
        Self {
            slow_click_ms: settings.slow_click.0,
            dead_click_ms: settings.dead_click.0,
            hesitation_ms: settings.hesitation.0,
            thrash_reversals: settings.thrash_reversals,
            thrash_window_ms: settings.thrash_window.0,
            idle_ms: settings.idle.0,
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Unsaid {
    analyse: bool,
    contact: bool,
}

fn unsaid(rules: &SourceCapture, policy: &Policy) -> Unsaid {
    let allowed = |basis| match rules.consent {
        ConsentMode::Required => false,
        ConsentMode::NotRequired => true,
        ConsentMode::Platform => basis == LawfulBasis::LegitimateInterest,
    };
    Unsaid {
        analyse: allowed(policy.permission.analyse_behaviour),
        contact: allowed(policy.permission.contact),
    }
}

/// Tells a page on what terms its widget may begin. Nothing of the visitor is asked or kept.
#[utoipa::path(get, path = "/v1/widget/terms", tag = "widget",
    params(("write_key" = String, Query)),
    responses((status = 200, body = Terms), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
async fn terms(
    State(app): State<Shared>,
    headers: HeaderMap,
    Params(query): Params<TermsQuery>,
) -> ApiResult<impl IntoResponse> {
    let source = session::source(&app, &query.write_key)?;
    if !cors::origin_allowed(&app.config, &source.allowed_origins, &headers) {
        return Err(origin_not_allowed());
    }
    let policy = app.policy().await?;
    let terms = Terms {
        consent: source.capture.consent,
        unsaid: unsaid(&source.capture, &policy),
        url_allow: source.capture.url_allow.clone(),
        consent_categories: source.capture.consent_categories.clone(),
        thresholds: Thresholds::from(&policy.frustration),
    };
    Ok((
        [
            (header::CACHE_CONTROL, TERMS_CACHE),
            (header::VARY, "origin"),
        ],
        Json(terms),
    ))
}

/// What the visitor said, of each purpose that anything was said of.
#[derive(Deserialize, ToSchema, Default)]
pub(crate) struct Said {
    analyse: Option<bool>,
    contact: Option<bool>,
    /// Who told: `api`, `gpc`, `tcf`, `gcm` or `segment`; `api` when missing.
    by: Option<String>,
}

impl Said {
    /// As inputs about whoever these identifiers name.
    pub(crate) fn inputs(&self, source: SourceId, who: &[Identifier]) -> ApiResult<Vec<Ingress>> {
        let by = match self.by.as_deref() {
            None => ConsentSource::Api,
            Some(name) => ConsentSource::named(name).ok_or_else(|| {
                ApiError::bad_input("consent.by", "expected api, gpc, tcf, gcm or segment")
            })?,
        };
        let words = [
            (Purpose::AnalyseBehaviour, self.analyse),
            (Purpose::Contact, self.contact),
        ];
        Ok(words
            .into_iter()
            .filter_map(|(purpose, granted)| {
                let body = CustomerBody::Consent {
                    purpose,
                    granted: granted?,
                    by,
                };
                Some(Ingress {
                    source: Some(source),
                    occurred_at: None,
                    message_key: None,
                    unsaid: model::Unsaid::default(),
                    subject: Subject::Identified(who.to_vec(), body),
                })
            })
            .collect())
    }
}

#[derive(Deserialize, ToSchema)]
struct SaidByDevice {
    /// The source's write key.
    write_key: String,
    /// What the last session of this browser gave.
    device_token: String,
    consent: Said,
}

/// Records what the visitor allows or refuses, with or without a session: a refusal is told
/// even when nothing else may be.
#[utoipa::path(post, path = "/v1/widget/consent", tag = "widget", request_body = SaidByDevice,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn said(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    Body(asked): Body<SaidByDevice>,
) -> ApiResult<StatusCode> {
    let source = session::source(&app, &asked.write_key)?;
    if !cors::origin_allowed(&app.config, &source.allowed_origins, &headers) {
        return Err(origin_not_allowed());
    }
    app.limits.sessions.check(&client.0.to_string())?;
    let device = app.keys.open_device(&asked.device_token).ok_or_else(|| {
        ApiError::bad_input("device_token", "expected the token that a session gave")
    })?;
    let inputs = asked
        .consent
        .inputs(source.source, &session::browser_of(&app, &device))?;
    if inputs.is_empty() {
        return Err(ApiError::bad_input(
            "consent",
            "expected analyse or contact, true or false",
        ));
    }
    app.core.submit(inputs).await?;
    Ok(StatusCode::NO_CONTENT)
}
