//! Who calls a staff route: a signed-in browser or a program with an API token.

use std::marker::PhantomData;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use overture_engine::model::AgentId;
use overture_store::{ApiToken, Role, Staff, StaffSession};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    app::{App, Shared},
    error::{ApiError, ApiResult},
};

/// The session cookie's name.
pub(crate) const COOKIE: &str = "overture_session";
/// The header that every change by a signed-in browser must carry.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// How an API token begins.
pub(crate) const TOKEN_PREFIX: &str = "ovt_";

/// Who may use a route.
pub(crate) trait Permit {
    const ROLES: &'static [Role];
    /// An API token needs this scope; `None` keeps programs out.
    const SCOPE: Option<&'static str>;
}

macro_rules! permits {
    ($($(#[$doc:meta])* $name:ident: [$($role:ident),*], $scope:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl Permit for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),*];
            const SCOPE: Option<&'static str> = $scope;
        }
    )*};
}

permits! {
    /// Everybody who is signed in.
    SignedIn: [Admin, Supervisor, Agent, Analyst], None;
    /// Those who serve customers.
    AtDesk: [Admin, Supervisor, Agent], None;
    /// Those who read about customers and decisions.
    Reads: [Admin, Supervisor, Agent, Analyst], Some("read");
    /// Those who read the administration.
    ReadsAdmin: [Admin, Supervisor], None;
    /// Those who read the mode and the policy.
    ReadsPolicy: [Admin, Supervisor, Analyst], Some("read");
    /// Those who answer for what is kept.
    Supervises: [Admin, Supervisor], None;
    /// Those who change the administration.
    Administers: [Admin], None;
    /// Those who issue and revoke grants.
    Grants: [Admin, Supervisor], Some("grants");
    /// Those who bring calls.
    Calls: [Admin, Supervisor, Agent], Some("calls");
    /// Programs that redeem grants.
    Redeems: [], Some("grants");
}

/// The caller of a route.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// A signed-in browser.
    Staff(Box<SignedInStaff>),
    /// A program.
    Token(ApiToken),
}

/// A member of staff and their browser's session.
#[derive(Debug, Clone)]
pub(crate) struct SignedInStaff {
    pub(crate) staff: Staff,
    pub(crate) session: StaffSession,
}

impl Caller {
    /// A name for records of who did something.
    pub(crate) fn name(&self) -> String {
        match self {
            Caller::Staff(staff) => staff.staff.name.clone(),
            Caller::Token(token) => format!("token {}", token.name),
        }
    }
}

/// Proof that the caller may use the route; checked before the body is read.
pub(crate) struct Auth<P> {
    pub(crate) caller: Caller,
    permit: PhantomData<P>,
}

impl<P> Auth<P> {
    /// The member of staff; only for routes that keep programs out.
    pub(crate) fn staff(&self) -> ApiResult<&Staff> {
        match &self.caller {
            Caller::Staff(staff) => Ok(&staff.staff),
            Caller::Token(_) => Err(ApiError::not_allowed()),
        }
    }

    pub(crate) fn agent(&self) -> ApiResult<AgentId> {
        self.staff().map(|staff| staff.agent)
    }
}

impl<P: Permit + Send> FromRequestParts<Shared> for Auth<P> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let caller = match bearer(&parts.headers) {
            Some(secret) => {
                let tokens = app.tokens.load();
                let token = tokens
                    .get(&hash(secret))
                    .ok_or_else(ApiError::not_signed_in)?;
                app.limits.tokens.check(&token.token)?;
                let scoped =
                    P::SCOPE.is_some_and(|wanted| token.scopes.iter().any(|scope| scope == wanted));
                if !scoped {
                    return Err(ApiError::not_allowed());
                }
                Caller::Token(token.clone())
            }
            None => {
                let staff = signed_in(app, &parts.headers)
                    .await?
                    .ok_or_else(ApiError::not_signed_in)?;
                if !parts.method.is_safe() {
                    check_csrf(&staff, &parts.headers)?;
                }
                if !P::ROLES.contains(&staff.staff.role) {
                    return Err(ApiError::not_allowed());
                }
                Caller::Staff(Box::new(staff))
            }
        };
        Ok(Self {
            caller,
            permit: PhantomData,
        })
    }
}

/// The member of staff behind the cookie, while the session lives and the account is active.
pub(crate) async fn signed_in(app: &App, headers: &HeaderMap) -> ApiResult<Option<SignedInStaff>> {
    let Some(value) = cookie(headers) else {
        return Ok(None);
    };
    by_hash(app, hash(&value)).await
}

/// The same by the hash of the cookie's value.
pub(crate) async fn by_hash(app: &App, token_hash: [u8; 32]) -> ApiResult<Option<SignedInStaff>> {
    let now = app.now();
    app.store(move |store| {
        let Some(session) = store.session(&token_hash)? else {
            return Ok(None);
        };
        if now >= session.expires_at {
            return Ok(None);
        }
        let staff = store.staff(session.agent)?.filter(|staff| staff.active);
        Ok(staff.map(|staff| SignedInStaff { staff, session }))
    })
    .await
}

fn check_csrf(staff: &SignedInStaff, headers: &HeaderMap) -> ApiResult<()> {
    let sent = headers
        .get(CSRF_HEADER)
        .map(|value| value.as_bytes())
        .unwrap_or_default();
    if bool::from(staff.session.csrf.reveal().as_bytes().ct_eq(sent)) {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::FORBIDDEN,
        "csrf_missing",
        "expected the header x-csrf-token with the value that signing in gave",
    ))
}

/// SHA-256: secrets of 256 random bits need no slow hash.
pub(crate) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A new secret of 256 random bits, hex.
pub(crate) fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Bearer ")
        .filter(|secret| secret.starts_with(TOKEN_PREFIX))
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}
