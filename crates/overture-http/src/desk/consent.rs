//! What a customer allows, as staff or a program writes it down for them.

use axum::{
    Json,
    extract::{Path, State},
};
use overture_engine::model::{ConsentSource, CustomerBody, CustomerId, Purpose, Reply, Subject};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::submit;
use crate::{
    app::Shared,
    auth::{Auth, Calls},
    error::{ApiError, ApiResult, Body, ErrorBody},
    fields,
};

pub(super) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(consent))
}

#[derive(Deserialize, ToSchema)]
struct Said {
    /// `analyse_behaviour`, `analyse_voice` or `contact`.
    purpose: String,
    granted: bool,
}

#[derive(Serialize, ToSchema)]
struct Written {
    purpose: &'static str,
    granted: bool,
}

/// Writes down what a customer said that they allow or refuse, for example on the phone. What is refused stops at once.
#[utoipa::path(post, path = "/v1/customers/{customer}/consents", tag = "customers",
    params(("customer" = String, Path)), request_body = Said,
    security(("session_cookie" = []), ("api_token" = ["calls"])),
    responses((status = 200, body = Written), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
async fn consent(
    State(app): State<Shared>,
    _auth: Auth<Calls>,
    Path(customer): Path<String>,
    Body(said): Body<Said>,
) -> ApiResult<Json<Written>> {
    let customer: CustomerId = fields::id("customer", &customer)?;
    let purpose = Purpose::named(&said.purpose).ok_or_else(|| {
        ApiError::bad_input(
            "purpose",
            "expected analyse_behaviour, analyse_voice or contact",
        )
    })?;
    let body = CustomerBody::Consent {
        purpose,
        granted: said.granted,
        by: ConsentSource::Api,
    };
    if submit(&app, Subject::Customer(customer, body)).await? == Reply::Gone {
        return Err(ApiError::not_found("customer"));
    }
    Ok(Json(Written {
        purpose: purpose.name(),
        granted: said.granted,
    }))
}
