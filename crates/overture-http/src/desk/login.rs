//! Signing in and out.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use overture_engine::model::{Millis, Presence, Private, RouteEvent, Subject};
use overture_store::{Staff, StaffSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::submit;
use crate::{
    app::Shared,
    auth::{self, Auth, COOKIE, Caller, SignedIn},
    client::{Client, PublicUrl},
    error::{ApiError, ApiResult, Body, ErrorBody},
    password,
};

/// How long a browser stays signed in.
const SESSION_LIFE: Millis = Millis::from_secs(24 * 3_600);

pub(crate) fn router() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(login))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(change_password))
}

#[derive(Deserialize, ToSchema)]
struct Login {
    email: String,
    password: String,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
struct Me {
    agent: String,
    name: String,
    email: String,
    /// `admin`, `supervisor`, `agent` or `analyst`.
    role: &'static str,
    /// Send it back as `x-csrf-token` with every change.
    csrf: String,
    /// True while the password was given by somebody else.
    must_change_password: bool,
}

impl Me {
    fn of(staff: &Staff, session: &StaffSession) -> Self {
        Self {
            agent: staff.agent.to_string(),
            name: staff.name.clone(),
            email: staff.email.clone(),
            role: staff.role.name(),
            csrf: session.csrf.reveal().to_owned(),
            must_change_password: staff.must_change_password,
        }
    }
}

fn wrong_credentials() -> ApiError {
    ApiError::new(
        StatusCode::UNAUTHORIZED,
        "wrong_credentials",
        "the e-mail address or the password is wrong",
    )
}

fn set_cookie(url: &str, value: &str, seconds: u64) -> HeaderValue {
    let secure = if url.starts_with("https://") {
        "; Secure"
    } else {
        ""
    };
    HeaderValue::from_str(&format!(
        "{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}"
    ))
    .expect("a cookie of hex and plain words is a header value")
}

/// Signs in.
#[utoipa::path(post, path = "/v1/auth/login", tag = "staff", request_body = Login,
    responses((status = 200, body = Me), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
async fn login(
    State(app): State<Shared>,
    client: Client,
    PublicUrl(url): PublicUrl,
    Body(asked): Body<Login>,
) -> ApiResult<Response> {
    let email = asked.email.trim().to_lowercase();
    app.limits.logins.check(&format!("address {}", client.0))?;
    app.limits
        .logins
        .check(&format!("account {:x?}", auth::hash(&email)))?;
    let wanted = email.clone();
    let staff = app
        .store(move |store| store.staff_by_email(&wanted))
        .await?
        .filter(|staff| staff.active);
    let hash = staff.as_ref().map(|staff| staff.password_hash.clone());
    let right = password::matches(asked.password, hash).await?;
    let Some(staff) = staff.filter(|_| right) else {
        tracing::info!(client.address = %client.0, "a sign-in failed");
        return Err(wrong_credentials());
    };
    let value = auth::secret();
    let now = app.now();
    let session = StaffSession {
        token_hash: auth::hash(&value),
        agent: staff.agent,
        csrf: Private::new(auth::secret()),
        created_at: now,
        expires_at: now + SESSION_LIFE,
    };
    let me = Me::of(&staff, &session);
    app.store(move |store| store.add_session(&session)).await?;
    let cookie = set_cookie(&url, &value, SESSION_LIFE.0 / 1_000);
    Ok(([(header::SET_COOKIE, cookie)], Json(me)).into_response())
}

/// Signs this browser out.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "staff", security(("session_cookie" = [])),
    responses((status = 204), (status = 401, body = ErrorBody)))]
async fn logout(
    State(app): State<Shared>,
    auth: Auth<SignedIn>,
    PublicUrl(url): PublicUrl,
) -> ApiResult<Response> {
    if let Caller::Staff(staff) = &auth.caller {
        let hash = staff.session.token_hash;
        app.store(move |store| store.end_session(&hash)).await?;
        // Whoever has left takes no work. Routing may not know the account, or not be
        // reachable: signing out succeeds all the same.
        let event = RouteEvent::PresenceSet {
            agent: staff.staff.agent,
            presence: Presence::Offline,
        };
        if let Err(error) = submit(&app, Subject::Route(event)).await {
            tracing::warn!(error = %error.message, "a sign-out did not reach routing");
        }
    }
    let cookie = set_cookie(&url, "", 0);
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/v1/auth/me", tag = "staff", security(("session_cookie" = [])),
    responses((status = 200, body = Me), (status = 401, body = ErrorBody)))]
async fn me(auth: Auth<SignedIn>) -> ApiResult<Json<Me>> {
    match &auth.caller {
        Caller::Staff(staff) => Ok(Json(Me::of(&staff.staff, &staff.session))),
        Caller::Token(_) => Err(ApiError::not_signed_in()),
    }
}

#[derive(Deserialize, ToSchema)]
struct ChangePassword {
    current: String,
    /// At least 10 letters.
    new: String,
}

/// Changes one's own password, and signs out everywhere else.
#[utoipa::path(post, path = "/v1/auth/password", tag = "staff", request_body = ChangePassword,
    security(("session_cookie" = [])),
    responses((status = 204), (status = 401, body = ErrorBody), (status = 400, body = ErrorBody)))]
async fn change_password(
    State(app): State<Shared>,
    auth: Auth<SignedIn>,
    Body(asked): Body<ChangePassword>,
) -> ApiResult<StatusCode> {
    let Caller::Staff(signed_in) = auth.caller else {
        return Err(ApiError::not_allowed());
    };
    let (mut staff, session) = (signed_in.staff, signed_in.session);
    app.limits
        .logins
        .check(&format!("password {}", staff.agent))?;
    let right = password::matches(asked.current, Some(staff.password_hash.clone())).await?;
    if !right {
        return Err(ApiError {
            field: Some("current".to_owned()),
            ..wrong_credentials()
        });
    }
    staff.password_hash = password::hashed("new", asked.new).await?;
    staff.must_change_password = false;
    app.store(move |store| {
        store.put_staff(&staff)?;
        store.end_sessions_of(staff.agent)?;
        store.add_session(&session)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
