//! What the widget asks about guides: their content, and what became of them.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    CustomerBody, GUIDE_STEPS_MAX, GuideFactKind, GuideId, OfferId, Reply,
};
use overture_store::GuideSight;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    alerts::{self, Seen},
    content::Content,
};
use crate::{
    app::Shared,
    error::{ApiError, ApiResult, Body, ErrorBody, Params},
    fields,
    widget::{Visitor, submit},
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(show))
        .routes(routes!(fact))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// BCP 47; without it, the guide's default language.
    #[serde(default)]
    locale: String,
}

/// Shows a live guide in one language.
#[utoipa::path(get, path = "/v1/widget/guides/{guide}", tag = "widget",
    params(("guide" = String, Path), Wanted), security(("widget_session" = [])),
    responses((status = 200, description = "{id, revision, kind, name, locale, steps, video}", body = Object),
        (status = 404, body = ErrorBody)))]
async fn show(
    State(app): State<Shared>,
    Visitor(_): Visitor,
    Path(guide): Path<String>,
    Params(wanted): Params<Wanted>,
) -> ApiResult<Json<Value>> {
    let id: GuideId = fields::id("guide", &guide)?;
    let found = app
        .store(move |store| {
            let Some(guide) = store.guide(id)? else {
                return Ok(None);
            };
            let Some(live) = guide.live_revision else {
                return Ok(None);
            };
            Ok(store.guide_revision(id, live)?.map(|one| (guide, one)))
        })
        .await?;
    let (guide, revision) = found.ok_or_else(|| ApiError::not_found("live guide"))?;
    let content = Content::stored(&revision.content)?;
    let wanted: String = wanted.locale.chars().take(35).collect();
    Ok(Json(content.rendered(
        &id.to_string(),
        revision.revision,
        &guide.name,
        &wanted,
    )))
}

#[derive(Deserialize, ToSchema)]
struct ReportFact {
    /// The offer that shows it; absent where the customer asked to be shown it.
    offer: Option<String>,
    /// The revision that is shown.
    revision: u32,
    /// `step`, `completed`, `closed` or `anchor_missing`.
    fact: String,
    /// At which step, from 0.
    #[serde(default)]
    step: u8,
}

/// Reports what became of a guide.
#[utoipa::path(post, path = "/v1/widget/guides/{guide}/facts", tag = "widget",
    params(("guide" = String, Path)), request_body = ReportFact, security(("widget_session" = [])),
    responses((status = 204), (status = 400, body = ErrorBody)))]
async fn fact(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Path(guide): Path<String>,
    Body(said): Body<ReportFact>,
) -> ApiResult<StatusCode> {
    let guide: GuideId = fields::id("guide", &guide)?;
    let fact = GuideFactKind::from_name(&said.fact).ok_or_else(|| {
        ApiError::bad_input("fact", "expected step, completed, closed or anchor_missing")
    })?;
    if usize::from(said.step) >= GUIDE_STEPS_MAX {
        return Err(ApiError::bad_input("step", "expected 0 to 11"));
    }
    let offer = said
        .offer
        .as_deref()
        .map(|offer| fields::id::<OfferId>("offer", offer))
        .transpose()?;
    let known = app.store(move |store| store.guide(guide)).await?;
    let known = known.ok_or_else(|| ApiError::not_found("guide"))?;
    let decision = match fact {
        GuideFactKind::AnchorMissing => {
            let view = app.core.peek(session.customer).await;
            view.and_then(|view| view.state.offer)
                .map(|offer| offer.decision)
        }
        _ => None,
    };
    let body = CustomerBody::GuideFact {
        guide,
        offer,
        step: said.step,
        fact,
    };
    let reply = submit(&app, &session, body).await?;
    // What comes for an offer that is over says nothing new about the page.
    if reply != Reply::Done || known.live_revision != Some(said.revision) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let found = match fact {
        GuideFactKind::Step => true,
        GuideFactKind::AnchorMissing => false,
        // Nothing of the page's elements.
        GuideFactKind::Completed | GuideFactKind::Closed => return Ok(StatusCode::NO_CONTENT),
    };
    let (customer, at) = (session.customer, app.now());
    let sight = GuideSight {
        guide,
        revision: said.revision,
        customer,
        found,
        step: said.step,
        at,
    };
    app.store(move |store| store.note_guide_sight(&sight))
        .await?;
    let seen = Seen {
        guide,
        revision: said.revision,
        name: known.name,
        customer,
        decision,
        found,
    };
    alerts::weigh(&app, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}
