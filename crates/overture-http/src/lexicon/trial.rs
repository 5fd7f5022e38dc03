//! What a list would change in the reading of a text, before it is saved. Nothing of it is kept.

use axum::{Json, extract::State};
use overture_engine::{
    model::TextReading,
    understand::{DomainLexicon, TextModel},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{WireEntry, lexicon_of};
use crate::{
    app::Shared,
    auth::{Auth, ReadsAdmin},
    config::TextModels,
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields, reading,
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(read))
}

#[derive(Deserialize, ToSchema)]
struct Trial {
    /// 1 to 4,000 letters.
    text: String,
    /// The list to be tried.
    entries: Vec<WireEntry>,
}

#[derive(Serialize, ToSchema)]
struct Tried {
    /// What models read with the list.
    rewritten: String,
    /// Where phrases were found, in bytes of the text.
    phrases: Vec<Place>,
    /// By tier: 0 are the tables, 1 tables and encoder together where they are in use.
    readings: Vec<TierRead>,
}

#[derive(Serialize, ToSchema)]
struct Place {
    start: usize,
    end: usize,
}

#[derive(Serialize, ToSchema)]
struct TierRead {
    tier: u8,
    model: String,
    /// The text as it is written: a score as in a timeline's `mood`, or `{abstained, language}`.
    #[schema(value_type = Object)]
    without: Value,
    /// The same, read by the list.
    #[schema(value_type = Object)]
    with: Value,
}

/// Reads a text without and with a list. Nothing is stored, and no service of somebody else's is asked.
#[utoipa::path(post, path = "/v1/admin/lexicon/trial", tag = "administration", request_body = Trial,
    security(("session_cookie" = [])),
    responses((status = 200, body = Tried), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody)))]
async fn read(
    State(app): State<Shared>,
    _auth: Auth<ReadsAdmin>,
    Body(asked): Body<Trial>,
) -> ApiResult<Json<Tried>> {
    let text = fields::message("text", &asked.text)?;
    let lexicon = lexicon_of(0, asked.entries)?;
    let models = app.text_models.clone();
    let read = move || tried(&text, &lexicon, &models);
    let tried = tokio::task::spawn_blocking(read).await;
    tried.map(Json).map_err(|cause| ApiError::internal(&cause))
}

fn tried(text: &str, lexicon: &DomainLexicon, models: &TextModels) -> Tried {
    let rewritten = lexicon.rewrite(text);
    let second = models.second.as_ref().and_then(|load| load());
    let tiers = [
        Some((0, models.first.clone())),
        second.map(|model| (1, model)),
    ];
    Tried {
        rewritten: rewritten.text().to_owned(),
        phrases: rewritten
            .phrases()
            .map(|phrase| Place {
                start: phrase.start,
                end: phrase.end,
            })
            .collect(),
        readings: tiers
            .into_iter()
            .flatten()
            .map(|(tier, model)| tier_read(tier, &*model, text, lexicon))
            .collect(),
    }
}

fn tier_read(tier: u8, model: &dyn TextModel, text: &str, lexicon: &DomainLexicon) -> TierRead {
    TierRead {
        tier,
        model: model.name().to_owned(),
        without: shown(&model.read(text)),
        with: shown(&lexicon.read(model, text)),
    }
}

fn shown(reading: &TextReading) -> Value {
    match reading {
        TextReading::Scored(score) => reading::members(score).into(),
        TextReading::Abstained { why, language } => {
            json!({"abstained": why.name(), "language": language})
        }
    }
}
