//! The feed: rows that the session may see, after a number.

use axum::{Json, extract::State};
use overture_engine::model::{CustomerId, TimelineItem};
use overture_store::{Store, StoreError, TimelineQuery, TimelineReader, TimelineWindow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Visitor, render, render::FeedItem};
use crate::{
    app::{App, Shared},
    error::{ApiResult, ErrorBody, Params},
    keys::WidgetSession,
    presence,
};

/// Rows read at once; a longer feed is read in several steps.
const ROWS_A_READ: u32 = 200;

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(feed))
}

/// A stretch of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Feed {
    pub(crate) items: Vec<FeedItem>,
    /// Ask for what comes after this number next time.
    pub(crate) seq: u64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct After {
    /// The last number seen.
    #[serde(default)]
    pub(crate) after: u64,
}

pub(crate) fn reader(session: &WidgetSession) -> TimelineReader {
    TimelineReader::Session {
        device: session.device,
        level: session.level,
    }
}

/// Whether a row that its browser may see is for this session: one from a link has its
/// conversation, and nothing else.
pub(crate) fn is_for(session: &WidgetSession, row: &TimelineItem) -> bool {
    let Some(linked) = session.linked else {
        return true;
    };
    row.body.conversation() == Some(linked.conversation)
}

/// Hands over everything after `after` that `reader` may see, `limit` rows at a time, while `take` wants more.
pub(crate) fn each_page(
    store: &dyn Store,
    customer: CustomerId,
    reader: TimelineReader,
    mut after: u64,
    limit: u32,
    mut take: impl FnMut(Vec<TimelineItem>) -> bool,
) -> Result<(), StoreError> {
    loop {
        let page = store.timeline(&TimelineQuery {
            customer,
            window: TimelineWindow::After(after),
            reader,
            limit,
        })?;
        after = page.items.last().map_or(after, |row| row.seq);
        let done = !page.more || page.items.is_empty();
        if !take(page.items) || done {
            return Ok(());
        }
    }
}

/// Everything after `after` that the session may see, and whose timeline it was found in:
/// a folded customer's is under its survivor.
pub(crate) async fn read(
    app: &App,
    session: &WidgetSession,
    after: u64,
) -> ApiResult<(CustomerId, Feed)> {
    let asked = session.customer;
    let reader = reader(session);
    let (customer, rows) = app
        .store(move |store| {
            let customer = store.survivor(asked)?;
            let mut rows = Vec::new();
            each_page(store, customer, reader, after, ROWS_A_READ, |page| {
                rows.extend(page);
                true
            })?;
            Ok((customer, rows))
        })
        .await?;
    let seq = rows.last().map_or(after, |row| row.seq);
    let words = app.words(session);
    let items = rows
        .iter()
        .filter(|row| is_for(session, row))
        .filter_map(|row| render::item(app, &words, row))
        .collect();
    Ok((customer, Feed { items, seq }))
}

/// Reads the feed; the socket's fallback, and its first step after a lost connection.
#[utoipa::path(get, path = "/v1/widget/feed", tag = "widget", params(After),
    security(("widget_session" = [])),
    responses((status = 200, body = Feed), (status = 401, body = ErrorBody)))]
async fn feed(
    State(app): State<Shared>,
    Visitor(session): Visitor,
    Params(query): Params<After>,
) -> ApiResult<Json<Feed>> {
    let (customer, feed) = read(&app, &session, query.after).await?;
    presence::heard(&app, customer);
    Ok(Json(feed))
}
