//! What staff says that a customer's message really is, and what it is about: facts, and what models are trained on.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use overture_engine::model::{
    Author, CustomerBody, LabelledText, Reply, SentimentLabel, Subject, TextLabel,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    conversations::{find, find_message},
    submit,
};
use crate::{
    app::Shared,
    auth::{AtDesk, Auth, Reads},
    error::{ApiError, ApiResult, Body, ErrorBody},
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(issues))
        .routes(routes!(label))
        .routes(routes!(issue))
}

#[derive(Serialize, ToSchema)]
struct Classifier {
    /// The classifier in use; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The issues that it knows, in ascending order.
    issues: Vec<String>,
}

/// Lists what a message can be about: the issues of the classifier in use, none where there is none.
#[utoipa::path(get, path = "/v1/issues", tag = "conversations",
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Classifier), (status = 401, body = ErrorBody)))]
async fn issues(State(app): State<Shared>, _auth: Auth<Reads>) -> Json<Classifier> {
    let classifier = app.issues.classifier.as_deref();
    Json(Classifier {
        model: classifier.map(|classifier| classifier.name().to_owned()),
        issues: classifier.map_or_else(Vec::new, |classifier| classifier.issues().to_vec()),
    })
}

#[derive(Deserialize, ToSchema)]
struct Label {
    /// `negative`, `neutral` or `positive`.
    sentiment: String,
}

/// Says what a customer's message really is. The mood stays what it was; `overture export labels` writes what models are trained
/// on. The last word on a message counts.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/messages/{seq}/label",
    tag = "conversations", params(("conversation" = String, Path), ("seq" = u64, Path)),
    request_body = Label, security(("session_cookie" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn label(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path((conversation, seq)): Path<(String, u64)>,
    Body(said): Body<Label>,
) -> ApiResult<StatusCode> {
    use SentimentLabel::{Negative, Neutral, Positive};
    let sentiment = [Negative, Neutral, Positive]
        .into_iter()
        .find(|label| label.name() == said.sentiment)
        .ok_or_else(|| {
            ApiError::bad_input("sentiment", "expected negative, neutral or positive")
        })?;
    say(
        &app,
        &auth,
        &conversation,
        seq,
        TextLabel::Sentiment(sentiment),
    )
    .await
}

#[derive(Deserialize, ToSchema)]
struct About {
    /// One of the classifier's issues; `null` for none of them.
    issue: Option<String>,
}

/// Says what a customer's message is about, or that it is about none of the issues. An open conversation is about that from now
/// on, unless a later message says otherwise; `overture export issues` writes what classifiers are trained on. The last word on a
/// message counts.
#[utoipa::path(post, path = "/v1/conversations/{conversation}/messages/{seq}/issue",
    tag = "conversations", params(("conversation" = String, Path), ("seq" = u64, Path)),
    request_body = About, security(("session_cookie" = [])),
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
async fn issue(
    State(app): State<Shared>,
    auth: Auth<AtDesk>,
    Path((conversation, seq)): Path<(String, u64)>,
    Body(said): Body<About>,
) -> ApiResult<StatusCode> {
    let Some(classifier) = &app.issues.classifier else {
        return Err(ApiError::conflict(
            "no_issue_classifier",
            "no issue classifier is in use",
        ));
    };
    if let Some(issue) = &said.issue
        && classifier.issues().binary_search(issue).is_err()
    {
        return Err(ApiError::bad_input(
            "issue",
            "expected one of the classifier's issues, or null for none of them",
        ));
    }
    say(
        &app,
        &auth,
        &conversation,
        seq,
        TextLabel::Issue(said.issue),
    )
    .await
}

/// Logs what is said of the message at `seq`, which has to be the customer's, with words in it.
async fn say(
    app: &Shared,
    auth: &Auth<AtDesk>,
    conversation: &str,
    seq: u64,
    label: TextLabel,
) -> ApiResult<StatusCode> {
    let (row, _) = find(app, conversation).await?;
    let agent = auth.staff()?.agent;
    let found = find_message(app, &row, seq)
        .await?
        .filter(|message| message.author == Author::Customer && !message.text.is_empty())
        .ok_or_else(|| ApiError::not_found("message of the customer's with words in it"))?;
    let body = CustomerBody::Labelled(LabelledText {
        agent,
        conversation: Some(row.conversation),
        row: seq,
        label,
        text: found.text,
    });
    match submit(app, Subject::Customer(row.customer, body)).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        other => Err(ApiError::internal(&format!("unexpected reply {other:?}"))),
    }
}
