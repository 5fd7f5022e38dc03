//! Articles for self-service.

use axum::{Json, extract::State};
use overture_engine::model::FaqId;
use overture_store::Faq;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::new_id;
use crate::{
    app::{App, Shared},
    auth::{Administers, Auth, ReadsAdmin},
    core::WorldChange,
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

/// How many articles there may be.
const FAQS_MAX: usize = 200;
/// The longest article, bytes.
const BODY_BYTES_MAX: usize = 20_000;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(show, replace))
}

#[derive(Serialize, Deserialize, ToSchema)]
struct Faqs {
    faqs: Vec<FaqBody>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct FaqBody {
    /// Absent for a new one.
    id: Option<String>,
    title: String,
    body_markdown: String,
}

async fn read(app: &App) -> ApiResult<Faqs> {
    let faqs = app.store(|store| store.faqs()).await?;
    let faqs = faqs
        .into_iter()
        .map(|faq| FaqBody {
            id: Some(faq.faq.to_string()),
            title: faq.title,
            body_markdown: faq.body_markdown,
        })
        .collect();
    Ok(Faqs { faqs })
}

/// Shows the articles.
#[utoipa::path(get, path = "/v1/admin/faqs", tag = "administration",
    security(("session_cookie" = [])),
    responses((status = 200, body = Faqs), (status = 403, body = ErrorBody)))]
async fn show(State(app): State<Shared>, _auth: Auth<ReadsAdmin>) -> ApiResult<Json<Faqs>> {
    Ok(Json(read(&app).await?))
}

/// Replaces the articles, in this order.
#[utoipa::path(put, path = "/v1/admin/faqs", tag = "administration", request_body = Faqs,
    security(("session_cookie" = [])),
    responses((status = 200, body = Faqs), (status = 400, body = ErrorBody)))]
async fn replace(
    State(app): State<Shared>,
    _auth: Auth<Administers>,
    Body(asked): Body<Faqs>,
) -> ApiResult<Json<Faqs>> {
    if asked.faqs.len() > FAQS_MAX {
        return Err(ApiError::bad_input("faqs", "expected at most 200"));
    }
    let now = app.now();
    let mut faqs: Vec<Faq> = Vec::with_capacity(asked.faqs.len());
    for one in asked.faqs {
        let faq = match one.id.as_deref() {
            None | Some("") => new_id!(FaqId, now),
            Some(id) => fields::id("faqs.id", id)?,
        };
        if faqs.iter().any(|known| known.faq == faq) {
            return Err(ApiError::bad_input("faqs.id", "the same id occurs twice"));
        }
        faqs.push(Faq {
            faq,
            title: fields::text("faqs.title", &one.title, 200)?,
            body_markdown: fields::text("faqs.body_markdown", &one.body_markdown, BODY_BYTES_MAX)?,
        });
    }
    let any = !faqs.is_empty();
    app.store(move |store| store.set_faqs(&faqs)).await?;
    if app.core.world().faqs != any {
        app.core.change_world(WorldChange::Faqs(any)).await?;
    }
    Ok(Json(read(&app).await?))
}
