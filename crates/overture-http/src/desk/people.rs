//! Customers by name.

use std::collections::HashMap;

use axum::{Json, extract::State};
use overture_engine::model::{CustomerId, IdentifierKind};
use overture_store::{CustomerSummary, CustomersBy, Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::Shared,
    auth::{Auth, Reads},
    error::{ApiResult, ErrorBody, Params},
    identifiers,
    keys::Keys,
};

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new().routes(routes!(customers))
}

/// What to call somebody of whom nothing is known.
pub(crate) fn visitor(customer: CustomerId) -> String {
    let id = customer.to_string();
    format!("Visitor {}", id[id.len() - 5..].to_uppercase())
}

/// What to call each customer.
pub(crate) fn labels(
    store: &dyn Store,
    customers: &[CustomerId],
) -> Result<HashMap<CustomerId, String>, StoreError> {
    let labels = store.labels(customers)?;
    Ok(customers
        .iter()
        .zip(labels)
        .map(|(customer, label)| {
            let label = label
                .filter(|label| !label.is_empty())
                .map_or_else(|| visitor(*customer), |label| label.reveal().to_owned());
            (*customer, label)
        })
        .collect())
}

/// Whoever has `text` as their customer id, or as an identifier of any kind.
pub(crate) fn find_customers(
    store: &dyn Store,
    keys: &Keys,
    text: &str,
    limit: u32,
) -> Result<Vec<CustomerSummary>, StoreError> {
    let mut found: Vec<CustomerSummary> = Vec::new();
    if let Ok(customer) = text.parse::<CustomerId>() {
        let customer = store.survivor(customer)?;
        for state in store.customers(&[customer])?.into_iter().flatten() {
            found.push(CustomerSummary {
                customer,
                last_seen_at: state.last_seen_at,
                score: state.need.score,
                level: state.need.level,
            });
        }
        return Ok(found);
    }
    let mut wanted = vec![
        (IdentifierKind::UserId, text.to_owned()),
        (IdentifierKind::Anonymous, text.to_owned()),
    ];
    let email = identifiers::email(text);
    wanted.extend(email.map(|email| (IdentifierKind::Email, email.into_owned())));
    wanted.extend(identifiers::phone(text).map(|phone| (IdentifierKind::Phone, phone)));
    for (kind, value) in wanted {
        let key = keys.link(kind, &value);
        for one in store.customer_list(CustomersBy::Link(key), limit)? {
            if !found.iter().any(|known| known.customer == one.customer) {
                found.push(one);
            }
        }
    }
    Ok(found)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CustomersQuery {
    /// An e-mail address, phone number, user id, anonymous id or customer id; without it
    /// the customers last heard of.
    #[serde(default)]
    query: String,
    /// `1..=200`.
    limit: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Customers {
    customers: Vec<CustomerRow>,
}

#[derive(Serialize, ToSchema)]
struct CustomerRow {
    customer: String,
    label: String,
    last_seen: String,
    /// The engagement probability.
    need: f64,
    /// `low`, `medium` or `high`.
    level: &'static str,
}

/// Finds customers.
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(CustomersQuery),
    security(("session_cookie" = []), ("api_token" = ["read"])),
    responses((status = 200, body = Customers), (status = 401, body = ErrorBody)))]
async fn customers(
    State(app): State<Shared>,
    _auth: Auth<Reads>,
    Params(asked): Params<CustomersQuery>,
) -> ApiResult<Json<Customers>> {
    let limit = asked.limit.unwrap_or(50).clamp(1, 200);
    let text = asked.query.trim().to_owned();
    let keys = app.keys.clone();
    let customers = app
        .store(move |store| {
            let found = if text.is_empty() {
                store.customer_list(CustomersBy::Recent, limit)?
            } else {
                find_customers(store, &keys, &text, limit)?
            };
            let ids: Vec<CustomerId> = found.iter().map(|one| one.customer).collect();
            let labels = labels(store, &ids)?;
            Ok(found
                .into_iter()
                .map(|one| CustomerRow {
                    customer: one.customer.to_string(),
                    label: labels.get(&one.customer).cloned().unwrap_or_default(),
                    last_seen: one.last_seen_at.to_string(),
                    need: one.score,
                    level: one.level.name(),
                })
                .collect())
        })
        .await?;
    Ok(Json(Customers { customers }))
}
